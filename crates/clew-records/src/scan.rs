//! Blocks of units to columns of records (`spec/records.md`, section 5).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use memchr::memchr;

use crate::columns::{Others, Records};
use crate::dictionary::{Batch, Dictionary, End};
use crate::duration::Duration;
use crate::fields::{Fields, without_line_end};
use crate::frame::{Block, Long};
use crate::rules::{Reason, Rules, Word, flag, kind};
use crate::text;
use crate::time::{Moment, OffsetCache, TimeError};

/// A field of numbers is not longer than this many bytes.
pub const LONGEST_NUMBER: usize = 256;
const LONGEST_IDENTIFIER: usize = 128;
const LONGEST_DURATION: usize = 32;
const LONGEST_MASKED: usize = 4096;
const MOST_FOOTERS: usize = 1000;
const MOST_WORDS: usize = 1000;
const UNKNOWN_PARTY: i8 = 6;
const UNITS_OF_IMPORT: u64 = 1 << 36;

/// What one block became.
#[derive(Debug, Default)]
pub struct Scanned {
    /// Units that are records.
    pub records: Records,
    /// All other units.
    pub others: Others,
    /// What is counted beside.
    pub counts: Counts,
}

/// Counts over units whose fields could be told apart.
#[derive(Debug, Default)]
pub struct Counts {
    /// Values that are not empty, by the position of a column that is not kept.
    pub dropped: Vec<u64>,
    /// Words for kinds that the profile does not have.
    pub unknown_words: HashMap<Vec<u8>, u64>,
    /// Identifiers that could not be read, by what they were to be.
    pub unreadable: BTreeMap<&'static str, u64>,
    /// The texts of footer units.
    pub footers: Vec<String>,
}

/// What a thread keeps between blocks.
#[derive(Debug, Default)]
pub struct Scratch {
    fields: Fields,
    cache: OffsetCache,
    start: Vec<u8>,
    masked: Vec<u8>,
    numbers: Batch,
}

/// The rejected unit that was too long to keep.
#[must_use]
pub fn long(rules: &Rules, unit: &Long) -> Scanned {
    let mut scanned = Scanned::default();
    let reason = if unit.unit < rules.header {
        Reason::Header
    } else {
        Reason::TooLong
    };
    other(
        &mut scanned.others,
        unit.unit,
        unit.offset,
        unit.length,
        reason,
        None,
    );
    scanned
}

/// The records and other units of one block.
#[must_use]
pub fn scan(
    rules: &Rules,
    dictionary: &Dictionary,
    block: &Block,
    scratch: &mut Scratch,
) -> Scanned {
    let mut scanned = Scanned::default();
    scratch.numbers.clear();
    scanned.counts.dropped = vec![0; rules.kept.len()];
    let valid =
        matches!(rules.charset, text::Charset::Utf8) && std::str::from_utf8(&block.bytes).is_ok();
    let nul = rules.shape.width != crate::frame::Width::One || memchr(0, &block.bytes).is_some();
    let mut from = 0;
    for (index, &end) in block.ends.iter().enumerate() {
        let bytes = &block.bytes[from..end as usize];
        let unit = Unit {
            number: block.first + index as u64,
            offset: block.offset + from as u64,
            length: bytes.len(),
        };
        from = end as usize;
        let mut masked = false;
        if let Err(reason) = one(
            rules,
            bytes,
            unit,
            (valid, nul),
            scratch,
            &mut scanned,
            &mut masked,
        ) {
            let mask = masked.then_some(&scratch.masked[..]);
            other(
                &mut scanned.others,
                unit.number,
                unit.offset,
                unit.length as u64,
                reason,
                mask,
            );
        }
    }
    for (index, ends) in dictionary
        .look_up(&scratch.numbers)
        .chunks_exact(2)
        .enumerate()
    {
        push_ends(&mut scanned.records, index, ends[0], ends[1]);
    }
    scanned
}

fn push_ends(records: &mut Records, index: usize, a: End, b: End) {
    records.a_kind.push(a.kind);
    records.a_key.push(a.key);
    records.b_kind.push(b.kind);
    records.b_key.push(b.key);
    if a.key.is_some() && a == b {
        records.flags[index] |= flag::SELF;
    }
    if a.kind == UNKNOWN_PARTY || b.kind == UNKNOWN_PARTY {
        records.flags[index] |= flag::IMPOSSIBLE_NUMBER;
    }
}

#[derive(Clone, Copy)]
struct Unit {
    number: u64,
    offset: u64,
    length: usize,
}

fn other(
    others: &mut Others,
    unit: u64,
    offset: u64,
    length: u64,
    reason: Reason,
    masked: Option<&[u8]>,
) {
    others.unit.push(unit as i64);
    others.offset.push(offset as i64);
    others.length.push(length as i64);
    others.reason.push(Some(reason.code().as_bytes()));
    others.masked.push(masked);
}

