//! The sums of many rows, most of them short.

use clew_kernels::{Backend, sum_rows_vartime};

use crate::Encoding;

/// Rows of some columns, by where their entries end, and a weight for each entry.
pub(super) struct Rows<'a, const N: usize> {
    pub(super) columns: [&'a [Encoding]; N],
    pub(super) ends: &'a [usize],
    pub(super) weights: Vec<[u8; 32]>,
}

impl<const N: usize> Rows<'_, N> {
    /// The sums of each row; none for a row that has an entry that is refused, or a sum that is the identity.
    ///
    /// The work is the same whatever the entries are: the generator stands in for those that are refused. The holder chose
    /// the entries, and were one row to take another way through here, the tracer's delay would say that it was among
    /// those that it opened.
    pub(super) fn fold(&self, backend: Backend) -> Vec<Option<[Encoding; N]>> {
        let sums = sum_rows_vartime(backend, &self.columns, &self.weights, self.ends);
        let row = |row: usize| {
            let mut found = [[0; 32]; N];
            for (found, column) in found.iter_mut().zip(&sums) {
                *found = column[row]?;
            }
            (!found.contains(&[0; 32])).then_some(found)
        };
        (0..self.ends.len()).map(row).collect()
    }
}
