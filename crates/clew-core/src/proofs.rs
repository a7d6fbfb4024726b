//! What makes every step of the holder checkable, at once by the tracer and years later by an auditor (spec core 10).
//!
//! # Common ground
//! All proofs are Schnorr's, generalised to systems of linear equations between points with secret coefficients
//! ([`linear`]; Schnorr 1991; Maurer, "Unifying zero-knowledge proofs of knowledge", 2009), made non-interactive by hashing
//! (Fiat and Shamir 1986) the *whole* statement: Bernhard, Pereira and Warinschi ("How not to prove yourself", 2012) show
//! what goes wrong otherwise. Long lists are first folded into one point for each column by random 128-bit weights
//! (Bellare, Garay and Rabin, "Fast batch verification", 1998). Weights and challenge come from SHA-512 over the suite,
//! the proof's label, the caller's context and every point of the statement.
//!
//! Why folding is sound: let the equation to prove for item `i` be `E_i = 0`, where `E_i` is a combination of points of
//! the statement by secrets that the published keys fix. All `E_i` are thus fixed before the weights are known. If some
//! `E_i` is not 0, then for each choice of the other weights at most one weight `w_i` of the 2^128 makes `sum w_i E_i`
//! vanish (the group's order is prime and above 2^128). So a false statement yields a true folded one with
//! probability 2^-128 for each statement that a cheat hashes; 2^64 attempts succeed with probability 2^-64. Weights need
//! not be independent between equations of one item: each equation is bounded by itself.
//!
//! The context that the caller brings must name the trace and everything else that a proof is to be bound to: it is
//! the only defence against one proof being shown for two purposes, apart from the label.

mod answer;
mod dleq;
mod fold_rows;
pub(crate) mod linear;
mod possession;
mod row;

pub use answer::{
    Answered, NAMES_PROOF_LENGTH, ROW_POINTS_PROOF_LENGTH, RowAnswered, prove_names,
    prove_row_points, verify_names, verify_row_points,
};
pub use dleq::{PRODUCTS_PROOF_LENGTH, Products, Purpose, prove_products, verify_products};
pub use possession::{POSSESSION_PROOF_LENGTH, prove_possession, verify_possession};
pub use row::{LIMIT_ROW, ROW_PROOF_LENGTH, Rows, prove_rows, verify_rows};

use clew_kernels::{Backend, Combination, Points, Scalars, sum_products_vartime};
use rayon::prelude::*;

use crate::{Encoding, Error};

/// The sums of several columns with the same weights.
///
/// A sum that is the identity is refused, after all were made: it has the probability of a broken weight where the columns
/// are honest.
fn fold<const N: usize>(
    backend: Backend,
    columns: [&[Encoding]; N],
    weights: &[[u8; 32]],
) -> Result<[Encoding; N], Error> {
    let sum = |column: &&[Encoding]| sum_products_vartime(backend, column, weights);
    // Every column is summed, whatever is wrong with another.
    let sums: Vec<_> = columns.par_iter().map(sum).collect();
    let sums: Vec<Encoding> = sums
        .into_iter()
        .collect::<Result<_, _>>()
        .map_err(|invalid| Error::from_invalid(invalid, "point"))?;
    if sums.contains(&[0; 32]) {
        return Err(Error::Proof);
    }
    Ok(sums.try_into().expect("a sum for each column"))
}

/// The sum of two points.
fn add(backend: Backend, left: &Encoding, right: &Encoding) -> Result<Encoding, Error> {
    let mut one = [0; 32];
    one[0] = 1;
    let what = Combination {
        addend: Some(Points::Encoded(std::slice::from_ref(left))),
        variable: Some((
            Points::Encoded(std::slice::from_ref(right)),
            Scalars::One(&one),
        )),
        ..Combination::default()
    };
    Ok(crate::batch::run(backend, &what, 1, "point", "point")?[0])
}
