//! The Python border of Clew's Rust crates: convert in, convert out.

mod numbers;
mod scan;

use pyo3::prelude::*;

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    numbers::register(module)?;
    scan::register(module)
}
