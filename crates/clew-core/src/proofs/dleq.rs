//! Proof that a list of points was multiplied by the secret of a published key: `Q_i = p S_i` where `P = p G`
//! (spec core 10.5; Chaum and Pedersen 1992, in batches as RFC 9497, 2.2).
//!
//! Soundness: `P` fixes `p`, so the error points `Q_i - p S_i` are fixed before the weights are; folding keeps a difference
//! but for 2^-128 (see the page above), and the two equations `P = p G`, `sum w Q = p sum w S` have one solution
//! only if the logarithms agree. It differs from the RFC in its labels, its context, its 128-bit weights, and in having no
//! limit on the length.

use clew_kernels::{Backend, Table};

use super::fold;
use super::linear::{self, Column, Equation, Relation, plus};
use crate::error::{same_length, within};
use crate::scalars::{SecretScalar, SecretScalars};
use crate::transcript::{Transcript, weights};
use crate::{Encoding, Error, LIMIT_ITEMS, labels};

/// Bytes of a proof.
pub const PRODUCTS_PROOF_LENGTH: usize = 64;

/// What a list of products is for; each has its own label, and its own key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// `Q_i = m S_i` under the seal key: the seeds (PROTOCOL 3.4).
    Seeds,
    /// Names of the tracer's own blinded numbers under the name key (PROTOCOL 3.6).
    Recognition,
    /// Names of unmasked numbers under the name key (PROTOCOL 3.8).
    Unmasking,
}

/// A statement: `products[i]` is the key's secret times `bases[i]`.
#[derive(Debug, Clone, Copy)]
pub struct Products<'a> {
    /// What they are for.
    pub purpose: Purpose,
    /// The published key.
    pub key: &'a Table,
    /// What was multiplied.
    pub bases: &'a [Encoding],
    /// What came out.
    pub products: &'a [Encoding],
}

const G: usize = 0;
const P: usize = 1;
const BASE: usize = 2;
const PRODUCT: usize = 3;
const EQUATIONS: &[Equation] = &[
    Equation {
        target: Some(P),
        terms: &[plus(0, G)],
    },
    Equation {
        target: Some(PRODUCT),
        terms: &[plus(0, BASE)],
    },
];

/// A proof of the statement.
///
/// # Errors
/// A base that is refused, no base at all, or lengths that differ.
pub fn prove_products(
    backend: Backend,
    context: &Transcript,
    statement: &Products,
    secret: &SecretScalar,
    randomness: &[u8; 32],
) -> Result<Vec<u8>, Error> {
    let digest = statement.digest(context)?;
    let weights = weights(&digest, statement.bases.len());
    let [base] = fold(backend, [statement.bases], &weights)?;
    let columns = statement.columns(std::slice::from_ref(&base), Column::Derived);
    let secret = SecretScalars::repeated(secret, 1);
    let relation = statement.purpose.relation();
    linear::prove(
        backend,
        &relation,
        &columns,
        &[digest],
        &[&secret],
        randomness,
    )
}

/// Succeeds if every product is the key's secret times its base.
///
/// # Errors
/// [`Error::Proof`] if not; a point that is refused, no base at all, or lengths that differ.
pub fn verify_products(
    backend: Backend,
    context: &Transcript,
    statement: &Products,
    proof: &[u8],
) -> Result<(), Error> {
    let digest = statement.digest(context)?;
    let weights = weights(&digest, statement.bases.len());
    let [base, product] = fold(backend, [statement.bases, statement.products], &weights)?;
    let product = Column::Each(std::slice::from_ref(&product));
    let columns = statement.columns(std::slice::from_ref(&base), product);
    linear::verify(
        backend,
        &statement.purpose.relation(),
        &columns,
        &digest,
        proof,
    )
}

impl Purpose {
    /// The label of proofs for it.
    pub fn label(self) -> &'static str {
        match self {
            Purpose::Seeds => labels::PROOF_SEEDS,
            Purpose::Recognition => labels::PROOF_RECOGNITION,
            Purpose::Unmasking => labels::PROOF_UNMASKING,
        }
    }

    fn relation(self) -> Relation {
        Relation {
            label: self.label(),
            secrets: 1,
            points: 4,
            equations: EQUATIONS,
        }
    }
}

impl Products<'_> {
    fn columns<'a>(&'a self, base: &'a [Encoding], product: Column<'a>) -> [Column<'a>; 4] {
        let mut columns = [Column::Fixed(Table::generator()); 4];
        columns[P] = Column::Fixed(self.key);
        columns[BASE] = Column::Each(base);
        columns[PRODUCT] = product;
        columns
    }

    fn digest(&self, context: &Transcript) -> Result<[u8; 64], Error> {
        within("bases", 1, LIMIT_ITEMS, self.bases.len())?;
        same_length("products", self.bases.len(), self.products.len())?;
        let mut transcript = context.clone();
        transcript.field("proof", self.purpose.label().as_bytes());
        transcript.points("key", &[*self.key.encoding()]);
        transcript.number("count", self.bases.len() as u64);
        transcript.points("bases", self.bases);
        transcript.points("products", self.products);
        Ok(transcript.digest())
    }
}
