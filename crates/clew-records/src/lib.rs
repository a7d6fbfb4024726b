//! Lines of call records to columns: splitting, times, numbers (`spec/records.md`).
//!
//! Pure functions over bytes: no I/O, no clock, no randomness, no Python. The way of a file: [`frame`] cuts its bytes
//! into units, in order; [`scan`] turns blocks of units into columns, on as many threads as there are; [`dictionary`]
//! reads each distinct number once.

pub mod columns;
pub mod dictionary;
pub mod duration;
pub mod fields;
pub mod frame;
pub mod numbers;
pub mod rules;
pub mod scan;
pub mod short;
pub mod text;
pub mod time;
