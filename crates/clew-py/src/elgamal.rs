//! The operations of the joint trace on sealed numbers: items of 128 bytes, the four points of two ElGamal pairs.

use std::sync::{Arc, OnceLock};

use clew_core::elgamal::{self, Hidden, Hiding, SealRandomness, answers_of as expected_answers};
use clew_core::keys::{HolderKeys, HolderSecrets, Role};
use clew_core::open::{self, Opened, open_list as opened_list};
use clew_core::pairs::{Pairs, Sealed};
use clew_core::{Backend, Encoding, Error, Points, SecretScalar, SecretScalars, Table};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use zeroize::Zeroizing;

use crate::arrays::{array, positions, row, rows};
use crate::batch::batch;
use crate::errors::{peer, raised};
use crate::secrets::{PySecretScalar, stays};

/// What each part of a seed serves; the evidence of declared contacts makes them again, so they never change.
const NUMBER: &str = "number randomness";
const SEAL: &str = "seal randomness";
const OFFSET: &str = "offset";
const FACTOR: &str = "factor";
const ENCRYPTION: &str = "encryption randomness";

/// The holder's four secrets of one trace. Wiped when the last reference goes, which is how a trace is closed.
#[pyclass(name = "HolderSecrets", module = "clew._core", frozen)]
pub struct PyHolderSecrets {
    pub secrets: HolderSecrets,
    keys: OnceLock<Arc<HolderKeys>>,
}

#[pymethods]
impl PyHolderSecrets {
    #[new]
    fn new(py: Python<'_>, seed: &Bound<'_, PyAny>) -> PyResult<Self> {
        let seed = Zeroizing::new(row::<32>(seed, "seed")?);
        let secrets = HolderSecrets::expand(&seed).map_err(|error| raised(py, error))?;
        let keys = OnceLock::new();
        Ok(Self { secrets, keys })
    }

    /// The keys to publish.
    fn public(&self, py: Python<'_>) -> PyResult<PyHolderKeys> {
        Ok(PyHolderKeys(batch(py, |backend| self.keys(backend))?))
    }

    /// ``x``, which decrypts entries.
    #[getter]
    fn encryption(&self, py: Python<'_>) -> PyResult<PySecretScalar> {
        self.of(py, Role::Encryption)
    }

    /// ``m``, which seals.
    #[getter]
    fn seal(&self, py: Python<'_>) -> PyResult<PySecretScalar> {
        self.of(py, Role::Seal)
    }

    /// ``j``, which names.
    #[getter]
    fn name(&self, py: Python<'_>) -> PyResult<PySecretScalar> {
        self.of(py, Role::Name)
    }

    /// ``k``, which finds and opens rows.
    #[getter]
    fn row(&self, py: Python<'_>) -> PyResult<PySecretScalar> {
        self.of(py, Role::Row)
    }

    fn __repr__(&self) -> &'static str {
        "HolderSecrets(…)"
    }

    fn __reduce__(&self) -> PyResult<()> {
        stays()
    }
}

impl PyHolderSecrets {
    /// The published keys; their tables are made once.
    pub fn keys(&self, backend: Backend) -> Arc<HolderKeys> {
        let made = || Arc::new(self.secrets.public(backend));
        self.keys.get_or_init(made).clone()
    }

    fn of(&self, py: Python<'_>, role: Role) -> PyResult<PySecretScalar> {
        let secret = SecretScalar::from_canonical(self.secrets.get(role).expose());
        Ok(PySecretScalar(Arc::new(
            secret.map_err(|error| raised(py, error))?,
        )))
    }
}

/// The holder's four published keys of one trace: X, M, J, K.
#[pyclass(name = "HolderKeys", module = "clew._core", frozen)]
pub struct PyHolderKeys(pub Arc<HolderKeys>);

#[pymethods]
impl PyHolderKeys {
    #[new]
    fn new(py: Python<'_>, encodings: &Bound<'_, PyAny>) -> PyResult<Self> {
        let encodings = row::<128>(encodings, "encodings")?;
        let mut keys = [[0; 32]; 4];
        keys.as_flattened_mut().copy_from_slice(&encodings);
        let keys = HolderKeys::new(&keys).map_err(|error| peer(py, error))?;
        Ok(Self(Arc::new(keys)))
    }

