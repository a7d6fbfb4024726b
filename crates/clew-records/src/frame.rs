//! Cuts the bytes of a file into units, in order (`spec/records.md`, section 5.1).
//!
//! A unit is a line; a quoted field may run over several. The units tile the file: each begins where the one before
//! it ended, and every byte belongs to exactly one. A quotation that does not end properly costs its own line only:
//! the unit is cut at the first line end, and the next line is read as if nothing had happened.

use memchr::{memchr, memchr2};

/// A unit longer than this is not kept in memory, and is rejected.
pub const LONGEST_UNIT: usize = 1 << 20;
/// A quoted field does not run further than this from the beginning of its unit.
pub const LONGEST_QUOTED: usize = 1 << 16;

/// How many bytes stand for one ASCII character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// UTF-8 and the single-byte encodings.
    One,
    /// UTF-16, little-endian.
    TwoLittle,
    /// UTF-16, big-endian.
    TwoBig,
}

/// How a unit is divided into fields.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Bytes per ASCII character.
    pub width: Width,
    /// The ASCII character between fields.
    pub delimiter: u8,
    /// The ASCII character around fields that hold delimiters, if the file quotes at all.
    pub quote: Option<u8>,
    /// Fields in every unit; 0 if that is not known. A unit of several lines that has another number is cut.
    pub fields: usize,
}

/// Some whole units.
#[derive(Debug)]
pub struct Block {
    /// Number of the first unit.
    pub first: u64,
    /// Where `bytes` begins in the file.
    pub offset: u64,
    /// The units, end to end.
    pub bytes: Vec<u8>,
    /// Where each unit ends in `bytes`.
    pub ends: Vec<u32>,
}

/// A unit too long to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Long {
    /// Its number.
    pub unit: u64,
    /// Where it begins in the file.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
}

/// What the framer gives, in the order of the file.
#[derive(Debug)]
pub enum Piece {
    /// Whole units.
    Block(Block),
    /// A unit too long to keep.
    Long(Long),
}

/// Takes a file's bytes in order, gives its units in order. Holds at most one unfinished unit.
#[derive(Debug)]
pub struct Framer {
    shape: Shape,
    unit: u64,
    offset: u64,
    rest: Vec<u8>,
    long: Option<Long>,
}

impl Framer {
    /// A framer at the beginning of a file.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        Self {
            shape,
            unit: 0,
            offset: 0,
            rest: Vec::new(),
            long: None,
        }
    }

    /// The units that end within `data`, the next bytes of the file.
    pub fn push(&mut self, data: &[u8]) -> Vec<Piece> {
        self.take(data, false)
    }

    /// The last units; the file is at its end.
    pub fn finish(&mut self) -> Vec<Piece> {
        self.take(&[], true)
    }

    fn take(&mut self, data: &[u8], last: bool) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut bytes = std::mem::take(&mut self.rest);
        bytes.extend_from_slice(data);
        if self.long.is_some() {
            bytes = self.pass_long(bytes, last, &mut pieces);
        }
        loop {
            let shadow = Shadow::of(&bytes, self.shape.width, last);
            let cut = cut(shadow.bytes(), &self.shape, last);
            let scale = shadow.scale();
            let whole = (cut.ends.last().map_or(0, |end| *end as usize) * scale).min(bytes.len());
            let ends: Vec<u32> = if scale == 1 {
                cut.ends
            } else {
                cut.ends
                    .iter()
                    .map(|end| (*end as usize * scale).min(bytes.len()) as u32)
                    .collect()
            };
            let rest = bytes.split_off(whole);
            if !ends.is_empty() {
                let count = ends.len() as u64;
                pieces.push(Piece::Block(Block {
                    first: self.unit,
                    offset: self.offset,
                    bytes,
                    ends,
                }));
                self.unit += count;
                self.offset += whole as u64;
            }
            bytes = rest;
            if !cut.long {
                break;
            }
            self.long = Some(Long {
                unit: self.unit,
                offset: self.offset,
                length: 0,
            });
            bytes = self.pass_long(bytes, last, &mut pieces);
        }
        self.rest = bytes;
        pieces
    }

    /// Passes over a long unit: up to and with its line end, or all there is.
    fn pass_long(&mut self, mut bytes: Vec<u8>, last: bool, pieces: &mut Vec<Piece>) -> Vec<u8> {
        let Some(mut long) = self.long.take() else {
            return bytes;
        };
        let odd = match self.shape.width {
            Width::One => 0,
            Width::TwoLittle | Width::TwoBig => bytes.len() % 2,
        };
        let end = line_end(&bytes, self.shape.width);
        let keep = if last { bytes.len() } else { bytes.len() - odd };
        let passed = end.unwrap_or(keep);
        let rest = bytes.split_off(passed);
        long.length += passed as u64;
        self.offset += passed as u64;
        if end.is_some() || last {
            self.unit += 1;
            pieces.push(Piece::Long(long));
        } else {
            self.long = Some(long);
        }
        rest
    }
}