/// Adds one unit to the records, or says why it is none. The order of the checks is that of `spec/records.md`, 5.2.
fn one(
    rules: &Rules,
    bytes: &[u8],
    unit: Unit,
    (valid, nul): (bool, bool),
    scratch: &mut Scratch,
    scanned: &mut Scanned,
    masked: &mut bool,
) -> Result<(), Reason> {
    if unit.number < rules.header {
        return Err(Reason::Header);
    }
    let mark = if unit.offset == 0 {
        rules.charset.mark(bytes)
    } else {
        0
    };
    let bytes = &bytes[mark..];
    let decoded = if valid {
        Cow::Borrowed(bytes)
    } else {
        rules.charset.decode(bytes).ok_or(Reason::Encoding)?
    };
    let line = without_line_end(&decoded);
    if line.is_empty() {
        return Err(Reason::Empty);
    }
    if let Some(prefix) = &rules.footer
        && line.starts_with(prefix)
    {
        if scanned.counts.footers.len() < MOST_FOOTERS {
            let kept = &line[..line.len().min(1000)];
            scanned
                .counts
                .footers
                .push(String::from_utf8_lossy(kept).into_owned());
        }
        return Err(Reason::Footer);
    }
    if nul && memchr(0, line).is_some() {
        return Err(Reason::Nul);
    }
    let Scratch {
        fields,
        cache,
        start,
        masked: mask,
        numbers,
    } = scratch;
    if !fields.split(line, rules.shape.delimiter, rules.shape.quote) {
        return Err(Reason::Quotation);
    }
    if fields.len() < rules.shape.fields {
        return Err(Reason::TooFewFields);
    }
    // More or fewer empty fields at the end than the file's lines have would hide a shift of all columns.
    let beyond = fields.len() - rules.shape.fields;
    let empty = |index| fields.get(line, index).is_empty();
    if beyond != 0 && (beyond != rules.trailing || !(rules.shape.fields..fields.len()).all(empty)) {
        return Err(Reason::TooManyFields);
    }
    for (index, kept) in rules.kept.iter().enumerate() {
        if !kept && !fields.get(line, index).is_empty() {
            scanned.counts.dropped[index] += 1;
        }
    }
    let read = read(rules, line, fields, cache, start);
    let fresh = match read {
        Ok(fresh) => fresh,
        Err(Reason::OutOfScope) => return Err(Reason::OutOfScope),
        Err(reason) => {
            mask_unit(rules, line, fields, mask);
            *masked = true;
            return Err(reason);
        }
    };
    let ends = if fresh.turned {
        [rules.b, rules.a]
    } else {
        [rules.a, rules.b]
    };
    for end in ends {
        numbers.push(fields.get(line, end.column), end.form);
    }
    push(rules, scanned, unit, line, fields, &fresh);
    Ok(())
}

struct Fresh {
    kind: i8,
    turned: bool,
    moment: Moment,
    duration: Duration,
}

fn read(
    rules: &Rules,
    line: &[u8],
    fields: &Fields,
    cache: &mut OffsetCache,
    start: &mut Vec<u8>,
) -> Result<Fresh, Reason> {
    let mut kind = rules.constant;
    if let Some(column) = rules.kind {
        kind = match rules.words.get(text::trim(fields.get(line, column))) {
            Some(Word::Kind(kind)) => *kind,
            Some(Word::OutOfScope) => return Err(Reason::OutOfScope),
            None => kind::UNKNOWN,
        };
    }
    let turned = match &rules.direction {
        None => false,
        Some((column, words)) => *words
            .get(text::trim(fields.get(line, *column)))
            .ok_or(Reason::Direction)?,
    };
    let when = match rules.start[..] {
        [column] => fields.get(line, column),
        _ => {
            start.clear();
            for (index, column) in rules.start.iter().enumerate() {
                if index > 0 {
                    start.push(b' ');
                }
                start.extend_from_slice(text::trim(fields.get(line, *column)));
            }
            &start[..]
        }
    };
    let moment = rules.time.read(when, cache).map_err(|error| match error {
        TimeError::Unreadable => Reason::Time,
        TimeError::Impossible => Reason::TimeImpossible,
        TimeError::OutOfRange => Reason::TimeRange,
    })?;
    let mut duration = Duration::Absent;
    if let Some((column, rule)) = &rules.duration {
        duration = rule.read(fields.get(line, *column));
        if duration == Duration::Missed && kind == kind::VOICE {
            kind = kind::MISSED;
        }
    }
    if [rules.a, rules.b]
        .iter()
        .any(|end| fields.get(line, end.column).len() > LONGEST_NUMBER)
    {
        return Err(Reason::NumberTooLong);
    }
    Ok(Fresh {
        kind,
        turned,
        moment,
        duration,
    })
}