    /// X, M, J and K, 128 bytes.
    #[getter]
    fn encodings<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.encodings().as_flattened())
    }

    /// X, under which entries are encrypted.
    #[getter]
    fn encryption<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.encryption.encoding())
    }

    /// M, with whose secret seals are made.
    #[getter]
    fn seal<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.seal.encoding())
    }

    /// J, whose secret gives names.
    #[getter]
    fn name<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.name.encoding())
    }

    /// K, whose secret finds and opens rows.
    #[getter]
    fn row<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.row.encoding())
    }

    fn __repr__(&self) -> &'static str {
        "HolderKeys(…)"
    }
}

impl PyHolderKeys {
    fn role(&self, rows: bool) -> &Table {
        if rows { &self.0.row } else { &self.0.name }
    }
}

/// What reads the answers to a list: the secrets that hide its items.
#[pyclass(name = "Hidden", module = "clew._core", frozen)]
struct PyHidden(HiddenBy);

enum HiddenBy {
    /// Of a list of items.
    List(Hidden),
    /// Of the tracer's own numbers, each multiplied by a factor.
    Numbers(SecretScalars),
}

#[pymethods]
impl PyHidden {
    /// The answers with the hiding undone, shape (n, 32): names, or row points if ``rows``. 32 zero bytes are nobody's.
    #[pyo3(signature = (answers, keys, rows = false))]
    fn read<'py>(
        &self,
        py: Python<'py>,
        answers: &Bound<'py, PyAny>,
        keys: &Bound<'py, PyHolderKeys>,
        rows: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let answers = self::rows::<32>(answers, "answers")?;
        let key = keys.get().role(rows);
        let found = batch(py, |backend| match &self.0 {
            HiddenBy::List(hidden) => hidden.read(backend, &answers, key),
            HiddenBy::Numbers(factors) => clew_core::divide_each(backend, &answers, factors),
        })?;
        array(py, &found.map_err(|error| peer(py, error))?)
    }

    /// The same of answers to the items at strictly increasing positions.
    #[pyo3(signature = (positions, answers, keys, rows = false))]
    fn read_at<'py>(
        &self,
        py: Python<'py>,
        positions: &Bound<'py, PyAny>,
        answers: &Bound<'py, PyAny>,
        keys: &Bound<'py, PyHolderKeys>,
        rows: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let positions = self::positions(positions)?;
        let answers = self::rows::<32>(answers, "answers")?;
        let key = keys.get().role(rows);
        let found = batch(py, |backend| match &self.0 {
            HiddenBy::List(hidden) => hidden.read_at(backend, &positions, &answers, key),
            HiddenBy::Numbers(_) => Err(Error::Positions),
        })?;
        let fault = |error| match error {
            Error::Positions => raised(py, error),
            _ => peer(py, error),
        };
        array(py, &found.map_err(fault)?)
    }

    /// The 32 bytes that hide one item: whoever sees them can tell which item it was.
    fn reveal<'py>(&self, py: Python<'py>, position: usize) -> PyResult<Bound<'py, PyBytes>> {
        let secret = match &self.0 {
            HiddenBy::List(hidden) => hidden.reveal(position).map(Zeroizing::new),
            HiddenBy::Numbers(_) => Err(Error::Positions),
        };
        let secret = secret.map_err(|error| raised(py, error))?;
        Ok(PyBytes::new(py, &*secret))
    }

    fn __len__(&self) -> usize {
        match &self.0 {
            HiddenBy::List(hidden) => hidden.len(),
            HiddenBy::Numbers(factors) => factors.len(),
        }
    }

    fn __repr__(&self) -> &'static str {
        "Hidden(…)"
    }

    fn __reduce__(&self) -> PyResult<()> {
        stays()
    }
}

/// The hidden numbers of a list of which every seal was checked; nothing but that check makes one.
#[pyclass(name = "Opened", module = "clew._core", frozen)]
struct PyOpened(Opened);

#[pymethods]
impl PyOpened {
    /// The name answer to each item, shape (n, 32).
    fn names<'py>(
        &self,
        py: Python<'py>,
        secrets: &Bound<'py, PyHolderSecrets>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let secrets = &secrets.get().secrets;
        array(py, &batch(py, |backend| self.0.names(backend, secrets))?)
    }

    /// The row answers to the items at strictly increasing positions, shape (n, 32).
    fn row_points<'py>(
        &self,
        py: Python<'py>,
        positions: &Bound<'py, PyAny>,
        secrets: &Bound<'py, PyHolderSecrets>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let positions = self::positions(positions)?;
        let secrets = &secrets.get().secrets;
        let points = batch(py, |backend| {
            self.0.row_points(backend, &positions, secrets)
        })?;
        array(py, &points.map_err(|error| peer(py, error))?)
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __repr__(&self) -> String {
        format!("Opened({} items)", self.0.len())
    }

    fn __reduce__(&self) -> PyResult<()> {
        stays()
    }
}

