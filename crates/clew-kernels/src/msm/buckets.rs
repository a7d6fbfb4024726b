//! Many points: those with the same digit are added first, then weighted by it (Pippenger).
//!
//! A lane adds up the points of one *task*, a stretch of one digit's points. Tasks of like length run side by side, so that lanes
//! seldom wait for each other, and a digit that very many points have is cut into several tasks.

use super::digits::Digits;
use super::rows::{AffineRow, Lanes, PointRow, identity_row, load, load_affine, store};
use crate::field::Job;
use crate::group::Addable;
use crate::lanes::wipe;

/// Windows are not wider: the buckets of one would no longer fit the second-level cache.
const WIDEST: usize = 13;

/// The width of windows that takes the least time for so many points and bits.
pub(super) fn best_width(points: usize, bits: usize, lanes: usize) -> usize {
    // In additions of a point: one for each point, and three for each bucket (it is added twice, and from projective
    // coordinates). There must be a bucket for each lane.
    let cost = |width: usize| (bits + 1).div_ceil(width) * (points + 3 * (1 << (width - 1)));
    let narrowest = lanes.ilog2() as usize + 1;
    (narrowest..=WIDEST)
        .min_by_key(|width| cost(*width))
        .expect("a range that is not empty")
}

/// What a window comes to, as each lane sees it, the lanes having the buckets in equal segments: the sum of the
/// segment's buckets, each times its place in it (from 1), and the plain sum.
pub(super) struct WindowSum<F> {
    pub(super) weighted: Addable<F>,
    pub(super) plain: Addable<F>,
}

/// A stretch of the points that have one digit.
struct Task {
    bucket: u32,
    start: u32,
    length: u32,
}

/// The points of a window in the order of their digits' magnitudes.
struct Sorted {
    /// Twice the point's index, plus 1 where the digit is negative.
    entries: Vec<u32>,
    /// Longest first.
    tasks: Vec<Task>,
}

impl Sorted {
    fn new(digits: &Digits, window: usize, buckets: usize) -> Self {
        let digits: Vec<i32> = digits.window(window).collect();
        assert!(digits.len() <= 1 << 31, "at most 2^31 points");
        let mut ends = vec![0u32; buckets + 1];
        for digit in &digits {
            ends[digit.unsigned_abs() as usize] += 1;
        }
        ends[0] = 0; // Points with a digit of 0 add nothing.
        let count: u32 = ends.iter().sum();
        let longest = longest_task(count, buckets);
        let mut tasks = Vec::with_capacity(buckets);
        let mut start = 0;
        for (bucket, end) in ends.iter_mut().enumerate().skip(1) {
            let length = *end;
            // Where the next point of the digit goes, which ends up as the end.
            *end = start;
            let mut left = length;
            while left > 0 {
                let part = left.min(longest);
                tasks.push(Task {
                    bucket: bucket as u32 - 1,
                    start: start + length - left,
                    length: part,
                });
                left -= part;
            }
            start += length;
        }
        tasks.sort_by_key(|task| std::cmp::Reverse(task.length));
        let mut entries = vec![0; count as usize];
        for (index, digit) in digits.iter().enumerate() {
            if *digit != 0 {
                let place = &mut ends[digit.unsigned_abs() as usize];
                entries[*place as usize] = 2 * index as u32 + u32::from(*digit < 0);
                *place += 1;
            }
        }
        Sorted { entries, tasks }
    }
}

/// Points of the longest task: four times as many as a bucket has on average.
fn longest_task(count: u32, buckets: usize) -> u32 {
    let longest = (4 * u64::from(count) / buckets as u64).max(32);
    u32::try_from(longest).unwrap_or(u32::MAX)
}

/// What one window of the digits comes to. `nothing` is the identity's row.
pub(super) fn window<F: Lanes>(
    points: &[AffineRow],
    nothing: &AffineRow,
    digits: &Digits,
    window: usize,
    width: usize,
) -> WindowSum<F> {
    let sorted = Sorted::new(digits, window, 1 << (width - 1));
    F::enter(Window {
        points,
        nothing,
        sorted: &sorted,
        buckets: 1 << (width - 1),
        field: std::marker::PhantomData::<F>,
    })
}

struct Window<'a, F> {
    points: &'a [AffineRow],
    nothing: &'a AffineRow,
    sorted: &'a Sorted,
    buckets: usize,
    field: std::marker::PhantomData<F>,
}

impl<F: Lanes> Job for Window<'_, F> {
    type Output = WindowSum<F>;

    #[inline(always)]
    fn run(self) -> WindowSum<F> {
        let empty = identity_row::<F>();
        let mut buckets = vec![empty; self.buckets];
        let mut filled = vec![false; self.buckets];
        let mut sums = [empty; 8];
        for tasks in self.sorted.tasks.chunks(F::WIDTH) {
            let sum = self.add_up(tasks);
            store(sum, &mut sums[..F::WIDTH]);
            for (task, sum) in tasks.iter().zip(&sums) {
                let bucket = task.bucket as usize;
                if filled[bucket] {
                    add_to::<F>(&mut buckets[bucket], sum, &empty);
                } else {
                    (buckets[bucket], filled[bucket]) = (*sum, true);
                }
            }
        }
        let sum = weigh(&buckets);
        wipe(&mut buckets, empty);
        sum
    }
}

