//! What is hashed, so that no two things hash alike: SHA-512 over named, length-prefixed fields (spec core 3).

use curve25519_dalek::scalar::Scalar;
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use crate::{Encoding, labels};

/// SHA-512 over a label, the suite, and fields in order.
///
/// A field is its name's length (2 bytes, big-endian), its name, its value's length (8 bytes, big-endian), its value. The
/// label and the suite come first as fields named `label` and `suite`. So the fields can be read back from what is
/// hashed, and two different lists of fields are never the same bytes. The state is wiped when it is dropped.
#[derive(Clone)]
pub struct Transcript {
    hash: Sha512,
}

impl Transcript {
    /// An empty transcript for one purpose. The label comes from a labels file, where it has one use.
    pub fn new(label: &str) -> Self {
        let mut transcript = Self {
            hash: Sha512::new(),
        };
        transcript.field("label", label.as_bytes());
        transcript.field("suite", labels::SUITE.as_bytes());
        transcript
    }

    /// Adds bytes.
    pub fn field(&mut self, name: &str, value: &[u8]) -> &mut Self {
        self.head(name, value.len());
        self.hash.update(value);
        self
    }

    /// Adds a number, as 8 bytes, big-endian.
    pub fn number(&mut self, name: &str, value: u64) -> &mut Self {
        self.field(name, &value.to_be_bytes())
    }

    /// Adds a list of encodings, one after the other.
    pub fn points(&mut self, name: &str, points: &[Encoding]) -> &mut Self {
        self.field(name, points.as_flattened())
    }

    /// Adds a list of numbers, 8 bytes big-endian each.
    pub fn numbers(&mut self, name: &str, values: &[u64]) -> &mut Self {
        self.head(name, 8 * values.len());
        for value in values {
            self.hash.update(value.to_be_bytes());
        }
        self
    }

    /// The hash of everything so far.
    pub fn digest(&self) -> [u8; 64] {
        self.hash.clone().finalize().into()
    }

    /// The hash of everything so far as a scalar: 64 bytes, little-endian, modulo `q`; within 2^-259 of uniform.
    pub(crate) fn scalar(&self) -> Zeroizing<Scalar> {
        let wide = Zeroizing::new(self.digest());
        Zeroizing::new(Scalar::from_bytes_mod_order_wide(&wide))
    }

    fn head(&mut self, name: &str, length: usize) {
        let name_length = u16::try_from(name.len()).expect("a field's name is a short constant");
        self.hash.update(name_length.to_be_bytes());
        self.hash.update(name.as_bytes());
        self.hash.update((length as u64).to_be_bytes());
    }
}

impl std::fmt::Debug for Transcript {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Transcript(..)")
    }
}

/// `count` weights of 128 bits for random linear combinations, drawn from the digest of everything that is combined.
///
/// Weight `i` is bytes `16 (i mod 4)` and following of the hash of `digest` and `i / 4`, little-endian. They are not
/// known before everything in `digest` is fixed, which is what the proofs stand on.
pub(crate) fn weights(digest: &[u8; 64], count: usize) -> Vec<[u8; 32]> {
    use rayon::prelude::*;
    let mut start = Transcript::new(labels::WEIGHTS);
    start.field("digest", digest);
    let mut weights = vec![[0; 32]; count];
    let fill = |(block, weights): (usize, &mut [[u8; 32]])| {
        let bytes = start.clone().number("block", block as u64).digest();
        for (weight, bytes) in weights.iter_mut().zip(bytes.chunks_exact(16)) {
            weight[..16].copy_from_slice(bytes);
        }
    };
    if count <= 1024 {
        weights.chunks_mut(4).enumerate().for_each(fill);
    } else {
        weights
            .par_chunks_mut(4)
            .enumerate()
            .with_min_len(256)
            .for_each(fill);
    }
    weights
}
