//! Many short sums, each in a lane of its own (Straus): their doublings are shared by `WIDTH` sums, where the lanes of one
//! sum would have to be added up in the end, and stand idle if it is of few points.
//!
//! Sums of like length run side by side. What is done depends on their lengths alone.

use std::ops::Range;

use super::digits::Digits;
use super::rows::{AffineRow, Lanes, load_affine};
use crate::field::Job;
use crate::group::{self, Addable, Cached, ENTRIES, WINDOW};

/// Longer sums are made one by one: their tables would not fit the second-level cache.
pub(super) const LONGEST: usize = 64;

/// `WIDTH` sums at most, the first the longest.
pub(super) struct Group<'a> {
    /// Where the points and scalars of each sum are.
    pub(super) ranges: &'a [Range<usize>],
    /// Of all scalars, in windows of [`WINDOW`] bits.
    pub(super) digits: &'a Digits,
}

impl Group<'_> {
    /// The digits of every window, from the top: for each place in the sums, one for each lane, 0 where a sum is shorter.
    fn by_window(&self, lanes: usize) -> Vec<i8> {
        let longest = self.ranges[0].len().max(1);
        let mut out = vec![0; self.digits.windows() * longest * lanes];
        for (lane, range) in self.ranges.iter().enumerate() {
            for (place, scalar) in range.clone().enumerate() {
                for window in 0..self.digits.windows() {
                    let row = self.digits.windows() - 1 - window;
                    out[(row * longest + place) * lanes + lane] =
                        self.digits.digit(scalar, window) as i8;
                }
            }
        }
        out
    }

    /// The sums over each column of points, sum `l` in lane `l`. `nothing` is the identity's row.
    pub(super) fn sums<F: Lanes>(
        &self,
        columns: &[Vec<AffineRow>],
        nothing: &AffineRow,
    ) -> Vec<Addable<F>> {
        let digits = self.by_window(F::WIDTH);
        let sum = |points: &Vec<AffineRow>| {
            F::enter(Sums {
                points,
                nothing,
                ranges: self.ranges,
                digits: &digits,
                field: std::marker::PhantomData::<F>,
            })
        };
        columns.iter().map(sum).collect()
    }
}

struct Sums<'a, F> {
    points: &'a [AffineRow],
    nothing: &'a AffineRow,
    ranges: &'a [Range<usize>],
    digits: &'a [i8],
    field: std::marker::PhantomData<F>,
}

impl<F: Lanes> Job for Sums<'_, F> {
    type Output = Addable<F>;

    #[inline(always)]
    fn run(self) -> Addable<F> {
        let longest = self.ranges[0].len().max(1);
        let mut tables: Vec<[Cached<F>; ENTRIES]> = Vec::with_capacity(longest);
        for place in 0..longest {
            let mut rows = [self.nothing; 8];
            for (row, range) in rows.iter_mut().zip(self.ranges) {
                if place < range.len() {
                    *row = &self.points[range.start + place];
                }
            }
            let point = load_affine(&rows[..F::WIDTH], &[1; 8][..F::WIDTH]);
            let point = Addable::identity().add_affine(point).addable();
            tables.push(group::multiples(point));
        }
        let mut sum = Addable::identity();
        for (number, digits) in self.digits.chunks_exact(longest * F::WIDTH).enumerate() {
            if number > 0 {
                let mut next = sum.double();
                for _ in 1..WINDOW {
                    next = next.doublable().double();
                }
                sum = next.addable();
            }
            for (table, digits) in tables.iter().zip(digits.chunks_exact(F::WIDTH)) {
                sum = sum.add(group::lookup(table, digits)).addable();
            }
        }
        sum
    }
}
