//! Time zones, from the tables that are built in, never from the machine's own.

use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::{AMBIGUOUS, NONEXISTENT, civil};

/// An IANA zone, or a fixed distance from UTC.
#[derive(Clone, Debug)]
pub enum Zone {
    /// Seconds east of UTC.
    Fixed(i32),
    /// An IANA zone.
    Named(TimeZone),
}

/// Offsets that were already looked up, by the quarter hour. Zones change at quarter hours or not at all, and a
/// quarter hour in which one changes is never remembered.
#[derive(Debug)]
pub struct OffsetCache {
    local: Vec<(i64, i32)>,
    moments: Vec<(i64, i32)>,
}

const QUARTER: i64 = 900;
const SLOTS: usize = 4096;

impl Default for OffsetCache {
    fn default() -> Self {
        Self {
            local: vec![(i64::MIN, 0); SLOTS],
            moments: vec![(i64::MIN, 0); SLOTS],
        }
    }
}

impl Zone {
    /// The zone that a profile writes `Asia/Baghdad`, `UTC` or `+03:00`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if name == "UTC" || name == "Z" {
            return Some(Self::Fixed(0));
        }
        if name.starts_with(['+', '-']) {
            return civil::offset(name.as_bytes()).map(Self::Fixed);
        }
        TimeZone::get(name).ok().map(Self::Named)
    }

    /// For a local time in seconds: the offset that gives the moment, the offset on the clock then, and flags.
    #[must_use]
    pub fn at_local(&self, local: i64, cache: &mut OffsetCache) -> Option<(i32, i32, i32)> {
        let zone = match self {
            Self::Fixed(offset) => return Some((*offset, *offset, 0)),
            Self::Named(zone) => zone,
        };
        let quarter = local.div_euclid(QUARTER);
        let slot = quarter.rem_euclid(SLOTS as i64) as usize;
        if cache.local[slot].0 == quarter {
            return Some((cache.local[slot].1, cache.local[slot].1, 0));
        }
        let found = ambiguous(zone, local)?;
        if let AmbiguousOffset::Unambiguous { offset } = found {
            let first = ambiguous(zone, quarter * QUARTER)?;
            let last = ambiguous(zone, quarter * QUARTER + QUARTER - 1)?;
            if first == found && last == found {
                cache.local[slot] = (quarter, offset.seconds());
            }
        }
        Some(match found {
            AmbiguousOffset::Unambiguous { offset } => (offset.seconds(), offset.seconds(), 0),
            AmbiguousOffset::Fold { before, .. } => (before.seconds(), before.seconds(), AMBIGUOUS),
            // The offset from before the gap moves the time forward by the gap; the clock then shows the new one.
            AmbiguousOffset::Gap { before, after } => {
                (before.seconds(), after.seconds(), NONEXISTENT)
            }
        })
    }

    /// The offset on the clock at a moment, in seconds.
    #[must_use]
    pub fn at_moment(&self, seconds: i64, cache: &mut OffsetCache) -> Option<i32> {
        let zone = match self {
            Self::Fixed(offset) => return Some(*offset),
            Self::Named(zone) => zone,
        };
        let quarter = seconds.div_euclid(QUARTER);
        let slot = quarter.rem_euclid(SLOTS as i64) as usize;
        if cache.moments[slot].0 == quarter {
            return Some(cache.moments[slot].1);
        }
        let at = |seconds| {
            Timestamp::from_second(seconds)
                .ok()
                .map(|moment| zone.to_offset(moment).seconds())
        };
        let found = at(seconds)?;
        if at(quarter * QUARTER)? == found && at(quarter * QUARTER + QUARTER - 1)? == found {
            cache.moments[slot] = (quarter, found);
        }
        Some(found)
    }
}

fn ambiguous(zone: &TimeZone, local: i64) -> Option<AmbiguousOffset> {
    let days = local.div_euclid(86_400);
    let second = local.rem_euclid(86_400);
    let day = date(1970, 1, 1)
        .checked_add(jiff::Span::new().try_days(days).ok()?)
        .ok()?;
    let time = day.at(
        (second / 3600) as i8,
        (second / 60 % 60) as i8,
        (second % 60) as i8,
        0,
    );
    Some(zone.to_ambiguous_timestamp(time).offset())
}
