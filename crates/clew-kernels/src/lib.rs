//! Batches of ristretto255 arithmetic, at the speed the processor allows (RFC 9496).
//!
//! Points come and go as their canonical 32-byte encodings, scalars as 32 little-endian bytes. A call takes a whole
//! batch, cuts it into chunks and spreads them over rayon's threads. Three backends compute the same bytes and the same
//! errors: AVX-512 IFMA, eight points in the eight 64-bit lanes of a register; AVX2, four; and `curve25519-dalek`, which
//! is also the oracle of the tests.
//!
//! The way of a batch: [`combine`] checks its shape and cuts chunks; `lanes` takes a chunk through its steps: points are
//! decoded (`ristretto`), scalars reduced, halved and written in digits (`scalars`), multiplied (`group`, `table`), and the
//! sums encoded (`ristretto`), all generic over `field::Field`, which `ifma` and `avx2` implement. `msm` adds up many
//! products for checking proofs. To change a formula, read `field` first: it says which values may be how long.
//!
//! Unsafe code is where the intrinsics are and nowhere else; each module that has any allows it by name.
//!
//! Everything here takes the same time whatever the scalars are, except what has `vartime` in its name. Whether an
//! encoding was valid is not a secret.

#[cfg(all(feature = "modelled", not(debug_assertions)))]
compile_error!(
    "the feature `modelled` is for tests only: what it computes is slow, and not in constant time"
);

#[cfg(target_arch = "x86_64")]
mod avx2;
mod backend;
mod combine;
mod decoding;
mod field;
#[cfg(all(test, target_arch = "x86_64"))]
mod field_tests;
mod group;
#[cfg(target_arch = "x86_64")]
mod ifma;
mod lanes;
mod msm;
mod portable;
mod ristretto;
mod scalars;
mod table;

pub use backend::Backend;
pub use combine::{Combination, Points, Scalars, check, combine};
pub use msm::{sum_products_vartime, sum_products_vartime_many, sum_rows_vartime};
pub use table::Table;

/// An input that is not the encoding of a point other than the identity: the first of its batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid {
    /// Position in the batch, from 0.
    pub index: usize,
    /// Which part of a combination the encoding belongs to.
    pub part: Part,
    /// What is wrong with it.
    pub kind: InvalidKind,
}

/// A part of a [`Combination`] that holds points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The points that are added as they are.
    Addend,
    /// The points that are multiplied; also the only points of [`check`] and the sums.
    Variable,
}

/// What is wrong with an encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidKind {
    /// No point has this encoding (RFC 9496, 4.3.1).
    NotCanonical,
    /// It encodes the identity: 32 zero bytes.
    Identity,
}

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self.kind {
            InvalidKind::NotCanonical => "is not the encoding of a point",
            InvalidKind::Identity => "is the identity",
        };
        write!(f, "point {} {what}", self.index)
    }
}

impl std::error::Error for Invalid {}
