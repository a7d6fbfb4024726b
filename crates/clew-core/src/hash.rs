//! Hash to group and to scalar: RFC 9380 `expand_message_xmd` with SHA-512, then the one-way map of RFC 9496, 4.3.4
//! (spec core 5).

use clew_kernels::{Backend, Combination, Points, Scalars};
use curve25519_dalek::scalar::Scalar;
use rayon::prelude::*;
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use crate::batch::run;
use crate::error::within;
use crate::scalars::SecretScalar;
use crate::{Encoding, Error, labels};

/// Longest domain separation tag. RFC 9380 hashes longer ones down; nothing here needs them, so they are refused.
pub const LIMIT_TAG: usize = 255;

/// Messages handled by one thread at a time.
const CHUNK: usize = 256;

/// `expand_message_xmd` for one tag, to 64 bytes, with the first block of all its hashes done.
pub struct Expander {
    /// After the 128 zero bytes that every message is preceded by.
    start: Sha512,
    /// The tag and its length.
    tag: Vec<u8>,
}

impl Expander {
    /// For a domain separation tag of 1 to 255 bytes.
    ///
    /// # Errors
    /// If the tag is empty or longer.
    pub fn new(tag: &[u8]) -> Result<Self, Error> {
        within("domain separation tag", 1, LIMIT_TAG, tag.len())?;
        let mut start = Sha512::new();
        start.update([0; 128]);
        let mut tag = tag.to_vec();
        tag.push(u8::try_from(tag.len()).expect("checked above"));
        Ok(Self { start, tag })
    }

    /// 64 uniform bytes for a message that comes in parts.
    pub fn expand(&self, parts: &[&[u8]]) -> [u8; 64] {
        let mut hash = self.start.clone();
        for part in parts {
            hash.update(part);
        }
        hash.update([0, 64, 0]);
        hash.update(&self.tag);
        let first = Zeroizing::new(<[u8; 64]>::from(hash.finalize()));
        let mut hash = Sha512::new();
        hash.update(*first);
        hash.update([1]);
        hash.update(&self.tag);
        hash.finalize().into()
    }

    /// 64 uniform bytes for each message: the input of the one-way map.
    pub fn expand_all<M: AsRef<[u8]> + Sync>(&self, messages: &[M]) -> Zeroizing<Vec<[u8; 64]>> {
        let mut out = Zeroizing::new(vec![[0; 64]; messages.len()]);
        out.par_iter_mut()
            .zip(messages)
            .with_min_len(CHUNK)
            .for_each(|(out, message)| *out = self.expand(&[message.as_ref()]));
        out
    }

    /// The scalar of a message: 64 bytes, little-endian, modulo `q` (RFC 9497, 4.1 `HashToScalar`).
    pub(crate) fn scalar(&self, parts: &[&[u8]]) -> Zeroizing<Scalar> {
        let wide = Zeroizing::new(self.expand(parts));
        Zeroizing::new(Scalar::from_bytes_mod_order_wide(&wide))
    }
}

/// The group elements of messages, one encoding each.
///
/// # Errors
/// [`Error::Identity`] if a message hashes to the identity, which nobody can bring about.
pub fn hash_to_group<M: AsRef<[u8]> + Sync>(
    backend: Backend,
    expander: &Expander,
    messages: &[M],
) -> Result<Vec<Encoding>, Error> {
    let uniform = expander.expand_all(messages);
    let what = Combination {
        addend: Some(Points::Uniform(&uniform)),
        ..Combination::default()
    };
    run(backend, &what, uniform.len(), "message", "message")
}

/// The group elements of messages times a secret: names and row points of the holder's own numbers.
///
/// # Errors
/// As [`hash_to_group`].
pub fn hash_and_multiply<M: AsRef<[u8]> + Sync>(
    backend: Backend,
    expander: &Expander,
    messages: &[M],
    secret: &SecretScalar,
) -> Result<Vec<Encoding>, Error> {
    let uniform = expander.expand_all(messages);
    let what = Combination {
        variable: Some((Points::Uniform(&uniform), Scalars::One(secret.expose()))),
        ..Combination::default()
    };
    run(backend, &what, uniform.len(), "message", "message")
}

/// The identifier of the row that a row point opens (spec core 5.4).
pub fn row_id(row_point: &Encoding) -> [u8; 16] {
    let mut id = [0; 16];
    id.copy_from_slice(&labelled(labels::ROW_ID, row_point)[..16]);
    id
}

/// The key of the row that a row point opens (spec core 5.4).
pub fn row_key(row_point: &Encoding) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    key.copy_from_slice(&labelled(labels::ROW_KEY, row_point)[..32]);
    key
}

fn labelled(label: &str, point: &Encoding) -> Zeroizing<[u8; 64]> {
    let mut hash = Sha512::new();
    hash.update(label.as_bytes());
    hash.update(point);
    Zeroizing::new(hash.finalize().into())
}
