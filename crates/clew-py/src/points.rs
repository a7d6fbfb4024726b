//! Operations on arrays of points.

use clew_core::hash::{self, Expander};
use clew_kernels::{Combination, Points, Scalars};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::arrays::{array, rows};
use crate::batch::batch;
use crate::errors::{Misuse, invalid, misuse, raised};
use crate::secrets::{PySecretScalar, PySecretScalars};
use crate::values::Values;

/// One scalar for all points, or one for each.
#[derive(FromPyObject)]
enum Factors<'py> {
    One(Bound<'py, PySecretScalar>),
    Each(Bound<'py, PySecretScalars>),
}

/// The group elements of values under a domain separation tag (RFC 9380, ristretto255 with SHA-512), an array of shape
/// (n, 32).
#[pyfunction]
fn hash_to_group<'py>(
    py: Python<'py>,
    values: &Bound<'py, PyAny>,
    dst: &[u8],
) -> PyResult<Bound<'py, PyAny>> {
    let values = Values::read(values, "values")?;
    let expander = Expander::new(dst).map_err(|error| raised(py, error))?;
    let points = batch(py, |backend| {
        hash::hash_to_group(backend, &expander, &values.slices())
    })?;
    array(py, &points.map_err(|error| raised(py, error))?)
}

/// The group elements of values times a secret scalar, shape (n, 32): as ``hash_to_group`` and ``multiply``, in one go.
#[pyfunction]
fn hash_and_multiply<'py>(
    py: Python<'py>,
    values: &Bound<'py, PyAny>,
    dst: &[u8],
    scalar: &Bound<'py, PySecretScalar>,
) -> PyResult<Bound<'py, PyAny>> {
    let values = Values::read(values, "values")?;
    let expander = Expander::new(dst).map_err(|error| raised(py, error))?;
    let scalar = scalar.get().0.clone();
    let points = batch(py, |backend| {
        hash::hash_and_multiply(backend, &expander, &values.slices(), &scalar)
    })?;
    array(py, &points.map_err(|error| raised(py, error))?)
}

/// Each point times the secret scalar, or times the one of its row; shape (n, 32).
#[pyfunction]
fn multiply<'py>(
    py: Python<'py>,
    points: &Bound<'py, PyAny>,
    scalars: Factors<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let points = rows::<32>(points, "points")?;
    let product = match scalars {
        Factors::One(scalar) => {
            let scalar = scalar.get().0.clone();
            batch(py, |backend| clew_core::multiply(backend, &points, &scalar))?
        }
        Factors::Each(scalars) => {
            let scalars = scalars.get().0.borrow(py, "scalars")?;
            batch(py, |backend| {
                clew_core::multiply_each(backend, &points, &scalars)
            })?
        }
    };
    array(py, &product.map_err(|error| raised(py, error))?)
}

/// Each secret scalar times the generator; shape (n, 32).
#[pyfunction]
fn multiply_base<'py>(
    py: Python<'py>,
    scalars: &Bound<'py, PySecretScalars>,
) -> PyResult<Bound<'py, PyAny>> {
    let scalars = scalars.get().0.borrow(py, "scalars")?;
    let product = batch(py, |backend| scalars.public(backend))?;
    array(py, &product)
}

/// The sum of the points of each row, shape (n, 32); a sum that is the identity is refused. Costs a multiplication.
#[pyfunction]
fn add<'py>(
    py: Python<'py>,
    first: &Bound<'py, PyAny>,
    second: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    const ONE: [u8; 32] = {
        let mut one = [0; 32];
        one[0] = 1;
        one
    };
    let (first, second) = (rows::<32>(first, "first")?, rows::<32>(second, "second")?);
    same_lengths(py, &first, &second)?;
    let mut sums = vec![[0; 32]; first.len()];
    let what = Combination {
        addend: Some(Points::Encoded(&first)),
        variable: Some((Points::Encoded(&second), Scalars::One(&ONE))),
        ..Combination::default()
    };
    let identity = batch(py, |backend| {
        clew_kernels::combine(backend, &what, &mut sums)
    })?;
    match identity.map_err(|error| invalid(py, error))? {
        None => array(py, &sums),
        Some(index) => {
            let what = "sum";
            Err(raised(py, clew_core::Error::Identity { what, index }))
        }
    }
}

/// The sum of points, each times its scalar: 32 bytes, zero if it is the identity. Takes a time that depends on the
/// scalars, rows of 32 bytes, little-endian: **for public values only**.
#[pyfunction]
fn sum_products_vartime<'py>(
    py: Python<'py>,
    points: &Bound<'py, PyAny>,
    scalars: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    let (points, scalars) = (
        rows::<32>(points, "points")?,
        rows::<32>(scalars, "scalars")?,
    );
    same_lengths(py, &points, &scalars)?;
    let sum = batch(py, |backend| {
        clew_kernels::sum_products_vartime(backend, &points, &scalars)
    })?;
    Ok(PyBytes::new(py, &sum.map_err(|error| invalid(py, error))?))
}

fn same_lengths(py: Python<'_>, first: &[[u8; 32]], second: &[[u8; 32]]) -> PyResult<()> {
    if first.len() == second.len() {
        return Ok(());
    }
    let what = format!("there are {} rows, and {}", first.len(), second.len());
    Err(misuse(py, Misuse::Lengths, &what))
}

/// Returns if every row of an array of shape (n, 32) is the encoding of a point other than the identity.
#[pyfunction]
fn check_points(py: Python<'_>, points: &Bound<'_, PyAny>) -> PyResult<()> {
    let points = rows::<32>(points, "points")?;
    batch(py, |backend| clew_core::check_points(backend, &points))?
        .map_err(|error| raised(py, error))
}

/// Adds what this module has to the extension module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(hash_to_group, module)?)?;
    module.add_function(wrap_pyfunction!(hash_and_multiply, module)?)?;
    module.add_function(wrap_pyfunction!(sum_products_vartime, module)?)?;
    module.add_function(wrap_pyfunction!(multiply, module)?)?;
    module.add_function(wrap_pyfunction!(multiply_base, module)?)?;
    module.add_function(wrap_pyfunction!(add, module)?)?;
    module.add_function(wrap_pyfunction!(check_points, module)?)
}
