//! Proofs of what the holder did, made by the holder, checked by the tracer at once and by an auditor years later.
//!
//! Every proof is bound to a context, bytes that name the trace and whatever else the caller wants it bound to. Its
//! transcript begins with the label [`CONTEXT`] and one field, `context`, that holds them.

use clew_core::keys::Role;
use clew_core::pairs::{Pairs, Sealed};
use clew_core::proofs::{
    self, Answered, POSSESSION_PROOF_LENGTH, Products, Purpose, ROW_PROOF_LENGTH, RowAnswered, Rows,
};
use clew_core::transcript::Transcript;
use clew_core::{Encoding, Error};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use zeroize::Zeroizing;

use crate::arrays::{array, flags, positions, row, rows};
use crate::batch::batch;
use crate::elgamal::{PyHolderKeys, PyHolderSecrets, from_items, seal_randomness};
use crate::errors::{Misuse, misuse, peer, raised};

/// The label of the transcript that a caller's context begins.
const CONTEXT: &str = "clew/1 context";

fn transcript(context: &[u8]) -> Transcript {
    let mut transcript = Transcript::new(CONTEXT);
    transcript.field("context", context);
    transcript
}

/// Proofs that the holder knows the secrets of its four keys, each in its role. ``randomness``: 32 fresh bytes.
#[pyfunction]
fn prove_possession<'py>(
    py: Python<'py>,
    secrets: &Bound<'py, PyHolderSecrets>,
    context: &[u8],
    randomness: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    let randomness = Zeroizing::new(row::<32>(randomness, "randomness")?);
    let secrets = secrets.get();
    let proofs = batch(py, |backend| {
        let (keys, context) = (secrets.keys(backend), transcript(context));
        let mut proofs = Vec::new();
        for role in Role::ALL {
            let (key, secret) = (keys.get(role), secrets.secrets.get(role));
            proofs.extend(proofs::prove_possession(
                backend,
                &context,
                role,
                key,
                secret,
                &randomness,
            )?);
        }
        Ok(proofs)
    })?;
    Ok(PyBytes::new(
        py,
        &proofs.map_err(|error| raised(py, error))?,
    ))
}

/// Returns if whoever published the four keys knew their secrets.
#[pyfunction]
fn verify_possession(
    py: Python<'_>,
    keys: &Bound<'_, PyHolderKeys>,
    context: &[u8],
    proof: &[u8],
) -> PyResult<()> {
    let keys = &keys.get().0;
    batch(py, |backend| {
        let context = transcript(context);
        if proof.len() != Role::ALL.len() * POSSESSION_PROOF_LENGTH {
            return Err(Error::Proof);
        }
        Role::ALL
            .into_iter()
            .zip(proof.chunks(POSSESSION_PROOF_LENGTH))
            .try_for_each(|(role, proof)| {
                proofs::verify_possession(backend, &context, role, keys.get(role), proof)
            })
    })?
    .map_err(|error| peer(py, error))
}

fn role_of(purpose: Purpose) -> Role {
    match purpose {
        Purpose::Seeds => Role::Seal,
        Purpose::Recognition | Purpose::Unmasking => Role::Name,
    }
}

fn prove_products<'py>(
    secrets: &Bound<'py, PyHolderSecrets>,
    purpose: Purpose,
    [bases, products]: [&Bound<'py, PyAny>; 2],
    context: &[u8],
    randomness: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    let py = secrets.py();
    let (bases, products) = (
        rows::<32>(bases, "points")?,
        rows::<32>(products, "products")?,
    );
    let randomness = Zeroizing::new(row::<32>(randomness, "randomness")?);
    let secrets = secrets.get();
    let proof = batch(py, |backend| {
        let keys = secrets.keys(backend);
        let statement = Products {
            purpose,
            key: keys.get(role_of(purpose)),
            bases: &bases,
            products: &products,
        };
        let secret = secrets.secrets.get(role_of(purpose));
        let context = transcript(context);
        proofs::prove_products(backend, &context, &statement, secret, &randomness)
    })?;
    Ok(PyBytes::new(py, &proof.map_err(|error| raised(py, error))?))
}

