//! Proofs that a list of items was answered as it must be (PROTOCOL 3.5.5, spec core 10.7 and 10.8).
//!
//! Items are `(a1, a2, b1, b2)`, declared ones `(a1, a2)`. With `B = a2 - x a1` the holder claims: all seals check,
//! `m B = b2 - x b1`; names are `j B`; row points are `k B`. None of the three is linear in the secrets, but each is in
//! the secrets and their products: with `z = m x`, `y = j x`, `u = k x`,
//!
//! ```text
//! b2   = x b1 + m a2 - z a1      for sealed items
//! name = j a2 - y a1             for all items
//! row  = k a2 - u a1             for the positions that were asked for
//! ```
//!
//! and the products are what they should be because `x M = z G`, `x J = y G`, `x K = u G`, with `X = x G`, `M = m G`,
//! `J = j G`, `K = k G`.
//!
//! Soundness: the proof is of knowledge of one set of secrets for all equations ([`super::linear`]). `X`, `M`, `J`, `K` fix
//! `x`, `m`, `j`, `k`; then `x M = z G` fixes `z = x m`, and so on. With these the error point of every equation of every
//! item is fixed before the weights are drawn, and folding keeps a difference but for 2^-128 (see the page above).
//! Sealed items are folded with the same weights in the first and the second equation: the bound holds for each
//! equation by itself. The proof shows `a2 - x a1` to nobody, and says nothing of any single item.
//!
//! The names of a hop come before its rows, so there are two proofs; the second is bound to the list of the first, and
//! to the names.

use clew_kernels::{Backend, Table};

use super::linear::{self, Column, Equation, Relation, minus, plus};
use super::{add, fold};
use crate::elgamal::check_positions;
use crate::error::{same_length, within};
use crate::keys::{HolderKeys, HolderSecrets};
use crate::pairs::{PairsRef, SealedRef};
use crate::scalars::{SecretScalar, SecretScalars};
use crate::transcript::{Transcript, weights};
use crate::{Encoding, Error, LIMIT_ITEMS, labels};

/// Bytes of a proof of names.
pub const NAMES_PROOF_LENGTH: usize = NAMES.proof_length();
/// Bytes of a proof of row points.
pub const ROW_POINTS_PROOF_LENGTH: usize = ROW_POINTS.proof_length();

const G: usize = 0;
const X: usize = 1;

const M: usize = 2;
const J: usize = 3;
const SEALED_A1: usize = 4;
const SEALED_A2: usize = 5;
const SEALED_B1: usize = 6;
const SEALED_B2: usize = 7;
const ALL_A1: usize = 8;
const ALL_A2: usize = 9;
const ALL_NAMES: usize = 10;
// The secrets of the proof of names.
const NAMES_X: usize = 0;
const NAMES_M: usize = 1;
const NAMES_Z: usize = 2;
const NAMES_J: usize = 3;
const NAMES_Y: usize = 4;
const NAMES: Relation = Relation {
    label: labels::PROOF_NAMES,
    secrets: 5,
    points: 11,
    equations: &[
        Equation {
            target: Some(X),
            terms: &[plus(NAMES_X, G)],
        },
        Equation {
            target: Some(M),
            terms: &[plus(NAMES_M, G)],
        },
        Equation {
            target: Some(J),
            terms: &[plus(NAMES_J, G)],
        },
        Equation {
            target: None,
            terms: &[plus(NAMES_X, M), minus(NAMES_Z, G)],
        },
        Equation {
            target: None,
            terms: &[plus(NAMES_X, J), minus(NAMES_Y, G)],
        },
        Equation {
            target: Some(SEALED_B2),
            terms: &[
                plus(NAMES_X, SEALED_B1),
                plus(NAMES_M, SEALED_A2),
                minus(NAMES_Z, SEALED_A1),
            ],
        },
        Equation {
            target: Some(ALL_NAMES),
            terms: &[plus(NAMES_J, ALL_A2), minus(NAMES_Y, ALL_A1)],
        },
    ],
};

const K: usize = 2;
const ROW_A1: usize = 3;
const ROW_A2: usize = 4;
const ROW_POINT: usize = 5;
// The secrets of the proof of row points.
const ROW_X: usize = 0;
const ROW_K: usize = 1;
const ROW_U: usize = 2;
const ROW_POINTS: Relation = Relation {
    label: labels::PROOF_ROW_POINTS,
    secrets: 3,
    points: 6,
    equations: &[
        Equation {
            target: Some(X),
            terms: &[plus(ROW_X, G)],
        },
        Equation {
            target: Some(K),
            terms: &[plus(ROW_K, G)],
        },
        Equation {
            target: None,
            terms: &[plus(ROW_X, K), minus(ROW_U, G)],
        },
        Equation {
            target: Some(ROW_POINT),
            terms: &[plus(ROW_K, ROW_A2), minus(ROW_U, ROW_A1)],
        },
    ],
};

