//! The scanner's border: specifications and bytes in, buffers of columns out.

use std::collections::HashMap;
use std::sync::Mutex;

use bytemuck::Pod;
use clew_records::columns::{Optional, Texts};
use clew_records::dictionary::{Dictionary, Form, Numbers};
use clew_records::duration::{DurationRule, Unit};
use clew_records::fields::{Fields, without_line_end};
use clew_records::frame::{self, Shape};
use clew_records::numbers::Reader;
use clew_records::rules::{NumberColumn, Rules, Word};
use clew_records::scan::{self, Scanned, Scratch};
use clew_records::short::ShortCodes;
use clew_records::text::Charset;
use clew_records::time::{Calendar, TimeReader};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};

/// Adds the scanner to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Framer>()?;
    module.add_class::<Piece>()?;
    module.add_class::<Scanner>()?;
    module.add_function(wrap_pyfunction!(first_units, module)?)
}

#[derive(FromPyObject)]
enum CharsetSpec {
    Name(String),
    Page(Vec<Option<char>>),
}

impl CharsetSpec {
    fn charset(self) -> PyResult<Charset> {
        match self {
            Self::Name(name) => match name.as_str() {
                "utf-8" => Ok(Charset::Utf8),
                "utf-16-le" => Ok(Charset::Utf16Little),
                "utf-16-be" => Ok(Charset::Utf16Big),
                _ => Err(PyValueError::new_err("charset")),
            },
            Self::Page(page) => {
                Charset::page(&page).ok_or_else(|| PyValueError::new_err("charset"))
            }
        }
    }
}

fn shape(
    charset: &Charset,
    delimiter: char,
    quote: Option<char>,
    fields: usize,
) -> PyResult<Shape> {
    let ascii = |sign: char| u8::try_from(sign).ok().filter(u8::is_ascii);
    let delimiter = ascii(delimiter).ok_or_else(|| PyValueError::new_err("delimiter"))?;
    let quote = quote
        .map(|sign| ascii(sign).ok_or_else(|| PyValueError::new_err("quote")))
        .transpose()?;
    Ok(Shape {
        width: charset.width(),
        delimiter,
        quote,
        fields,
    })
}

/// Cuts the bytes of a file into pieces of whole units, in order.
#[pyclass]
struct Framer(frame::Framer);

/// Some whole units of a file, in its own bytes.
#[pyclass(frozen)]
struct Piece(frame::Piece);

#[pymethods]
impl Framer {
    #[new]
    fn new(
        charset: CharsetSpec,
        delimiter: char,
        quote: Option<char>,
        fields: usize,
    ) -> PyResult<Self> {
        Ok(Self(frame::Framer::new(shape(
            &charset.charset()?,
            delimiter,
            quote,
            fields,
        )?)))
    }

    /// The units that end within `data`, the next bytes of the file.
    fn push(&mut self, py: Python<'_>, data: &[u8]) -> Vec<Piece> {
        py.detach(|| self.0.push(data))
            .into_iter()
            .map(Piece)
            .collect()
    }

    /// The last units; the file is at its end.
    fn finish(&mut self, py: Python<'_>) -> Vec<Piece> {
        py.detach(|| self.0.finish())
            .into_iter()
            .map(Piece)
            .collect()
    }
}

#[pymethods]
impl Piece {
    /// How many units it holds.
    #[getter]
    fn units(&self) -> usize {
        match &self.0 {
            frame::Piece::Block(block) => block.ends.len(),
            frame::Piece::Long(_) => 1,
        }
    }

    /// How many bytes of the file they are.
    #[getter]
    fn length(&self) -> u64 {
        match &self.0 {
            frame::Piece::Block(block) => block.bytes.len() as u64,
            frame::Piece::Long(long) => long.length,
        }
    }
}

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct Specification {
    import_number: u64,
    charset: CharsetSpec,
    delimiter: char,
    quote: Option<char>,
    fields: usize,
    trailing: usize,
    header: u64,
    a: (usize, String, Vec<String>),
    b: (usize, String, Vec<String>),
    start: Vec<usize>,
    time_format: String,
    zone: String,
    months: Option<(i64, Vec<i64>)>,
    duration: Option<(usize, String, Vec<String>)>,
    kind: Option<usize>,
    words: HashMap<String, i8>,
    constant: i8,
    direction: Option<(usize, HashMap<String, bool>)>,
    imei: Option<usize>,
    imsi: Option<usize>,
    operator_record: Option<usize>,
    call: Option<usize>,
    kept: Vec<bool>,
    footer: Option<String>,
    short_codes: Vec<(String, String)>,
}

/// Reads units into columns, from any number of threads; reads each distinct number once.
#[pyclass(frozen)]
struct Scanner {
    rules: Rules,
    dictionary: Dictionary,
    scratch: Mutex<Vec<Scratch>>,
}

const OUT_OF_SCOPE: i8 = -1;

