//! RFC 9497, modes OPRF (0) and VOPRF (1), suite ristretto255-SHA512.

use std::sync::Arc;

use clew_core::oprf::{Blinding, Key, LIMIT_PROVEN, Mode, verify_evaluation as verify};
use clew_core::{Encoding, SecretScalars};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use zeroize::Zeroizing;

use crate::arrays::{array, row, rows};
use crate::batch::batch;
use crate::errors::{Misuse, misuse, peer, raised};
use crate::secrets::{Once, PySecretScalar, PySecretScalars, stays};
use crate::values::Values;

fn mode(py: Python<'_>, number: u8) -> PyResult<Mode> {
    match number {
        0 => Ok(Mode::Oprf),
        1 => Ok(Mode::Voprf),
        _ => Err(misuse(py, Misuse::Mode, "there are modes 0 and 1")),
    }
}

/// The server's key pair for one mode. Wiped when the last reference goes; its repr shows nothing.
#[pyclass(name = "OprfKey", module = "clew._core", frozen)]
struct PyOprfKey(Key);

#[pymethods]
impl PyOprfKey {
    /// The key pair of a 32-byte seed and public information (RFC 9497, 3.2.1).
    #[staticmethod]
    #[pyo3(name = "derive")]
    fn derived(py: Python<'_>, seed: &Bound<'_, PyAny>, info: &[u8], mode: u8) -> PyResult<Self> {
        let mode = self::mode(py, mode)?;
        let seed = Zeroizing::new(row::<32>(seed, "seed")?);
        let key = batch(py, |backend| Key::derive(backend, mode, &seed, info))?;
        Ok(Self(key.map_err(|error| raised(py, error))?))
    }

    /// The key pair of a secret scalar.
    #[staticmethod]
    fn from_secret(py: Python<'_>, secret: &Bound<'_, PySecretScalar>, mode: u8) -> PyResult<Self> {
        let mode = self::mode(py, mode)?;
        let secret = secret.get().0.clone();
        let key = batch(py, |backend| {
            let secret = clew_core::SecretScalar::from_canonical(secret.expose())?;
            Key::from_secret(backend, mode, secret)
        })?;
        Ok(Self(key.map_err(|error| raised(py, error))?))
    }

    /// 0 or 1.
    #[getter]
    fn mode(&self) -> u8 {
        match self.0.mode() {
            Mode::Oprf => 0,
            Mode::Voprf => 1,
        }
    }

    /// The public key, 32 bytes.
    #[getter]
    fn public<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.public())
    }

    /// The client's blinded elements times the key, shape (n, 32); nothing proves it.
    fn evaluate<'py>(
        &self,
        py: Python<'py>,
        elements: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let elements = rows::<32>(elements, "elements")?;
        let evaluated = batch(py, |backend| self.0.evaluate(backend, &elements))?;
        array(py, &evaluated.map_err(|error| raised(py, error))?)
    }

    /// The same and its proofs, 64 bytes for every 65,535 elements or part of it. ``randomness``: 32 fresh bytes.
    fn evaluate_with_proof<'py>(
        &self,
        py: Python<'py>,
        elements: &Bound<'py, PyAny>,
        randomness: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let elements = rows::<32>(elements, "elements")?;
        let randomness = Zeroizing::new(row::<32>(randomness, "randomness")?);
        let found = batch(py, |backend| {
            self.0.evaluate_with_proof(backend, &elements, &randomness)
        })?;
        let (evaluated, proofs) = found.map_err(|error| raised(py, error))?;
        (array(py, &evaluated)?, PyBytes::new(py, &proofs)).into_pyobject(py)
    }

    /// The outputs of inputs that the server knows itself, shape (n, 64).
    fn outputs<'py>(
        &self,
        py: Python<'py>,
        inputs: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let inputs = Values::read(inputs, "inputs")?;
        let outputs = batch(py, |backend| self.0.outputs(backend, &inputs.slices()))?;
        array(py, &outputs.map_err(|error| raised(py, error))?)
    }

    fn __repr__(&self) -> String {
        format!("OprfKey(mode={}, …)", self.mode())
    }

    fn __reduce__(&self) -> PyResult<()> {
        stays()
    }
}