/// Sealed numbers, shape (n, 128): pairs of the numbers' points and of the same points times the seal secret, both of
/// shape (n, 32). ``seed``: 32 fresh bytes, which the row proof needs again.
#[pyfunction]
fn seal<'py>(
    py: Python<'py>,
    numbers: &Bound<'py, PyAny>,
    seals: &Bound<'py, PyAny>,
    keys: &Bound<'py, PyHolderKeys>,
    seed: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let (numbers, seals) = (rows::<32>(numbers, "numbers")?, rows::<32>(seals, "seals")?);
    let seed = Zeroizing::new(row::<32>(seed, "seed")?);
    let keys = &keys.get().0;
    let items = batch(py, |backend| sealed(backend, &numbers, &seals, keys, &seed))?;
    array(py, &items.map_err(|error| raised(py, error))?)
}

/// The seeds as sealed numbers, shape (n, 128), from the answers to the warrant's points, each divided by its secret.
/// ``secrets``: 32 bytes each; ``seed``: 32 fresh bytes.
#[pyfunction]
fn seal_seeds<'py>(
    py: Python<'py>,
    numbers: &Bound<'py, PyAny>,
    answers: &Bound<'py, PyAny>,
    secrets: &Bound<'py, PyAny>,
    keys: &Bound<'py, PyHolderKeys>,
    seed: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let (numbers, answers) = (
        rows::<32>(numbers, "numbers")?,
        rows::<32>(answers, "answers")?,
    );
    let secrets = Zeroizing::new(rows::<32>(secrets, "secrets")?);
    let seed = Zeroizing::new(row::<32>(seed, "seed")?);
    let keys = &keys.get().0;
    let items = batch(py, |backend| {
        let secrets = SecretScalars::from_canonical(&secrets)?;
        let seals = clew_core::divide_each(backend, &answers, &secrets)?;
        sealed(backend, &numbers, &seals, keys, &seed)
    })?;
    array(py, &items.map_err(|error| raised(py, error))?)
}

/// Items of the numbers' points and of the same points times the seal secret, made from a seed.
fn sealed(
    backend: Backend,
    numbers: &[Encoding],
    seals: &[Encoding],
    keys: &HolderKeys,
    seed: &[u8; 32],
) -> Result<Vec<[u8; 128]>, Error> {
    let key = &keys.encryption;
    let randomness = seal_randomness(seed, numbers.len())?;
    let number = elgamal::encrypt(backend, Points::Encoded(numbers), key, randomness.number)?;
    let seal = elgamal::encrypt(backend, Points::Encoded(seals), key, randomness.seal)?;
    Ok(Sealed { number, seal }.view()?.to_items())
}

/// Pairs of shape (n, 64) of the points, under the encryption key. ``seed``: 32 fresh bytes.
#[pyfunction]
fn encrypt<'py>(
    py: Python<'py>,
    points: &Bound<'py, PyAny>,
    keys: &Bound<'py, PyHolderKeys>,
    seed: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let points = rows::<32>(points, "points")?;
    let seed = Zeroizing::new(row::<32>(seed, "seed")?);
    let key = &keys.get().0.encryption;
    let pairs = batch(py, |backend| {
        let randomness = SecretScalars::expand(&seed, ENCRYPTION, points.len())?;
        elgamal::encrypt(backend, Points::Encoded(&points), key, randomness)
    })?;
    array(py, &to_items(&pairs.map_err(|error| raised(py, error))?))
}

/// The points of pairs of shape (n, 64); one that is the identity is refused.
#[pyfunction]
fn decrypt<'py>(
    py: Python<'py>,
    pairs: &Bound<'py, PyAny>,
    secrets: &Bound<'py, PyHolderSecrets>,
) -> PyResult<Bound<'py, PyAny>> {
    let pairs = from_items(&rows::<64>(pairs, "pairs")?);
    let secret = &secrets.get().secrets.encryption;
    let points = batch(py, |backend| open::decrypt(backend, pairs.view()?, secret))?;
    array(py, &points.map_err(|error| peer(py, error))?)
}

