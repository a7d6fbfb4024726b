//! Operations on arrays of points.

use pyo3::prelude::*;

use crate::arrays::rows;
use crate::batch::batch;
use crate::errors::invalid;

/// Returns if every row of an array of shape (n, 32) is the encoding of a point other than the identity.
#[pyfunction]
fn check_points(py: Python<'_>, points: &Bound<'_, PyAny>) -> PyResult<()> {
    let given = rows::<32>(points, "points")?;
    batch(py, |backend| clew_kernels::check(backend, &given))?
        .map_err(|error| invalid(py, "points", error))
}

/// Adds what this module has to the extension module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(check_points, module)?)
}
