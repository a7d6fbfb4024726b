//! How a batch runs: on the chosen backend, on threads of its own, without the GIL.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use clew_kernels::Backend;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::errors::{Misuse, misuse};

/// Names the backend to use, for tests and for a machine on which one misbehaves. `portable` is no way out where it is AVX2
/// that misbehaves: dalek uses it too, unless it was built with `--cfg curve25519_dalek_backend="serial"`.
const VARIABLE: &str = "CLEW_BACKEND";

/// What a test or `clew doctor` has put in place of the choice: 0 for none, else one more than its place in `ALL`.
static FORCED: AtomicUsize = AtomicUsize::new(0);

/// What `work` returns, computed without the GIL.
pub fn batch<T: Send>(py: Python<'_>, work: impl FnOnce(Backend) -> T + Send) -> PyResult<T> {
    let backend = chosen(py)?;
    let pool = threads(py).map_err(PyRuntimeError::new_err)?;
    Ok(py.detach(|| pool.install(|| work(backend))))
}

/// The backend in use: the one that `CLEW_BACKEND` named when it was first asked, else the fastest.
fn chosen(py: Python<'_>) -> PyResult<Backend> {
    static CHOSEN: OnceLock<Result<Backend, String>> = OnceLock::new();
    if let Some(place) = FORCED.load(Ordering::Relaxed).checked_sub(1) {
        return Ok(Backend::ALL[place]);
    }
    let choose = || match std::env::var_os(VARIABLE) {
        Some(name) if !name.is_empty() => {
            usable(&name.to_string_lossy()).map_err(|what| format!("{VARIABLE}: {what}"))
        }
        _ => Ok(Backend::best()),
    };
    CHOSEN
        .get_or_init(choose)
        .clone()
        .map_err(|what| misuse(py, Misuse::Backend, &what))
}

fn usable(name: &str) -> Result<Backend, String> {
    match Backend::from_name(name) {
        Some(backend) if backend.is_available() => Ok(backend),
        Some(_) => Err(format!("this processor cannot run the backend {name}")),
        None => Err("no backend has that name".into()),
    }
}

/// The threads of this process. A fork copies a pool without its threads, so that waiting on it would never end: the
/// child gets a pool of its own.
///
/// The lock is taken and given back under the GIL, which a Python thread that forks holds: no fork by Python finds it
/// taken. A fork by foreign code without the GIL may, and so may any fork while another thread runs its process's first
/// batch, which makes tables once: fork before or after that.
fn threads(_: Python<'_>) -> Result<Arc<ThreadPool>, String> {
    static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);
    let process = std::process::id();
    let mut kept = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((owner, pool)) = &*kept {
        if *owner == process {
            return Ok(pool.clone());
        }
        // Dropping it would wake threads that this process does not have.
        std::mem::forget(kept.take());
    }
    let pool = ThreadPoolBuilder::new()
        .thread_name(|number| format!("clew-{number}"))
        .build()
        .map_err(|error| error.to_string())?;
    let (_, pool) = kept.insert((process, Arc::new(pool)));
    Ok(pool.clone())
}

/// The name of the backend in use.
#[pyfunction]
fn backend(py: Python<'_>) -> PyResult<&'static str> {
    chosen(py).map(Backend::name)
}

/// The names of the backends that this processor can run, fastest first.
#[pyfunction]
fn backends() -> Vec<&'static str> {
    Backend::available()
        .into_iter()
        .map(Backend::name)
        .collect()
}

/// Puts a backend in place of the choice, for the whole process, until None is given: for tests and `clew doctor`.
#[pyfunction]
fn _use_backend(py: Python<'_>, name: Option<&str>) -> PyResult<()> {
    let place = match name.map(usable).transpose() {
        Ok(Some(backend)) => {
            1 + Backend::ALL
                .iter()
                .position(|one| *one == backend)
                .unwrap_or(0)
        }
        Ok(None) => 0,
        Err(what) => return Err(misuse(py, Misuse::Backend, &what)),
    };
    FORCED.store(place, Ordering::Relaxed);
    Ok(())
}

/// Adds what this module has to the extension module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(backend, module)?)?;
    module.add_function(wrap_pyfunction!(backends, module)?)?;
    module.add_function(wrap_pyfunction!(_use_backend, module)?)
}
