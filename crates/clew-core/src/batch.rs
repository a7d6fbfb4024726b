//! The one way into the kernels: fills a batch, and refuses results that are the identity.

use clew_kernels::{Backend, Combination, Invalid, Part, Points, Scalars, combine};

use crate::error::same_length;
use crate::scalars::{SecretScalar, SecretScalars};
use crate::{Encoding, Error};

/// The results of a combination; `addend` and `variable` name its parts in errors.
pub(crate) fn run(
    backend: Backend,
    what: &Combination,
    count: usize,
    addend: &'static str,
    variable: &'static str,
) -> Result<Vec<Encoding>, Error> {
    let mut out = vec![[0; 32]; count];
    match combine(backend, what, &mut out) {
        Ok(None) => Ok(out),
        Ok(Some(index)) => Err(Error::Identity {
            what: "result",
            index,
        }),
        Err(invalid) => Err(named(invalid, addend, variable)),
    }
}

/// The error for an input that the kernels refused.
pub(crate) fn named(invalid: Invalid, addend: &'static str, variable: &'static str) -> Error {
    match invalid.part {
        Part::Addend => Error::from_invalid(invalid, addend),
        Part::Variable => Error::from_invalid(invalid, variable),
    }
}

/// Each point times the same secret.
///
/// # Errors
/// The first point that is refused.
pub fn multiply(
    backend: Backend,
    points: &[Encoding],
    secret: &SecretScalar,
) -> Result<Vec<Encoding>, Error> {
    let what = Combination {
        variable: Some((Points::Encoded(points), Scalars::One(secret.expose()))),
        ..Combination::default()
    };
    run(backend, &what, points.len(), "point", "point")
}

/// Each point times a secret of its own.
///
/// # Errors
/// The first point that is refused, or lengths that differ.
pub fn multiply_each(
    backend: Backend,
    points: &[Encoding],
    secrets: &SecretScalars,
) -> Result<Vec<Encoding>, Error> {
    same_length("scalars", points.len(), secrets.len())?;
    let what = Combination {
        variable: Some((Points::Encoded(points), Scalars::Each(secrets.expose()))),
        ..Combination::default()
    };
    run(backend, &what, points.len(), "point", "point")
}

/// Each point divided by a secret of its own: undoes [`multiply_each`].
///
/// # Errors
/// The first point that is refused, or lengths that differ.
pub fn divide_each(
    backend: Backend,
    points: &[Encoding],
    secrets: &SecretScalars,
) -> Result<Vec<Encoding>, Error> {
    multiply_each(backend, points, &secrets.inverted())
}

/// Succeeds if every encoding is that of a point other than the identity.
///
/// # Errors
/// The first that is not.
pub fn check_points(backend: Backend, points: &[Encoding]) -> Result<(), Error> {
    clew_kernels::check(backend, points).map_err(|invalid| Error::from_invalid(invalid, "point"))
}
