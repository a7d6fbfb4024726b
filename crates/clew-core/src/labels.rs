//! Every label that separates one use of a hash from another (spec core 2).
//!
//! A label is never given a second use, and never changes its meaning: a new meaning gets a new label. The labels of
//! RFC 9497 are in [`crate::oprf`], since they are that document's and not ours.

/// The suite that every transcript names: the group of RFC 9496 with SHA-512.
pub const SUITE: &str = "ristretto255-SHA512";

/// Domain separation tag of numbers, followed by the trace identifier: callers put it together (spec core 5.3).
pub const NUMBER: &str = "clew/1 number ";
/// Before a row point: the row's identifier.
pub const ROW_ID: &str = "clew/1 row-id";
/// Before a row point: the key that encrypts the row.
pub const ROW_KEY: &str = "clew/1 row-key";

/// Secret scalars from 32 bytes of randomness.
pub const SCALARS: &str = "clew/1 scalars";
/// A secret permutation from 32 bytes of randomness.
pub const SHUFFLE: &str = "clew/1 shuffle";

/// A list of sealed items whose seals are checked.
pub const SEALS: &str = "clew/1 seals";
/// The 128-bit weights of a random linear combination.
pub const WEIGHTS: &str = "clew/1 weights";
/// What a proof is about, in its normal form.
pub const STATEMENT: &str = "clew/1 statement";
/// The challenge of a proof.
pub const CHALLENGE: &str = "clew/1 challenge";
/// The nonces of a proof.
pub const NONCE: &str = "clew/1 nonce";

/// Proof that the holder knows the secret of a published key.
pub const PROOF_POSSESSION: &str = "clew/1 proof possession";
/// Proof that the seeds were multiplied by the seal key.
pub const PROOF_SEEDS: &str = "clew/1 proof seeds";
/// Proof that the tracer's own numbers got names under the name key.
pub const PROOF_RECOGNITION: &str = "clew/1 proof recognition";
/// Proof that unmasked numbers have the names that they are said to have.
pub const PROOF_UNMASKING: &str = "clew/1 proof unmasking";
/// Proof that the seals of a row were made with the seal key.
pub const PROOF_ROW: &str = "clew/1 proof row";
/// Proof that all seals of a list checked, and that its names are right.
pub const PROOF_NAMES: &str = "clew/1 proof names";
/// Proof that the row points of a list are right.
pub const PROOF_ROW_POINTS: &str = "clew/1 proof row-points";

/// Every label of this crate, for the test that compares them with the specification.
pub const ALL: [&str; 17] = [
    NUMBER,
    ROW_ID,
    ROW_KEY,
    SCALARS,
    SHUFFLE,
    SEALS,
    WEIGHTS,
    STATEMENT,
    CHALLENGE,
    NONCE,
    PROOF_POSSESSION,
    PROOF_SEEDS,
    PROOF_RECOGNITION,
    PROOF_UNMASKING,
    PROOF_ROW,
    PROOF_NAMES,
    PROOF_ROW_POINTS,
];
