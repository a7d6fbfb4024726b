//! The start of a record: text and a zone to a moment in UTC (`spec/records.md`, section 5.3).

mod civil;
mod pattern;
mod zone;

use std::borrow::Cow;

use crate::text;
pub use civil::Calendar;
use civil::Civil;
use pattern::Pattern;
pub use zone::{OffsetCache, Zone};

/// A local time that occurs twice; the first was taken.
pub const AMBIGUOUS: i32 = 2;
/// A local time that does not exist; moved forward by the gap.
pub const NONEXISTENT: i32 = 4;

/// A moment, and what was on the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Microseconds since 1970 in UTC.
    pub micros: i64,
    /// Minutes east of UTC.
    pub offset: i16,
    /// [`AMBIGUOUS`] or [`NONEXISTENT`] or neither.
    pub flags: i32,
}

/// Why a time is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeError {
    /// The text is not of the profile's format.
    Unreadable,
    /// There is no such day or time of day.
    Impossible,
    /// Outside the years 1900 to 2199, or outside the calendar's tables.
    OutOfRange,
}

#[derive(Debug)]
enum Format {
    Iso,
    /// Counted in this many microseconds, from this moment.
    Count {
        micros: i64,
        from: i64,
    },
    Pattern(Pattern),
}

/// How to read the start of a record.
#[derive(Debug)]
pub struct TimeReader {
    format: Format,
    zone: Zone,
    calendar: Calendar,
}

const EARLIEST: i64 = -2_208_988_800; // 1900-01-01
const LATEST: i64 = 7_258_118_400; // 2200-01-01