/// A list of items and its name answers.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// The sealed items; at least one.
    pub sealed: SealedRef<'a>,
    /// The declared items; may be none.
    pub declared: PairsRef<'a>,
    /// A name answer for each sealed item, then for each declared one.
    pub names: &'a [Encoding],
}

/// The row answers to some positions of a list whose names were answered.
#[derive(Debug, Clone, Copy)]
pub struct RowAnswered<'a> {
    /// The list.
    pub answered: Answered<'a>,
    /// Positions in it, strictly increasing; sealed items first, then declared ones.
    pub positions: &'a [usize],
    /// A row answer for each position.
    pub row_points: &'a [Encoding],
}

/// A proof that every seal of the list checked and every name is right.
///
/// # Errors
/// A point that is refused, or lengths that do not fit.
pub fn prove_names(
    backend: Backend,
    context: &Transcript,
    keys: &HolderKeys,
    secrets: &HolderSecrets,
    answered: &Answered,
    randomness: &[u8; 32],
) -> Result<Vec<u8>, Error> {
    let digest = answered.digest(context, keys)?;
    let weights = weights(&digest, answered.names.len());
    let split = answered.sealed.len();
    let [a1, a2, b1, _] = answered.sealed.columns();
    let [a1, a2, b1] = fold(backend, [a1, a2, b1], &weights[..split])?;
    let (all_a1, all_a2) = answered.with_declared(backend, &a1, &a2, &weights[split..])?;
    let sums = [a1, a2, b1, all_a1, all_a2];
    let [a1, a2, b1, all_a1, all_a2] = sums
        .each_ref()
        .map(|sum| Column::Each(std::slice::from_ref(sum)));
    let columns = names_columns(
        keys,
        [a1, a2, b1, Column::Derived, all_a1, all_a2, Column::Derived],
    );
    let (x, m, j) = (&secrets.encryption, &secrets.seal, &secrets.name);
    let witness = columns_of([x, m, &m.times(x), j, &j.times(x)]);
    linear::prove(
        backend,
        &NAMES,
        &columns,
        &[digest],
        &witness.each_ref(),
        randomness,
    )
}

/// Succeeds if every seal of the list checked and every name is right.
///
/// # Errors
/// [`Error::Proof`] if not; a point that is refused, or lengths that do not fit.
pub fn verify_names(
    backend: Backend,
    context: &Transcript,
    keys: &HolderKeys,
    answered: &Answered,
    proof: &[u8],
) -> Result<(), Error> {
    let digest = answered.digest(context, keys)?;
    let weights = weights(&digest, answered.names.len());
    let split = answered.sealed.len();
    let [a1, a2, b1, b2] = fold(backend, answered.sealed.columns(), &weights[..split])?;
    let (all_a1, all_a2) = answered.with_declared(backend, &a1, &a2, &weights[split..])?;
    let [names] = fold(backend, [answered.names], &weights)?;
    let sums = [a1, a2, b1, b2, all_a1, all_a2, names];
    let columns = names_columns(
        keys,
        sums.each_ref()
            .map(|sum| Column::Each(std::slice::from_ref(sum))),
    );
    linear::verify(backend, &NAMES, &columns, &digest, proof)
}

/// A proof that every row point is right.
///
/// # Errors
/// A point that is refused, lengths that do not fit, or [`Error::Positions`].
pub fn prove_row_points(
    backend: Backend,
    context: &Transcript,
    keys: &HolderKeys,
    secrets: &HolderSecrets,
    answered: &RowAnswered,
    randomness: &[u8; 32],
) -> Result<Vec<u8>, Error> {
    let digest = answered.digest(context, keys)?;
    let (a1, a2) = answered.asked();
    let [a1, a2] = fold(backend, [&a1, &a2], &weights(&digest, a1.len()))?;
    let sums = [a1, a2];
    let [a1, a2] = sums
        .each_ref()
        .map(|sum| Column::Each(std::slice::from_ref(sum)));
    let columns = row_columns(keys, [a1, a2, Column::Derived]);
    let (x, k) = (&secrets.encryption, &secrets.row);
    let witness = columns_of([x, k, &k.times(x)]);
    linear::prove(
        backend,
        &ROW_POINTS,
        &columns,
        &[digest],
        &witness.each_ref(),
        randomness,
    )
}

