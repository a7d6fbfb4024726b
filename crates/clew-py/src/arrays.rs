//! Rows of bytes to Rust and back: any buffer of bytes or Arrow column of a fixed width in, a NumPy array out.
//!
//! In by the plain buffer protocol, and always by a copy: the work runs without the GIL, so that other Python threads
//! may write into the array meanwhile; what is checked must be what is used, and a copy of 32 bytes costs a hundredth of
//! the cheapest operation on a point. Out as an array over an immutable `bytes`: the caller may hand it around without
//! anybody changing it. So neither direction needs unsafe code, nor the `numpy` crate, whose borrow checks bind Rust
//! callers only.

use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyList, PyType};
use zeroize::Zeroizing;

use crate::errors::{Misuse, misuse};

/// A call takes no more rows than this, 2 GiB of points: more is a mistake, such as a broadcast array.
pub const MOST_ROWS: usize = 1 << 26;
/// Nor values to be hashed of more bytes together than the points of so many rows have.
pub const MOST_BYTES: usize = 32 * MOST_ROWS;

/// The rows of an array of shape (n, N), of whatever strides, of flat bytes, of an Arrow column of N bytes without nulls, or
/// of a list of rows; `name` is the argument's, for the error.
pub fn rows<const N: usize>(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<[u8; N]>> {
    let py = object.py();
    if let Ok(list) = object.cast::<PyList>() {
        let mut rows = reserved(py, list.len(), name)?;
        for value in list {
            rows.push(row(&value, name)?);
        }
        return Ok(rows);
    }
    if is_arrow(object)? {
        return arrow_rows(object, name);
    }
    let buffer = bytes_buffer(object, name)?;
    let count = match *buffer.shape() {
        [count, width] if width == N => count,
        [length] if length % N == 0 => length / N,
        _ => {
            let what = format!("{name} is not an array of shape (n, {N})");
            return Err(misuse(py, Misuse::Shape, &what));
        }
    };
    let mut rows = reserved(py, count, name)?;
    rows.resize(count, [0; N]);
    buffer.copy_to_slice(py, rows.as_flattened_mut())?;
    Ok(rows)
}

/// Whether an object is an Arrow array or chunked array, by what no buffer has.
pub fn is_arrow(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(object.hasattr("null_count")? && object.hasattr("cast")?)
}

/// The arrays that an Arrow column consists of, of which no value is missing.
pub fn arrow_parts<'py>(
    column: &Bound<'py, PyAny>,
    name: &str,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    if column.getattr("null_count")?.extract::<usize>()? != 0 {
        let what = format!("{name} has values that are missing");
        return Err(misuse(column.py(), Misuse::Null, &what));
    }
    if column.hasattr("chunks")? {
        column.getattr("chunks")?.extract()
    } else {
        Ok(vec![column.clone()])
    }
}