#[pymethods]
impl Scanner {
    /// A scanner for one file. `ValueError` names the part of the specification that is wrong.
    #[new]
    fn new(specification: Specification) -> PyResult<Self> {
        let short = specification
            .short_codes
            .iter()
            .map(|(country, digits)| (country.as_str(), digits.as_str()));
        let short = ShortCodes::new(short).map_err(|_| PyValueError::new_err("short_codes"))?;
        let mut forms: Vec<(Form, Vec<String>)> = Vec::new();
        let mut column =
            |(column, name, prefixes): (usize, String, Vec<String>)| -> PyResult<NumberColumn> {
                let same = forms
                    .iter()
                    .position(|(form, other)| form.name == name && *other == prefixes);
                let form = match same {
                    Some(index) => index,
                    None => {
                        let reader = Reader::new(&name, &prefixes, &short)
                            .map_err(|error| PyValueError::new_err(format!("form: {error}")))?;
                        forms.push((Form { name, reader }, prefixes));
                        forms.len() - 1
                    }
                };
                Ok(NumberColumn {
                    column,
                    form: form as u8,
                })
            };
        let (a, b) = (column(specification.a)?, column(specification.b)?);
        let calendar = match specification.months {
            None => Calendar::Gregorian,
            Some((first, starts)) => Calendar::UmmAlQura { first, starts },
        };
        let time = TimeReader::new(&specification.time_format, &specification.zone, calendar)
            .map_err(PyValueError::new_err)?;
        let duration = match specification.duration {
            None => None,
            Some((column, unit, missed)) => {
                let unit = Unit::named(&unit).ok_or_else(|| PyValueError::new_err("duration"))?;
                Some((column, DurationRule { unit, missed }))
            }
        };
        let word = |(word, kind): (String, i8)| {
            let meaning = if kind == OUT_OF_SCOPE {
                Word::OutOfScope
            } else {
                Word::Kind(kind)
            };
            (word.trim().as_bytes().to_vec(), meaning)
        };
        let charset = specification.charset.charset()?;
        let rules = Rules {
            import: specification.import_number,
            shape: shape(
                &charset,
                specification.delimiter,
                specification.quote,
                specification.fields,
            )?,
            charset,
            trailing: specification.trailing,
            header: specification.header,
            a,
            b,
            start: specification.start,
            time,
            duration,
            kind: specification.kind,
            words: specification.words.into_iter().map(word).collect(),
            constant: specification.constant,
            direction: specification.direction.map(|(column, words)| {
                (
                    column,
                    words
                        .into_iter()
                        .map(|(word, turned)| (word.trim().as_bytes().to_vec(), turned))
                        .collect(),
                )
            }),
            imei: specification.imei,
            imsi: specification.imsi,
            operator_record: specification.operator_record,
            call: specification.call,
            kept: specification.kept,
            footer: specification.footer.map(String::into_bytes),
        };
        let dictionary = Dictionary::new(forms.into_iter().map(|(form, _)| form).collect());
        Ok(Self {
            rules,
            dictionary,
            scratch: Mutex::default(),
        })
    }

    /// The columns of one piece: records, other units, and counts.
    fn scan<'py>(
        &self,
        py: Python<'py>,
        piece: &Bound<'py, Piece>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let piece = piece.get();
        let scanned = py.detach(|| match &piece.0 {
            frame::Piece::Long(long) => scan::long(&self.rules, long),
            frame::Piece::Block(block) => {
                let mut scratch = self
                    .scratch
                    .lock()
                    .ok()
                    .and_then(|mut kept| kept.pop())
                    .unwrap_or_default();
                let scanned = scan::scan(&self.rules, &self.dictionary, block, &mut scratch);
                if let Ok(mut kept) = self.scratch.lock() {
                    kept.push(scratch);
                }
                scanned
            }
        });
        to_python(py, &scanned)
    }

    /// The distinct numbers of everything scanned, in parts; the scanner forgets them.
    fn numbers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let parts = py
            .detach(|| self.dictionary.take())
            .map_err(|_| PyValueError::new_err("shared-key"))?;
        let parts: Vec<_> = parts
            .iter()
            .map(|part| numbers_to_python(py, part))
            .collect::<PyResult<_>>()?;
        PyList::new(py, parts)
    }
}

/// The fields of the first units of a file, with each unit's length in bytes and None for fields that cannot be read.
#[pyfunction]
fn first_units(
    data: &[u8],
    charset: CharsetSpec,
    delimiter: char,
    quote: Option<char>,
    most: usize,
) -> PyResult<Vec<(usize, Option<Vec<String>>)>> {
    let charset = charset.charset()?;
    let mut framer = frame::Framer::new(shape(&charset, delimiter, quote, 0)?);
    let pieces = framer.push(data).into_iter().chain(framer.finish());
    let mut fields = Fields::default();
    let mut units = Vec::new();
    for piece in pieces {
        let block = match piece {
            frame::Piece::Long(long) => {
                units.push((long.length as usize, None));
                continue;
            }
            frame::Piece::Block(block) => block,
        };
        let mut from = 0;
        for end in block.ends {
            if units.len() == most {
                return Ok(units);
            }
            let unit = &block.bytes[from..end as usize];
            let mark = if block.offset == 0 && from == 0 {
                charset.mark(unit)
            } else {
                0
            };
            let quote = quote.and_then(|sign| u8::try_from(sign).ok());
            let split = charset.decode(&unit[mark..]).and_then(|text| {
                let line = without_line_end(&text);
                let good = fields.split(line, delimiter as u8, quote);
                let text = |index| String::from_utf8_lossy(fields.get(line, index)).into_owned();
                good.then(|| (0..fields.len()).map(text).collect())
            });
            units.push((unit.len(), split));
            from = end as usize;
        }
    }
    units.truncate(most);
    Ok(units)
}

