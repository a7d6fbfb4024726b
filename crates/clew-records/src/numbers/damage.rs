//! What spreadsheets do to numbers: mended where every digit is still there, refused where one may be lost.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::reason;

static SCIENTIFIC: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^([0-9])(?:[.,]([0-9]*))?[eE]\+?([0-9]{1,3})$").expect("a constant")
});
static THOUSANDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[0-9]{1,3}(?:(?:,[0-9]{3}){2,}|(?:\.[0-9]{3}){2,}|(?:'[0-9]{3}){2,}|(?: [0-9]{3}){2,})([.,]0+)?$")
        .expect("a constant")
});
static DECIMAL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(\+?[0-9]{5,})[.,]([0-9]+)$").expect("a constant"));

/// The text without the quotes and formula signs that keep a spreadsheet from reading a number, the apostrophe and
/// `="…"`.
pub(crate) fn unquoted(text: &str) -> &str {
    let text = text
        .strip_prefix('=')
        .filter(|rest| rest.starts_with(['"', '+']))
        .unwrap_or(text);
    text.trim_matches(['\'', '"', '`']).trim()
}

/// The text with number formatting undone; the reason when digits are lost for good.
///
/// `9647901234567.0` is exactly that integer. `9.647901234567E+12` shows all thirteen digits; `9.6479E+12` does not,
/// and neither does a mantissa that is one digit short, because a writer that drops trailing zeros and one that
/// rounds look alike.
pub(crate) fn mended(text: &str) -> Result<Cow<'_, str>, &'static str> {
    let bytes = text.as_bytes();
    if bytes.iter().all(u8::is_ascii_digit) || !bytes.iter().any(u8::is_ascii_digit) {
        return Ok(Cow::Borrowed(text));
    }
    if bytes.iter().any(|byte| matches!(byte, b'e' | b'E'))
        && let Some(parts) = SCIENTIFIC.captures(text)
    {
        let fraction = parts.get(2).map_or("", |digits| digits.as_str());
        let exponent: usize = parts[3].parse().unwrap_or(usize::MAX);
        return match fraction.split_at_checked(exponent) {
            _ if exponent < 6 => Err(reason::LETTERS),
            Some((whole, rest)) if rest.bytes().all(|digit| digit == b'0') => {
                Ok(Cow::Owned(format!("{}{whole}", &parts[1])))
            }
            Some(_) => Err(reason::FRACTION),
            None => Err(reason::DIGITS_LOST),
        };
    }
    if !bytes.iter().any(|byte| matches!(byte, b',' | b'.' | b'\'')) {
        return Ok(Cow::Borrowed(text));
    }
    if let Some(parts) = THOUSANDS.captures(text) {
        let whole = parts.get(1).map_or(text, |zeros| &text[..zeros.start()]);
        return Ok(Cow::Owned(
            whole.chars().filter(char::is_ascii_digit).collect(),
        ));
    }
    if let Some(parts) = DECIMAL.captures(text) {
        let fraction = &parts[2];
        let whole = parts.get(1).map_or("", |digits| digits.as_str());
        // Three or more digits behind one separator may be a group of the number itself, as in 040.123456.
        return if fraction.len() < 3
            && fraction.bytes().all(|digit| digit == b'0')
            && whole.len() >= 7
        {
            Ok(Cow::Owned(whole.to_owned()))
        } else if fraction.len() < 3 {
            Err(reason::FRACTION)
        } else {
            Ok(Cow::Borrowed(text))
        };
    }
    Ok(Cow::Borrowed(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_damage_is_undone() {
        for (text, whole) in [
            ("9647901234567.0", "9647901234567"),
            ("9647901234567,00", "9647901234567"),
            ("9.647901234567E+12", "9647901234567"),
            ("9,647901234567e12", "9647901234567"),
            ("9,647,901,234,567", "9647901234567"),
            ("9.647.901.234.567,00", "9647901234567"),
            ("06.12.34.56.78", "06.12.34.56.78"),
            ("030.123456", "030.123456"),
        ] {
            assert_eq!(mended(text).unwrap(), whole, "{text}");
        }
        assert_eq!(unquoted("'+964790"), "+964790");
        assert_eq!(unquoted("=\"0790\""), "0790");
    }

    #[test]
    fn lost_digits_are_never_made_up() {
        for text in [
            "9.6E+12",
            "9,6479E+12",
            "9E12",
            "9.64790123456E+12",
            "3.36E+10",
        ] {
            assert_eq!(mended(text), Err(reason::DIGITS_LOST), "{text}");
        }
        assert_eq!(mended("9647901234567.5"), Err(reason::FRACTION));
    }
}
