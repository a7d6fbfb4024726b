//! Precomputed multiples of one fixed base: the generator, or a public key.

use std::borrow::Cow;
use std::sync::OnceLock;

use curve25519_dalek::constants::{RISTRETTO_BASEPOINT_COMPRESSED, RISTRETTO_BASEPOINT_TABLE};
use curve25519_dalek::ristretto::{RistrettoBasepointTable, RistrettoPoint};

use crate::decoding::decode_all;
use crate::field::{Constant, Field, Job};
use crate::group::{Addable, TWICE_D};
use crate::ristretto::invert_all;
use crate::{portable, scalars};

/// The multiples of one base that make its multiplication fast. Each backend's own form is made at first use.
pub struct Table {
    encoding: [u8; 32],
    /// Boxed, as 30 kB: what holds a table may hold a secret too, and each move of it would leave a copy behind.
    portable: OnceLock<Box<Cow<'static, RistrettoBasepointTable>>>,
    #[cfg(target_arch = "x86_64")]
    ifma: OnceLock<Comb<crate::ifma::Ifma>>,
    #[cfg(target_arch = "x86_64")]
    avx2: OnceLock<Comb<crate::avx2::Avx2>>,
}

impl Table {
    /// The table of the group's generator, shared by all.
    pub fn generator() -> &'static Table {
        static GENERATOR: OnceLock<Table> = OnceLock::new();
        GENERATOR.get_or_init(|| Table {
            portable: OnceLock::from(Box::new(Cow::Borrowed(RISTRETTO_BASEPOINT_TABLE))),
            ..Table::empty(RISTRETTO_BASEPOINT_COMPRESSED.to_bytes())
        })
    }

    /// The table of another base; none if the encoding is refused (see [`crate::InvalidKind`]).
    pub fn new(encoding: &[u8; 32]) -> Option<Table> {
        portable::decode_one(encoding)?;
        Some(Table::empty(*encoding))
    }

    /// The base.
    pub fn encoding(&self) -> &[u8; 32] {
        &self.encoding
    }

    fn empty(encoding: [u8; 32]) -> Table {
        Table {
            encoding,
            portable: OnceLock::new(),
            #[cfg(target_arch = "x86_64")]
            ifma: OnceLock::new(),
            #[cfg(target_arch = "x86_64")]
            avx2: OnceLock::new(),
        }
    }

    fn base(&self) -> RistrettoPoint {
        portable::decode_one(&self.encoding).expect("a table is made of a valid encoding")
    }

    pub(crate) fn portable(&self) -> &RistrettoBasepointTable {
        self.portable
            .get_or_init(|| Box::new(Cow::Owned(RistrettoBasepointTable::create(&self.base()))))
    }

    #[cfg(target_arch = "x86_64")]
    pub(crate) fn ifma(&self) -> &Comb<crate::ifma::Ifma> {
        self.ifma.get_or_init(|| Comb::new(&self.base()))
    }

    #[cfg(target_arch = "x86_64")]
    pub(crate) fn avx2(&self) -> &Comb<crate::avx2::Avx2> {
        self.avx2.get_or_init(|| Comb::new(&self.base()))
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("encoding", &self.encoding)
            .finish_non_exhaustive()
    }
}

/// For each window of a scalar, the multiples of the base that a digit can name: no doubling is left to do.
///
/// Row `i` holds `k 2^(i bits) B` for `k` from 1 to `2^(bits - 1)`, as Y + X, Y - X, 2 d X Y with Z = 1. All lanes read
/// the same row.
pub(crate) struct Comb<F: Field>(Vec<F::Row>);

impl<F: Field> Comb<F> {
    /// Takes about 2 ms; most of it is the reference library's arithmetic for the first entry of each row.
    fn new(base: &RistrettoPoint) -> Self {
        let windows = scalars::windows(F::FIXED_BITS);
        let mut starts = Vec::with_capacity(windows);
        let mut start = *base;
        for _ in 0..windows {
            starts.push(start.compress().to_bytes());
            for _ in 0..F::FIXED_BITS {
                start = start + start;
            }
        }
        let mut points = Vec::new();
        decode_all::<F>(&starts, &mut points)
            .expect("multiples of a valid point by powers of 2 are valid");
        let count = 1 << (F::FIXED_BITS - 1);
        let mut rows = Vec::with_capacity(windows);
        for group in points {
            let entries = F::enter(Multiples { of: group, count });
            for lane in 0..F::WIDTH.min(windows - rows.len()) {
                let row: Vec<_> = entries
                    .iter()
                    .map(|entry| [0, 1, 2].map(|c| limbs(&entry[c][lane])))
                    .collect();
                rows.push(F::row(&row));
            }
        }
        Comb(rows)
    }

    /// The rows, least window first.
    #[inline(always)]
    pub(crate) fn rows(&self) -> &[F::Row] {
        &self.0
    }
}

/// The limbs of a canonical encoding.
fn limbs(encoding: &[u8; 32]) -> Constant {
    core::array::from_fn(|limb| {
        let at = 51 * limb;
        let mut eight = [0; 8];
        let bytes = &encoding[at / 8..(at / 8 + 8).min(32)];
        eight[..bytes.len()].copy_from_slice(bytes);
        (u64::from_le_bytes(eight) >> (at % 8)) & ((1 << 51) - 1)
    })
}

/// The first multiples of each lane's point, brought to Z = 1: for each, three coordinates, for each lane an encoding.
struct Multiples<F> {
    of: Addable<F>,
    count: usize,
}

impl<F: Field> Job for Multiples<F> {
    type Output = Vec<[Vec<[u8; 32]>; 3]>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        let first = self.of.cached();
        let mut multiples = vec![self.of];
        while multiples.len() < self.count {
            multiples.push(multiples[multiples.len() - 1].add(first).addable());
        }
        let mut inverses: Vec<_> = multiples.iter().map(|multiple| multiple.z).collect();
        invert_all(&mut inverses, &mut Vec::new());
        let mut entries = Vec::with_capacity(self.count);
        for (multiple, inverse) in multiples.iter().zip(&inverses) {
            let affine = [
                multiple.sum.mul(*inverse),
                multiple.difference.mul(*inverse),
                multiple.t.mul(*inverse).mul(F::splat(&TWICE_D)),
            ];
            entries.push(affine.map(|coordinate| {
                let mut encodings = vec![[0; 32]; F::WIDTH];
                coordinate.store(&mut encodings);
                encodings
            }));
        }
        entries
    }
}
