//! Durations as operators write them (`spec/records.md`, section 5.4).

use crate::text;

/// What a field without a colon counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Minutes.
    Minutes,
    /// `h:m:s`, `m:s` or seconds.
    Clock,
}

impl Unit {
    /// The unit that a profile writes so.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "s" => Some(Self::Seconds),
            "ms" => Some(Self::Milliseconds),
            "min" => Some(Self::Minutes),
            "h:m:s" => Some(Self::Clock),
            _ => None,
        }
    }
}

/// A duration field, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duration {
    /// Nothing stands there.
    Absent,
    /// One of the texts that mean that the call was not answered.
    Missed,
    /// Whole seconds, half a second rounded up.
    Seconds(i32),
    /// Less than nothing: kept as text, flagged.
    Negative,
    /// Kept as text, flagged.
    Unreadable,
}

/// How to read a column of durations.
#[derive(Clone, Debug)]
pub struct DurationRule {
    /// What is counted.
    pub unit: Unit,
    /// Texts that mean that the call was not answered.
    pub missed: Vec<String>,
}

impl DurationRule {
    /// The duration in a field.
    #[must_use]
    pub fn read(&self, field: &[u8]) -> Duration {
        let field = text::trim(field);
        if self.missed.iter().any(|missed| missed.as_bytes() == field) {
            return Duration::Missed;
        }
        if field.is_empty() {
            return Duration::Absent;
        }
        if field.is_ascii() {
            return self.read_plain(field);
        }
        match std::str::from_utf8(field) {
            Ok(field) => self.read_plain(text::plain(field).as_bytes()),
            Err(_) => Duration::Unreadable,
        }
    }

    fn read_plain(&self, field: &[u8]) -> Duration {
        let (negative, digits) = match field {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, field),
        };
        let micros = match self.unit {
            Unit::Seconds => decimal(digits, 1_000_000),
            Unit::Milliseconds => decimal(digits, 1_000),
            Unit::Minutes => decimal(digits, 60_000_000),
            Unit::Clock => clock(digits),
        };
        let micros = micros.or_else(|| spelled(digits));
        match micros {
            None => Duration::Unreadable,
            Some(0) => Duration::Seconds(0),
            Some(_) if negative => Duration::Negative,
            Some(micros) => match i32::try_from((micros + 500_000) / 1_000_000) {
                Ok(seconds) => Duration::Seconds(seconds),
                Err(_) => Duration::Unreadable,
            },
        }
    }
}

/// Digits with at most one point or comma, in micro-units of `scale` (a unit's millionths).
fn decimal(digits: &[u8], scale: i64) -> Option<i64> {
    let point = digits.iter().position(|byte| matches!(byte, b'.' | b','));
    let (whole, fraction) = match point {
        Some(at) => (&digits[..at], &digits[at + 1..]),
        None => (digits, &digits[..0]),
    };
    let value = number(whole, 12)?.checked_mul(scale)?;
    if point.is_none() {
        return Some(value);
    }
    if fraction.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let kept = &fraction[..fraction.len().min(6)];
    let part = number(kept, 6)? * scale / 10_i64.pow(kept.len() as u32);
    value.checked_add(part)
}

fn clock(digits: &[u8]) -> Option<i64> {
    let mut parts = digits.split(|byte| *byte == b':').rev();
    let seconds = decimal(parts.next()?, 1_000_000)?;
    let minutes = parts.next().map(|part| number(part, 6));
    let hours = parts.next().map(|part| number(part, 6));
    if parts.next().is_some() {
        return None;
    }
    let minutes = match minutes {
        Some(minutes) if seconds < 60_000_000 => minutes?,
        Some(_) => return None,
        None => 0,
    };
    let hours = match hours {
        Some(hours) if minutes < 60 => hours?,
        Some(_) => return None,
        None => 0,
    };
    Some((hours * 3600 + minutes * 60) * 1_000_000 + seconds)
}

/// Units that stand in the field itself, in English, French and Arabic, with what one of each is in microseconds.
const SPELLED: [(i64, &[&str]); 4] = [
    (
        3_600_000_000,
        &[
            "h",
            "hr",
            "hrs",
            "hour",
            "hours",
            "heure",
            "heures",
            "س",
            "ساعة",
            "ساعات",
        ],
    ),
    (
        60_000_000,
        &[
            "m",
            "mn",
            "min",
            "mins",
            "minute",
            "minutes",
            "د",
            "دقيقة",
            "دقائق",
        ],
    ),
    (
        1_000_000,
        &[
            "s",
            "sec",
            "secs",
            "second",
            "seconds",
            "seconde",
            "secondes",
            "ث",
            "ثانية",
            "ثواني",
            "ثوان",
        ],
    ),
    (1_000, &["ms"]),
];

