//! Divides one unit into its fields (RFC 4180, with the profile's delimiter and quote).

use std::ops::Range;

use memchr::{memchr, memchr_iter};

/// A unit's fields: ranges into the unit, or into `unquoted` where quotes had to be taken away.
#[derive(Debug, Default)]
pub struct Fields {
    ranges: Vec<(Range<u32>, bool)>,
    unquoted: Vec<u8>,
}

impl Fields {
    /// Divides `unit` (without its line end); false if a quotation in it does not end properly.
    pub fn split(&mut self, unit: &[u8], delimiter: u8, quote: Option<u8>) -> bool {
        self.ranges.clear();
        self.unquoted.clear();
        match quote {
            Some(quote) if memchr(quote, unit).is_some() => {
                self.split_quoted(unit, delimiter, quote)
            }
            _ => {
                let mut from = 0;
                for at in memchr_iter(delimiter, unit) {
                    self.ranges.push((from..at as u32, false));
                    from = at as u32 + 1;
                }
                self.ranges.push((from..unit.len() as u32, false));
                true
            }
        }
    }

    fn split_quoted(&mut self, unit: &[u8], delimiter: u8, quote: u8) -> bool {
        let mut at = 0;
        loop {
            if unit.get(at) == Some(&quote) {
                let begin = self.unquoted.len() as u32;
                at += 1;
                loop {
                    let Some(length) = memchr(quote, &unit[at..]) else {
                        return false;
                    };
                    self.unquoted.extend_from_slice(&unit[at..at + length]);
                    at += length + 1;
                    if unit.get(at) != Some(&quote) {
                        break;
                    }
                    self.unquoted.push(quote);
                    at += 1;
                }
                if unit.get(at).is_some_and(|byte| *byte != delimiter) {
                    return false;
                }
                self.ranges.push((begin..self.unquoted.len() as u32, true));
            } else {
                let length = memchr(delimiter, &unit[at..]).unwrap_or(unit.len() - at);
                self.ranges.push((at as u32..(at + length) as u32, false));
                at += length;
            }
            if at >= unit.len() {
                return true;
            }
            at += 1;
        }
    }

    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Whether nothing has been divided yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Field `index` of the unit that was divided; empty if there are not so many.
    #[must_use]
    pub fn get<'a>(&'a self, unit: &'a [u8], index: usize) -> &'a [u8] {
        match self.ranges.get(index) {
            Some((range, true)) => &self.unquoted[range.start as usize..range.end as usize],
            Some((range, false)) => &unit[range.start as usize..range.end as usize],
            None => &[],
        }
    }
}

/// The unit without its line end.
#[must_use]
pub fn without_line_end(unit: &[u8]) -> &[u8] {
    let unit = unit.strip_suffix(b"\n").unwrap_or(unit);
    unit.strip_suffix(b"\r").unwrap_or(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(unit: &str) -> Option<Vec<String>> {
        let mut fields = Fields::default();
        fields.split(unit.as_bytes(), b';', Some(b'"')).then(|| {
            (0..fields.len())
                .map(|i| String::from_utf8_lossy(fields.get(unit.as_bytes(), i)).into_owned())
                .collect()
        })
    }

    #[test]
    fn quotes_are_taken_away_and_nothing_else() {
        assert_eq!(split("a;\"b;\"\"c\"\"\";").unwrap(), ["a", "b;\"c\"", ""]);
        assert_eq!(split("5\"; x\"y").unwrap(), ["5\"", " x\"y"]);
        assert_eq!(split("").unwrap(), [""]);
        assert_eq!(split("\"\"").unwrap(), [""]);
        assert_eq!(split("\"a\"b;c"), None);
        assert_eq!(split("\"a"), None);
    }
}
