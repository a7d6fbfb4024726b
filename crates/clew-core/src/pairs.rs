//! ElGamal pairs and sealed numbers as columns of encodings (PROTOCOL 2, spec core 7).

use crate::error::same_length;
use crate::{Encoding, Error};

/// Pairs `(r G, P + r X)`, as two columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pairs {
    /// `r G` of each.
    pub first: Vec<Encoding>,
    /// `P + r X` of each.
    pub second: Vec<Encoding>,
}

/// Borrowed [`Pairs`].
#[derive(Debug, Clone, Copy)]
pub struct PairsRef<'a> {
    first: &'a [Encoding],
    second: &'a [Encoding],
}

/// Sealed numbers: a pair of `N` and a pair of `m N` each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sealed {
    /// Pairs of `N`.
    pub number: Pairs,
    /// Pairs of `m N`.
    pub seal: Pairs,
}

/// Borrowed [`Sealed`].
#[derive(Debug, Clone, Copy)]
pub struct SealedRef<'a> {
    /// Pairs of `N`.
    pub number: PairsRef<'a>,
    /// Pairs of `m N`.
    pub seal: PairsRef<'a>,
}

impl Pairs {
    /// The pairs, borrowed.
    ///
    /// # Errors
    /// If the columns differ in length.
    pub fn view(&self) -> Result<PairsRef<'_>, Error> {
        PairsRef::new(&self.first, &self.second)
    }
}

impl<'a> PairsRef<'a> {
    /// No pairs.
    pub const NONE: PairsRef<'static> = PairsRef {
        first: &[],
        second: &[],
    };

    /// The pairs of two columns.
    ///
    /// # Errors
    /// If they differ in length.
    pub fn new(first: &'a [Encoding], second: &'a [Encoding]) -> Result<Self, Error> {
        same_length("second halves of pairs", first.len(), second.len())?;
        Ok(Self { first, second })
    }

    /// `r G` of each.
    pub fn first(&self) -> &'a [Encoding] {
        self.first
    }

    /// `P + r X` of each.
    pub fn second(&self) -> &'a [Encoding] {
        self.second
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.first.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// The pairs of a range of positions, which lies within.
    pub(crate) fn range(&self, range: std::ops::Range<usize>) -> Self {
        Self {
            first: &self.first[range.clone()],
            second: &self.second[range],
        }
    }
}

impl Sealed {
    /// The sealed numbers, borrowed.
    ///
    /// # Errors
    /// If the columns differ in length.
    pub fn view(&self) -> Result<SealedRef<'_>, Error> {
        SealedRef::new(self.number.view()?, self.seal.view()?)
    }

    /// The sealed numbers of items of 128 bytes: the four encodings one after the other.
    pub fn from_items(items: &[[u8; 128]]) -> Self {
        let column = |start: usize| -> Vec<Encoding> {
            let cut = |item: &[u8; 128]| item[start..start + 32].try_into().expect("32 bytes");
            items.iter().map(cut).collect()
        };
        Self {
            number: Pairs {
                first: column(0),
                second: column(32),
            },
            seal: Pairs {
                first: column(64),
                second: column(96),
            },
        }
    }
}

impl<'a> SealedRef<'a> {
    /// The sealed numbers of two lists of pairs.
    ///
    /// # Errors
    /// If they differ in length.
    pub fn new(number: PairsRef<'a>, seal: PairsRef<'a>) -> Result<Self, Error> {
        same_length("seals", number.len(), seal.len())?;
        Ok(Self { number, seal })
    }

    /// Number of sealed numbers.
    pub fn len(&self) -> usize {
        self.number.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.number.is_empty()
    }

    /// Items of 128 bytes: the four encodings one after the other.
    pub fn to_items(&self) -> Vec<[u8; 128]> {
        let item = |index: usize| {
            let mut item = [0; 128];
            for (column, points) in self.columns().into_iter().enumerate() {
                item[32 * column..32 * column + 32].copy_from_slice(&points[index]);
            }
            item
        };
        (0..self.len()).map(item).collect()
    }

    /// The four columns, in the order in which they are written everywhere.
    pub fn columns(&self) -> [&'a [Encoding]; 4] {
        let (number, seal) = (self.number, self.seal);
        [number.first, number.second, seal.first, seal.second]
    }

    /// The sealed numbers of a range of positions, which lies within.
    pub(crate) fn range(&self, range: std::ops::Range<usize>) -> Self {
        Self {
            number: self.number.range(range.clone()),
            seal: self.seal.range(range),
        }
    }
}
