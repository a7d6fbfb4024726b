//! Columns as they grow: values, and a bit for each that is there.

/// Values of one type, some of them absent.
#[derive(Debug, Default)]
pub struct Optional<T> {
    /// The values, with a default where there is none.
    pub values: Vec<T>,
    /// A bit each, least significant first.
    pub valid: Vec<u8>,
    /// How many are absent.
    pub nulls: usize,
}

impl<T: Copy + Default> Optional<T> {
    /// One more.
    pub fn push(&mut self, value: Option<T>) {
        push_bit(&mut self.valid, self.values.len(), value.is_some());
        self.nulls += usize::from(value.is_none());
        self.values.push(value.unwrap_or_default());
    }
}

/// Texts, some of them absent.
#[derive(Debug)]
pub struct Texts {
    /// Where each text begins in `data`, and where the last ends.
    pub offsets: Vec<i32>,
    /// The texts end to end, in UTF-8.
    pub data: Vec<u8>,
    /// A bit each, least significant first.
    pub valid: Vec<u8>,
    /// How many are absent.
    pub nulls: usize,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            offsets: vec![0],
            data: Vec::new(),
            valid: Vec::new(),
            nulls: 0,
        }
    }
}

impl Texts {
    /// One more.
    pub fn push(&mut self, text: Option<&[u8]>) {
        push_bit(&mut self.valid, self.offsets.len() - 1, text.is_some());
        self.nulls += usize::from(text.is_none());
        self.data.extend_from_slice(text.unwrap_or_default());
        self.offsets.push(self.data.len() as i32);
    }

    /// How many there are, the absent ones too.
    #[must_use]
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there is none at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn push_bit(bits: &mut Vec<u8>, index: usize, bit: bool) {
    if index.is_multiple_of(8) {
        bits.push(0);
    }
    if let Some(byte) = bits.last_mut() {
        *byte |= u8::from(bit) << (index % 8);
    }
}

/// The records of one block.
#[derive(Debug, Default)]
pub struct Records {
    /// Import and unit number.
    pub record_id: Vec<i64>,
    /// See [`crate::rules::kind`].
    pub kind: Vec<i8>,
    /// Kind of the A-party.
    pub a_kind: Vec<i8>,
    /// Key of the A-party.
    pub a_key: Optional<i64>,
    /// Kind of the B-party.
    pub b_kind: Vec<i8>,
    /// Key of the B-party.
    pub b_key: Optional<i64>,
    /// Microseconds since 1970 in UTC.
    pub start: Vec<i64>,
    /// Minutes east of UTC.
    pub zone_offset: Vec<i16>,
    /// Seconds.
    pub duration: Optional<i32>,
    /// Where the duration is flagged.
    pub duration_raw: Texts,
    /// Handset.
    pub imei: Texts,
    /// SIM.
    pub imsi: Texts,
    /// The operator's own identifier.
    pub operator_record: Texts,
    /// What the legs of one call share.
    pub call: Texts,
    /// See [`crate::rules::flag`].
    pub flags: Vec<i32>,
    /// Where the unit begins in the file.
    pub offset: Vec<i64>,
    /// Its length in bytes, its line end included.
    pub length: Vec<i32>,
}

/// The units of one block that are no records.
#[derive(Debug, Default)]
pub struct Others {
    /// Unit number.
    pub unit: Vec<i64>,
    /// Where it begins in the file.
    pub offset: Vec<i64>,
    /// Its length in bytes, its line end included.
    pub length: Vec<i64>,
    /// A code of [`crate::rules::Reason`].
    pub reason: Texts,
    /// The mapped fields with everything else masked.
    pub masked: Texts,
}
