//! Lines of call records to columns: splitting, times, numbers.
//!
//! Pure functions over bytes: no I/O, no clock, no randomness, no Python.
