//! A profile, resolved against one file: which column is what, and how each is read.

use std::collections::HashMap;

use crate::duration::DurationRule;
use crate::frame::Shape;
use crate::text::Charset;
use crate::time::TimeReader;

/// Kinds of records (`spec/records.md`, section 3.2).
pub mod kind {
    /// The operator's word is not in the profile.
    pub const UNKNOWN: i8 = 0;
    /// An answered call.
    pub const VOICE: i8 = 1;
    /// A message.
    pub const MESSAGE: i8 = 2;
    /// Not answered.
    pub const MISSED: i8 = 3;
}

/// Flags of records (`spec/records.md`, section 3.3); those of times are in [`crate::time`].
pub mod flag {
    /// A negative duration.
    pub const NEGATIVE_DURATION: i32 = 1;
    /// Both ends are the same party.
    pub const SELF: i32 = 8;
    /// A duration that could not be read.
    pub const DURATION_UNREADABLE: i32 = 16;
    /// An end that is not a possible number.
    pub const IMPOSSIBLE_NUMBER: i32 = 128;
    /// A kind that is not in the profile.
    pub const KIND_UNKNOWN: i32 = 256;
}

/// What a word in the column of kinds means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// A kind of record.
    Kind(i8),
    /// Not a record at all, for the profile says so.
    OutOfScope,
}

/// A column of numbers.
#[derive(Clone, Copy, Debug)]
pub struct NumberColumn {
    /// Its position.
    pub column: usize,
    /// Its form, as an index into the dictionary's forms.
    pub form: u8,
}

/// How to read every unit of one file.
#[derive(Debug)]
pub struct Rules {
    /// Number of the import.
    pub import: u64,
    /// How units are divided.
    pub shape: Shape,
    /// The file's encoding.
    pub charset: Charset,
    /// So many empty fields stand behind the last column on lines of this file, or none.
    pub trailing: usize,
    /// So many units at the beginning are no records.
    pub header: u64,
    /// The A-number.
    pub a: NumberColumn,
    /// The B-number.
    pub b: NumberColumn,
    /// Columns of the start: one, or date and time.
    pub start: Vec<usize>,
    /// How the start is read.
    pub time: TimeReader,
    /// The duration.
    pub duration: Option<(usize, DurationRule)>,
    /// The column of kinds.
    pub kind: Option<usize>,
    /// The words in it.
    pub words: HashMap<Vec<u8>, Word>,
    /// The kind of every record where there is no column of kinds.
    pub constant: i8,
    /// The column of directions, and its words: true turns A and B round.
    pub direction: Option<(usize, HashMap<Vec<u8>, bool>)>,
    /// The handset.
    pub imei: Option<usize>,
    /// The SIM.
    pub imsi: Option<usize>,
    /// The operator's own identifier of a record.
    pub operator_record: Option<usize>,
    /// What the legs of one call share.
    pub call: Option<usize>,
    /// Which columns are kept; the values of all others are dropped and counted.
    pub kept: Vec<bool>,
    /// Units that begin so are no records.
    pub footer: Option<Vec<u8>>,
}

/// Which units a scanned one became, or why it did not become a record (`spec/records.md`, section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Header.
    Header,
    /// Footer.
    Footer,
    /// Nothing in it.
    Empty,
    /// The profile says that this kind is no record.
    OutOfScope,
    /// Longer than can be kept.
    TooLong,
    /// Not valid in the file's encoding.
    Encoding,
    /// A NUL character.
    Nul,
    /// A quotation that does not end.
    Quotation,
    /// Fewer fields than the header.
    TooFewFields,
    /// More fields than the header.
    TooManyFields,
    /// The word for the direction is not in the profile.
    Direction,
    /// The time is not of the profile's format.
    Time,
    /// No such day or time of day.
    TimeImpossible,
    /// Outside the years or the calendar's tables.
    TimeRange,
    /// A field of numbers that is too long to be one.
    NumberTooLong,
}

impl Reason {
    /// The code that is stored.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Footer => "footer",
            Self::Empty => "empty",
            Self::OutOfScope => "out-of-scope",
            Self::TooLong => "too-long",
            Self::Encoding => "encoding",
            Self::Nul => "nul",
            Self::Quotation => "quotation",
            Self::TooFewFields => "too-few-fields",
            Self::TooManyFields => "too-many-fields",
            Self::Direction => "direction",
            Self::Time => "time",
            Self::TimeImpossible => "time-impossible",
            Self::TimeRange => "time-range",
            Self::NumberTooLong => "number-too-long",
        }
    }
}
