//! Few points: the doublings are shared by all points of a lane, each point has a table of its own (Straus).

use super::digits::Digits;
use super::rows::Lanes;
use super::sum_lanes;
use crate::field::Job;
use crate::group::{self, Addable, Cached, ENTRIES, WINDOW};
use crate::lanes::wipe;

/// Multiples 1 to 8 of every point, by groups of lanes.
pub(super) struct Tables<F>(Vec<[Cached<F>; ENTRIES]>);

impl<F: Lanes> Tables<F> {
    pub(super) fn new(points: &[Addable<F>]) -> Self {
        Tables(F::enter(MakeTables { points }))
    }

    /// Writes over them: the points may be secret.
    pub(super) fn wipe(mut self) {
        let points = &[Addable::identity_outside()];
        let nothing = F::enter(MakeTables { points })[0];
        wipe(&mut self.0, nothing);
    }

    /// The sum of products, in lane 0. The digits are of windows of [`WINDOW`] bits.
    pub(super) fn sum(&self, digits: &Digits) -> Addable<F> {
        // Lanes past the last scalar have digits of 0.
        let lanes = self.0.len() * F::WIDTH;
        let mut by_window = vec![0i8; digits.windows() * lanes];
        for (window, places) in by_window.chunks_exact_mut(lanes.max(1)).enumerate() {
            for (place, digit) in places.iter_mut().zip(digits.window(window)) {
                *place = digit as i8;
            }
        }
        F::enter(Sum {
            tables: &self.0,
            digits: &by_window,
        })
    }
}

struct MakeTables<'a, F> {
    points: &'a [Addable<F>],
}

impl<F: Lanes> Job for MakeTables<'_, F> {
    type Output = Vec<[Cached<F>; ENTRIES]>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        let mut tables = Vec::with_capacity(self.points.len());
        for point in self.points {
            tables.push(group::multiples(*point));
        }
        tables
    }
}

struct Sum<'a, F> {
    tables: &'a [[Cached<F>; ENTRIES]],
    digits: &'a [i8],
}

impl<F: Lanes> Job for Sum<'_, F> {
    type Output = Addable<F>;

    #[inline(always)]
    fn run(self) -> Addable<F> {
        let mut sum = Addable::identity();
        let lanes = (self.tables.len() * F::WIDTH).max(1);
        for (number, digits) in self.digits.chunks_exact(lanes).rev().enumerate() {
            let mut tables = self.tables.iter().zip(digits.chunks_exact(F::WIDTH));
            let Some((table, first)) = tables.next() else {
                break;
            };
            if number > 0 {
                let mut next = sum.double();
                for _ in 1..WINDOW {
                    next = next.doublable().double();
                }
                sum = next.addable();
            }
            let mut next = sum.add(group::lookup(table, first));
            for (table, digits) in tables {
                next = next.addable().add(group::lookup(table, digits));
            }
            sum = next.addable();
        }
        sum_lanes(sum)
    }
}
