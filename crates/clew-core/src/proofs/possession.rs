//! Proof that whoever publishes a key knows its secret: `P = p G` (spec core 10.4; Schnorr 1991).
//!
//! Bound to the context, which names the trace, and to the key's role: a proof for one role or trace is none for another,
//! and a key that was copied from somebody else's trace cannot be published as one's own. Without it a holder could
//! publish, say, a seal key `M` that is a multiple of somebody's point, of which nobody knows the logarithm.

use clew_kernels::{Backend, Table};

use super::linear::{self, Column, Equation, Relation, plus};
use crate::keys::Role;
use crate::scalars::{SecretScalar, SecretScalars};
use crate::transcript::Transcript;
use crate::{Error, labels};

/// Bytes of a proof.
pub const POSSESSION_PROOF_LENGTH: usize = RELATION.proof_length();

const G: usize = 0;
const P: usize = 1;
const RELATION: Relation = Relation {
    label: labels::PROOF_POSSESSION,
    secrets: 1,
    points: 2,
    equations: &[Equation {
        target: Some(P),
        terms: &[plus(0, G)],
    }],
};

/// A proof that the secret of the key in this role is known.
///
/// # Errors
/// None in practice.
pub fn prove_possession(
    backend: Backend,
    context: &Transcript,
    role: Role,
    key: &Table,
    secret: &SecretScalar,
    randomness: &[u8; 32],
) -> Result<Vec<u8>, Error> {
    let secret = SecretScalars::repeated(secret, 1);
    let digest = digest(context, role, key);
    linear::prove(
        backend,
        &RELATION,
        &columns(key),
        &[digest],
        &[&secret],
        randomness,
    )
}

/// Succeeds if whoever made the proof knew the secret of this key, in this role and context.
///
/// # Errors
/// [`Error::Proof`] if not.
pub fn verify_possession(
    backend: Backend,
    context: &Transcript,
    role: Role,
    key: &Table,
    proof: &[u8],
) -> Result<(), Error> {
    let digest = digest(context, role, key);
    linear::verify(backend, &RELATION, &columns(key), &digest, proof)
}

fn columns(key: &Table) -> [Column<'_>; 2] {
    [Column::Fixed(Table::generator()), Column::Fixed(key)]
}

fn digest(context: &Transcript, role: Role, key: &Table) -> [u8; 64] {
    let mut transcript = context.clone();
    transcript.field("proof", labels::PROOF_POSSESSION.as_bytes());
    transcript.field("role", role.name().as_bytes());
    transcript.points("key", &[*key.encoding()]);
    transcript.digest()
}
