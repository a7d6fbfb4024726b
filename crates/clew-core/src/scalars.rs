//! Secret scalars: made once from randomness that the caller brings, hidden from `Debug`, wiped when dropped
//! (spec core 4).

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};
use clew_kernels::{Backend, Combination, Scalars, Table};
use curve25519_dalek::scalar::Scalar;
use rayon::prelude::*;
use zeroize::{Zeroize, Zeroizing};

use crate::error::{same_length, within};
use crate::transcript::Transcript;
use crate::{Encoding, Error, LIMIT_ITEMS, labels};

/// Scalars handled by one thread at a time.
const CHUNK: usize = 1024;

/// One secret scalar, not zero. Cannot be copied or compared; [`expose`](Self::expose) is the only way to its bytes.
///
/// It stays in one place of the heap: whatever is moved is copied, and nobody wipes what it was copied from.
pub struct SecretScalar(SecretScalars);

/// Secret scalars, none zero, one for each item of a batch.
pub struct SecretScalars(Zeroizing<Vec<[u8; 32]>>);

impl SecretScalar {
    /// The scalar of 64 uniform bytes: little-endian, modulo `q`, so that the result is within 2^-259 of uniform.
    ///
    /// # Errors
    /// [`Error::Identity`] if it is zero: the randomness is broken.
    pub fn from_wide(bytes: &[u8; 64]) -> Result<Self, Error> {
        SecretScalars::from_wide(std::slice::from_ref(bytes)).map(Self)
    }

    /// The first scalar that [`SecretScalars::expand`] gives.
    ///
    /// # Errors
    /// As there.
    pub fn expand(seed: &[u8; 32], purpose: &str) -> Result<Self, Error> {
        SecretScalars::expand(seed, purpose, 1).map(Self)
    }

    /// The scalar of an encoding that was stored.
    ///
    /// # Errors
    /// If it is not canonical, or zero.
    pub fn from_canonical(bytes: &[u8; 32]) -> Result<Self, Error> {
        SecretScalars::from_canonical(std::slice::from_ref(bytes)).map(Self)
    }

    /// The secret's 32 bytes, canonical, little-endian. Whoever calls this answers for what becomes of them.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0.0[0]
    }

    /// The key to publish: the scalar times the generator.
    pub fn public(&self, backend: Backend) -> Encoding {
        let mut out = [[0; 32]];
        let what = Combination {
            fixed: Some((Table::generator(), Scalars::One(self.expose()))),
            ..Combination::default()
        };
        clew_kernels::combine(backend, &what, &mut out).expect("no point goes in");
        out[0]
    }

    pub(crate) fn from_scalar(scalar: &Scalar) -> Self {
        Self(SecretScalars(Zeroizing::new(vec![scalar.to_bytes()])))
    }

    pub(crate) fn scalar(&self) -> Zeroizing<Scalar> {
        Zeroizing::new(Scalar::from_bytes_mod_order(*self.expose()))
    }

    /// The product of two secrets.
    pub(crate) fn times(&self, other: &SecretScalar) -> SecretScalar {
        Self::from_scalar(&Zeroizing::new(*self.scalar() * *other.scalar()))
    }
}

impl SecretScalars {
    /// The scalars of 64 uniform bytes each, as [`SecretScalar::from_wide`].
    ///
    /// # Errors
    /// [`Error::Identity`] if one is zero: the randomness is broken.
    pub fn from_wide(bytes: &[[u8; 64]]) -> Result<Self, Error> {
        let mut scalars = Zeroizing::new(vec![[0; 32]; bytes.len()]);
        scalars
            .par_iter_mut()
            .zip(bytes)
            .with_min_len(CHUNK)
            .for_each(|(out, wide)| reduce(wide, out));
        Self::refuse_zero(scalars)
    }

    /// `count` scalars for one purpose from 32 bytes of randomness.
    ///
    /// The key of ChaCha20 (RFC 8439, nonce zero) is the first half of the hash of purpose and seed; scalar `i` is block
    /// `i` of its key stream, reduced. One seed may serve several purposes; a purpose and a seed together serve once.
    ///
    /// # Errors
    /// If more than [`LIMIT_ITEMS`] are asked for; [`Error::Identity`] as for [`SecretScalar::from_wide`].
    pub fn expand(seed: &[u8; 32], purpose: &str, count: usize) -> Result<Self, Error> {
        within("scalars", 0, LIMIT_ITEMS, count)?;
        let key = stream_key(labels::SCALARS, purpose, seed);
        let mut scalars = Zeroizing::new(vec![[0; 32]; count]);
        scalars
            .par_chunks_mut(CHUNK)
            .enumerate()
            .for_each(|(chunk, out)| {
                let mut stream = ChaCha20::new((&*key).into(), &[0; 12].into());
                stream.seek(64 * CHUNK as u64 * chunk as u64);
                let mut wide = Zeroizing::new([0; 64]);
                for out in out {
                    wide.fill(0);
                    stream.apply_keystream(&mut *wide);
                    reduce(&wide, out);
                }
            });
        Self::refuse_zero(scalars)
    }

