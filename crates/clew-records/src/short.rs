//! Short codes per country: a regular expression over the digits dialled, handed over by the caller.
//!
//! The table is not compiled in: it comes from the number-plan metadata that the caller already has, so that an
//! updated plan needs no new build.

use std::collections::HashMap;

use regex::Regex;

use crate::numbers::FormError;

/// No short code of any plan is longer than this many digits.
const LONGEST: usize = 8;

/// The short codes of some countries: which strings of digits are one.
#[derive(Clone, Debug, Default)]
pub struct ShortCodes {
    patterns: HashMap<[u8; 2], Regex>,
}

impl ShortCodes {
    /// The table with one pattern per country (ISO 3166-1 alpha-2, regular expression over the whole code).
    ///
    /// # Errors
    /// `FormError` when a country is not two capital letters or a pattern is not a regular expression.
    pub fn new<'a>(
        entries: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, FormError> {
        let mut patterns = HashMap::new();
        for (country, pattern) in entries {
            let regex = Regex::new(&format!("^(?:{pattern})$")).map_err(|_| {
                FormError::new("a pattern of the table of short codes is not a regular expression")
            })?;
            patterns.insert(country_letters(country)?, regex);
        }
        Ok(Self { patterns })
    }

    /// Whether these digits are a short code of this country.
    #[must_use]
    pub fn contains(&self, country: [u8; 2], digits: &str) -> bool {
        digits.len() <= LONGEST
            && self
                .patterns
                .get(&country)
                .is_some_and(|pattern| pattern.is_match(digits))
    }
}

/// The two capital letters of an ISO 3166-1 alpha-2 code.
pub(crate) fn country_letters(text: &str) -> Result<[u8; 2], FormError> {
    match text.as_bytes() {
        [first @ b'A'..=b'Z', second @ b'A'..=b'Z'] => Ok([*first, *second]),
        _ => Err(FormError::new(
            "a country is two capital letters of ISO 3166-1, such as IQ",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_matched_whole_and_only_in_its_country() {
        let codes = ShortCodes::new([("IQ", "1(?:0[04]|15|22)"), ("FR", "1[578]")]).unwrap();
        assert!(codes.contains(*b"IQ", "122"));
        assert!(!codes.contains(*b"IQ", "1221"));
        assert!(!codes.contains(*b"FR", "122"));
        assert!(!codes.contains(*b"DE", "17"));
        assert!(codes.contains(*b"FR", "17"));
    }

    #[test]
    fn a_bad_table_is_refused() {
        assert!(ShortCodes::new([("IQ", "1(")]).is_err());
        assert!(ShortCodes::new([("iq", "1")]).is_err());
    }
}
