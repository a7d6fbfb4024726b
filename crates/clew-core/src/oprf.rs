//! Oblivious pseudorandom functions of RFC 9497, suite ristretto255-SHA512: modes OPRF (0) and VOPRF (1), in batches.
//!
//! Sections cited here are the RFC's. [`Key`] is the server's side, [`Blinding`] the client's.

mod proof;
#[cfg(test)]
mod tests;

use clew_kernels::{Backend, Combination, Points, Scalars, Table};
use curve25519_dalek::scalar::Scalar;
use rayon::prelude::*;
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use crate::batch::{multiply, run};
use crate::error::{same_length, within};
use crate::hash::Expander;
use crate::keys::public_key;
use crate::scalars::{SecretScalar, SecretScalars};
use crate::{Encoding, Error, LIMIT_ITEMS};

pub use proof::{LIMIT_PROVEN, PROOF_LENGTH, proofs_length};

/// Longest input: its length is hashed in two bytes (1.2).
pub const LIMIT_INPUT: usize = 65_535;
/// Longest `info` of a key (3.2.1).
pub const LIMIT_INFO: usize = 65_535;

/// Inputs handled by one thread at a time.
const CHUNK: usize = 256;

/// An output: 64 bytes.
pub type Output = [u8; 64];

/// A mode of the protocol (3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Without proofs.
    Oprf,
    /// Every evaluation comes with a proof that the published key was used.
    Voprf,
}

impl Mode {
    /// The context string: `OPRFV1-`, the mode, `-ristretto255-SHA512`.
    fn context(self) -> Vec<u8> {
        let mode: u8 = match self {
            Mode::Oprf => 0,
            Mode::Voprf => 1,
        };
        [
            b"OPRFV1-",
            &[mode][..],
            b"-",
            crate::labels::SUITE.as_bytes(),
        ]
        .concat()
    }

    /// The expander for one use in this mode: `HashToGroup-`, `HashToScalar-`, `DeriveKeyPair`, or `Seed-`.
    fn expander(self, usage: &[u8]) -> Expander {
        Expander::new(&self.tag(usage)).expect("the tag is a short constant")
    }

    fn tag(self, usage: &[u8]) -> Vec<u8> {
        [usage, &self.context()].concat()
    }
}

/// The server's key pair. Wiped when dropped.
#[derive(Debug)]
pub struct Key {
    mode: Mode,
    secret: SecretScalar,
    public: Table,
}

impl Key {
    /// The key pair of a seed and public information (3.2.1 `DeriveKeyPair`).
    ///
    /// # Errors
    /// If `info` is too long, or (which cannot be brought about) if 256 attempts gave zero.
    pub fn derive(
        backend: Backend,
        mode: Mode,
        seed: &[u8; 32],
        info: &[u8],
    ) -> Result<Self, Error> {
        within("info", 0, LIMIT_INFO, info.len())?;
        let expander = mode.expander(b"DeriveKeyPair");
        let length = (info.len() as u16).to_be_bytes();
        for counter in 0..=u8::MAX {
            let scalar = expander.scalar(&[seed, &length, info, &[counter]]);
            if *scalar != Scalar::ZERO {
                return Self::from_secret(backend, mode, SecretScalar::from_scalar(&scalar));
            }
        }
        Err(Error::Identity {
            what: "derived key",
            index: 0,
        })
    }

    /// The key pair of a secret that was drawn at random or stored.
    ///
    /// # Errors
    /// None in practice: a secret is not zero, so its key is a point.
    pub fn from_secret(backend: Backend, mode: Mode, secret: SecretScalar) -> Result<Self, Error> {
        let public = public_key(&secret.public(backend), "public key", 0)?;
        Ok(Self {
            mode,
            secret,
            public,
        })
    }

    /// The mode that the key is for.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The public key.
    pub fn public(&self) -> &Encoding {
        self.public.encoding()
    }

    /// Evaluates blinded elements without a proof (3.3.1 `BlindEvaluate`).
    ///
    /// # Errors
    /// The first element that is refused.
    pub fn evaluate(&self, backend: Backend, blinded: &[Encoding]) -> Result<Vec<Encoding>, Error> {
        within("blinded elements", 0, LIMIT_ITEMS, blinded.len())?;
        multiply(backend, blinded, &self.secret)
    }

    /// Evaluates blinded elements, with proofs: one for every [`LIMIT_PROVEN`] elements or part of it, one after the
    /// other (3.3.2 `BlindEvaluate`). `randomness` must be fresh.
    ///
    /// # Errors
    /// The first element that is refused, none at all, or a key of the other mode.
    pub fn evaluate_with_proof(
        &self,
        backend: Backend,
        blinded: &[Encoding],
        randomness: &[u8; 32],
    ) -> Result<(Vec<Encoding>, Vec<u8>), Error> {
        let evaluated = self.evaluate(backend, blinded)?;
        let proofs = proof::prove(backend, self, blinded, &evaluated, randomness)?;
        Ok((evaluated, proofs))
    }

