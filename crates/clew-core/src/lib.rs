//! The group operations of the joint trace and of the overlap check, on whole batches of 32-byte encodings.
//!
//! Pure: bytes in, values out. Randomness comes in as bytes, and there is no clock, no file, no network and no environment.
//! Every operation takes the [`Backend`] that computes it; all backends give the same bytes. What is normative stands in
//! `spec/core.md`, and the numbers in parentheses here are its sections.
//!
//! The way of a joint trace through the modules: [`hash`] turns numbers into points; [`elgamal`] seals them into the
//! holder's snapshot and hides them in the tracer's requests; [`open`] is what the holder does with a request; [`proofs`]
//! makes every step of the holder checkable; [`shuffle`] hides orders; [`oprf`] is RFC 9497, for the overlap check.

mod batch;
pub mod elgamal;
mod error;
pub mod hash;
pub mod keys;
pub mod labels;
pub mod open;
pub mod oprf;
pub mod pairs;
pub mod proofs;
mod scalars;
pub mod shuffle;
pub mod transcript;

pub use batch::{check_points, divide_each, multiply, multiply_each};
pub use clew_kernels::{Backend, Points, Table};
pub use error::Error;
pub use scalars::{SecretScalar, SecretScalars};

/// A point: the canonical 32-byte encoding of RFC 9496, 4.3.2.
pub type Encoding = [u8; 32];

/// Most items in a batch. A position then fits 32 bits, and so does the block counter of the key stream behind scalars.
pub const LIMIT_ITEMS: usize = 1 << 31;
