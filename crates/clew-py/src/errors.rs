//! The one place where an error of the Rust crates becomes one of `clew.errors`.
//!
//! What bytes say is whoever sent them to blame for: `PeerError`. How a function is called is the caller's: `InputError`
//! or `UsageError`. The class and the code stand beside each other here, and a test compares them with `spec/errors.md`.

use clew_kernels::{Invalid, InvalidKind};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// What a caller did wrong.
#[derive(Clone, Copy)]
pub enum Misuse {
    /// An array of another shape or type.
    Shape,
    /// More rows than a call takes.
    Size,
    /// Missing values.
    Null,
    /// A backend that is not there.
    Backend,
}

/// The Python error for a wrong call; `what` says which argument.
pub fn misuse(py: Python<'_>, kind: Misuse, what: &str) -> PyErr {
    let (class, code, mend) = match kind {
        Misuse::Shape => (
            "InputError",
            "group.array",
            "Points are 32 bytes each, one in a row; see docs/reference/group.md.",
        ),
        Misuse::Size => (
            "InputError",
            "group.too-many",
            "Give it in parts of at most 2^26 rows.",
        ),
        Misuse::Null => (
            "InputError",
            "group.missing-value",
            "Leave out the rows without a value.",
        ),
        Misuse::Backend => (
            "UsageError",
            "group.backend",
            "Unset CLEW_BACKEND, or name one of those that clew doctor lists.",
        ),
    };
    error(py, class, code, what, mend)
}

/// The Python error for bytes that are no point, or the identity.
pub fn invalid(py: Python<'_>, name: &str, invalid: Invalid) -> PyErr {
    let index = invalid.index;
    match invalid.kind {
        InvalidKind::NotCanonical => error(
            py,
            "PeerError",
            "group.encoding",
            &format!("row {index} of {name} is not the encoding of a point"),
            "",
        ),
        InvalidKind::Identity => error(
            py,
            "PeerError",
            "group.identity",
            &format!("row {index} of {name} is the identity"),
            "",
        ),
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
