//! From a cleaned text to its digits: separators, the plus, prefixes that hide the caller, extensions.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::plan::Country;
use super::reason;

/// More digits than any prefix and number together.
const MOST_DIGITS: usize = 40;
/// So many digits on both sides of a slash or comma are two numbers.
const A_NUMBER: usize = 7;

/// What a text is made of.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Scanned {
    /// Digits and separators, with or without a plus in front.
    Digits { digits: String, plus: bool },
    /// One run of digits and a plus behind it, as right-to-left editors leave it.
    PlusAtEnd(String),
    /// There are letters.
    Letters,
    /// Something that is no number, and why.
    Refused(&'static str),
}

/// The digits of a text, and whether a plus stood in front.
pub(crate) fn scan(text: &str) -> Scanned {
    if text.chars().any(char::is_alphabetic) {
        return Scanned::Letters;
    }
    let mut digits = String::with_capacity(16);
    let mut plus = false;
    let mut groups = 0;
    let mut in_group = false;
    let mut split_at = None;
    let mut end_plus = false;
    for byte in text.bytes() {
        if end_plus && byte != b' ' {
            return Scanned::Refused(reason::TWO_NUMBERS);
        }
        match byte {
            b'0'..=b'9' => {
                groups += usize::from(!in_group);
                in_group = true;
                digits.push(char::from(byte));
                if digits.len() > MOST_DIGITS {
                    return Scanned::Refused(reason::TOO_LONG);
                }
                continue;
            }
            b'+' if digits.is_empty() => plus = true,
            // "00+964": both ways of writing the same thing.
            b'+' if digits == "00" && !plus => {
                plus = true;
                digits.clear();
            }
            b'+' => end_plus = true,
            b' ' | b'-' | b'.' | b'(' | b')' | b'[' | b']' | b'_' | b'~' => {}
            b'/' | b'\\' | b',' | b';' | b'|' | b'&' | b':' => {
                if split_at.replace(digits.len()).is_some() || !matches!(byte, b'/') {
                    return Scanned::Refused(several(&digits, reason::CHARACTERS));
                }
            }
            b'*' | b'#' => return Scanned::Refused(reason::SERVICE_CODE),
            _ => return Scanned::Refused(reason::CHARACTERS),
        }
        in_group = false;
    }
    match split_at {
        Some(at) if at >= A_NUMBER && digits.len() - at >= A_NUMBER => {
            return Scanned::Refused(reason::TWO_NUMBERS);
        }
        // "0790 123 4567/8" names two numbers; which one was in the call cannot be told.
        Some(at) if at >= A_NUMBER => return Scanned::Refused(reason::TWO_NUMBERS),
        _ => {}
    }
    match (end_plus, groups) {
        (_, 0) => Scanned::Refused(reason::CHARACTERS),
        (true, 1) if !plus => Scanned::PlusAtEnd(digits),
        (true, _) => Scanned::Refused(reason::MISPLACED_PLUS),
        (false, _) => Scanned::Digits { digits, plus },
    }
}

fn several(digits: &str, otherwise: &'static str) -> &'static str {
    if digits.len() >= A_NUMBER {
        reason::TWO_NUMBERS
    } else {
        otherwise
    }
}

/// The text behind a calling-line prefix of mobile networks: `#31#` hides the caller, `*31#` shows him (3GPP
/// TS 22.030, annex B).
pub(crate) fn behind_line_prefix(text: &str) -> Option<&str> {
    let rest = text
        .strip_prefix("#31#")
        .or_else(|| text.strip_prefix("*31#"))?
        .trim_start();
    (!rest.is_empty()).then_some(rest)
}

/// The text behind a calling-line prefix of one country (spec 2.5, step 6).
///
/// These are only candidates: the reader takes one off where the whole is no number and the rest is one.
pub(crate) fn behind_national_line_prefix(country: Country, text: &str) -> Option<&str> {
    let table: &[(&str, &str)] = match &country.letters {
        _ if country.is_north_american() => &[("*67", ""), ("*82", ""), ("1167", ""), ("1182", "")],
        b"GB" | b"GG" | b"JE" | b"IM" => &[("1470", "0"), ("141", "0")],
        b"FR" => &[("3651", "0")],
        b"ES" => &[("067", "")],
        b"IT" => &[("*67#", "")],
        _ => &[],
    };
    table.iter().find_map(|(prefix, next)| {
        let rest = text.strip_prefix(prefix)?.trim_start_matches([' ', '-']);
        (!rest.is_empty() && (rest.starts_with(next) || rest.starts_with('+'))).then_some(rest)
    })
}

static EXTENSION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)^(.*[0-9][\s)]*?)(?:;\s*(?:ext|isub|postd)\s*=|[,;]?\s*",
        r"(?:extension|extn|ext|poste|داخلي|تحويلة|dahili|durchwahl|x)[.:]?\s*|\s*[pw]|\s*,,+\s*)([0-9]{1,7})$"
    ))
    .expect("a constant")
});

/// The text without an extension or digits dialled after the call was answered: they are no part of the number.
pub(crate) fn without_extension(text: &str) -> Cow<'_, str> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b' ' | b'-'));
    if plain || !(text.contains([';', ',']) || text.chars().any(char::is_alphabetic)) {
        return Cow::Borrowed(text);
    }
    match EXTENSION.captures(text).and_then(|parts| parts.get(1)) {
        Some(number) if number.as_str().bytes().filter(u8::is_ascii_digit).count() >= A_NUMBER => {
            Cow::Owned(number.as_str().trim_end_matches([' ', '(']).to_owned())
        }
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str, plus: bool) -> Scanned {
        Scanned::Digits {
            digits: text.to_owned(),
            plus,
        }
    }

    #[test]
    fn layout_is_no_part_of_a_number() {
        assert_eq!(scan("(+964) 790-123.4567"), digits("9647901234567", true));
        assert_eq!(scan("00+964790"), digits("964790", true));
        assert_eq!(scan("030/23125123"), digits("03023125123", false));
        assert_eq!(scan("964790+"), Scanned::PlusAtEnd("964790".to_owned()));
    }

    #[test]
    fn what_is_no_single_number_says_why() {
        for (text, why) in [
            ("0612345678/0712345678", reason::TWO_NUMBERS),
            ("0612345678;0712345678", reason::TWO_NUMBERS),
            ("790 964+", reason::MISPLACED_PLUS),
            ("*100#", reason::SERVICE_CODE),
            ("12:30", reason::CHARACTERS),
            ("()", reason::CHARACTERS),
        ] {
            assert_eq!(scan(text), Scanned::Refused(why), "{text}");
        }
        assert_eq!(scan(&"1".repeat(60)), Scanned::Refused(reason::TOO_LONG));
    }

    #[test]
    fn extensions_are_taken_off() {
        for text in [
            "0199001234 ext. 56",
            "0199001234x56",
            "0199001234;ext=56",
            "0199001234p56",
            "0199001234 poste 5",
        ] {
            assert_eq!(without_extension(text), "0199001234", "{text}");
        }
        for text in ["O2 x5", "0199001234,0199001235", "0199001234"] {
            assert_eq!(without_extension(text), text);
        }
    }
}