impl<F: Lanes> Window<'_, F> {
    /// Each lane's task.
    #[inline(always)]
    fn add_up(&self, tasks: &[Task]) -> Addable<F> {
        let mut sum = Addable::identity();
        // The first is the longest.
        for step in 0..tasks[0].length {
            let (mut rows, mut signs) = ([self.nothing; 8], [1i8; 8]);
            for (lane, task) in tasks.iter().enumerate() {
                if step < task.length {
                    let entry = self.sorted.entries[(task.start + step) as usize];
                    rows[lane] = &self.points[entry as usize / 2];
                    signs[lane] = 1 - 2 * (entry & 1) as i8;
                }
            }
            let point = load_affine(&rows[..F::WIDTH], &signs[..F::WIDTH]);
            sum = sum.add_affine(point).addable();
        }
        sum
    }
}

/// Adds a row to another, in one lane: rare.
#[inline(always)]
fn add_to<F: Lanes>(bucket: &mut PointRow, sum: &PointRow, empty: &PointRow) {
    let (mut left, mut right) = ([empty; 8], [empty; 8]);
    (left[0], right[0]) = (&*bucket, sum);
    let sum: Addable<F> = load::<F>(&left[..F::WIDTH])
        .add(load::<F>(&right[..F::WIDTH]).cached())
        .addable();
    let mut rows = [*empty; 8];
    store(sum, &mut rows[..F::WIDTH]);
    *bucket = rows[0];
}

/// Every lane goes down its segment of the buckets: the running sum, added up, counts each bucket as often as its place.
#[inline(always)]
fn weigh<F: Lanes>(buckets: &[PointRow]) -> WindowSum<F> {
    let segment = buckets.len() / F::WIDTH;
    let (mut weighted, mut plain) = (Addable::<F>::identity(), Addable::<F>::identity());
    for place in (0..segment).rev() {
        let mut rows = [&buckets[0]; 8];
        for (lane, row) in rows[..F::WIDTH].iter_mut().enumerate() {
            *row = &buckets[lane * segment + place];
        }
        plain = plain.add(load::<F>(&rows[..F::WIDTH]).cached()).addable();
        weighted = weighted.add(plain.cached()).addable();
    }
    WindowSum { weighted, plain }
}

/// The sum of windows, least first, each shifted to its place: in lane 0.
pub(super) struct Combine<'a, F> {
    pub(super) windows: &'a [WindowSum<F>],
    pub(super) width: usize,
}

impl<F: Lanes> Job for Combine<'_, F> {
    type Output = Addable<F>;

    #[inline(always)]
    fn run(self) -> Addable<F> {
        let (mut weighted, mut plain) = (Addable::identity(), Addable::identity());
        for (number, window) in self.windows.iter().rev().enumerate() {
            if number > 0 {
                weighted = times_power_of_2(weighted, self.width);
                plain = times_power_of_2(plain, self.width);
            }
            weighted = weighted.add(window.weighted.cached()).addable();
            plain = plain.add(window.plain.cached()).addable();
        }
        // Lane l has the buckets from l * segment on: its plain sum counts l * segment times more. Halving the lanes,
        // sum of l R(l) is that over the lower half of l (R(l) + R(l + half)), and half times the upper sums.
        let segment_bits = self.width - 1 - F::WIDTH.ilog2() as usize;
        let mut half = F::WIDTH / 2;
        while half > 0 {
            let upper = super::upper_lanes(plain, half);
            let more = times_power_of_2(upper, segment_bits + half.ilog2() as usize);
            weighted = weighted
                .add(super::upper_lanes(weighted, half).cached())
                .addable();
            weighted = weighted.add(more.cached()).addable();
            plain = plain.add(upper.cached()).addable();
            half /= 2;
        }
        weighted
    }
}

#[inline(always)]
fn times_power_of_2<F: Lanes>(point: Addable<F>, power: usize) -> Addable<F> {
    if power == 0 {
        return point;
    }
    let mut next = point.double();
    for _ in 1..power {
        next = next.doublable().double();
    }
    next.addable()
}

#[cfg(test)]
mod tests {
    use super::longest_task;

    #[test]
    fn tasks_of_very_many_points_are_not_short() {
        assert_eq!(longest_task(0, 4096), 32);
        assert_eq!(longest_task(100_000, 128), 3125);
        assert_eq!(longest_task((1 << 30) + 4096, 4096), (1 << 20) + 4);
        assert_eq!(longest_task(1 << 31, 1), u32::MAX);
    }
}
