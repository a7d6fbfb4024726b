//! Proofs of equal logarithms over batches (RFC 9497, 2.2), in chunks of at most 65,535.
//!
//! Soundness, as the RFC argues it: if one evaluated element of a chunk is not the key times its blinded element, the
//! random linear combination with weights from a hash of the whole chunk keeps the difference but for one weight in `q`,
//! and the Chaum-Pedersen proof of the combination is a proof of knowledge of one logarithm for two bases.

use clew_kernels::{Backend, Combination, Points, Scalars, Table, sum_products_vartime};
use curve25519_dalek::scalar::Scalar;
use rayon::prelude::*;
use sha2::{Digest, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Key, Mode};
use crate::batch::run;
use crate::error::{same_length, within};
use crate::keys::public_key;
use crate::scalars::SecretScalar;
use crate::transcript::Transcript;
use crate::{Encoding, Error, LIMIT_ITEMS, labels};

/// Most elements under one proof: their positions are hashed in two bytes.
pub const LIMIT_PROVEN: usize = 65_535;
/// Bytes of one proof: challenge and response.
pub const PROOF_LENGTH: usize = 64;

/// Bytes of the proofs for so many elements.
pub fn proofs_length(elements: usize) -> usize {
    elements.div_ceil(LIMIT_PROVEN) * PROOF_LENGTH
}

/// The proofs of all chunks, one after the other.
pub(super) fn prove(
    backend: Backend,
    key: &Key,
    blinded: &[Encoding],
    evaluated: &[Encoding],
    randomness: &[u8; 32],
) -> Result<Vec<u8>, Error> {
    within("blinded elements", 1, LIMIT_ITEMS, blinded.len())?;
    same_mode(key.mode)?;
    let mut proofs = Vec::with_capacity(proofs_length(blinded.len()));
    for (chunk, (blinded, evaluated)) in chunks(blinded, evaluated).enumerate() {
        let composite = Composite::new(backend, key.public(), blinded, evaluated)?;
        let mut transcript = Transcript::new(labels::NONCE);
        transcript.field("proof", b"RFC 9497");
        transcript.field("randomness", randomness);
        transcript.field("secret", key.secret.expose());
        transcript.number("chunk", chunk as u64);
        transcript.points("public", &[*key.public()]);
        transcript.points("blinded", blinded);
        transcript.points("evaluated", evaluated);
        let nonce = SecretScalar::from_scalar(&transcript.scalar());
        proofs.extend(prove_with(backend, key, &composite, &nonce)?);
    }
    Ok(proofs)
}

/// One proof, with its nonce given: `GenerateProof`.
pub(super) fn prove_with(
    backend: Backend,
    key: &Key,
    composite: &Composite,
    nonce: &SecretScalar,
) -> Result<[u8; PROOF_LENGTH], Error> {
    // The server knows the key, so the second composite is a product and not another sum.
    let evaluated = crate::multiply(backend, &[composite.blinded], &key.secret)?[0];
    let t2 = nonce.public(backend);
    let t3 = crate::multiply(backend, &[composite.blinded], nonce)?[0];
    let challenge = challenge(key.public(), &composite.blinded, &evaluated, &t2, &t3);
    let response = Zeroizing::new(*nonce.scalar() - challenge * *key.secret.scalar());
    let mut proof = [0; PROOF_LENGTH];
    proof[..32].copy_from_slice(challenge.as_bytes());
    proof[32..].copy_from_slice(response.as_bytes());
    Ok(proof)
}

/// Succeeds if the proofs of all chunks verify: `VerifyProof`.
pub(super) fn verify(
    backend: Backend,
    mode: Mode,
    public: &Encoding,
    blinded: &[Encoding],
    evaluated: &[Encoding],
    proofs: &[u8],
) -> Result<(), Error> {
    within("blinded elements", 1, LIMIT_ITEMS, blinded.len())?;
    same_mode(mode)?;
    same_length("evaluated elements", blinded.len(), evaluated.len())?;
    same_length(
        "bytes of proofs",
        proofs_length(blinded.len()),
        proofs.len(),
    )?;
    let public = public_key(public, "public key", 0)?;
    for ((blinded, evaluated), proof) in
        chunks(blinded, evaluated).zip(proofs.as_chunks::<PROOF_LENGTH>().0)
    {
        let composite = Composite::new(backend, public.encoding(), blinded, evaluated)?;
        let evaluated = composite.evaluated(backend, evaluated)?;
        verify_one(backend, &public, &composite.blinded, &evaluated, proof)?;
    }
    Ok(())
}