/// The client's side of one exchange. Finalising consumes it, whether it succeeds or not.
#[pyclass(name = "Blinding", module = "clew._core", frozen)]
struct PyBlinding(Once<Blinding>);

#[pymethods]
impl PyBlinding {
    /// The blinded elements to send, in the order of the inputs, shape (n, 32).
    #[getter]
    fn elements<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        array(py, self.kept(py)?.elements())
    }

    /// The outputs, shape (n, 64), from evaluated elements that nothing vouches for, in either mode.
    fn finalise_unverified<'py>(
        &self,
        py: Python<'py>,
        evaluated: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let evaluated = rows::<32>(evaluated, "evaluated")?;
        let blinding = self.0.take(py, "the blinding")?;
        let outputs = batch(py, |backend| blinding.finalise(backend, &evaluated))?;
        array(py, &outputs.map_err(|error| peer(py, error))?)
    }

    /// The outputs, shape (n, 64), from evaluated elements that proofs under the public key vouch for.
    fn finalise_verified<'py>(
        &self,
        py: Python<'py>,
        evaluated: &Bound<'py, PyAny>,
        proof: &[u8],
        public: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let evaluated = rows::<32>(evaluated, "evaluated")?;
        let public: Encoding = row(public, "public")?;
        let blinding = self.0.take(py, "the blinding")?;
        let outputs = batch(py, |backend| {
            blinding.finalise_verified(backend, &evaluated, proof, &public)
        })?;
        array(py, &outputs.map_err(|error| peer(py, error))?)
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.kept(py)?.len())
    }

    fn __repr__(&self) -> &'static str {
        "Blinding(…)"
    }

    fn __reduce__(&self) -> PyResult<()> {
        stays()
    }
}

impl PyBlinding {
    fn kept(&self, py: Python<'_>) -> PyResult<Arc<Blinding>> {
        self.0.borrow(py, "the blinding")
    }
}

/// 32 random bytes that serve nothing else, or the blinds themselves, which are consumed.
#[derive(FromPyObject)]
enum Blinds<'py> {
    Scalars(Bound<'py, PySecretScalars>),
    Seed(Bound<'py, PyAny>),
}

/// The client's side of an exchange over the inputs. ``randomness``: 32 fresh bytes, or as many secret scalars as inputs,
/// which are consumed.
#[pyfunction]
fn blind(
    py: Python<'_>,
    inputs: &Bound<'_, PyAny>,
    randomness: Blinds<'_>,
    mode: u8,
) -> PyResult<PyBlinding> {
    let mode = self::mode(py, mode)?;
    let inputs = Values::read(inputs, "inputs")?;
    let slices = inputs.slices();
    let made = match randomness {
        Blinds::Scalars(scalars) => {
            let blinds = scalars.get().0.take(py, "randomness")?;
            batch(py, |backend| Blinding::new(backend, mode, &slices, blinds))?
        }
        Blinds::Seed(seed) => {
            let seed = Zeroizing::new(row::<32>(&seed, "randomness")?);
            batch(py, |backend| {
                let blinds = SecretScalars::expand(&seed, "oprf blinds", slices.len())?;
                Blinding::new(backend, mode, &slices, blinds)
            })?
        }
    };
    Ok(PyBlinding(Once::new(
        made.map_err(|error| raised(py, error))?,
    )))
}

/// Returns if the proofs show that ``evaluated`` is ``elements`` times the secret of the public key (mode 1).
#[pyfunction]
fn verify_evaluation(
    py: Python<'_>,
    elements: &Bound<'_, PyAny>,
    evaluated: &Bound<'_, PyAny>,
    proof: &[u8],
    public: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let elements = rows::<32>(elements, "elements")?;
    let evaluated = rows::<32>(evaluated, "evaluated")?;
    let public: Encoding = row(public, "public")?;
    batch(py, |backend| {
        verify(backend, &public, &elements, &evaluated, proof)
    })?
    .map_err(|error| peer(py, error))
}

/// Adds what this module has to the extension module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("OPRF_MOST_PROVEN", LIMIT_PROVEN)?;
    module.add_class::<PyOprfKey>()?;
    module.add_class::<PyBlinding>()?;
    module.add_function(wrap_pyfunction!(blind, module)?)?;
    module.add_function(wrap_pyfunction!(verify_evaluation, module)?)
}