/// Pairs of shape (n, 64) that decrypt to the same points and look like any others. ``seed``: 32 fresh bytes.
#[pyfunction]
fn rerandomise<'py>(
    py: Python<'py>,
    pairs: &Bound<'py, PyAny>,
    keys: &Bound<'py, PyHolderKeys>,
    seed: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let pairs = from_items(&rows::<64>(pairs, "pairs")?);
    let seed = Zeroizing::new(row::<32>(seed, "seed")?);
    let key = &keys.get().0.encryption;
    let made = batch(py, |backend| {
        let pairs = pairs.view()?;
        let randomness = SecretScalars::expand(&seed, NUMBER, pairs.len())?;
        elgamal::rerandomise(backend, pairs, key, &randomness)
    })?;
    array(py, &to_items(&made.map_err(|error| peer(py, error))?))
}

/// A list of sealed numbers, shape (n, 128), rerandomised and hidden, each by secrets of its own, and what reads its
/// answers. ``seed``: 32 fresh bytes.
#[pyfunction]
fn hide_sealed<'py>(
    py: Python<'py>,
    items: &Bound<'py, PyAny>,
    keys: &Bound<'py, PyHolderKeys>,
    seed: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyTuple>> {
    let items = rows::<128>(items, "items")?;
    let seed = Zeroizing::new(row::<32>(seed, "seed")?);
    let keys = &keys.get().0;
    let made = batch(py, |backend| {
        let sealed = Sealed::from_items(&items);
        let randomness = seal_randomness(&seed, items.len())?;
        let offsets = Hiding::Offset(SecretScalars::expand(&seed, OFFSET, items.len())?);
        let (sealed, hidden) =
            elgamal::hide_sealed(backend, sealed.view()?, keys, randomness, offsets)?;
        Ok((sealed.view()?.to_items(), hidden))
    })?;
    let (items, hidden) = made.map_err(|error| peer(py, error))?;
    (array(py, &items)?, PyHidden(HiddenBy::List(hidden))).into_pyobject(py)
}

/// Declared contacts, pairs of shape (n, 64) of the points of their numbers, hidden, and what reads their answers. The
/// same points, keys and seed give the same bytes, which is how an auditor checks them.
#[pyfunction]
fn declare<'py>(
    py: Python<'py>,
    points: &Bound<'py, PyAny>,
    keys: &Bound<'py, PyHolderKeys>,
    seed: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyTuple>> {
    let points = rows::<32>(points, "points")?;
    let seed = Zeroizing::new(row::<32>(seed, "seed")?);
    let keys = &keys.get().0;
    let made = batch(py, |backend| {
        let draw = |purpose| SecretScalars::expand(&seed, purpose, points.len());
        let key = &keys.encryption;
        let pairs = elgamal::encrypt(backend, Points::Encoded(&points), key, draw(ENCRYPTION)?)?;
        let offsets = Hiding::Offset(draw(OFFSET)?);
        let (pairs, hidden) =
            elgamal::hide_declared(backend, pairs.view()?, keys, draw(NUMBER)?, offsets)?;
        Ok((to_items(&pairs), hidden))
    })?;
    let (items, hidden) = made.map_err(|error| raised(py, error))?;
    (array(py, &items)?, PyHidden(HiddenBy::List(hidden))).into_pyobject(py)
}

/// The points of the tracer's own numbers hidden, shape (n, 32), each multiplied by a factor of its own, and what reads
/// the names that are answered. They are of real numbers, never the identity, so a factor hides them wholly.
#[pyfunction]
fn hide_numbers<'py>(
    py: Python<'py>,
    points: &Bound<'py, PyAny>,
    seed: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyTuple>> {
    let points = rows::<32>(points, "points")?;
    let seed = Zeroizing::new(row::<32>(seed, "seed")?);
    let made = batch(py, |backend| {
        let factors = SecretScalars::expand(&seed, FACTOR, points.len())?;
        let hidden = clew_core::multiply_each(backend, &points, &factors)?;
        Ok((hidden, factors))
    })?;
    let (points, factors) = made.map_err(|error| raised(py, error))?;
    (array(py, &points)?, PyHidden(HiddenBy::Numbers(factors))).into_pyobject(py)
}

