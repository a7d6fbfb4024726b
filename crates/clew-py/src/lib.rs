//! The Python border of Clew's Rust crates: convert in, convert out.

mod arrays;
mod batch;
mod elgamal;
mod errors;
mod numbers;
mod oprf;
mod points;
mod proofs;
mod scan;
mod secrets;
mod shuffle;
mod values;

use pyo3::prelude::*;

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    batch::register(module)?;
    secrets::register(module)?;
    points::register(module)?;
    oprf::register(module)?;
    elgamal::register(module)?;
    proofs::register(module)?;
    shuffle::register(module)?;
    numbers::register(module)?;
    scan::register(module)
}