impl TimeReader {
    /// A reader for a profile's time rule; the error says which part of the rule is wrong.
    pub fn new(format: &str, zone: &str, calendar: Calendar) -> Result<Self, &'static str> {
        let zone = Zone::named(zone).ok_or("zone")?;
        let format = match format {
            "iso" => Format::Iso,
            "epoch" => Format::Count {
                micros: 1_000_000,
                from: 0,
            },
            "epoch-ms" => Format::Count {
                micros: 1_000,
                from: 0,
            },
            _ => match format.strip_prefix("seconds-since:") {
                Some(moment) => {
                    let reader = Self {
                        format: Format::Iso,
                        zone: zone.clone(),
                        calendar: Calendar::Gregorian,
                    };
                    let from = reader.read(moment.as_bytes(), &mut OffsetCache::default());
                    Format::Count {
                        micros: 1_000_000,
                        from: from.map_err(|_| "format")?.micros,
                    }
                }
                None => Format::Pattern(Pattern::parse(format).ok_or("format")?),
            },
        };
        Ok(Self {
            format,
            zone,
            calendar,
        })
    }

    /// The moment that a field names.
    pub fn read(&self, field: &[u8], cache: &mut OffsetCache) -> Result<Moment, TimeError> {
        let field = text::trim(field);
        let plain: Cow<'_, [u8]> = if field.is_ascii() {
            Cow::Borrowed(field)
        } else {
            let field = std::str::from_utf8(field).map_err(|_| TimeError::Unreadable)?;
            Cow::Owned(text::plain(field).into_bytes())
        };
        let civil = match &self.format {
            Format::Count { micros, from } => return self.counted(&plain, *micros, *from, cache),
            Format::Iso => civil::iso(&plain).ok_or(TimeError::Unreadable)?,
            Format::Pattern(pattern) => pattern.read(&plain).ok_or(TimeError::Unreadable)?,
        };
        self.moment(&civil, cache)
    }

    fn moment(&self, civil: &Civil, cache: &mut OffsetCache) -> Result<Moment, TimeError> {
        let local = civil.seconds(&self.calendar)?;
        if !(EARLIEST..LATEST).contains(&local) {
            return Err(TimeError::OutOfRange);
        }
        let (offset, moved, flags) = match civil.offset {
            Some(offset) => (offset, offset, 0),
            None => self
                .zone
                .at_local(local, cache)
                .ok_or(TimeError::OutOfRange)?,
        };
        let micros = (local - i64::from(offset)) * 1_000_000 + i64::from(civil.micros);
        Ok(Moment {
            micros,
            offset: (moved / 60) as i16,
            flags,
        })
    }

    fn counted(
        &self,
        text: &[u8],
        unit: i64,
        from: i64,
        cache: &mut OffsetCache,
    ) -> Result<Moment, TimeError> {
        let (negative, digits) = match text.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut parts = digits.splitn(2, |byte| *byte == b'.');
        let whole =
            civil::digits(parts.next().unwrap_or_default(), 1, 15).ok_or(TimeError::Unreadable)?;
        let fraction = match parts.next() {
            None => 0,
            Some(text) => civil::fraction(text).ok_or(TimeError::Unreadable)?,
        };
        let count = whole.checked_mul(unit).ok_or(TimeError::OutOfRange)?
            + i64::from(fraction) * unit / 1_000_000;
        let micros = from
            .checked_add(if negative { -count } else { count })
            .ok_or(TimeError::OutOfRange)?;
        let seconds = micros.div_euclid(1_000_000);
        if !(EARLIEST..LATEST).contains(&seconds) {
            return Err(TimeError::OutOfRange);
        }
        let offset = self
            .zone
            .at_moment(seconds, cache)
            .ok_or(TimeError::OutOfRange)?;
        Ok(Moment {
            micros,
            offset: (offset / 60) as i16,
            flags: 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: &str, zone: &str, text: &str) -> Result<(i64, i16, i32), TimeError> {
        let reader = TimeReader::new(format, zone, Calendar::Gregorian).unwrap();
        let moment = reader.read(text.as_bytes(), &mut OffsetCache::default())?;
        Ok((moment.micros / 1_000_000, moment.offset, moment.flags))
    }

    #[test]
    fn formats() {
        let noon = 1_772_452_800; // 2026-03-02T12:00:00Z
        assert_eq!(read("iso", "UTC", "2026-03-02T12:00:00Z"), Ok((noon, 0, 0)));
        assert_eq!(
            read("iso", "UTC", "2026-03-02 15:00:00.5+0300"),
            Ok((noon, 180, 0))
        );
        assert_eq!(
            read("iso", "Asia/Baghdad", "2026-03-02 15:00"),
            Ok((noon, 180, 0))
        );
        assert_eq!(
            read("iso", "+05:30", "2026-03-02 17:30:00"),
            Ok((noon, 330, 0))
        );
        assert_eq!(
            read("epoch", "Europe/Paris", "1772452800"),
            Ok((noon, 60, 0))
        );
        assert_eq!(read("epoch-ms", "UTC", "1772452800999"), Ok((noon, 0, 0)));
        assert_eq!(
            read("seconds-since:2026-03-02T12:00:00", "UTC", "60"),
            Ok((noon + 60, 0, 0))
        );
        assert_eq!(
            read("%Y%m%d %H%M", "UTC", "20260302 1200"),
            Ok((noon, 0, 0))
        );
        assert_eq!(
            read("%m/%d/%Y %I:%M:%S %p", "UTC", "3/2/2026 12:00:00 pm"),
            Ok((noon, 0, 0))
        );
        assert_eq!(
            read("%d-%b-%y %H.%M", "UTC", "02-Mar-26 12.00"),
            Ok((noon, 0, 0))
        );
        assert_eq!(
            read("%Y-%m-%d %H:%M:%S %z", "UTC", "2026-03-02 13:00:00 +01:00"),
            Ok((noon, 60, 0))
        );
        assert_eq!(
            read("%Y/%m/%d %H:%M", "UTC", "٢٠٢٦/٣/٢ ١٢:٠٠"),
            Ok((noon, 0, 0))
        );
    }

    #[test]
    fn months_by_name_in_three_languages() {
        let noon = 1_772_452_800; // 2026-03-02T12:00:00Z
        for text in [
            "2 March 2026 12:00",
            "2 mars 2026 12:00",
            "2 MAR 2026 12:00",
            "٢ آذار ٢٠٢٦ ١٢:٠٠",
            "2 مارس 2026 12:00",
        ] {
            assert_eq!(
                read("%d %b %Y %H:%M", "UTC", text),
                Ok((noon, 0, 0)),
                "{text}"
            );
        }
        let february = noon - 28 * 86_400;
        for text in [
            "2 février 2026 12:00",
            "2 FÉVRIER 2026 12:00",
            "2 شباط 2026 12:00",
        ] {
            assert_eq!(
                read("%d %b %Y %H:%M", "UTC", text),
                Ok((february, 0, 0)),
                "{text}"
            );
        }
        let of = |name: &str| read("%d %b %Y %H:%M", "UTC", &format!("2 {name} 2026 12:00"));
        assert_eq!(of("كانون الثاني"), of("Jan"));
        assert_eq!(of("كانون الأول"), of("déc"));
        assert_eq!(of("juil"), of("July"));
        assert_eq!(of("mar"), of("mars"));
        for name in ["ma", "marz", "كانون", "juni", "2", ""] {
            assert!(of(name).is_err(), "{name}");
        }
    }

    #[test]
    fn clocks_that_go_back_and_forward() {
        assert_eq!(
            read("iso", "Europe/Paris", "2026-10-25 02:30:00"),
            Ok((1_792_888_200, 120, AMBIGUOUS))
        );
        assert_eq!(
            read("iso", "Europe/Paris", "2026-03-29 02:30:00"),
            Ok((1_774_747_800, 120, NONEXISTENT))
        );
    }

    #[test]
    fn what_is_no_time() {
        assert_eq!(
            read("iso", "UTC", "2026-02-30 00:00:00"),
            Err(TimeError::Impossible)
        );
        assert_eq!(
            read("iso", "UTC", "2026-02-03 24:00:00"),
            Err(TimeError::Impossible)
        );
        assert_eq!(
            read("iso", "UTC", "1447-09-01 10:00:00"),
            Err(TimeError::OutOfRange)
        );
        assert_eq!(read("iso", "UTC", "02/03/2026"), Err(TimeError::Unreadable));
        assert_eq!(read("epoch", "UTC", "1e9"), Err(TimeError::Unreadable));
        assert_eq!(
            read("epoch", "UTC", "999999999999999"),
            Err(TimeError::OutOfRange)
        );
        assert!(TimeReader::new("%Q", "UTC", Calendar::Gregorian).is_err());
        assert!(TimeReader::new("iso", "Mars/Olympus", Calendar::Gregorian).is_err());
    }

    #[test]
    fn hijri_dates_are_never_read_as_gregorian() {
        // 1447-09-01 was 2026-02-18; month starts are days since 1970.
        let mut starts = vec![0; 1896];
        starts[(1447 - 1343) * 12 + 8] = 20_502;
        starts[(1447 - 1343) * 12 + 9] = 20_532;
        let reader = TimeReader::new(
            "iso",
            "Asia/Riyadh",
            Calendar::UmmAlQura {
                first: 1343,
                starts,
            },
        )
        .unwrap();
        let mut cache = OffsetCache::default();
        assert_eq!(
            reader
                .read(b"1447-09-01 03:00:00", &mut cache)
                .unwrap()
                .micros,
            20_502 * 86_400_000_000
        );
        assert_eq!(
            reader.read(b"2026-02-18 03:00:00", &mut cache),
            Err(TimeError::OutOfRange)
        );
        assert!(reader.read(b"1447-09-31 03:00:00", &mut cache).is_err());
    }
}