/// Adds all of a record but its ends, which are looked up with those of the whole block.
fn push(
    rules: &Rules,
    scanned: &mut Scanned,
    unit: Unit,
    line: &[u8],
    fields: &Fields,
    fresh: &Fresh,
) {
    let Scanned {
        records, counts, ..
    } = scanned;
    let mut flags = fresh.moment.flags;
    let (duration, raw) = match fresh.duration {
        Duration::Seconds(seconds) => (Some(seconds), None),
        Duration::Absent | Duration::Missed => (None, None),
        Duration::Negative | Duration::Unreadable => {
            let negative = fresh.duration == Duration::Negative;
            flags |= if negative {
                flag::NEGATIVE_DURATION
            } else {
                flag::DURATION_UNREADABLE
            };
            let field = rules
                .duration
                .as_ref()
                .map(|(column, _)| fields.get(line, *column));
            (None, field.filter(|field| number_like(field)))
        }
    };
    if fresh.kind == kind::UNKNOWN {
        flags |= flag::KIND_UNKNOWN;
        if let Some(column) = rules.kind {
            let word = text::trim(fields.get(line, column));
            let full = counts.unknown_words.len() >= MOST_WORDS;
            match counts.unknown_words.get_mut(word) {
                Some(count) => *count += 1,
                None if full => *counts.unknown_words.entry(Vec::new()).or_default() += 1,
                None => *counts.unknown_words.entry(word.to_vec()).or_default() += 1,
            }
        }
    }
    records
        .record_id
        .push((rules.import * UNITS_OF_IMPORT + unit.number) as i64);
    records.kind.push(fresh.kind);
    records.start.push(fresh.moment.micros);
    records.zone_offset.push(fresh.moment.offset);
    records.duration.push(duration);
    if rules.duration.is_some() {
        records.duration_raw.push(raw);
    }
    let device =
        |field: &[u8]| (14..=17).contains(&field.len()) && field.iter().all(u8::is_ascii_digit);
    let text = |field: &[u8]| field.len() <= LONGEST_IDENTIFIER && !placeholder(field);
    let mut identifier = |column: Option<usize>,
                          name,
                          good: fn(&[u8]) -> bool,
                          texts: &mut crate::columns::Texts| {
        let Some(column) = column else { return };
        let field = text::trim(fields.get(line, column));
        let read = good(field);
        if !field.is_empty() && !read {
            *counts.unreadable.entry(name).or_default() += 1;
        }
        texts.push((!field.is_empty() && read).then_some(field));
    };
    identifier(rules.imei, "imei", device, &mut records.imei);
    identifier(rules.imsi, "imsi", device, &mut records.imsi);
    identifier(
        rules.operator_record,
        "operator_record",
        text,
        &mut records.operator_record,
    );
    identifier(rules.call, "call", text, &mut records.call);
    records.flags.push(flags);
    records.offset.push(unit.offset as i64);
    records.length.push(unit.length as i32);
}

/// Whether a field is nothing but digits, signs and separators, so that it can be shown as a duration.
fn number_like(field: &[u8]) -> bool {
    let sign = |sign| {
        matches!(sign, '0'..='9' | '\u{660}'..='\u{669}' | '\u{6F0}'..='\u{6F9}')
            || " +-\u{2212}.,:'\u{66B}\u{66C}".contains(sign)
    };
    std::str::from_utf8(field)
        .is_ok_and(|text| text.chars().count() <= LONGEST_DURATION && text.chars().all(sign))
}

/// Whether an identifier is what exports write where there is none.
fn placeholder(field: &[u8]) -> bool {
    const WORDS: [&str; 7] = ["null", "none", "nil", "n/a", "na", "-1", "unknown"];
    let bare = field
        .strip_prefix(b"(")
        .and_then(|inner| inner.strip_suffix(b")"))
        .unwrap_or(field);
    field.iter().all(|byte| b"0-._ ?*".contains(byte))
        || WORDS
            .iter()
            .any(|word| bare.eq_ignore_ascii_case(word.as_bytes()))
}

/// The unit with every field that is not kept masked, and none longer than a page.
fn mask_unit(rules: &Rules, line: &[u8], fields: &Fields, masked: &mut Vec<u8>) {
    masked.clear();
    let quote = rules.shape.quote.unwrap_or(b'"');
    for (index, kept) in rules.kept.iter().enumerate() {
        if index > 0 {
            masked.push(rules.shape.delimiter);
        }
        let field = fields.get(line, index);
        if !kept {
            masked.extend_from_slice(if field.is_empty() { b"" } else { b"***" });
            continue;
        }
        let field = &field[..character_boundary(field, LONGEST_NUMBER)];
        if field
            .iter()
            .any(|byte| [quote, rules.shape.delimiter, b'\n', b'\r'].contains(byte))
        {
            masked.push(quote);
            for &byte in field {
                masked.push(byte);
                if byte == quote {
                    masked.push(quote);
                }
            }
            masked.push(quote);
        } else {
            masked.extend_from_slice(field);
        }
        if masked.len() > LONGEST_MASKED {
            break;
        }
    }
}

/// The length of the longest beginning of `field`, valid UTF-8, that ends between two characters.
fn character_boundary(field: &[u8], most: usize) -> usize {
    if field.len() <= most {
        return field.len();
    }
    (0..=most)
        .rev()
        .find(|&at| field[at] & 0xC0 != 0x80)
        .unwrap_or(0)
}
