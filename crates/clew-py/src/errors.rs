//! The one place where an error of the Rust crates becomes one of `clew.errors`.
//!
//! What bytes say is whoever sent them to blame for: `PeerError`. How a function is called is the caller's: `InputError`
//! or `UsageError`. The class and the code stand beside each other here, and a test compares them with `spec/errors.md`.

use clew_core::Error;
use clew_kernels::{Invalid, InvalidKind};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// What a caller did wrong.
#[derive(Clone, Copy)]
pub enum Misuse {
    /// An array of another shape or type.
    Shape,
    /// More rows than a call takes, or a value longer than it may be.
    Size,
    /// Arguments that do not belong together.
    Lengths,
    /// Missing values.
    Null,
    /// A secret that was used before.
    Used,
    /// A mode, or another choice, that does not exist.
    Mode,
    /// A backend that is not there.
    Backend,
}

/// The Python error for a wrong call; `what` says which argument.
pub fn misuse(py: Python<'_>, kind: Misuse, what: &str) -> PyErr {
    let (class, code, mend) = match kind {
        Misuse::Shape => ("InputError", "group.array", "Points are rows of 32 bytes."),
        Misuse::Size => (
            "InputError",
            "group.limit",
            "Give it in parts of at most 2^26 rows.",
        ),
        Misuse::Lengths => (
            "InputError",
            "group.lengths",
            "Give as many as there are items.",
        ),
        Misuse::Null => (
            "InputError",
            "group.missing-value",
            "Leave out the rows without a value.",
        ),
        Misuse::Used => (
            "InputError",
            "group.used",
            "Make a new one from fresh randomness.",
        ),
        Misuse::Mode => ("InputError", "group.mode", "0 is OPRF, 1 is VOPRF."),
        Misuse::Backend => (
            "UsageError",
            "group.backend",
            "Unset CLEW_BACKEND, or name one of those that clew doctor lists.",
        ),
    };
    error(py, class, code, what, mend)
}

/// The Python error of an operation whose lengths are the caller's to get right.
pub fn raised(py: Python<'_>, from: Error) -> PyErr {
    let what = from.to_string();
    match from {
        Error::Length { .. } => misuse(py, Misuse::Lengths, &what),
        Error::NotCanonical { what: "scalar", .. } | Error::Identity { what: "scalar", .. } => {
            let mend = "It is not one that Clew stored, or the randomness is broken.";
            error(py, "InputError", "group.scalar", &what, mend)
        }
        Error::Limit { .. } => error(py, "InputError", "group.limit", &what, ""),
        Error::Positions => error(py, "InputError", "group.positions", &what, ""),
        _ => peer(py, from),
    }
}

/// The Python error of an operation on what a peer sent, of whatever length.
pub fn peer(py: Python<'_>, from: Error) -> PyErr {
    let (class, code) = match from {
        Error::NotCanonical { .. } => ("PeerError", "group.encoding"),
        Error::Identity { .. } => ("PeerError", "group.identity"),
        Error::Length { .. } | Error::Limit { .. } => ("PeerError", "group.count"),
        Error::Positions => ("PeerError", "group.order"),
        Error::Seal => ("PeerError", "group.seal"),
        Error::Proof => ("PeerError", "group.proof"),
    };
    error(py, class, code, &from.to_string(), "")
}

/// The Python error for points that the kernels refused.
pub fn invalid(py: Python<'_>, from: Invalid) -> PyErr {
    let (what, index) = ("point", from.index);
    match from.kind {
        InvalidKind::NotCanonical => peer(py, Error::NotCanonical { what, index }),
        InvalidKind::Identity => peer(py, Error::Identity { what, index }),
    }
}

fn error(py: Python<'_>, class: &str, code: &str, what: &str, mend: &str) -> PyErr {
    let made = || -> PyResult<Bound<'_, PyAny>> {
        let words = PyDict::new(py);
        words.set_item("mend", mend)?;
        let class = py.import("clew.errors")?.getattr(class)?;
        class.call((code, what), Some(&words))
    };
    match made() {
        Ok(error) => PyErr::from_value(error),
        Err(error) => error,
    }
}