/// A request's list decrypted, after every seal of it was checked: sealed items of shape (n, 128), then declared ones
/// of shape (m, 64).
#[pyfunction]
fn open_list(
    py: Python<'_>,
    sealed: &Bound<'_, PyAny>,
    declared: &Bound<'_, PyAny>,
    secrets: &Bound<'_, PyHolderSecrets>,
) -> PyResult<PyOpened> {
    let (sealed, declared) = (
        rows::<128>(sealed, "sealed")?,
        rows::<64>(declared, "declared")?,
    );
    let secrets = &secrets.get().secrets;
    let opened = batch(py, |backend| {
        let sealed = Sealed::from_items(&sealed);
        let pairs = from_items(&declared);
        opened_list(backend, sealed.view()?, pairs.view()?, secrets)
    })?;
    Ok(PyOpened(opened.map_err(|error| peer(py, error))?))
}

/// The answers that names must have had, shape (n, 32), given the secrets that ``Hidden.reveal`` told.
#[pyfunction]
fn answers_of<'py>(
    py: Python<'py>,
    names: &Bound<'py, PyAny>,
    revealed: &Bound<'py, PyAny>,
    keys: &Bound<'py, PyHolderKeys>,
) -> PyResult<Bound<'py, PyAny>> {
    let (names, revealed) = (
        rows::<32>(names, "names")?,
        rows::<32>(revealed, "revealed")?,
    );
    let keys = &keys.get().0;
    let answers = batch(py, |backend| {
        let offsets = SecretScalars::from_canonical(&revealed).map(Hiding::Offset);
        let what = "revealed secret";
        let offsets = offsets.map_err(|error| match error {
            Error::Identity { index, .. } => Error::Identity { what, index },
            Error::NotCanonical { index, .. } => Error::NotCanonical { what, index },
            other => other,
        })?;
        expected_answers(backend, &names, &offsets, &keys.name)
    })?;
    array(py, &answers.map_err(|error| peer(py, error))?)
}

/// The identifiers of the rows that row points open, shape (n, 16), and their keys, shape (n, 32).
#[pyfunction]
fn row_keys<'py>(py: Python<'py>, points: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
    let points = rows::<32>(points, "points")?;
    let (ids, keys) = batch(py, |_| {
        let ids: Vec<[u8; 16]> = points.iter().map(clew_core::hash::row_id).collect();
        let key = |point: &Encoding| *clew_core::hash::row_key(point);
        (
            ids,
            Zeroizing::new(points.iter().map(key).collect::<Vec<_>>()),
        )
    })?;
    (array(py, &ids)?, array(py, &keys)?).into_pyobject(py)
}

/// The randomness of sealed numbers that a seed gives.
pub fn seal_randomness(seed: &[u8; 32], count: usize) -> Result<SealRandomness, Error> {
    Ok(SealRandomness {
        number: SecretScalars::expand(seed, NUMBER, count)?,
        seal: SecretScalars::expand(seed, SEAL, count)?,
    })
}

fn to_items(pairs: &Pairs) -> Vec<[u8; 64]> {
    let join = |(first, second): (&Encoding, &Encoding)| {
        let mut item = [0; 64];
        item[..32].copy_from_slice(first);
        item[32..].copy_from_slice(second);
        item
    };
    pairs.first.iter().zip(&pairs.second).map(join).collect()
}

/// Pairs of items of 64 bytes.
pub fn from_items(items: &[[u8; 64]]) -> Pairs {
    let column = |start: usize| {
        let cut = |item: &[u8; 64]| std::array::from_fn(|at| item[start + at]);
        items.iter().map(cut).collect()
    };
    Pairs {
        first: column(0),
        second: column(32),
    }
}

/// Adds what this module has to the extension module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyHolderSecrets>()?;
    module.add_class::<PyHolderKeys>()?;
    module.add_class::<PyHidden>()?;
    module.add_class::<PyOpened>()?;
    module.add_function(wrap_pyfunction!(seal, module)?)?;
    module.add_function(wrap_pyfunction!(seal_seeds, module)?)?;
    module.add_function(wrap_pyfunction!(encrypt, module)?)?;
    module.add_function(wrap_pyfunction!(decrypt, module)?)?;
    module.add_function(wrap_pyfunction!(rerandomise, module)?)?;
    module.add_function(wrap_pyfunction!(hide_sealed, module)?)?;
    module.add_function(wrap_pyfunction!(declare, module)?)?;
    module.add_function(wrap_pyfunction!(hide_numbers, module)?)?;
    module.add_function(wrap_pyfunction!(open_list, module)?)?;
    module.add_function(wrap_pyfunction!(answers_of, module)?)?;
    module.add_function(wrap_pyfunction!(row_keys, module)?)
}
