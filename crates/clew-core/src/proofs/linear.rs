//! Proofs of knowledge for systems of linear equations: `T_k = sum of ± x_i P_j`, for secrets `x` and points `P`, `T`.
//!
//! # Soundness
//! From two accepting answers with the same commitments and different challenges `c`, `c'` follows a solution
//! `x_i = (z_i - z'_i) / (c - c')` of all equations at once: the proof is of knowledge of *one* set of secrets for the whole
//! system (special soundness; Maurer 2009, theorem 3). Commitments are made to nonces that are hashed from the secrets,
//! the statement and fresh randomness: they repeat only together with the whole proof, even if the randomness does
//! (as in EdDSA), and they cannot be foreseen even if the secrets are known (hedging). Verifying recomputes the
//! commitments `A_k = sum ± z_i P_j - c T_k` and compares the challenge, so that a proof is the challenge and the
//! responses, 32 bytes each, and every byte string verifies for at most one statement. Zero-knowledge: for a chosen
//! challenge and responses the commitments are computed backwards.
//!
//! The challenge hashes the relation itself, the digest of what the points were made from, and the points.
//!
//! Many instances of one relation are proven and verified in one batch, column by column, on the kernels. These take the
//! same time whatever the scalars are, which proving needs and verifying gets for nothing.

use clew_kernels::{Backend, Combination, Points, Scalars, Table, combine};
use curve25519_dalek::scalar::Scalar;
use rayon::prelude::*;
use zeroize::Zeroizing;

use crate::scalars::SecretScalars;
use crate::transcript::Transcript;
use crate::{Encoding, Error, labels};

/// A system of linear equations between numbered points and numbered secrets.
pub(crate) struct Relation {
    pub(crate) label: &'static str,
    pub(crate) secrets: usize,
    pub(crate) points: usize,
    pub(crate) equations: &'static [Equation],
}

/// `target = sum of terms`; no target stands for the identity.
pub(crate) struct Equation {
    pub(crate) target: Option<usize>,
    pub(crate) terms: &'static [Term],
}

/// `± secret * point`.
pub(crate) struct Term {
    minus: bool,
    secret: usize,
    point: usize,
}

pub(crate) const fn plus(secret: usize, point: usize) -> Term {
    Term {
        minus: false,
        secret,
        point,
    }
}

pub(crate) const fn minus(secret: usize, point: usize) -> Term {
    Term {
        minus: true,
        secret,
        point,
    }
}

