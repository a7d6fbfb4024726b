//! The sums of many rows, most of them short.
//!
//! A sum of products over one point costs as much as ten multiplications in a batch: its doublings wait for each other, and
//! the lanes stand idle. Most numbers have few contacts, so short rows are folded together instead, one entry of each at
//! a time. Long rows are sums by themselves, where a point costs a quarter of a multiplication.

use clew_kernels::{Backend, Combination, Points, Scalars, combine};
use rayon::prelude::*;

use super::fold;
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
    pub(super) fn fold(&self, backend: Backend) -> Vec<Option<[Encoding; N]>> {
        let (mut short, long): (Vec<usize>, Vec<usize>) =
            (0..self.ranges.len()).partition(|&row| self.ranges[row].len() <= SHORT);
        short.sort_by_key(|&row| std::cmp::Reverse(self.ranges[row].len()));
        let mut out = vec![None; self.ranges.len()];
        let together = self.fold_together(backend, &short);
        // A refused entry in any short row: each is folded by itself, and only the rows that have one get no sum.
        let alone = if together.is_some() {
            long
        } else {
            [long, short.clone()].concat()
        };
        let one = |&row: &usize| {
            let range = self.ranges[row].clone();
            let columns = self.columns.map(|column| &column[range.clone()]);
            (row, fold(backend, columns, &self.weights[row]).ok())
        };
        for (row, sums) in alone.par_iter().map(one).collect::<Vec<_>>() {
            out[row] = sums;
        }
        if let Some(sums) = together {
            for (place, row) in short.into_iter().enumerate() {
                out[row] = Some(sums.each_ref().map(|column| column[place]));
            }
        }
        out
    }

    /// The sums of these rows, which come longest first; none if any entry is refused.
    fn fold_together(&self, backend: Backend, rows: &[usize]) -> Option<[Vec<Encoding>; N]> {
        let mut sums: [Vec<Encoding>; N] = std::array::from_fn(|_| Vec::new());
        for (column, sums) in self.columns.iter().zip(&mut sums) {
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
                    addend: (entry > 0).then(|| Points::Encoded(&sums[..count])),
                    variable: Some((Points::Encoded(&points), Scalars::Each(&weights))),
                    ..Combination::default()
                };
                let mut out = vec![[0; 32]; count];
                if combine(backend, &what, &mut out).ok()?.is_some() {
                    return None;
                }
                if entry == 0 {
                    *sums = out;
                } else {
                    sums[..count].copy_from_slice(&out);
                }
            }
        }
        Some(sums)
    }
}
