//! Times in a profile's own pattern of `strptime` codes.

use super::civil::{self, Civil};

#[derive(Debug)]
enum Part {
    Year,
    ShortYear,
    Month,
    MonthName,
    Day,
    Hour,
    Hour12,
    Minute,
    Second,
    Fraction,
    HalfOfDay,
    Offset,
    Blanks,
    Literal(u8),
}

/// A pattern such as `%d/%m/%Y %H:%M:%S`.
#[derive(Debug)]
pub struct Pattern(Vec<Part>);

/// The names of each month: English and French, whole and short, and Arabic of the east and of the Nile and the Gulf.
const MONTHS: [&[&str]; 12] = [
    &["jan", "january", "janvier", "janv", "يناير", "كانون الثاني"],
    &[
        "feb",
        "february",
        "février",
        "fevrier",
        "févr",
        "fevr",
        "fév",
        "فبراير",
        "شباط",
    ],
    &["mar", "march", "mars", "مارس", "آذار", "اذار"],
    &[
        "apr",
        "april",
        "avril",
        "avr",
        "أبريل",
        "ابريل",
        "إبريل",
        "نيسان",
    ],
    &["may", "mai", "مايو", "أيار", "ايار"],
    &["jun", "june", "juin", "يونيو", "يونيه", "حزيران"],
    &["jul", "july", "juillet", "juil", "يوليو", "يوليه", "تموز"],
    &[
        "aug",
        "august",
        "août",
        "aout",
        "أغسطس",
        "اغسطس",
        "آب",
        "اب",
    ],
    &[
        "sep",
        "sept",
        "september",
        "septembre",
        "سبتمبر",
        "أيلول",
        "ايلول",
    ],
    &[
        "oct",
        "october",
        "octobre",
        "أكتوبر",
        "اكتوبر",
        "تشرين الأول",
        "تشرين الاول",
    ],
    &["nov", "november", "novembre", "نوفمبر", "تشرين الثاني"],
    &[
        "dec",
        "december",
        "décembre",
        "decembre",
        "déc",
        "ديسمبر",
        "كانون الأول",
        "كانون الاول",
    ],
];

impl Pattern {
    /// The pattern, if it knows all its codes and names a whole date.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            parts.push(match byte {
                b'%' => match bytes.next()? {
                    b'Y' => Part::Year,
                    b'y' => Part::ShortYear,
                    b'm' => Part::Month,
                    b'b' => Part::MonthName,
                    b'd' => Part::Day,
                    b'H' => Part::Hour,
                    b'I' => Part::Hour12,
                    b'M' => Part::Minute,
                    b'S' => Part::Second,
                    b'f' => Part::Fraction,
                    b'p' => Part::HalfOfDay,
                    b'z' => Part::Offset,
                    b'%' => Part::Literal(b'%'),
                    _ => return None,
                },
                b' ' => Part::Blanks,
                other => Part::Literal(other),
            });
        }
        let has = |wanted: fn(&Part) -> bool| parts.iter().any(wanted);
        let date = has(|part| matches!(part, Part::Year | Part::ShortYear))
            && has(|part| matches!(part, Part::Month | Part::MonthName))
            && has(|part| matches!(part, Part::Day));
        let halves =
            has(|part| matches!(part, Part::Hour12)) == has(|part| matches!(part, Part::HalfOfDay));
        (date && halves).then_some(Self(parts))
    }

    /// What the text says, if all of it fits the pattern.
    pub fn read(&self, text: &[u8]) -> Option<Civil> {
        let mut civil = Civil::default();
        let mut after_noon = None;
        let mut rest = text;
        for part in &self.0 {
            match part {
                Part::Literal(byte) => rest = rest.strip_prefix(&[*byte])?,
                Part::Blanks => {
                    let kept = rest.trim_ascii_start();
                    if kept.len() == rest.len() {
                        return None;
                    }
                    rest = kept;
                }
                Part::Year => civil.year = take(&mut rest, 4, 4)?,
                Part::ShortYear => {
                    let year = take(&mut rest, 2, 2)?;
                    civil.year = if year < 69 { 2000 + year } else { 1900 + year };
                }
                Part::Month => civil.month = take(&mut rest, 1, 2)?,
                Part::Day => civil.day = take(&mut rest, 1, 2)?,
                Part::Hour => civil.hour = take(&mut rest, 1, 2)?,
                Part::Hour12 => {
                    civil.hour = take(&mut rest, 1, 2)?;
                    if !(1..=12).contains(&civil.hour) {
                        return None;
                    }
                }
                Part::Minute => civil.minute = take(&mut rest, 1, 2)?,
                Part::Second => civil.second = take(&mut rest, 1, 2)?,
                Part::Fraction => {
                    let length = rest
                        .iter()
                        .take(6)
                        .take_while(|byte| byte.is_ascii_digit())
                        .count();
                    civil.micros = civil::fraction(&rest[..length])?;
                    rest = &rest[length..];
                }
                Part::MonthName => {
                    let (month, length) = month(rest)?;
                    civil.month = month;
                    rest = &rest[length..];
                }
                Part::HalfOfDay => {
                    let (half, length) = half_of_day(rest)?;
                    after_noon = Some(half);
                    rest = &rest[length..];
                }
                Part::Offset => {
                    let length = if matches!(rest.first(), Some(b'Z' | b'z')) {
                        1
                    } else {
                        rest.iter()
                            .take(6)
                            .take_while(|byte| matches!(byte, b'+' | b'-' | b':' | b'0'..=b'9'))
                            .count()
                    };
                    civil.offset = Some(civil::offset(&rest[..length])?);
                    rest = &rest[length..];
                }
            }
        }
        if let Some(after_noon) = after_noon {
            civil.hour = civil.hour % 12 + if after_noon { 12 } else { 0 };
        }
        rest.is_empty().then_some(civil)
    }
}

/// The longest run of digits of an allowed length.
fn take(rest: &mut &[u8], least: usize, most: usize) -> Option<i64> {
    let length = rest
        .iter()
        .take(most)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let value = civil::digits(&rest[..length], least, most)?;
    *rest = &rest[length..];
    Some(value)
}

/// The month that the text begins with, from 1, and the length of its name; the longest name counts.
fn month(text: &[u8]) -> Option<(i64, usize)> {
    let end = text
        .iter()
        .position(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'/' | b'.' | b','))
        .unwrap_or(text.len());
    let written = std::str::from_utf8(&text[..end]).ok()?;
    let named = |name: &&str| {
        let mut signs = written.chars();
        let begins = name.chars().all(|sign| {
            signs
                .next()
                .is_some_and(|found| found.to_lowercase().eq([sign]))
        });
        // A name goes on to its end: "mars" is not "mar" and an s that some pattern has.
        let rest = signs.as_str();
        (begins && !rest.starts_with(char::is_alphabetic)).then(|| written.len() - rest.len())
    };
    (1..)
        .zip(MONTHS)
        .filter_map(|(month, names)| Some((month, names.iter().filter_map(named).max()?)))
        .max_by_key(|(_, length)| *length)
}

/// Whether it is after noon: AM or PM, in English or Arabic (ص, م).
fn half_of_day(text: &[u8]) -> Option<(bool, usize)> {
    let words: [(&[u8], bool); 4] = [
        (b"am", false),
        (b"pm", true),
        ("ص".as_bytes(), false),
        ("م".as_bytes(), true),
    ];
    words
        .into_iter()
        .find(|(word, _)| text.len() >= word.len() && text[..word.len()].eq_ignore_ascii_case(word))
        .map(|(word, half)| (half, word.len()))
}
