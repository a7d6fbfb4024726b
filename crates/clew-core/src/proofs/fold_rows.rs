//! The sums of many rows, most of them short.
//!
//! A sum of products over one point costs as much as ten multiplications in a batch: its doublings wait for each other, and
//! the lanes stand idle. Most numbers have few contacts, so short rows are folded together instead, one entry of each at
//! a time. Long rows are sums by themselves, where a point costs a quarter of a multiplication.

use clew_kernels::{Backend, Combination, Points, Scalars, Table, combine, valid};
use rayon::prelude::*;

use super::sums;
use crate::Encoding;

/// Most entries of a short row: about where both ways cost the same.
const SHORT: usize = 6;

/// Rows of some columns, by the ranges of their entries, each with a weight for each entry.
pub(super) struct Rows<'a, const N: usize> {
    pub(super) columns: [&'a [Encoding]; N],
    pub(super) ranges: Vec<std::ops::Range<usize>>,
    pub(super) weights: Vec<Vec<[u8; 32]>>,
}

impl<const N: usize> Rows<'_, N> {
    /// The sums of each row; none for a row that has an entry that is refused, or a sum that is the identity.
    ///
    /// The work is the same whatever the entries are: the generator stands in for those that are refused, and a sum on
    /// the way may be the identity. The holder chose the entries, and were one row to take another way through here, the
    /// tracer's delay would say that it was among those that it opened.
    pub(super) fn fold(&self, backend: Backend) -> Vec<Option<[Encoding; N]>> {
        let valid = self.columns.map(|column| valid(backend, column));
        let columns = std::array::from_fn(|column| {
            let given = self.columns[column].iter().zip(&valid[column]);
            given
                .map(|(point, valid)| stand_in(point, *valid))
                .collect()
        });
        let (mut short, long): (Vec<usize>, Vec<usize>) =
            (0..self.ranges.len()).partition(|&row| self.ranges[row].len() <= SHORT);
        short.sort_by_key(|&row| std::cmp::Reverse(self.ranges[row].len()));
        let mut out = vec![[[0; 32]; N]; self.ranges.len()];
        let one = |&row: &usize| {
            let columns = columns
                .each_ref()
                .map(|column: &Vec<Encoding>| &column[self.ranges[row].clone()]);
            sums(backend, columns, &self.weights[row]).expect("what is no point was replaced")
        };
        let alone: Vec<_> = long.par_iter().map(one).collect();
        for (row, sums) in long.into_iter().zip(alone) {
            out[row] = sums;
        }
        let together = self.fold_together(backend, &columns, &short);
        for (place, row) in short.into_iter().enumerate() {
            out[row] = together.each_ref().map(|column| column[place]);
        }
        let sound = |range: &std::ops::Range<usize>| {
            valid
                .iter()
                .all(|column| column[range.clone()].iter().all(|valid| *valid))
        };
        out.into_iter()
            .zip(&self.ranges)
            .map(|(sums, range)| (sound(range) && !sums.contains(&[0; 32])).then_some(sums))
            .collect()
    }

    /// The sums of these rows, which come longest first.
    fn fold_together(
        &self,
        backend: Backend,
        columns: &[Vec<Encoding>; N],
        rows: &[usize],
    ) -> [Vec<Encoding>; N] {
        let mut sums: [Vec<Encoding>; N] = std::array::from_fn(|_| Vec::new());
        for (column, sums) in columns.iter().zip(&mut sums) {
            for entry in 0..SHORT {
                let left = rows
                    .iter()
                    .take_while(|&&row| entry < self.ranges[row].len());
                let (points, weights): (Vec<Encoding>, Vec<[u8; 32]>) = left
                    .map(|&row| {
                        (
                            column[self.ranges[row].start + entry],
                            self.weights[row][entry],
                        )
                    })
                    .unzip();
                let count = points.len();
                let what = Combination {
                    addend: (entry > 0).then(|| Points::Computed(&sums[..count])),
                    variable: Some((Points::Encoded(&points), Scalars::Each(&weights))),
                    ..Combination::default()
                };
                let mut out = vec![[0; 32]; count];
                combine(backend, &what, &mut out).expect("what is no point was replaced");
                if entry == 0 {
                    *sums = out;
                } else {
                    sums[..count].copy_from_slice(&out);
                }
            }
        }
        sums
    }
}

/// The point, or the generator in place of what is none.
fn stand_in(point: &Encoding, valid: bool) -> Encoding {
    if valid {
        *point
    } else {
        *Table::generator().encoding()
    }
}
