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

const MONTHS: [&[u8; 3]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
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
                    let name = rest.get(..3)?.to_ascii_lowercase();
                    civil.month = MONTHS.iter().position(|month| month[..] == name[..])? as i64 + 1;
                    rest = &rest[3..];
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