/// The first line's end in `bytes`, its line end included.
fn line_end(bytes: &[u8], width: Width) -> Option<usize> {
    let newline = match width {
        Width::One => return memchr(b'\n', bytes).map(|at| at + 1),
        Width::TwoLittle => [b'\n', 0],
        Width::TwoBig => [0, b'\n'],
    };
    bytes
        .chunks_exact(2)
        .position(|pair| pair == newline)
        .map(|at| 2 * at + 2)
}

/// One byte per character, for framing: the text itself, or for UTF-16 its ASCII with all else as 0xFF.
enum Shadow<'a> {
    Same(&'a [u8]),
    Narrow(Vec<u8>),
}

impl<'a> Shadow<'a> {
    fn of(bytes: &'a [u8], width: Width, last: bool) -> Self {
        let narrow = |pair: &[u8]| {
            let unit = match width {
                Width::TwoBig => u16::from_be_bytes([pair[0], pair[1]]),
                Width::One | Width::TwoLittle => u16::from_le_bytes([pair[0], pair[1]]),
            };
            if unit < 0x80 { unit as u8 } else { 0xFF }
        };
        if width == Width::One {
            return Self::Same(bytes);
        }
        let pairs = bytes.chunks_exact(2);
        // Half a character at the end of the file belongs to the last unit, which decoding then rejects.
        let half = last && !pairs.remainder().is_empty();
        let mut text: Vec<u8> = pairs.map(narrow).collect();
        if half {
            text.push(0xFF);
        }
        Self::Narrow(text)
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Same(bytes) => bytes,
            Self::Narrow(bytes) => bytes,
        }
    }

    fn scale(&self) -> usize {
        match self {
            Self::Same(_) => 1,
            Self::Narrow(_) => 2,
        }
    }
}

struct Cut {
    ends: Vec<u32>,
    /// What is left begins a unit that is too long.
    long: bool,
}

fn cut(data: &[u8], shape: &Shape, last: bool) -> Cut {
    let mut ends = Vec::with_capacity(data.len() / 64);
    let mut from = 0;
    let mut quote = next_quote(data, 0, shape.quote);
    while from < data.len() {
        let newline = memchr(b'\n', &data[from..]).map(|at| from + at + 1);
        let line = match newline {
            Some(end) => end,
            None if last => data.len(),
            None => {
                // The rest of the line has not come yet; only its length can be judged.
                return Cut {
                    ends,
                    long: data.len() - from > LONGEST_UNIT,
                };
            }
        };
        if line - from > LONGEST_UNIT {
            return Cut { ends, long: true };
        }
        if quote < from {
            quote = next_quote(data, from, shape.quote);
        }
        let end = if quote >= line {
            line
        } else {
            match quoted_end(&data[from..], shape, last) {
                Quoted::Ends(length) => from + length,
                Quoted::Broken => line,
                Quoted::NeedsMore => return Cut { ends, long: false },
            }
        };
        ends.push(end as u32);
        from = end;
    }
    Cut { ends, long: false }
}

fn next_quote(data: &[u8], from: usize, quote: Option<u8>) -> usize {
    quote
        .and_then(|quote| memchr(quote, &data[from..]))
        .map_or(usize::MAX, |at| from + at)
}

enum Quoted {
    Ends(usize),
    Broken,
    NeedsMore,
}

