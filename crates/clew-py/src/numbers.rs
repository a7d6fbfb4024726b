//! Numbers to Python: a list of texts in, one list per column out.

use clew_records::numbers::{METADATA_VERSION, Reader, reason};
use clew_records::short::ShortCodes;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The reader of one column; a form that cannot be used is a `ValueError`, with no number in it.
pub fn reader(
    form: &str,
    routing_prefixes: &[String],
    short_codes: &[(String, String)],
) -> PyResult<Reader> {
    let entries = short_codes
        .iter()
        .map(|(country, pattern)| (country.as_str(), pattern.as_str()));
    ShortCodes::new(entries)
        .and_then(|short| Reader::new(form, routing_prefixes, &short))
        .map_err(|error| PyValueError::new_err(error.to_string()))
}

/// The columns of the store's table of numbers, less `form` and `occurrences`, one list each.
#[pyfunction]
#[pyo3(signature = (raws, form, routing_prefixes = Vec::new(), short_codes = Vec::new()))]
fn read_numbers<'py>(
    py: Python<'py>,
    raws: Vec<String>,
    form: &str,
    routing_prefixes: Vec<String>,
    short_codes: Vec<(String, String)>,
) -> PyResult<Bound<'py, PyDict>> {
    let reader = reader(form, &routing_prefixes, &short_codes)?;
    let parties = py.detach(|| raws.iter().map(|raw| reader.read(raw)).collect::<Vec<_>>());
    let columns = PyDict::new(py);
    columns.set_item(
        "kind",
        parties
            .iter()
            .map(|party| party.kind)
            .collect::<Vec<_>>()
            .into_pyobject(py)?,
    )?;
    columns.set_item(
        "key",
        parties.iter().map(|party| party.key).collect::<Vec<_>>(),
    )?;
    columns.set_item(
        "canonical",
        parties
            .iter()
            .map(|party| party.canonical.as_deref())
            .collect::<Vec<_>>(),
    )?;
    let countries = parties
        .iter()
        .map(|party| party.country.map(|letters| letters.map(char::from)));
    columns.set_item(
        "country",
        countries
            .map(|letters| letters.map(|letters| letters.iter().collect::<String>()))
            .collect::<Vec<_>>(),
    )?;
    let prefixes = parties.iter().map(|party| party.routing_prefix.as_deref());
    columns.set_item("routing_prefix", prefixes.collect::<Vec<_>>())?;
    columns.set_item(
        "suppressed",
        parties
            .iter()
            .map(|party| party.suppressed)
            .collect::<Vec<_>>(),
    )?;
    columns.set_item(
        "possible",
        parties
            .iter()
            .map(|party| party.possible)
            .collect::<Vec<_>>(),
    )?;
    columns.set_item(
        "valid",
        parties.iter().map(|party| party.valid).collect::<Vec<_>>(),
    )?;
    columns.set_item(
        "reason",
        parties.iter().map(|party| party.reason).collect::<Vec<_>>(),
    )?;
    Ok(columns)
}

/// Adds what this module has to the extension module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("NUMBER_REASONS", reason::ALL.to_vec())?;
    module.add("NUMBER_METADATA", METADATA_VERSION)?;
    module.add_function(wrap_pyfunction!(read_numbers, module)?)
}
