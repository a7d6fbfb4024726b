//! Proof that every seal of a row of the snapshot was made with the published seal key (PROTOCOL 3.3, spec core 10.6).
//!
//! The statement, for entries with number pairs `(C1, C2)` and seal pairs `(D1, D2)`: somebody knows `m` and `R` with
//! `M = m G`, `sum w D1 = m sum w C1 + R G`, `sum w D2 = m sum w C2 + R X`.
//!
//! Soundness: subtract `x` times the second equation from the third. What is left is `sum w V = m sum w N`, where `N` and
//! `V` are what the number pair and the seal pair of an entry decrypt to. `M` and `X` fix `m` and `x`, so the error points
//! `V - m N` are fixed before the weights are, and all of them vanish but for 2^-128 (see the page above). The
//! randomness of the pairs stays hidden: of it the proof involves `R = sum w t - m sum w r` only, in zero knowledge.
//!
//! What it does not say: that `N` is the point of some number, or is not the identity. A tracer that hides its
//! requests by offsets loses nothing by that (see [`crate::elgamal`]).
//!
//! The maker knows the randomness of all pairs, so of the four sums only that of `C2` is a sum of points.

use clew_kernels::{Backend, Table};
use curve25519_dalek::scalar::Scalar;
use rayon::prelude::*;
use zeroize::Zeroizing;

use super::fold_rows;
use super::linear::{self, Column, Equation, Relation, plus};
use crate::elgamal::SealRandomness;
use crate::error::{same_length, within};
use crate::keys::HolderKeys;
use crate::pairs::SealedRef;
use crate::scalars::{SecretScalar, SecretScalars};
use crate::transcript::{Transcript, weights};
use crate::{Encoding, Error, LIMIT_ITEMS, labels};

/// Most entries in a row. The hub limit of a warrant is far below.
pub const LIMIT_ROW: usize = 65_535;
/// Bytes of a proof.
pub const ROW_PROOF_LENGTH: usize = RELATION.proof_length();

const G: usize = 0;
const X: usize = 1;
const M: usize = 2;
const C1: usize = 3;
const C2: usize = 4;
const D1: usize = 5;
const D2: usize = 6;
const SECRET_M: usize = 0;
const SECRET_R: usize = 1;
const RELATION: Relation = Relation {
    label: labels::PROOF_ROW,
    secrets: 2,
    points: 7,
    equations: &[
        Equation {
            target: Some(M),
            terms: &[plus(SECRET_M, G)],
        },
        Equation {
            target: Some(D1),
            terms: &[plus(SECRET_M, C1), plus(SECRET_R, G)],
        },
        Equation {
            target: Some(D2),
            terms: &[plus(SECRET_M, C2), plus(SECRET_R, X)],
        },
    ],
};

/// Rows of a snapshot, the entries of all of them one after the other.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// The identifier of each row.
    pub ids: &'a [[u8; 16]],
    /// Where the entries of each row end, in the entries of all.
    pub ends: &'a [usize],
    /// The sealed numbers of all entries.
    pub entries: SealedRef<'a>,
    /// What else a row holds and its proof is bound to: the call features of its entries, as they are written in it.
    pub features: &'a [&'a [u8]],
}

impl Rows<'_> {
    fn check(&self) -> Result<(), Error> {
        within("rows", 0, LIMIT_ITEMS, self.ids.len())?;
        same_length("ends of rows", self.ids.len(), self.ends.len())?;
        same_length("features of rows", self.ids.len(), self.features.len())?;
        let mut start = 0;
        for &end in self.ends {
            within("entries of a row", 1, LIMIT_ROW, end.saturating_sub(start))?;
            start = end;
        }
        same_length("entries of all rows", start, self.entries.len())
    }

    fn range(&self, row: usize) -> std::ops::Range<usize> {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        start..self.ends[row]
    }

    /// The digest of each row, and the weights of the entries of all.
    fn weigh(&self, context: &Transcript, keys: &HolderKeys) -> (Vec<[u8; 64]>, Vec<[u8; 32]>) {
        let one = |row: usize| {
            let digest = self.digest(context, keys, row);
            (digest, weights(&digest, self.range(row).len()))
        };
        let (digests, weights): (Vec<_>, Vec<_>) =
            (0..self.ids.len()).into_par_iter().map(one).unzip();
        (digests, weights.concat())
    }

    fn digest(&self, context: &Transcript, keys: &HolderKeys, row: usize) -> [u8; 64] {
        let entries = self.entries.range(self.range(row));
        let [c1, c2, d1, d2] = entries.columns();
        let mut transcript = context.clone();
        transcript.field("proof", labels::PROOF_ROW.as_bytes());
        transcript.points("keys", &keys.encodings());
        transcript.field("row-id", &self.ids[row]);
        transcript.number("entries", entries.len() as u64);
        transcript.field("features", self.features[row]);
        transcript.points("number first", c1);
        transcript.points("number second", c2);
        transcript.points("seal first", d1);
        transcript.points("seal second", d2);
        transcript.digest()
    }
}

