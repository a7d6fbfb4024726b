//! Secrets as Python objects: they hide themselves, are wiped when the last reference goes, and stay where they are.

use std::sync::{Arc, Mutex, PoisonError};

use clew_core::{SecretScalar, SecretScalars};
use curve25519_dalek::Scalar;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use zeroize::Zeroizing;

use crate::arrays::{row, rows};
use crate::batch::batch;
use crate::errors::{Misuse, misuse, raised};

/// A secret that is used once: whoever consumes it leaves nothing behind.
pub struct Once<T>(Mutex<Option<Arc<T>>>);

impl<T> Once<T> {
    pub fn new(secret: T) -> Self {
        Self(Mutex::new(Some(Arc::new(secret))))
    }

    /// The secret, to look at; it can still be consumed afterwards, by nobody meanwhile.
    pub fn borrow(&self, py: Python<'_>, name: &str) -> PyResult<Arc<T>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clone().ok_or_else(|| used(py, name))
    }

    /// The secret; whoever asks again gets an error.
    pub fn take(&self, py: Python<'_>, name: &str) -> PyResult<T> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let secret = kept.take().ok_or_else(|| used(py, name))?;
        Arc::try_unwrap(secret).map_err(|secret| {
            *kept = Some(secret);
            used(py, name)
        })
    }
}

fn used(py: Python<'_>, name: &str) -> PyErr {
    misuse(
        py,
        Misuse::Used,
        &format!("{name} was used before, or is in use"),
    )
}

/// What every secret answers to pickle, copy and deepcopy.
pub fn stays<T>() -> PyResult<T> {
    Err(PyTypeError::new_err(
        "a secret cannot be copied, pickled or serialised",
    ))
}

/// One secret scalar, not zero. Wiped when the last reference to it goes; its repr shows nothing.
#[pyclass(name = "SecretScalar", module = "clew._core", frozen)]
pub struct PySecretScalar(pub Arc<SecretScalar>);

#[pymethods]
impl PySecretScalar {
    /// The scalar of 64 uniform bytes: little-endian, modulo the group's order.
    #[staticmethod]
    fn from_wide(py: Python<'_>, randomness: &Bound<'_, PyAny>) -> PyResult<Self> {
        let wide = Zeroizing::new(row::<64>(randomness, "randomness")?);
        Self::made(py, SecretScalar::from_wide(&wide))
    }

    /// The scalar of 32 random bytes and a purpose; purpose and seed together serve once.
    #[staticmethod]
    fn expand(py: Python<'_>, seed: &Bound<'_, PyAny>, purpose: &str) -> PyResult<Self> {
        let seed = Zeroizing::new(row::<32>(seed, "seed")?);
        Self::made(py, SecretScalar::expand(&seed, purpose))
    }

    /// The scalar of 32 bytes that `expose` gave before.
    #[staticmethod]
    fn from_canonical(py: Python<'_>, encoding: &Bound<'_, PyAny>) -> PyResult<Self> {
        let encoding = Zeroizing::new(row::<32>(encoding, "encoding")?);
        Self::made(py, SecretScalar::from_canonical(&encoding))
    }

    /// The scalar times the generator: the key to publish, 32 bytes.
    #[getter]
    fn public<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let public = batch(py, |backend| self.0.public(backend))?;
        Ok(PyBytes::new(py, &public))
    }

    /// The scalar that undoes a multiplication by this one.
    fn inverse(&self, py: Python<'_>) -> PyResult<Self> {
        let secret = Zeroizing::new(Scalar::from_bytes_mod_order(*self.0.expose()));
        let inverse = Zeroizing::new(secret.invert().to_bytes());
        Self::made(py, SecretScalar::from_canonical(&inverse))
    }

    /// The secret's 32 bytes, for a file that only its owner can read: nothing wipes the bytes that are returned.
    fn expose<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.expose())
    }

    fn __repr__(&self) -> &'static str {
        "SecretScalar(…)"
    }

    fn __reduce__(&self) -> PyResult<()> {
        stays()
    }
}

impl PySecretScalar {
    fn made(py: Python<'_>, scalar: Result<SecretScalar, clew_core::Error>) -> PyResult<Self> {
        let scalar = scalar.map_err(|error| raised(py, error))?;
        Ok(Self(Arc::new(scalar)))
    }
}

/// Secret scalars, one for each item of a batch, none zero. What consumes them says so; then they are gone.
#[pyclass(name = "SecretScalars", module = "clew._core", frozen)]
pub struct PySecretScalars(pub Once<SecretScalars>);

#[pymethods]
impl PySecretScalars {
    /// The scalars of 64 uniform bytes each.
    #[staticmethod]
    fn from_wide(py: Python<'_>, randomness: &Bound<'_, PyAny>) -> PyResult<Self> {
        let wide = Zeroizing::new(rows::<64>(randomness, "randomness")?);
        let scalars = batch(py, |_| SecretScalars::from_wide(&wide))?;
        Ok(Self(Once::new(scalars.map_err(|error| raised(py, error))?)))
    }

    /// So many scalars from 32 random bytes and a purpose; purpose and seed together serve once.
    #[staticmethod]
    fn expand(
        py: Python<'_>,
        seed: &Bound<'_, PyAny>,
        purpose: &str,
        count: usize,
    ) -> PyResult<Self> {
        let seed = Zeroizing::new(row::<32>(seed, "seed")?);
        drop(crate::arrays::reserved::<[u8; 32]>(py, count, "scalars")?);
        let scalars = batch(py, |_| SecretScalars::expand(&seed, purpose, count))?;
        Ok(Self(Once::new(scalars.map_err(|error| raised(py, error))?)))
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.0.borrow(py, "the scalars")?.len())
    }

    fn __repr__(&self) -> &'static str {
        "SecretScalars(…)"
    }

    fn __reduce__(&self) -> PyResult<()> {
        stays()
    }
}

/// Adds what this module has to the extension module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PySecretScalar>()?;
    module.add_class::<PySecretScalars>()
}
