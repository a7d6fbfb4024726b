//! Values of any length that are to be hashed: a list of bytes, an Arrow column, or the rows of an array.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use zeroize::Zeroizing;

use crate::arrays::{MOST_BYTES, arrow_parts, bytes_buffer, is_arrow, reserved};
use crate::errors::{Misuse, misuse};

/// Values one after another, the memory of all in one piece, wiped when dropped.
pub struct Values {
    data: Zeroizing<Vec<u8>>,
    ends: Vec<usize>,
}

impl Values {
    /// The values of a list of `bytes`, of an Arrow array or chunked array of binary or string type without nulls, or of
    /// the rows of an array of shape (n, k).
    pub fn read(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Self> {
        if let Ok(list) = object.cast::<PyList>() {
            return Self::from_list(list, name);
        }
        if is_arrow(object)? {
            return Self::from_arrow(object, name);
        }
        let buffer = bytes_buffer(object, name)?;
        let &[count, width] = buffer.shape() else {
            return Err(Self::wrong(object.py(), name));
        };
        let mut values = Self::with_room(object.py(), count, count.saturating_mul(width), name)?;
        values.data.resize(count * width, 0);
        buffer.copy_to_slice(object.py(), &mut values.data)?;
        values.ends.extend((1..=count).map(|number| number * width));
        Ok(values)
    }

    /// The values, in order.
    pub fn slices(&self) -> Vec<&[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, end)| &self.data[start..*end])
            .collect()
    }

    fn from_list(list: &Bound<'_, PyList>, name: &str) -> PyResult<Self> {
        let mut values = Self::with_room(list.py(), list.len(), 0, name)?;
        for value in list {
            let bytes = value
                .cast::<PyBytes>()
                .map_err(|_| Self::wrong(list.py(), name))?;
            values.push(bytes.as_bytes());
        }
        Ok(values)
    }

    /// By way of Arrow's own cast to 64-bit offsets, which knows every binary and string type.
    fn from_arrow(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Self> {
        let py = object.py();
        let parts = arrow_parts(object, name)?;
        let mut values = Self::with_room(py, object.len()?, 0, name)?;
        for part in parts {
            let cast = part
                .call_method1("cast", ("large_binary",))
                .map_err(|_| Self::wrong(py, name))?;
            values.extend_from_large_binary(&cast, name)?;
        }
        Ok(values)
    }

    fn extend_from_large_binary(&mut self, part: &Bound<'_, PyAny>, name: &str) -> PyResult<()> {
        let py = part.py();
        let count: usize = part.len()?;
        if count == 0 {
            return Ok(());
        }
        let first: usize = part.getattr("offset")?.extract()?;
        let buffers: Vec<Bound<'_, PyAny>> = part.call_method0("buffers")?.extract()?;
        let bytes = |index: usize| bytes_buffer(&buffers[index], name)?.to_vec(py);
        let offsets: Vec<usize> = bytes(1)?
            .as_chunks()
            .0
            .iter()
            .skip(first)
            .take(count + 1)
            .map(|bytes| usize::try_from(i64::from_le_bytes(*bytes)))
            .collect::<Result<_, _>>()
            .map_err(|_| Self::wrong(py, name))?;
        let data = if buffers[2].is_none() {
            Zeroizing::default()
        } else {
            bytes(2)?
        };
        for ends in offsets.windows(2) {
            let value = data
                .get(ends[0]..ends[1])
                .ok_or_else(|| Self::wrong(py, name))?;
            self.push(value);
        }
        Ok(())
    }

    /// One value more. Where there is no room, all move to a larger place, and the smaller one is wiped.
    fn push(&mut self, value: &[u8]) {
        let needed = self.data.len() + value.len();
        if needed > self.data.capacity() {
            let mut larger = Vec::with_capacity(needed.max(2 * self.data.capacity()));
            larger.extend_from_slice(&self.data);
            self.data = Zeroizing::new(larger);
        }
        self.data.extend_from_slice(value);
        self.ends.push(self.data.len());
    }

    fn with_room(py: Python<'_>, count: usize, bytes: usize, name: &str) -> PyResult<Self> {
        let ends = reserved(py, count, name)?;
        let mut data = Vec::new();
        if bytes > MOST_BYTES || data.try_reserve_exact(bytes).is_err() {
            return Err(misuse(
                py,
                Misuse::Size,
                &format!("{name} is more than 2 GiB, or than there is memory for"),
            ));
        }
        Ok(Self {
            data: Zeroizing::new(data),
            ends,
        })
    }

    fn wrong(py: Python<'_>, name: &str) -> PyErr {
        let what = format!(
            "{name} is not a list of bytes, an Arrow column of bytes or text, nor an array of shape (n, k)"
        );
        misuse(py, Misuse::Shape, &what)
    }
}