fn verify_products(
    keys: &Bound<'_, PyHolderKeys>,
    purpose: Purpose,
    [bases, products]: [&Bound<'_, PyAny>; 2],
    context: &[u8],
    proof: &[u8],
) -> PyResult<()> {
    let py = keys.py();
    let (bases, products) = (
        rows::<32>(bases, "points")?,
        rows::<32>(products, "products")?,
    );
    let keys = &keys.get().0;
    batch(py, |backend| {
        let statement = Products {
            purpose,
            key: keys.get(role_of(purpose)),
            bases: &bases,
            products: &products,
        };
        proofs::verify_products(backend, &transcript(context), &statement, proof)
    })?
    .map_err(|error| peer(py, error))
}

/// A proof that ``seals`` are the seeds' points times the seal key's secret.
#[pyfunction]
fn prove_seeds<'py>(
    secrets: &Bound<'py, PyHolderSecrets>,
    points: &Bound<'py, PyAny>,
    seals: &Bound<'py, PyAny>,
    context: &[u8],
    randomness: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    prove_products(
        secrets,
        Purpose::Seeds,
        [points, seals],
        context,
        randomness,
    )
}

/// Returns if ``seals`` are the seeds' points times the seal key's secret.
#[pyfunction]
fn verify_seeds(
    keys: &Bound<'_, PyHolderKeys>,
    points: &Bound<'_, PyAny>,
    seals: &Bound<'_, PyAny>,
    context: &[u8],
    proof: &[u8],
) -> PyResult<()> {
    verify_products(keys, Purpose::Seeds, [points, seals], context, proof)
}

/// A proof that ``names`` are the tracer's own hidden points times the name key's secret.
#[pyfunction]
fn prove_recognition<'py>(
    secrets: &Bound<'py, PyHolderSecrets>,
    points: &Bound<'py, PyAny>,
    names: &Bound<'py, PyAny>,
    context: &[u8],
    randomness: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    prove_products(
        secrets,
        Purpose::Recognition,
        [points, names],
        context,
        randomness,
    )
}

/// Returns if ``names`` are the tracer's own hidden points times the name key's secret.
#[pyfunction]
fn verify_recognition(
    keys: &Bound<'_, PyHolderKeys>,
    points: &Bound<'_, PyAny>,
    names: &Bound<'_, PyAny>,
    context: &[u8],
    proof: &[u8],
) -> PyResult<()> {
    verify_products(keys, Purpose::Recognition, [points, names], context, proof)
}

/// A proof that ``names`` are the unmasked numbers' points times the name key's secret.
#[pyfunction]
fn prove_unmasking<'py>(
    secrets: &Bound<'py, PyHolderSecrets>,
    points: &Bound<'py, PyAny>,
    names: &Bound<'py, PyAny>,
    context: &[u8],
    randomness: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    prove_products(
        secrets,
        Purpose::Unmasking,
        [points, names],
        context,
        randomness,
    )
}

/// Returns if ``names`` are the unmasked numbers' points times the name key's secret.
#[pyfunction]
fn verify_unmasking(
    keys: &Bound<'_, PyHolderKeys>,
    points: &Bound<'_, PyAny>,
    names: &Bound<'_, PyAny>,
    context: &[u8],
    proof: &[u8],
) -> PyResult<()> {
    verify_products(keys, Purpose::Unmasking, [points, names], context, proof)
}

/// A list of items as it was asked and answered.
struct List {
    sealed: Sealed,
    declared: Pairs,
    names: Vec<Encoding>,
}

impl List {
    fn read(
        sealed: &Bound<'_, PyAny>,
        declared: &Bound<'_, PyAny>,
        names: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        Ok(Self {
            sealed: Sealed::from_items(&rows::<128>(sealed, "sealed")?),
            declared: from_items(&rows::<64>(declared, "declared")?),
            names: rows(names, "names")?,
        })
    }

    fn answered(&self) -> Result<Answered<'_>, Error> {
        Ok(Answered {
            sealed: self.sealed.view()?,
            declared: self.declared.view()?,
            names: &self.names,
        })
    }
}