    /// The scalars of encodings that were stored or revealed.
    ///
    /// # Errors
    /// The first that is not canonical, or zero.
    pub fn from_canonical(bytes: &[[u8; 32]]) -> Result<Self, Error> {
        let what = "scalar";
        for (index, bytes) in bytes.iter().enumerate() {
            if Option::<Scalar>::from(Scalar::from_canonical_bytes(*bytes)).is_none() {
                return Err(Error::NotCanonical { what, index });
            }
        }
        Self::refuse_zero(Zeroizing::new(bytes.to_vec()))
    }

    /// Number of scalars.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The secrets' bytes, canonical, little-endian. Whoever calls this answers for what becomes of them.
    pub fn expose(&self) -> &[[u8; 32]] {
        &self.0
    }

    /// The keys to publish: each scalar times the generator.
    pub fn public(&self, backend: Backend) -> Vec<Encoding> {
        let mut out = vec![[0; 32]; self.len()];
        let what = Combination {
            fixed: Some((Table::generator(), Scalars::Each(&self.0))),
            ..Combination::default()
        };
        clew_kernels::combine(backend, &what, &mut out).expect("no point goes in");
        out
    }

    /// The same secret for each of a batch.
    pub(crate) fn repeated(secret: &SecretScalar, count: usize) -> SecretScalars {
        Self(Zeroizing::new(vec![*secret.expose(); count]))
    }

    /// Scalars that arithmetic gave; zero among them is possible, but does not happen.
    pub(crate) fn from_scalars(scalars: &[Scalar]) -> SecretScalars {
        Self(Zeroizing::new(
            scalars.iter().map(Scalar::to_bytes).collect(),
        ))
    }

    pub(crate) fn get(&self, index: usize) -> Zeroizing<Scalar> {
        Zeroizing::new(Scalar::from_bytes_mod_order(self.0[index]))
    }

    /// The scalars at some positions, which are within range.
    pub(crate) fn at(&self, positions: &[usize]) -> SecretScalars {
        Self(Zeroizing::new(
            positions.iter().map(|&position| self.0[position]).collect(),
        ))
    }

    /// Each scalar times the one of the same position.
    pub(crate) fn times(&self, other: &SecretScalars) -> Result<SecretScalars, Error> {
        same_length("scalars", self.len(), other.len())?;
        let mut out = Zeroizing::new(vec![[0; 32]; self.len()]);
        out.par_iter_mut()
            .enumerate()
            .with_min_len(CHUNK)
            .for_each(|(index, out)| {
                *out = Zeroizing::new(*self.get(index) * *other.get(index)).to_bytes();
            });
        Ok(Self(out))
    }

    /// The scalars with their signs changed.
    pub(crate) fn negated(&self) -> SecretScalars {
        let mut out = Zeroizing::new(vec![[0; 32]; self.len()]);
        out.par_iter_mut()
            .enumerate()
            .with_min_len(CHUNK)
            .for_each(|(index, out)| {
                *out = Zeroizing::new(-*self.get(index)).to_bytes();
            });
        Self(out)
    }

    /// The inverses: one inversion for each chunk, in constant time (Montgomery's trick; none of them is zero).
    pub(crate) fn inverted(&self) -> SecretScalars {
        let mut out = Zeroizing::new(vec![[0; 32]; self.len()]);
        out.par_chunks_mut(CHUNK)
            .enumerate()
            .for_each(|(chunk, out)| {
                let first = CHUNK * chunk;
                let mut scalars: Zeroizing<Vec<Scalar>> = Zeroizing::new(
                    (first..first + out.len())
                        .map(|index| *self.get(index))
                        .collect(),
                );
                Scalar::invert_batch_alloc(&mut scalars).zeroize();
                for (out, scalar) in out.iter_mut().zip(scalars.iter()) {
                    *out = scalar.to_bytes();
                }
            });
        Self(out)
    }

    fn refuse_zero(scalars: Zeroizing<Vec<[u8; 32]>>) -> Result<Self, Error> {
        match scalars.iter().position(|scalar| *scalar == [0; 32]) {
            None => Ok(Self(scalars)),
            Some(index) => Err(Error::Identity {
                what: "scalar",
                index,
            }),
        }
    }
}

/// The key of a ChaCha20 stream for one purpose.
pub(crate) fn stream_key(label: &str, purpose: &str, seed: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    let mut transcript = Transcript::new(label);
    transcript.field("purpose", purpose.as_bytes());
    transcript.field("seed", seed);
    let digest = Zeroizing::new(transcript.digest());
    let mut key = Zeroizing::new([0; 32]);
    key.copy_from_slice(&digest[..32]);
    key
}

fn reduce(wide: &[u8; 64], out: &mut [u8; 32]) {
    let scalar = Zeroizing::new(Scalar::from_bytes_mod_order_wide(wide));
    *out = scalar.to_bytes();
}

impl std::fmt::Debug for SecretScalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretScalar(..)")
    }
}

impl std::fmt::Debug for SecretScalars {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretScalars({} hidden)", self.len())
    }
}
