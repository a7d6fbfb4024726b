//! What can be wrong with the input of an operation.

use clew_kernels::{Invalid, InvalidKind};

/// Why an operation refused its input. Says where, never which secret, and never why a proof or a seal failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// No point, or no scalar, has this encoding.
    NotCanonical {
        /// Which argument.
        what: &'static str,
        /// Position in it, from 0.
        index: usize,
    },
    /// A point is the identity, or a scalar is zero.
    Identity {
        /// Which argument, or result.
        what: &'static str,
        /// Position in it, from 0.
        index: usize,
    },
    /// An argument has another length than the others demand.
    Length {
        /// Which argument.
        what: &'static str,
        /// The length that the others demand.
        expected: usize,
        /// The length that it has.
        found: usize,
    },
    /// An argument is empty, too long, or has too many items.
    Limit {
        /// Which argument.
        what: &'static str,
        /// Least allowed length.
        least: usize,
        /// Greatest allowed length.
        greatest: usize,
        /// The length that it has.
        found: usize,
    },
    /// Positions are not strictly increasing, or one is out of range.
    Positions,
    /// At least one seal of the list does not belong to its number. Deliberately says no more.
    Seal,
    /// A proof does not verify. Deliberately says no more.
    Proof,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::NotCanonical { what, index } => {
                write!(f, "{what} {index} is not a canonical encoding")
            }
            Error::Identity { what, index } => {
                write!(f, "{what} {index} is the identity or zero")
            }
            Error::Length {
                what,
                expected,
                found,
            } => write!(f, "{found} of {what} where {expected} are due"),
            Error::Limit {
                what,
                least,
                greatest,
                found,
            } => write!(f, "{what}: {found}, allowed are {least} to {greatest}"),
            Error::Positions => {
                write!(
                    f,
                    "positions must be strictly increasing and within the list"
                )
            }
            Error::Seal => write!(f, "a seal does not belong to its number"),
            Error::Proof => write!(f, "a proof does not verify"),
        }
    }
}

impl std::error::Error for Error {}

impl Error {
    pub(crate) fn from_invalid(invalid: Invalid, what: &'static str) -> Error {
        let index = invalid.index;
        match invalid.kind {
            InvalidKind::NotCanonical => Error::NotCanonical { what, index },
            InvalidKind::Identity => Error::Identity { what, index },
        }
    }
}

/// Succeeds if a length is the one that is due.
pub(crate) fn same_length(what: &'static str, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found {
        Ok(())
    } else {
        Err(Error::Length {
            what,
            expected,
            found,
        })
    }
}

/// Succeeds if a length is within limits.
pub(crate) fn within(
    what: &'static str,
    least: usize,
    greatest: usize,
    found: usize,
) -> Result<(), Error> {
    if (least..=greatest).contains(&found) {
        Ok(())
    } else {
        Err(Error::Limit {
            what,
            least,
            greatest,
            found,
        })
    }
}
