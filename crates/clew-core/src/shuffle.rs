//! A secret permutation, drawn without bias from 32 bytes of randomness (spec core 6).
//!
//! # What is constant in time, and what is not
//! The number of steps depends on the length only, but for redrawing, which happens with probability below 2^-32 a draw
//! and says nothing about the draws that are kept. Which memory is read and written when *is* the permutation: drawing it
//! swaps at secret positions, and applying it reads at secret positions. So somebody who watches the caches of this very
//! process could learn it. That is accepted: the permutation hides the order of a list from the *partner*, who sees
//! nothing of this machine but when an answer leaves, after the whole list was permuted; and an oblivious sorting network
//! would cost a hundred times as much. It must not be used where somebody else's code runs on the same processor core
//! with the aim of learning it.

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use zeroize::{Zeroize, Zeroizing};

use crate::error::{same_length, within};
use crate::scalars::stream_key;
use crate::{Error, LIMIT_ITEMS, labels};

/// A permutation of so many items; hidden from `Debug`, wiped when dropped.
pub struct Permutation {
    /// Place `i` of the result holds item `order[i]` of what is permuted.
    order: Zeroizing<Vec<usize>>,
}

impl Permutation {
    /// A permutation of `count` items, each as likely as any other if `seed` is uniform (up to the stream cipher; 256
    /// bits select among more permutations than that for 58 items and more, as with any seed).
    ///
    /// Fisher and Yates, from the last place to the second: place `i` is swapped with a place of `0..=i`, drawn by
    /// Lemire's method from 8 bytes, little-endian, of the key stream of ChaCha20.
    ///
    /// # Errors
    /// If there are more than [`LIMIT_ITEMS`].
    pub fn from_seed(seed: &[u8; 32], count: usize) -> Result<Self, Error> {
        within("items to permute", 0, LIMIT_ITEMS, count)?;
        let mut draws = Draws::new(seed);
        let mut order = Zeroizing::new((0..count).collect::<Vec<_>>());
        for place in (1..count).rev() {
            order.swap(place, draws.below(place as u64 + 1));
        }
        Ok(Self { order })
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The items in permuted order.
    ///
    /// # Errors
    /// If there are not as many items as the permutation has.
    pub fn apply<T: Copy>(&self, items: &[T]) -> Result<Vec<T>, Error> {
        same_length("items to permute", self.len(), items.len())?;
        Ok(self.order.iter().map(|&from| items[from]).collect())
    }

    /// The items in the order that they had before [`apply`](Self::apply).
    ///
    /// # Errors
    /// If there are not as many items as the permutation has.
    pub fn undo<T: Copy>(&self, items: &[T]) -> Result<Vec<T>, Error> {
        same_length("items to permute", self.len(), items.len())?;
        let mut out = items.to_vec();
        for (item, &to) in items.iter().zip(self.order.iter()) {
            out[to] = *item;
        }
        Ok(out)
    }

    /// Where an item of the permuted list stood before. Secret.
    pub fn expose(&self) -> &[usize] {
        &self.order
    }
}

impl std::fmt::Debug for Permutation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Permutation({} hidden)", self.len())
    }
}

/// Uniform numbers below a bound, from a key stream that is made a kilobyte at a time.
struct Draws {
    stream: ChaCha20,
    buffer: Zeroizing<[u8; 1024]>,
    used: usize,
}

impl Draws {
    fn new(seed: &[u8; 32]) -> Self {
        let key = stream_key(labels::SHUFFLE, "", seed);
        Self {
            stream: ChaCha20::new((&*key).into(), &[0; 12].into()),
            buffer: Zeroizing::new([0; 1024]),
            used: 1024,
        }
    }

    fn next(&mut self) -> u64 {
        if self.used == self.buffer.len() {
            self.buffer.zeroize();
            self.stream.apply_keystream(&mut *self.buffer);
            self.used = 0;
        }
        let mut bytes = Zeroizing::new([0; 8]);
        bytes.copy_from_slice(&self.buffer[self.used..self.used + 8]);
        self.used += 8;
        u64::from_le_bytes(*bytes)
    }

    /// Lemire, "Fast random integer generation in an interval" (2019): exact, and no division by or of a secret.
    fn below(&mut self, bound: u64) -> usize {
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.next()) * u128::from(bound);
            if product as u64 >= threshold {
                return (product >> 64) as usize;
            }
        }
    }
}