/// Numbers that each name their unit, the larger first: `5 sec`, `3m 4s`, `1 h 02 min`. What is said there counts,
/// whatever the profile's unit is.
fn spelled(field: &[u8]) -> Option<i64> {
    let mut rest = std::str::from_utf8(field).ok()?;
    let mut sum = 0_i64;
    let mut before = None;
    while !rest.is_empty() {
        let digits = rest.find(|sign: char| !matches!(sign, '0'..='9' | '.' | ','))?;
        let (amount, behind) = rest.split_at(digits);
        let behind = behind.trim_start_matches(' ');
        let end = behind
            .find(|sign: char| !sign.is_alphabetic())
            .unwrap_or(behind.len());
        let word = behind[..end].to_lowercase();
        let (scale, _) = SPELLED
            .iter()
            .find(|(_, words)| words.contains(&word.as_str()))?;
        let value = decimal(amount.as_bytes(), *scale)?;
        if let Some(larger) = before
            && (*scale >= larger || value >= larger)
        {
            return None;
        }
        before = Some(*scale);
        sum = sum.checked_add(value)?;
        rest = behind[end..].trim_start_matches(['.', ' ']);
    }
    before.map(|_| sum)
}

fn number(digits: &[u8], longest: usize) -> Option<i64> {
    if digits.is_empty() || digits.len() > longest {
        return None;
    }
    digits.iter().try_fold(0_i64, |value, byte| {
        byte.is_ascii_digit()
            .then(|| value * 10 + i64::from(byte - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let read = |unit, text: &str| {
            DurationRule {
                unit,
                missed: vec!["-1".into()],
            }
            .read(text.as_bytes())
        };
        assert_eq!(read(Unit::Seconds, " 60 "), Duration::Seconds(60));
        assert_eq!(read(Unit::Seconds, "0.0"), Duration::Seconds(0));
        assert_eq!(read(Unit::Seconds, "1,5"), Duration::Seconds(2));
        assert_eq!(read(Unit::Seconds, "٦٠"), Duration::Seconds(60));
        assert_eq!(read(Unit::Seconds, "-1"), Duration::Missed);
        assert_eq!(read(Unit::Seconds, "-3"), Duration::Negative);
        assert_eq!(read(Unit::Seconds, "1e3"), Duration::Unreadable);
        assert_eq!(read(Unit::Seconds, "99999999999"), Duration::Unreadable);
        assert_eq!(read(Unit::Seconds, ""), Duration::Absent);
        assert_eq!(read(Unit::Milliseconds, "1499"), Duration::Seconds(1));
        assert_eq!(read(Unit::Minutes, "1.5"), Duration::Seconds(90));
        assert_eq!(read(Unit::Clock, "1:02:03"), Duration::Seconds(3723));
        assert_eq!(read(Unit::Clock, "02:03"), Duration::Seconds(123));
        assert_eq!(read(Unit::Clock, "1:61:03"), Duration::Unreadable);
        assert_eq!(read(Unit::Clock, "1:2:3:4"), Duration::Unreadable);
    }

    #[test]
    fn a_unit_in_the_field_counts() {
        let read = |unit, text: &str| {
            DurationRule {
                unit,
                missed: Vec::new(),
            }
            .read(text.as_bytes())
        };
        for (text, seconds) in [
            ("5 sec", 5),
            ("5s", 5),
            ("5 Sec.", 5),
            ("3m 4s", 184),
            ("3 min", 180),
            ("1h02m03s", 3723),
            ("1 heure 2 minutes", 3720),
            ("٣ د ٤ ث", 184),
            ("1500 ms", 2),
            ("0m 0s", 0),
        ] {
            assert_eq!(
                read(Unit::Seconds, text),
                Duration::Seconds(seconds),
                "{text}"
            );
            assert_eq!(
                read(Unit::Minutes, text),
                Duration::Seconds(seconds),
                "{text}"
            );
        }
        for text in [
            "5 x",
            "sec",
            "4s 3m",
            "3m 64s",
            "3m 4",
            "3 4s",
            "5 sec 6 sec",
            "1.2.3s",
        ] {
            assert_eq!(read(Unit::Seconds, text), Duration::Unreadable, "{text}");
        }
        assert_eq!(read(Unit::Seconds, "-5 sec"), Duration::Negative);
    }
}