/// Succeeds if every row point is right.
///
/// # Errors
/// [`Error::Proof`] if not; a point that is refused, lengths that do not fit, or [`Error::Positions`].
pub fn verify_row_points(
    backend: Backend,
    context: &Transcript,
    keys: &HolderKeys,
    answered: &RowAnswered,
    proof: &[u8],
) -> Result<(), Error> {
    let digest = answered.digest(context, keys)?;
    let (a1, a2) = answered.asked();
    let sums = fold(
        backend,
        [&a1, &a2, answered.row_points],
        &weights(&digest, a1.len()),
    )?;
    let columns = row_columns(
        keys,
        sums.each_ref()
            .map(|sum| Column::Each(std::slice::from_ref(sum))),
    );
    linear::verify(backend, &ROW_POINTS, &columns, &digest, proof)
}

impl Answered<'_> {
    fn digest(&self, context: &Transcript, keys: &HolderKeys) -> Result<[u8; 64], Error> {
        let mut transcript = self.transcript(context, keys)?;
        transcript.field("proof", labels::PROOF_NAMES.as_bytes());
        Ok(transcript.digest())
    }

    /// Context, keys, items and names: what both proofs of a hop are bound to.
    fn transcript(&self, context: &Transcript, keys: &HolderKeys) -> Result<Transcript, Error> {
        within("sealed items", 1, LIMIT_ITEMS, self.sealed.len())?;
        within("declared items", 0, LIMIT_ITEMS, self.declared.len())?;
        same_length(
            "names",
            self.sealed.len() + self.declared.len(),
            self.names.len(),
        )?;
        let [a1, a2, b1, b2] = self.sealed.columns();
        let mut transcript = context.clone();
        transcript.points("keys", &keys.encodings());
        transcript.number("sealed", self.sealed.len() as u64);
        transcript.number("declared", self.declared.len() as u64);
        transcript.points("sealed number first", a1);
        transcript.points("sealed number second", a2);
        transcript.points("sealed seal first", b1);
        transcript.points("sealed seal second", b2);
        transcript.points("declared number first", self.declared.first());
        transcript.points("declared number second", self.declared.second());
        transcript.points("names", self.names);
        Ok(transcript)
    }

    /// The folded halves of all number pairs, given those of the sealed items.
    fn with_declared(
        &self,
        backend: Backend,
        a1: &Encoding,
        a2: &Encoding,
        weights: &[[u8; 32]],
    ) -> Result<(Encoding, Encoding), Error> {
        if self.declared.is_empty() {
            return Ok((*a1, *a2));
        }
        let declared = [self.declared.first(), self.declared.second()];
        let [first, second] = fold(backend, declared, weights)?;
        Ok((add(backend, a1, &first)?, add(backend, a2, &second)?))
    }
}

impl RowAnswered<'_> {
    fn digest(&self, context: &Transcript, keys: &HolderKeys) -> Result<[u8; 64], Error> {
        let mut transcript = self.answered.transcript(context, keys)?;
        within("positions", 1, LIMIT_ITEMS, self.positions.len())?;
        check_positions(self.positions, self.answered.names.len())?;
        same_length("row points", self.positions.len(), self.row_points.len())?;
        let positions: Vec<u64> = self
            .positions
            .iter()
            .map(|&position| position as u64)
            .collect();
        transcript.numbers("positions", &positions);
        transcript.points("row points", self.row_points);
        transcript.field("proof", labels::PROOF_ROW_POINTS.as_bytes());
        Ok(transcript.digest())
    }

    /// The number pairs at the positions.
    fn asked(&self) -> (Vec<Encoding>, Vec<Encoding>) {
        let (sealed, declared) = (self.answered.sealed.number, self.answered.declared);
        let pick = |sealed: &[Encoding], declared: &[Encoding]| {
            let at = |&position: &usize| match position.checked_sub(sealed.len()) {
                None => sealed[position],
                Some(position) => declared[position],
            };
            self.positions.iter().map(at).collect()
        };
        (
            pick(sealed.first(), declared.first()),
            pick(sealed.second(), declared.second()),
        )
    }
}

fn names_columns<'a>(keys: &'a HolderKeys, sums: [Column<'a>; 7]) -> [Column<'a>; 11] {
    let mut columns = [Column::Fixed(Table::generator()); 11];
    columns[X] = Column::Fixed(&keys.encryption);
    columns[M] = Column::Fixed(&keys.seal);
    columns[J] = Column::Fixed(&keys.name);
    columns[SEALED_A1..].copy_from_slice(&sums);
    columns
}

fn row_columns<'a>(keys: &'a HolderKeys, sums: [Column<'a>; 3]) -> [Column<'a>; 6] {
    let mut columns = [Column::Fixed(Table::generator()); 6];
    columns[X] = Column::Fixed(&keys.encryption);
    columns[K] = Column::Fixed(&keys.row);
    columns[ROW_A1..].copy_from_slice(&sums);
    columns
}

fn columns_of<const N: usize>(secrets: [&SecretScalar; N]) -> [SecretScalars; N] {
    secrets.map(|secret| SecretScalars::repeated(secret, 1))
}
