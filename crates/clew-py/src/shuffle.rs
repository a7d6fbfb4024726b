//! Secret permutations of rows.

use clew_core::shuffle::Permutation;
use pyo3::prelude::*;
use zeroize::Zeroizing;

use crate::arrays::{array, reserved, row, rows};
use crate::batch::batch;
use crate::errors::raised;
use crate::secrets::stays;

/// A secret permutation of so many rows, drawn from 32 random bytes.
#[pyclass(name = "Permutation", module = "clew._core", frozen)]
struct PyPermutation(Permutation);

#[pymethods]
impl PyPermutation {
    #[new]
    fn new(py: Python<'_>, seed: &Bound<'_, PyAny>, count: usize) -> PyResult<Self> {
        let seed = Zeroizing::new(row::<32>(seed, "seed")?);
        drop(reserved::<usize>(py, count, "the permutation")?);
        let made = batch(py, |_| Permutation::from_seed(&seed, count))?;
        Ok(Self(made.map_err(|error| raised(py, error))?))
    }

    /// The rows, shape (n, 32), in permuted order.
    fn apply<'py>(
        &self,
        py: Python<'py>,
        points: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let points = rows::<32>(points, "points")?;
        let found = batch(py, |_| self.0.apply(&points))?;
        array(py, &found.map_err(|error| raised(py, error))?)
    }

    /// The rows, shape (n, 32), in the order that they had before ``apply``.
    fn undo<'py>(
        &self,
        py: Python<'py>,
        points: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let points = rows::<32>(points, "points")?;
        let found = batch(py, |_| self.0.undo(&points))?;
        array(py, &found.map_err(|error| raised(py, error))?)
    }

    /// For each place of the result, which row stands there: a list, secret from here on only if you keep it so.
    fn expose(&self) -> Vec<usize> {
        self.0.expose().to_vec()
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __repr__(&self) -> &'static str {
        "Permutation(…)"
    }

    fn __reduce__(&self) -> PyResult<()> {
        stays()
    }
}

/// Adds what this module has to the extension module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyPermutation>()
}