    /// The outputs of inputs that the server knows itself (3.3.1 `Evaluate`).
    ///
    /// # Errors
    /// If an input is too long.
    pub fn outputs<M: AsRef<[u8]> + Sync>(
        &self,
        backend: Backend,
        inputs: &[M],
    ) -> Result<Vec<Output>, Error> {
        check_inputs(inputs)?;
        let elements = crate::hash::hash_and_multiply(
            backend,
            &self.mode.expander(b"HashToGroup-"),
            inputs,
            &self.secret,
        )?;
        Ok(outputs(inputs, &elements))
    }
}

/// Succeeds if the proofs show that `evaluated` is `blinded` times the secret of the public key, for those who blinded by
/// other means than [`Blinding`] (2.2.2).
///
/// # Errors
/// [`Error::Proof`] if a proof does not verify, a point that is refused, or lengths that differ.
pub fn verify_evaluation(
    backend: Backend,
    public: &Encoding,
    blinded: &[Encoding],
    evaluated: &[Encoding],
    proofs: &[u8],
) -> Result<(), Error> {
    proof::verify(backend, Mode::Voprf, public, blinded, evaluated, proofs)
}

/// The client's side of one exchange: inputs and blinds, both wiped when dropped. Finalising consumes it.
pub struct Blinding {
    mode: Mode,
    inputs: Vec<Zeroizing<Vec<u8>>>,
    blinds: SecretScalars,
    elements: Vec<Encoding>,
}

impl Blinding {
    /// Blinds inputs, each by a secret of its own, which is used once (3.3.1 and 3.3.2 `Blind`).
    ///
    /// # Errors
    /// If an input is too long, or there are not as many blinds as inputs.
    pub fn new<M: AsRef<[u8]> + Sync>(
        backend: Backend,
        mode: Mode,
        inputs: &[M],
        blinds: SecretScalars,
    ) -> Result<Self, Error> {
        check_inputs(inputs)?;
        same_length("blinds", inputs.len(), blinds.len())?;
        let uniform = mode.expander(b"HashToGroup-").expand_all(inputs);
        let what = Combination {
            variable: Some((Points::Uniform(&uniform), Scalars::Each(blinds.expose()))),
            ..Combination::default()
        };
        let elements = run(backend, &what, inputs.len(), "input", "input")?;
        let inputs = inputs
            .iter()
            .map(|input| Zeroizing::new(input.as_ref().to_vec()))
            .collect();
        Ok(Self {
            mode,
            inputs,
            blinds,
            elements,
        })
    }

    /// The blinded elements to send, in the order of the inputs.
    pub fn elements(&self) -> &[Encoding] {
        &self.elements
    }

    /// Number of inputs.
    pub fn len(&self) -> usize {
        self.inputs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// The outputs, from evaluated elements that nothing vouches for (3.3.1 `Finalize`).
    ///
    /// # Errors
    /// An element that is refused, or another number of them than of inputs.
    pub fn finalise(self, backend: Backend, evaluated: &[Encoding]) -> Result<Vec<Output>, Error> {
        same_length("evaluated elements", self.len(), evaluated.len())?;
        let inverses = self.blinds.inverted();
        let what = Combination {
            variable: Some((Points::Encoded(evaluated), Scalars::Each(inverses.expose()))),
            ..Combination::default()
        };
        let elements = run(
            backend,
            &what,
            self.len(),
            "evaluated element",
            "evaluated element",
        )?;
        Ok(outputs(&self.inputs, &elements))
    }

    /// The outputs, from evaluated elements that proofs under the published key vouch for (3.3.2 `Finalize`).
    ///
    /// # Errors
    /// As [`finalise`](Self::finalise); [`Error::Proof`] if a proof does not verify.
    pub fn finalise_verified(
        self,
        backend: Backend,
        evaluated: &[Encoding],
        proofs: &[u8],
        public: &Encoding,
    ) -> Result<Vec<Output>, Error> {
        same_length("evaluated elements", self.len(), evaluated.len())?;
        proof::verify(
            backend,
            self.mode,
            public,
            &self.elements,
            evaluated,
            proofs,
        )?;
        self.finalise(backend, evaluated)
    }
}

impl std::fmt::Debug for Blinding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Blinding({} hidden)", self.len())
    }
}

fn check_inputs<M: AsRef<[u8]> + Sync>(inputs: &[M]) -> Result<(), Error> {
    within("inputs", 0, LIMIT_ITEMS, inputs.len())?;
    for input in inputs {
        within("bytes of an input", 0, LIMIT_INPUT, input.as_ref().len())?;
    }
    Ok(())
}

/// The hash that ends `Finalize` and `Evaluate`.
fn outputs<M: AsRef<[u8]> + Sync>(inputs: &[M], elements: &[Encoding]) -> Vec<Output> {
    let output = |(input, element): (&M, &Encoding)| {
        let input = input.as_ref();
        let mut hash = Sha512::new();
        hash.update((input.len() as u16).to_be_bytes());
        hash.update(input);
        hash.update(32u16.to_be_bytes());
        hash.update(element);
        hash.update(b"Finalize");
        hash.finalize().into()
    };
    inputs
        .par_iter()
        .zip(elements)
        .with_min_len(CHUNK)
        .map(output)
        .collect()
}