fn arrow_rows<const N: usize>(column: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<[u8; N]>> {
    let py = column.py();
    let (found, wanted) = (
        column.getattr("type")?.str()?,
        format!("fixed_size_binary[{N}]"),
    );
    if found != wanted.as_str() {
        let what = format!("{name} is an Arrow column of {found}, not of {wanted}");
        return Err(misuse(py, Misuse::Shape, &what));
    }
    let parts = arrow_parts(column, name)?;
    let mut rows = reserved(py, column.len()?, name)?;
    for part in parts {
        let (first, count): (usize, usize) = (part.getattr("offset")?.extract()?, part.len()?);
        if count == 0 {
            continue; // It may have no memory at all.
        }
        // A slice shares the memory of the whole, whose other rows are not read.
        let data = part.call_method0("buffers")?.get_item(1)?;
        let data = data.call_method1("slice", (N * first, N * count))?;
        let start = rows.len();
        rows.resize(start + count, [0; N]);
        bytes_buffer(&data, name)?.copy_to_slice(py, rows[start..].as_flattened_mut())?;
    }
    Ok(rows)
}

/// Positions in a list, from an array of 64-bit integers or a sequence; a negative one is no position.
pub fn positions(object: &Bound<'_, PyAny>) -> PyResult<Vec<usize>> {
    let py = object.py();
    if let Ok(buffer) = PyBuffer::<i64>::get(object) {
        let mut room = reserved(py, buffer.item_count(), "positions")?;
        room.resize(buffer.item_count(), 0);
        buffer.copy_to_slice(py, &mut room)?;
        let positions: Result<_, _> = room.into_iter().map(usize::try_from).collect();
        return positions.map_err(|_| misuse(py, Misuse::Shape, "a position is negative"));
    }
    object.extract().map_err(|_| {
        let what = "positions are neither an array of 64-bit integers nor a list of them";
        misuse(py, Misuse::Shape, what)
    })
}

/// One row: `bytes` of length N, or an array of shape (N,).
pub fn row<const N: usize>(object: &Bound<'_, PyAny>, name: &str) -> PyResult<[u8; N]> {
    let py = object.py();
    let buffer = bytes_buffer(object, name)?;
    if buffer.shape() != [N] {
        let what = format!("{name} is not {N} bytes");
        return Err(misuse(py, Misuse::Shape, &what));
    }
    let mut row = [0; N];
    buffer.copy_to_slice(py, &mut row)?;
    Ok(row)
}

/// A read-only NumPy array of shape (n, N).
pub fn array<'py, const N: usize>(
    py: Python<'py>,
    rows: &[[u8; N]],
) -> PyResult<Bound<'py, PyAny>> {
    let data = PyBytes::new(py, rows.as_flattened());
    ndarray(py)?.call1(((rows.len(), N), "uint8", data))
}

/// A read-only NumPy array of booleans.
pub fn flags<'py>(py: Python<'py>, flags: &[bool]) -> PyResult<Bound<'py, PyAny>> {
    let bytes: Vec<u8> = flags.iter().map(|&flag| u8::from(flag)).collect();
    ndarray(py)?.call1((flags.len(), "bool", PyBytes::new(py, &bytes)))
}

fn ndarray(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static NDARRAY: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    NDARRAY.import(py, "numpy", "ndarray")
}

/// A buffer of bytes. Whether its owner calls them unsigned or, as Arrow does, signed, they are the same bytes.
pub enum Bytes {
    Unsigned(PyBuffer<u8>),
    Signed(PyBuffer<i8>),
}

impl Bytes {
    /// The buffer's shape.
    pub fn shape(&self) -> &[usize] {
        match self {
            Bytes::Unsigned(buffer) => buffer.shape(),
            Bytes::Signed(buffer) => buffer.shape(),
        }
    }

    /// Copies all of it, row after row, into exactly so many bytes.
    pub fn copy_to_slice(&self, py: Python<'_>, target: &mut [u8]) -> PyResult<()> {
        match self {
            Bytes::Unsigned(buffer) => buffer.copy_to_slice(py, target),
            Bytes::Signed(buffer) => buffer.copy_to_slice(py, bytemuck::cast_slice_mut(target)),
        }
    }

    /// A copy of all of it, wiped when dropped.
    pub fn to_vec(&self, py: Python<'_>) -> PyResult<Zeroizing<Vec<u8>>> {
        let mut copy = Zeroizing::new(vec![0; self.shape().iter().product()]);
        self.copy_to_slice(py, &mut copy)?;
        Ok(copy)
    }
}

/// The bytes of an object that holds them.
pub fn bytes_buffer(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Bytes> {
    let unsigned = PyBuffer::get(object).map(Bytes::Unsigned);
    unsigned
        .or_else(|_| PyBuffer::get(object).map(Bytes::Signed))
        .map_err(|_| {
            let what = format!("{name} is not bytes, nor an array of bytes");
            misuse(object.py(), Misuse::Shape, &what)
        })
}

/// An empty vector with room for `count`, or an error where that is more than a call takes or than there is memory.
pub fn reserved<T>(py: Python<'_>, count: usize, name: &str) -> PyResult<Vec<T>> {
    let mut room = Vec::new();
    if count > MOST_ROWS || room.try_reserve_exact(count).is_err() {
        let what = format!("{name} has {count} rows, or more than there is memory for");
        return Err(misuse(py, Misuse::Size, &what));
    }
    Ok(room)
}