/// One of a relation's points, for all instances of a batch.
#[derive(Clone, Copy)]
pub(crate) enum Column<'a> {
    /// The same for every instance.
    Fixed(&'a Table),
    /// One for each instance.
    Each(&'a [Encoding]),
    /// A target that the prover computes from its secrets. Not for verifying.
    Derived,
}

impl Relation {
    /// Bytes of a proof: the challenge and a response for each secret.
    pub(crate) const fn proof_length(&self) -> usize {
        32 * (1 + self.secrets)
    }

    /// How many secrets, points and equations; then for each equation its target (255 for none), its number of terms,
    /// and for each term sign (1 for minus), secret, point: a byte each.
    fn encode(&self) -> Vec<u8> {
        let byte = |number: usize| u8::try_from(number).expect("relations are small");
        let mut out = vec![
            byte(self.secrets),
            byte(self.points),
            byte(self.equations.len()),
        ];
        for equation in self.equations {
            out.push(equation.target.map_or(255, byte));
            out.push(byte(equation.terms.len()));
            for term in equation.terms {
                out.extend([u8::from(term.minus), byte(term.secret), byte(term.point)]);
            }
        }
        out
    }
}

/// Proofs for all instances, one after the other. `digests[i]` is what the points of instance `i` were made from.
pub(crate) fn prove(
    backend: Backend,
    relation: &Relation,
    columns: &[Column],
    digests: &[[u8; 64]],
    secrets: &[&SecretScalars],
    randomness: &[u8; 32],
) -> Result<Vec<u8>, Error> {
    assert_eq!(secrets.len(), relation.secrets, "a column for each secret");
    let count = digests.len();
    let derived = derive_targets(backend, relation, columns, secrets)?;
    let columns: Vec<Column> = columns
        .iter()
        .zip(&derived)
        .map(|(given, derived)| derived.as_deref().map_or(*given, Column::Each))
        .collect();
    let statements = statements(relation, &columns, digests);
    let nonces = nonces(relation, &statements, secrets, randomness);
    let nonce_columns: Vec<&SecretScalars> = nonces.iter().collect();
    let commitments = relation
        .equations
        .iter()
        .map(|equation| evaluate(backend, count, &parts(equation, &columns, &nonce_columns)))
        .collect::<Result<Vec<_>, Error>>()?;
    let mut proofs = vec![0; count * relation.proof_length()];
    proofs
        .par_chunks_mut(relation.proof_length())
        .enumerate()
        .with_min_len(64)
        .for_each(|(index, proof)| {
            let challenge = challenge(&statements[index], &commitments, index);
            let (first, responses) = proof.split_at_mut(32);
            first.copy_from_slice(challenge.as_bytes());
            for (at, response) in responses.as_chunks_mut::<32>().0.iter_mut().enumerate() {
                let value =
                    Zeroizing::new(*nonces[at].get(index) + challenge * *secrets[at].get(index));
                *response = value.to_bytes();
            }
        });
    Ok(proofs)
}

/// Whether the proof of each instance verifies. All instances take the same steps, whatever one of them holds: the holder,
/// who made them, must not see by the delay which ones the tracer had opened. So every column is of points, which the
/// caller has checked; of one that is not, no instance verifies.
pub(crate) fn verify_each(
    backend: Backend,
    relation: &Relation,
    columns: &[Column],
    digests: &[[u8; 64]],
    proofs: &[u8],
) -> Vec<bool> {
    let count = digests.len();
    let length = relation.proof_length();
    if proofs.len() != count * length {
        return vec![false; count];
    }
    verify_together(backend, relation, columns, digests, proofs)
        .unwrap_or_else(|_| vec![false; count])
}

/// Succeeds if the proof of the one instance verifies.
pub(crate) fn verify(
    backend: Backend,
    relation: &Relation,
    columns: &[Column],
    digest: &[u8; 64],
    proof: &[u8],
) -> Result<(), Error> {
    match verify_each(
        backend,
        relation,
        columns,
        std::slice::from_ref(digest),
        proof,
    )[..]
    {
        [true] => Ok(()),
        _ => Err(Error::Proof),
    }
}

fn verify_together(
    backend: Backend,
    relation: &Relation,
    columns: &[Column],
    digests: &[[u8; 64]],
    proofs: &[u8],
) -> Result<Vec<bool>, Error> {
    let count = digests.len();
    let mut verdicts = vec![true; count];
    // A column of scalars for each place in a proof: the challenge, negated, then the responses.
    let mut scalars = vec![vec![Scalar::ONE; count]; 1 + relation.secrets];
    for (index, proof) in proofs.chunks_exact(relation.proof_length()).enumerate() {
        for (place, bytes) in proof.as_chunks::<32>().0.iter().enumerate() {
            match Option::<Scalar>::from(Scalar::from_canonical_bytes(*bytes)) {
                Some(scalar) if scalar != Scalar::ZERO => scalars[place][index] = scalar,
                _ => verdicts[index] = false,
            }
        }
    }
    let challenges = std::mem::take(&mut scalars[0]);
    scalars[0] = challenges.iter().map(|challenge| -challenge).collect();
    let scalars: Vec<SecretScalars> = scalars
        .iter()
        .map(|column| SecretScalars::from_scalars(column))
        .collect();
    let responses: Vec<&SecretScalars> = scalars[1..].iter().collect();
    let mut commitments = Vec::with_capacity(relation.equations.len());
    for equation in relation.equations {
        let mut parts = parts(equation, columns, &responses);
        if let Some(target) = equation.target {
            let negated = scalars[0].expose();
            parts.insert(0, (columns[target], Zeroizing::new(negated.to_vec())));
        }
        commitments.push(evaluate(backend, count, &parts)?);
    }
    let statements = statements(relation, columns, digests);
    for (index, verdict) in verdicts.iter_mut().enumerate() {
        *verdict &= challenge(&statements[index], &commitments, index) == challenges[index];
    }
    Ok(verdicts)
}

/// The targets that are left to the prover, where the others have none.
fn derive_targets(
    backend: Backend,
    relation: &Relation,
    columns: &[Column],
    secrets: &[&SecretScalars],
) -> Result<Vec<Option<Vec<Encoding>>>, Error> {
    assert_eq!(columns.len(), relation.points, "a column for each point");
    let mut derived = vec![None; columns.len()];
    for equation in relation.equations {
        let Some(target) = equation.target else {
            continue;
        };
        if matches!(columns[target], Column::Derived) {
            let sum = evaluate(
                backend,
                secrets[0].len(),
                &parts(equation, columns, secrets),
            )?;
            derived[target] = Some(sum);
        }
    }
    Ok(derived)
}

/// What an equation adds up, with the scalars of its secrets (or nonces, or responses), signs included.
fn parts<'a>(
    equation: &Equation,
    columns: &[Column<'a>],
    scalars: &[&SecretScalars],
) -> Vec<(Column<'a>, Zeroizing<Vec<[u8; 32]>>)> {
    let part = |term: &Term| {
        let column = scalars[term.secret];
        let signed = if term.minus {
            Zeroizing::new(column.negated().expose().to_vec())
        } else {
            Zeroizing::new(column.expose().to_vec())
        };
        (columns[term.point], signed)
    };
    equation.terms.iter().map(part).collect()
}

/// The sums of all parts: one combination takes one varying point and two fixed ones, and hands its sum to the next. A sum
/// on the way may be the identity, which a proof can be made to bring about.
fn evaluate(
    backend: Backend,
    count: usize,
    parts: &[(Column, Zeroizing<Vec<[u8; 32]>>)],
) -> Result<Vec<Encoding>, Error> {
    let varying: Vec<_> = parts
        .iter()
        .filter_map(|(column, scalars)| match column {
            Column::Each(points) => Some((Points::Encoded(points), Scalars::Each(scalars))),
            _ => None,
        })
        .collect();
    let fixed: Vec<_> = parts
        .iter()
        .filter_map(|(column, scalars)| match column {
            Column::Fixed(table) => Some((*table, Scalars::Each(scalars))),
            _ => None,
        })
        .collect();
    assert_eq!(
        varying.len() + fixed.len(),
        parts.len(),
        "no term has a derived point"
    );
    let mut sum: Option<Vec<Encoding>> = None;
    for step in 0..varying.len().max(fixed.len().div_ceil(2)) {
        let mut out = vec![[0; 32]; count];
        let what = Combination {
            addend: sum.as_deref().map(Points::Computed),
            variable: varying.get(step).copied(),
            fixed: fixed.get(2 * step).copied(),
            also_fixed: fixed.get(2 * step + 1).copied(),
            negate_variable: false,
        };
        combine(backend, &what, &mut out).map_err(|_| Error::Proof)?;
        sum = Some(out);
    }
    Ok(sum.expect("an equation has terms"))
}

/// The hash of each instance's statement: relation, digest, points.
fn statements(relation: &Relation, columns: &[Column], digests: &[[u8; 64]]) -> Vec<[u8; 64]> {
    let mut start = Transcript::new(labels::STATEMENT);
    start.field("proof", relation.label.as_bytes());
    start.field("relation", &relation.encode());
    let statement = |(index, digest): (usize, &[u8; 64])| {
        let points: Vec<Encoding> = columns.iter().map(|column| column.at(index)).collect();
        start
            .clone()
            .field("digest", digest)
            .points("points", &points)
            .digest()
    };
    digests
        .par_iter()
        .enumerate()
        .with_min_len(64)
        .map(statement)
        .collect()
}

/// A column of nonces for each secret.
fn nonces(
    relation: &Relation,
    statements: &[[u8; 64]],
    secrets: &[&SecretScalars],
    randomness: &[u8; 32],
) -> Vec<SecretScalars> {
    let mut start = Transcript::new(labels::NONCE);
    start.field("proof", relation.label.as_bytes());
    start.field("randomness", randomness);
    let column = |place: usize| {
        let nonce = |(index, statement): (usize, &[u8; 64])| {
            let mut transcript = start.clone();
            transcript.field("statement", statement);
            transcript.number("instance", index as u64);
            for secret in secrets {
                transcript.field("secret", &secret.expose()[index]);
            }
            transcript.number("nonce", place as u64);
            *transcript.scalar()
        };
        let column: Zeroizing<Vec<Scalar>> = Zeroizing::new(
            statements
                .par_iter()
                .enumerate()
                .with_min_len(64)
                .map(nonce)
                .collect(),
        );
        SecretScalars::from_scalars(&column)
    };
    (0..relation.secrets).map(column).collect()
}

fn challenge(statement: &[u8; 64], commitments: &[Vec<Encoding>], index: usize) -> Scalar {
    let points: Vec<Encoding> = commitments.iter().map(|column| column[index]).collect();
    let mut transcript = Transcript::new(labels::CHALLENGE);
    transcript.field("statement", statement);
    transcript.points("commitments", &points);
    *transcript.scalar()
}

impl Column<'_> {
    fn at(&self, index: usize) -> Encoding {
        match self {
            Column::Fixed(table) => *table.encoding(),
            Column::Each(points) => points[index],
            Column::Derived => unreachable!("targets are derived before they are hashed"),
        }
    }
}