/// The end of the unit at the beginning of `data`, which has a quote in its first line.
fn quoted_end(data: &[u8], shape: &Shape, last: bool) -> Quoted {
    let quote = shape.quote.unwrap_or(b'"');
    let limit = data.len().min(LONGEST_QUOTED);
    let more = if data.len() < LONGEST_QUOTED && !last {
        Quoted::NeedsMore
    } else {
        Quoted::Broken
    };
    let mut at = 0;
    let mut fields = 1;
    let mut lines = false;
    loop {
        if data.get(at) == Some(&quote) {
            at += 1;
            loop {
                let Some(length) = memchr(quote, &data[at.min(limit)..limit]) else {
                    return more;
                };
                lines |= memchr(b'\n', &data[at..at + length]).is_some();
                at += length + 1;
                if data.get(at) != Some(&quote) {
                    break;
                }
                at += 1;
            }
            match data.get(at) {
                Some(byte) if *byte == shape.delimiter || *byte == b'\n' => {}
                Some(b'\r') if data.get(at + 1).is_none_or(|next| *next == b'\n') => {
                    if at + 1 == data.len() && !last {
                        return Quoted::NeedsMore;
                    }
                    at += 1;
                }
                Some(_) => return Quoted::Broken,
                None if last => {}
                None => return more,
            }
        } else {
            match memchr2(shape.delimiter, b'\n', &data[at.min(data.len())..]) {
                Some(length) => at += length,
                None if last => at = data.len(),
                // The first line is whole, so that only a unit of several lines can end here.
                None => return more,
            }
        }
        if at >= data.len() || data[at] == b'\n' {
            let end = (at + 1).min(data.len());
            let miscounted = lines && shape.fields != 0 && fields != shape.fields;
            return if miscounted || end > LONGEST_QUOTED && lines {
                Quoted::Broken
            } else {
                Quoted::Ends(end)
            };
        }
        at += 1;
        fields += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &[u8], step: usize, width: Width, fields: usize) -> Vec<(u64, u64)> {
        let mut framer = Framer::new(Shape {
            width,
            delimiter: b',',
            quote: Some(b'"'),
            fields,
        });
        let mut found = Vec::new();
        let mut pieces: Vec<Piece> = Vec::new();
        for chunk in text.chunks(step.max(1)) {
            pieces.extend(framer.push(chunk));
        }
        pieces.extend(framer.finish());
        for piece in pieces {
            match piece {
                Piece::Long(long) => found.push((long.offset, long.length)),
                Piece::Block(block) => {
                    let mut from = 0;
                    for end in block.ends {
                        found.push((block.offset + from, u64::from(end) - from));
                        from = u64::from(end);
                    }
                }
            }
        }
        found
    }

    #[test]
    fn every_byte_belongs_to_one_unit_however_the_file_arrives() {
        let text = b"a,b\r\n\"x\ny\",2\n\"open,3\n4,5\n6,\"q\"\"q\"\r\n7,\"bad\"x\n8,9";
        let whole = units(text, text.len(), Width::One, 2);
        let lengths: Vec<u64> = whole.iter().map(|unit| unit.1).collect();
        assert_eq!(lengths, [5, 8, 8, 4, 10, 9, 3]);
        for step in 1..text.len() {
            assert_eq!(units(text, step, Width::One, 2), whole, "step {step}");
        }
    }

    #[test]
    fn an_open_quote_costs_its_own_line_only() {
        let mut text = b"1,\"never closed\n".to_vec();
        for _ in 0..20_000 {
            text.extend_from_slice(b"12345,67890\n");
        }
        assert_eq!(units(&text, 4096, Width::One, 2).len(), 20_001);
    }

    #[test]
    fn a_long_line_is_passed_over_and_its_neighbours_are_kept() {
        for quote in [b'x', b'"'] {
            let mut text = b"1,2\n".to_vec();
            text.push(quote);
            text.extend(std::iter::repeat_n(b'x', 10 << 20));
            text.extend_from_slice(b"\n3,4\n");
            for step in [1 << 16, 3 << 20, 20 << 20] {
                assert_eq!(
                    units(&text, step, Width::One, 2),
                    [(0, 4), (4, (10 << 20) + 2), ((10 << 20) + 6, 4)],
                    "step {step}"
                );
            }
        }
    }

    #[test]
    fn utf_16_is_cut_at_its_own_line_ends() {
        let text: Vec<u8> = "a,ب\n\u{0a0a},2\n3,4"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .chain([7])
            .collect();
        let whole = units(&text, text.len(), Width::TwoLittle, 2);
        assert_eq!(whole, [(0, 8), (8, 8), (16, 7)]);
        for step in 1..text.len() {
            assert_eq!(
                units(&text, step, Width::TwoLittle, 2),
                whole,
                "step {step}"
            );
        }
    }
}
