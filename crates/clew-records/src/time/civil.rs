//! Dates and times of day as they stand on a calendar and a clock, without a zone.

use super::TimeError;

/// The calendar that dates are written in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Calendar {
    /// The civil calendar.
    Gregorian,
    /// The Hijri calendar of Umm al-Qura, from its tables.
    UmmAlQura {
        /// The year in which the table begins.
        first: i64,
        /// For each month in turn, and the one after the last, its first day in days since 1970-01-01.
        starts: Vec<i64>,
    },
}

/// What a text says, not yet known to exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Civil {
    /// Year.
    pub year: i64,
    /// Month from 1.
    pub month: i64,
    /// Day from 1.
    pub day: i64,
    /// Hour from 0.
    pub hour: i64,
    /// Minute.
    pub minute: i64,
    /// Second.
    pub second: i64,
    /// Microsecond.
    pub micros: i32,
    /// Seconds east of UTC, where the text says so.
    pub offset: Option<i32>,
}

impl Civil {
    /// Seconds since 1970-01-01 00:00 on the same clock.
    pub fn seconds(&self, calendar: &Calendar) -> Result<i64, TimeError> {
        if self.hour > 23 || self.minute > 59 || self.second > 59 {
            return Err(TimeError::Impossible);
        }
        if !(1..=12).contains(&self.month) || self.day < 1 {
            return Err(TimeError::Impossible);
        }
        let days = match calendar {
            Calendar::Gregorian => {
                if self.day > days_in_month(self.year, self.month) {
                    return Err(TimeError::Impossible);
                }
                days_from_civil(self.year, self.month, self.day)
            }
            Calendar::UmmAlQura { first, starts } => {
                let month = (self.year - first) * 12 + self.month - 1;
                let at = usize::try_from(month).map_err(|_| TimeError::OutOfRange)?;
                let (Some(start), Some(next)) = (starts.get(at), starts.get(at + 1)) else {
                    return Err(TimeError::OutOfRange);
                };
                if self.day > next - start {
                    return Err(TimeError::Impossible);
                }
                start + self.day - 1
            }
        };
        Ok(days * 86_400 + self.hour * 3600 + self.minute * 60 + self.second)
    }
}

/// Days since 1970-01-01 (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2013).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Between `least` and `most` ASCII digits and nothing else.
pub fn digits(text: &[u8], least: usize, most: usize) -> Option<i64> {
    if text.len() < least || text.len() > most {
        return None;
    }
    text.iter().try_fold(0_i64, |value, byte| {
        byte.is_ascii_digit()
            .then(|| value * 10 + i64::from(byte - b'0'))
    })
}

/// One to nine digits after a point, as microseconds; what is finer is cut off.
pub fn fraction(text: &[u8]) -> Option<i32> {
    digits(text, 1, 9)?;
    let kept = &text[..text.len().min(6)];
    let value = digits(kept, 1, 6)?;
    Some((value * 10_i64.pow(6 - kept.len() as u32)) as i32)
}

/// `Z`, `+HH`, `+HHMM` or `+HH:MM`, in seconds east of UTC.
pub fn offset(text: &[u8]) -> Option<i32> {
    let sign = match text.first()? {
        b'Z' | b'z' if text.len() == 1 => return Some(0),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = match text.len() {
        3 => (digits(&text[1..], 2, 2)?, 0),
        5 => (digits(&text[1..3], 2, 2)?, digits(&text[3..], 2, 2)?),
        6 if text[3] == b':' => (digits(&text[1..3], 2, 2)?, digits(&text[4..], 2, 2)?),
        _ => return None,
    };
    (hours <= 15 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60) as i32)
}

/// `YYYY-MM-DD`, `T` or blank, `HH:MM[:SS[.f]]`, and perhaps an offset (ISO 8601; the basic form too).
pub fn iso(text: &[u8]) -> Option<Civil> {
    let mut civil = Civil::default();
    let rest = match text {
        y if y.len() >= 10 && y[4] == b'-' && y[7] == b'-' => {
            civil.year = digits(&y[..4], 4, 4)?;
            civil.month = digits(&y[5..7], 2, 2)?;
            civil.day = digits(&y[8..10], 2, 2)?;
            &y[10..]
        }
        y if y.len() >= 8 => {
            civil.year = digits(&y[..4], 4, 4)?;
            civil.month = digits(&y[4..6], 2, 2)?;
            civil.day = digits(&y[6..8], 2, 2)?;
            &y[8..]
        }
        _ => return None,
    };
    let (b'T' | b't' | b' ') = rest.first()? else {
        return None;
    };
    let clock = &rest[1..];
    civil.hour = digits(clock.get(..2)?, 2, 2)?;
    let colon = usize::from(clock.get(2) == Some(&b':'));
    civil.minute = digits(clock.get(2 + colon..4 + colon)?, 2, 2)?;
    let mut rest = &clock[4 + colon..];
    let seconds = if colon == 1 {
        rest.first() == Some(&b':')
    } else {
        rest.first().is_some_and(u8::is_ascii_digit)
    };
    if seconds {
        civil.second = digits(rest.get(colon..2 + colon)?, 2, 2)?;
        rest = &rest[2 + colon..];
        if let [b'.' | b',', tail @ ..] = rest {
            let length = tail.iter().take_while(|byte| byte.is_ascii_digit()).count();
            civil.micros = fraction(&tail[..length])?;
            rest = &tail[length..];
        }
    }
    let zone = text_after_blank(rest);
    if !zone.is_empty() {
        civil.offset = Some(offset(zone)?);
    }
    Some(civil)
}

fn text_after_blank(text: &[u8]) -> &[u8] {
    text.strip_prefix(b" ").unwrap_or(text)
}