/// The proofs of rows, one after the other; `made` is the randomness that their entries were sealed with.
///
/// # Errors
/// A row without entries or with too many, an entry that is refused, or lengths that differ.
pub fn prove_rows(
    backend: Backend,
    context: &Transcript,
    keys: &HolderKeys,
    seal_secret: &SecretScalar,
    rows: &Rows,
    made: &SealRandomness,
    randomness: &[u8; 32],
) -> Result<Vec<u8>, Error> {
    rows.check()?;
    same_length("randomness", rows.entries.len(), made.number.len())?;
    same_length("randomness", rows.entries.len(), made.seal.len())?;
    let (digests, weights) = rows.weigh(context, keys);
    let second = fold_rows::Rows {
        columns: [rows.entries.number.second()],
        ends: rows.ends,
        weights,
    };
    let sums: Option<Vec<Encoding>> = second
        .fold(backend)
        .into_iter()
        .map(|sums| sums.map(|[sum]| sum))
        .collect();
    let sums = sums.ok_or(Error::NotCanonical {
        what: "entry",
        index: 0,
    })?;
    let combine_row = |row: usize| {
        let start = rows.range(row).start;
        let weights = &second.weights[rows.range(row)];
        let number = weighted_sum(weights, &made.number, start);
        let seal = weighted_sum(weights, &made.seal, start);
        let rest = Zeroizing::new(*seal - *seal_secret.scalar() * *number);
        Folded { number, rest }
    };
    let folded: Vec<Folded> = (0..rows.ids.len())
        .into_par_iter()
        .map(combine_row)
        .collect();
    let gather = |pick: fn(&Folded) -> &Scalar| {
        let column: Zeroizing<Vec<Scalar>> =
            Zeroizing::new(folded.iter().map(|row| *pick(row)).collect());
        SecretScalars::from_scalars(&column)
    };
    let first = gather(|row| &row.number).public(backend);
    let rest = gather(|row| &row.rest);
    let seal_secret = SecretScalars::repeated(seal_secret, folded.len());
    let columns = columns(
        keys,
        [
            Column::Each(&first),
            Column::Each(&sums),
            Column::Derived,
            Column::Derived,
        ],
    );
    linear::prove(
        backend,
        &RELATION,
        &columns,
        &digests,
        &[&seal_secret, &rest],
        randomness,
    )
}

/// What the maker knows of one row's folds: the sum of `r`, and `R`.
struct Folded {
    number: Zeroizing<Scalar>,
    rest: Zeroizing<Scalar>,
}

/// For each row whether every seal in it was made with the published seal key. A row that holds anything but points fails
/// like one with a wrong proof: it counts as absent (PROTOCOL 3.3), and must not take others with it.
///
/// # Errors
/// Lengths that differ, which are the caller's; a row without entries or with too many.
pub fn verify_rows(
    backend: Backend,
    context: &Transcript,
    keys: &HolderKeys,
    rows: &Rows,
    proofs: &[u8],
) -> Result<Vec<bool>, Error> {
    rows.check()?;
    same_length(
        "bytes of proofs",
        rows.ids.len() * ROW_PROOF_LENGTH,
        proofs.len(),
    )?;
    let (digests, weights) = rows.weigh(context, keys);
    let entries = fold_rows::Rows {
        columns: rows.entries.columns(),
        ends: rows.ends,
        weights,
    };
    let folded = entries.fold(backend);
    // A row without sums is verified with the generator in their place, and then refused whatever came out.
    let stand_in = *Table::generator().encoding();
    let sums: [Vec<Encoding>; 4] = std::array::from_fn(|column| {
        folded
            .iter()
            .map(|sums| sums.map_or(stand_in, |sums| sums[column]))
            .collect()
    });
    let columns = columns(keys, sums.each_ref().map(|sums| Column::Each(sums)));
    let verdicts = linear::verify_each(backend, &RELATION, &columns, &digests, proofs);
    Ok(verdicts
        .into_iter()
        .zip(&folded)
        .map(|(verdict, sums)| verdict && sums.is_some())
        .collect())
}

fn columns<'a>(keys: &'a HolderKeys, sums: [Column<'a>; 4]) -> [Column<'a>; 7] {
    let mut columns = [Column::Fixed(Table::generator()); 7];
    columns[X] = Column::Fixed(&keys.encryption);
    columns[M] = Column::Fixed(&keys.seal);
    for (place, sum) in [C1, C2, D1, D2].into_iter().zip(sums) {
        columns[place] = sum;
    }
    columns
}

fn weighted_sum(weights: &[[u8; 32]], scalars: &SecretScalars, start: usize) -> Zeroizing<Scalar> {
    let mut sum = Zeroizing::new(Scalar::ZERO);
    for (index, weight) in weights.iter().enumerate() {
        *sum += Scalar::from_bytes_mod_order(*weight) * *scalars.get(start + index);
    }
    sum
}
