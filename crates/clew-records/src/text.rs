//! Encodings, and the marks that people and programs put into text.

use std::borrow::Cow;

use crate::frame::Width;

/// A character encoding whose line ends, delimiters and quotes can be found before decoding.
///
/// Encodings in which a byte of a longer character can look like an ASCII one are not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8.
    Utf8,
    /// UTF-16, little-endian.
    Utf16Little,
    /// UTF-16, big-endian.
    Utf16Big,
    /// A one-byte page: the character of each byte, or none where the page has a hole.
    Page(Box<[Option<char>; 256]>),
}

impl Charset {
    /// A one-byte page from its 256 characters; `None` if there are not so many, or ASCII is not where it should be.
    #[must_use]
    pub fn page(characters: &[Option<char>]) -> Option<Self> {
        let page: [Option<char>; 256] = characters.try_into().ok()?;
        let ascii = (0..128_u8).all(|byte| page[usize::from(byte)] == Some(char::from(byte)));
        ascii.then(|| Self::Page(Box::new(page)))
    }

    /// Bytes per ASCII character.
    #[must_use]
    pub fn width(&self) -> Width {
        match self {
            Self::Utf16Little => Width::TwoLittle,
            Self::Utf16Big => Width::TwoBig,
            Self::Utf8 | Self::Page(_) => Width::One,
        }
    }

    /// How many bytes a byte order mark takes at the beginning of `data`.
    #[must_use]
    pub fn mark(&self, data: &[u8]) -> usize {
        let mark: &[u8] = match self {
            Self::Utf8 => b"\xEF\xBB\xBF",
            Self::Utf16Little => b"\xFF\xFE",
            Self::Utf16Big => b"\xFE\xFF",
            Self::Page(_) => return 0,
        };
        if data.starts_with(mark) {
            mark.len()
        } else {
            0
        }
    }

    /// The text of `data` in UTF-8; `None` if it is not valid in this encoding.
    #[must_use]
    pub fn decode<'a>(&self, data: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        let text: String = match self {
            Self::Utf8 => {
                return std::str::from_utf8(data)
                    .is_ok()
                    .then_some(Cow::Borrowed(data));
            }
            Self::Page(_) if data.is_ascii() => return Some(Cow::Borrowed(data)),
            Self::Page(page) => data
                .iter()
                .map(|byte| page[usize::from(*byte)])
                .collect::<Option<_>>()?,
            Self::Utf16Little => utf_16(data, u16::from_le_bytes)?,
            Self::Utf16Big => utf_16(data, u16::from_be_bytes)?,
        };
        Some(Cow::Owned(text.into_bytes()))
    }
}

fn utf_16(data: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let pairs = data.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    char::decode_utf16(pairs.map(|pair| unit([pair[0], pair[1]])))
        .collect::<Result<_, _>>()
        .ok()
}

/// Without leading and trailing ASCII blanks.
#[must_use]
pub fn trim(text: &[u8]) -> &[u8] {
    text.trim_ascii()
}

/// The text with Arabic-Indic and Persian digits as ASCII ones, and without blanks around it or bidi and format marks.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\u{0660}'..='\u{0669}' => char::from_digit(c as u32 - 0x0660, 10),
            '\u{06F0}'..='\u{06F9}' => char::from_digit(c as u32 - 0x06F0, 10),
            '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2069}'
            | '\u{FEFF}'
            | '\u{061C}' => None,
            '\u{00A0}' | '\u{202F}' => Some(' '),
            other => Some(other),
        })
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_no_character_has_are_not_replaced() {
        assert_eq!(Charset::Utf8.decode(b"a\xFF"), None);
        assert_eq!(Charset::Utf16Little.decode(b"a\0b"), None);
        assert_eq!(Charset::Utf16Little.decode(b"\0\xD8a\0"), None);
        let mut page: Vec<Option<char>> = (0..=255_u8).map(|byte| Some(char::from(byte))).collect();
        page[0x80] = None;
        page[0xC8] = Some('ب');
        let page = Charset::page(&page).unwrap();
        assert_eq!(page.decode(b"a\xC8").unwrap(), "aب".as_bytes());
        assert_eq!(page.decode(b"\x80"), None);
        assert_eq!(Charset::page(&[None; 256]), None);
    }

    #[test]
    fn digits_and_marks() {
        assert_eq!(plain("\u{200f}٢٠٢٦-۰۳\u{202c} "), "2026-03");
    }
}