/// A proof that every seal of a list checked and every name is right.
#[pyfunction]
fn prove_names<'py>(
    py: Python<'py>,
    secrets: &Bound<'py, PyHolderSecrets>,
    sealed: &Bound<'py, PyAny>,
    declared: &Bound<'py, PyAny>,
    names: &Bound<'py, PyAny>,
    context: &[u8],
    randomness: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    let list = List::read(sealed, declared, names)?;
    let randomness = Zeroizing::new(row::<32>(randomness, "randomness")?);
    let secrets = secrets.get();
    let proof = batch(py, |backend| {
        let (keys, context) = (secrets.keys(backend), transcript(context));
        let answered = list.answered()?;
        proofs::prove_names(
            backend,
            &context,
            &keys,
            &secrets.secrets,
            &answered,
            &randomness,
        )
    })?;
    Ok(PyBytes::new(py, &proof.map_err(|error| raised(py, error))?))
}

/// Returns if every seal of a list checked and every name is right.
#[pyfunction]
fn verify_names(
    py: Python<'_>,
    keys: &Bound<'_, PyHolderKeys>,
    sealed: &Bound<'_, PyAny>,
    declared: &Bound<'_, PyAny>,
    names: &Bound<'_, PyAny>,
    context: &[u8],
    proof: &[u8],
) -> PyResult<()> {
    let list = List::read(sealed, declared, names)?;
    let keys = &keys.get().0;
    batch(py, |backend| {
        proofs::verify_names(
            backend,
            &transcript(context),
            keys,
            &list.answered()?,
            proof,
        )
    })?
    .map_err(|error| peer(py, error))
}

/// A proof that every row point is right; bound to the names of the same list.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // It is what the statement consists of.
fn prove_row_points<'py>(
    py: Python<'py>,
    secrets: &Bound<'py, PyHolderSecrets>,
    sealed: &Bound<'py, PyAny>,
    declared: &Bound<'py, PyAny>,
    names: &Bound<'py, PyAny>,
    positions: &Bound<'py, PyAny>,
    points: &Bound<'py, PyAny>,
    context: &[u8],
    randomness: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    let list = List::read(sealed, declared, names)?;
    let (positions, row_points) = (self::positions(positions)?, rows::<32>(points, "points")?);
    let randomness = Zeroizing::new(row::<32>(randomness, "randomness")?);
    let secrets = secrets.get();
    let proof = batch(py, |backend| {
        let (keys, context) = (secrets.keys(backend), transcript(context));
        let answered = RowAnswered {
            answered: list.answered()?,
            positions: &positions,
            row_points: &row_points,
        };
        proofs::prove_row_points(
            backend,
            &context,
            &keys,
            &secrets.secrets,
            &answered,
            &randomness,
        )
    })?;
    Ok(PyBytes::new(py, &proof.map_err(|error| raised(py, error))?))
}

/// Returns if every row point is right.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // It is what the statement consists of.
fn verify_row_points(
    py: Python<'_>,
    keys: &Bound<'_, PyHolderKeys>,
    sealed: &Bound<'_, PyAny>,
    declared: &Bound<'_, PyAny>,
    names: &Bound<'_, PyAny>,
    positions: &Bound<'_, PyAny>,
    points: &Bound<'_, PyAny>,
    context: &[u8],
    proof: &[u8],
) -> PyResult<()> {
    let list = List::read(sealed, declared, names)?;
    let (positions, row_points) = (self::positions(positions)?, rows::<32>(points, "points")?);
    let keys = &keys.get().0;
    batch(py, |backend| {
        let answered = RowAnswered {
            answered: list.answered()?,
            positions: &positions,
            row_points: &row_points,
        };
        proofs::verify_row_points(backend, &transcript(context), keys, &answered, proof)
    })?
    .map_err(|error| peer(py, error))
}

/// Rows of a snapshot.
struct Snapshot {
    ids: Vec<[u8; 16]>,
    ends: Vec<usize>,
    entries: Sealed,
    features: Vec<Vec<u8>>,
}