fn buffer<'py, T: Pod>(py: Python<'py>, values: &[T]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, bytemuck::cast_slice(values))
}

fn optional<'py, T: Pod>(py: Python<'py>, column: &Optional<T>) -> PyResult<Bound<'py, PyAny>> {
    Ok((
        buffer(py, &column.values),
        buffer(py, &column.valid),
        column.nulls,
    )
        .into_pyobject(py)?
        .into_any())
}

fn texts<'py>(py: Python<'py>, column: &Texts) -> PyResult<Bound<'py, PyAny>> {
    let buffers = (
        buffer(py, &column.offsets),
        buffer(py, &column.data),
        buffer(py, &column.valid),
        column.nulls,
    );
    Ok(buffers.into_pyobject(py)?.into_any())
}

fn to_python<'py>(py: Python<'py>, scanned: &Scanned) -> PyResult<Bound<'py, PyDict>> {
    let from = &scanned.records;
    let records = PyDict::new(py);
    records.set_item("record_id", buffer(py, &from.record_id))?;
    records.set_item("kind", buffer(py, &from.kind))?;
    records.set_item("a_kind", buffer(py, &from.a_kind))?;
    records.set_item("a_key", optional(py, &from.a_key)?)?;
    records.set_item("b_kind", buffer(py, &from.b_kind))?;
    records.set_item("b_key", optional(py, &from.b_key)?)?;
    records.set_item("start", buffer(py, &from.start))?;
    records.set_item("zone_offset", buffer(py, &from.zone_offset))?;
    records.set_item("duration", optional(py, &from.duration)?)?;
    for (name, column) in [
        ("duration_raw", &from.duration_raw),
        ("imei", &from.imei),
        ("imsi", &from.imsi),
        ("operator_record", &from.operator_record),
        ("call", &from.call),
    ] {
        // A column that the profile does not have stays away altogether.
        if !column.is_empty() {
            records.set_item(name, texts(py, column)?)?;
        }
    }
    records.set_item("flags", buffer(py, &from.flags))?;
    records.set_item("offset", buffer(py, &from.offset))?;
    records.set_item("length", buffer(py, &from.length))?;
    let others = PyDict::new(py);
    others.set_item("unit", buffer(py, &scanned.others.unit))?;
    others.set_item("offset", buffer(py, &scanned.others.offset))?;
    others.set_item("length", buffer(py, &scanned.others.length))?;
    others.set_item("reason", texts(py, &scanned.others.reason)?)?;
    others.set_item("masked", texts(py, &scanned.others.masked)?)?;
    let words: HashMap<String, u64> = scanned
        .counts
        .unknown_words
        .iter()
        .map(|(word, count)| (String::from_utf8_lossy(word).into_owned(), *count))
        .collect();
    let result = PyDict::new(py);
    result.set_item("count", from.record_id.len())?;
    result.set_item("records", records)?;
    result.set_item("others_count", scanned.others.unit.len())?;
    result.set_item("others", others)?;
    result.set_item("dropped", &scanned.counts.dropped)?;
    result.set_item("unknown_words", words)?;
    result.set_item("unreadable", &scanned.counts.unreadable)?;
    result.set_item("footers", &scanned.counts.footers)?;
    Ok(result)
}

fn numbers_to_python<'py>(py: Python<'py>, from: &Numbers) -> PyResult<Bound<'py, PyDict>> {
    let numbers = PyDict::new(py);
    numbers.set_item("count", from.kind.len())?;
    numbers.set_item("raw", texts(py, &from.raw)?)?;
    numbers.set_item("form", texts(py, &from.form)?)?;
    numbers.set_item("kind", buffer(py, &from.kind))?;
    numbers.set_item("key", optional(py, &from.key)?)?;
    numbers.set_item("canonical", texts(py, &from.canonical)?)?;
    numbers.set_item("country", texts(py, &from.country)?)?;
    numbers.set_item("routing_prefix", texts(py, &from.routing_prefix)?)?;
    numbers.set_item("suppressed", buffer(py, &from.suppressed))?;
    numbers.set_item("possible", buffer(py, &from.possible))?;
    numbers.set_item("valid", buffer(py, &from.valid))?;
    numbers.set_item("reason", texts(py, &from.reason)?)?;
    numbers.set_item("occurrences", buffer(py, &from.occurrences))?;
    Ok(numbers)
}