fn verify_one(
    backend: Backend,
    public: &Table,
    blinded: &Encoding,
    evaluated: &Encoding,
    proof: &[u8; PROOF_LENGTH],
) -> Result<(), Error> {
    let [challenge_bytes, response] = proof.as_chunks::<32>().0 else {
        return Err(Error::Proof);
    };
    for bytes in [challenge_bytes, response] {
        if Option::<Scalar>::from(Scalar::from_canonical_bytes(*bytes)).is_none() {
            return Err(Error::Proof);
        }
    }
    // t2 = s G + c B, t3 = s M + c Z, the latter in two steps: a step adds one multiple of a point that is not in a table.
    let add =
        |variable: Option<(&Encoding, &[u8; 32])>, fixed: [_; 2], addend: Option<&[Encoding]>| {
            let what = Combination {
                addend: addend.map(Points::Encoded),
                variable: variable.map(|(point, scalar)| {
                    (
                        Points::Encoded(std::slice::from_ref(point)),
                        Scalars::One(scalar),
                    )
                }),
                fixed: fixed[0],
                also_fixed: fixed[1],
                negate_variable: false,
            };
            run(backend, &what, 1, "proof", "proof").map_err(|_| Error::Proof)
        };
    let bases = [
        Some((public, Scalars::One(challenge_bytes))),
        Some((Table::generator(), Scalars::One(response))),
    ];
    let t2 = add(None, bases, None)?;
    let evaluated_part = add(Some((evaluated, challenge_bytes)), [None; 2], None)?;
    let t3 = add(Some((blinded, response)), [None; 2], Some(&evaluated_part))?;
    let expected = challenge(public.encoding(), blinded, evaluated, &t2[0], &t3[0]);
    if bool::from(expected.as_bytes().ct_eq(challenge_bytes)) {
        Ok(())
    } else {
        Err(Error::Proof)
    }
}

/// The random linear combination of one chunk (2.2.1 `ComputeComposites`).
pub(super) struct Composite {
    weights: Vec<[u8; 32]>,
    /// `M`: the combination of the blinded elements.
    pub(super) blinded: Encoding,
}

impl Composite {
    pub(super) fn new(
        backend: Backend,
        public: &Encoding,
        blinded: &[Encoding],
        evaluated: &[Encoding],
    ) -> Result<Self, Error> {
        let weights = weights(public, blinded, evaluated);
        let sum = sum(backend, blinded, &weights, "blinded element")?;
        Ok(Self {
            weights,
            blinded: sum,
        })
    }

    /// `Z`: the combination of the evaluated elements.
    fn evaluated(&self, backend: Backend, evaluated: &[Encoding]) -> Result<Encoding, Error> {
        sum(backend, evaluated, &self.weights, "evaluated element")
    }
}

fn sum(
    backend: Backend,
    points: &[Encoding],
    weights: &[[u8; 32]],
    what: &'static str,
) -> Result<Encoding, Error> {
    let sum = sum_products_vartime(backend, points, weights)
        .map_err(|invalid| Error::from_invalid(invalid, what))?;
    if sum == [0; 32] {
        return Err(Error::Proof);
    }
    Ok(sum)
}

fn weights(public: &Encoding, blinded: &[Encoding], evaluated: &[Encoding]) -> Vec<[u8; 32]> {
    let mode = Mode::Voprf;
    let mut seed = Sha512::new();
    hash_field(&mut seed, public);
    hash_field(&mut seed, &mode.tag(b"Seed-"));
    let seed: [u8; 64] = seed.finalize().into();
    let expander = mode.expander(b"HashToScalar-");
    let weight = |(index, (blinded, evaluated)): (usize, (&Encoding, &Encoding))| {
        let index = u16::try_from(index).expect("a chunk has at most 65,535 elements");
        let (short, long) = (32u16.to_be_bytes(), 64u16.to_be_bytes());
        let index = index.to_be_bytes();
        let parts: [&[u8]; 8] = [
            &long,
            &seed,
            &index,
            &short,
            blinded,
            &short,
            evaluated,
            b"Composite",
        ];
        expander.scalar(&parts).to_bytes()
    };
    blinded
        .par_iter()
        .zip(evaluated)
        .enumerate()
        .with_min_len(256)
        .map(weight)
        .collect()
}

fn challenge(
    public: &Encoding,
    m: &Encoding,
    z: &Encoding,
    t2: &Encoding,
    t3: &Encoding,
) -> Scalar {
    let short = 32u16.to_be_bytes();
    let parts: [&[u8]; 11] = [
        &short,
        public,
        &short,
        m,
        &short,
        z,
        &short,
        t2,
        &short,
        t3,
        b"Challenge",
    ];
    *Mode::Voprf.expander(b"HashToScalar-").scalar(&parts)
}

fn hash_field(hash: &mut Sha512, value: &[u8]) {
    hash.update((value.len() as u16).to_be_bytes());
    hash.update(value);
}

fn chunks<'a>(
    blinded: &'a [Encoding],
    evaluated: &'a [Encoding],
) -> impl Iterator<Item = (&'a [Encoding], &'a [Encoding])> {
    blinded
        .chunks(LIMIT_PROVEN)
        .zip(evaluated.chunks(LIMIT_PROVEN))
}

fn same_mode(mode: Mode) -> Result<(), Error> {
    match mode {
        Mode::Voprf => Ok(()),
        // Without a published key there is nothing to prove; a caller that wants proofs derives a key for them.
        Mode::Oprf => Err(Error::Proof),
    }
}