impl Snapshot {
    fn read(
        ids: &Bound<'_, PyAny>,
        ends: &Bound<'_, PyAny>,
        entries: &Bound<'_, PyAny>,
        features: &Bound<'_, PyList>,
    ) -> PyResult<Self> {
        let bytes = |value: Bound<'_, PyAny>| {
            let what = "features are not a list of bytes";
            let wrong = |_| misuse(features.py(), Misuse::Shape, what);
            value.extract::<Vec<u8>>().map_err(wrong)
        };
        Ok(Self {
            ids: rows(ids, "identifiers")?,
            ends: positions(ends)?,
            entries: Sealed::from_items(&rows::<128>(entries, "entries")?),
            features: features.iter().map(bytes).collect::<PyResult<_>>()?,
        })
    }

    fn with<T>(&self, work: impl FnOnce(&Rows<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let features: Vec<&[u8]> = self.features.iter().map(Vec::as_slice).collect();
        work(&Rows {
            ids: &self.ids,
            ends: &self.ends,
            entries: self.entries.view()?,
            features: &features,
        })
    }
}

/// The proofs, shape (rows, ``ROW_PROOF_LENGTH``), that every seal of every row was made with the seal key. ``ends``: where
/// the entries of each row end; ``features``: what else a row holds; ``seed``: that which ``seal`` was given.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // It is what the statement consists of.
fn prove_rows<'py>(
    py: Python<'py>,
    secrets: &Bound<'py, PyHolderSecrets>,
    ids: &Bound<'py, PyAny>,
    ends: &Bound<'py, PyAny>,
    entries: &Bound<'py, PyAny>,
    features: &Bound<'py, PyList>,
    seed: &Bound<'py, PyAny>,
    context: &[u8],
    randomness: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let snapshot = Snapshot::read(ids, ends, entries, features)?;
    let seed = Zeroizing::new(row::<32>(seed, "seed")?);
    let randomness = Zeroizing::new(row::<32>(randomness, "randomness")?);
    let secrets = secrets.get();
    let proofs = batch(py, |backend| {
        let (keys, context) = (secrets.keys(backend), transcript(context));
        let secret = secrets.secrets.get(Role::Seal);
        snapshot.with(|rows| {
            let made = seal_randomness(&seed, rows.entries.len())?;
            proofs::prove_rows(backend, &context, &keys, secret, rows, &made, &randomness)
        })
    })?;
    let proofs = proofs.map_err(|error| raised(py, error))?;
    array::<ROW_PROOF_LENGTH>(py, proofs.as_chunks().0)
}

/// For each row whether its proof holds, an array of booleans; a row that holds anything but points fails alone.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // It is what the statement consists of.
fn verify_rows<'py>(
    py: Python<'py>,
    keys: &Bound<'py, PyHolderKeys>,
    ids: &Bound<'py, PyAny>,
    ends: &Bound<'py, PyAny>,
    entries: &Bound<'py, PyAny>,
    features: &Bound<'py, PyList>,
    context: &[u8],
    proofs: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let snapshot = Snapshot::read(ids, ends, entries, features)?;
    let proofs = rows::<ROW_PROOF_LENGTH>(proofs, "proofs")?;
    let keys = &keys.get().0;
    let sound = batch(py, |backend| {
        let context = transcript(context);
        snapshot
            .with(|rows| proofs::verify_rows(backend, &context, keys, rows, proofs.as_flattened()))
    })?;
    flags(py, &sound.map_err(|error| raised(py, error))?)
}

/// Adds what this module has to the extension module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("ROW_PROOF_LENGTH", ROW_PROOF_LENGTH)?;
    module.add_function(wrap_pyfunction!(prove_possession, module)?)?;
    module.add_function(wrap_pyfunction!(verify_possession, module)?)?;
    module.add_function(wrap_pyfunction!(prove_seeds, module)?)?;
    module.add_function(wrap_pyfunction!(verify_seeds, module)?)?;
    module.add_function(wrap_pyfunction!(prove_recognition, module)?)?;
    module.add_function(wrap_pyfunction!(verify_recognition, module)?)?;
    module.add_function(wrap_pyfunction!(prove_unmasking, module)?)?;
    module.add_function(wrap_pyfunction!(verify_unmasking, module)?)?;
    module.add_function(wrap_pyfunction!(prove_names, module)?)?;
    module.add_function(wrap_pyfunction!(verify_names, module)?)?;
    module.add_function(wrap_pyfunction!(prove_row_points, module)?)?;
    module.add_function(wrap_pyfunction!(verify_row_points, module)?)?;
    module.add_function(wrap_pyfunction!(prove_rows, module)?)?;
    module.add_function(wrap_pyfunction!(verify_rows, module)?)
}
