//! One chunk of a batch on a vector backend: groups of `WIDTH` items, each step a [`Job`] over the whole chunk.
//!
//! Steps: decode the points that are multiplied, multiply them, add the multiples of the fixed bases, decode the addends,
//! add and encode. Between steps a group's sum lies in memory. Groups are rounded up to an even number, and lanes past
//! the end hold the identity and scalars of 0, so that no step has a special case; their results are dropped.

use zeroize::Zeroize;

use crate::decoding::{MAX_WIDTH, decode_all, decode_first, decode_or_map};
use crate::field::{Field, Job};
use crate::group::{self, Addable, Affine, WINDOW, ZERO};
use crate::ristretto::{Doubling, Lifted, encode, invert_all};
use crate::scalars::{self, Change, MAX_WINDOWS, recode};
use crate::table::Comb;
use crate::{Combination, Invalid, Part, Points, Scalars};

/// Groups whose fixed-base multiples are made together: a row of the table is read once for all of them.
const BLOCK: usize = 8;

/// Digits of one group, `digits[window * WIDTH + lane]`.
type GroupDigits = [i8; MAX_WINDOWS * MAX_WIDTH];

/// [`crate::combine`] for one chunk.
pub(crate) fn combine<F: Field>(
    what: &Combination,
    combs: [Option<&Comb<F>>; 2],
    out: &mut [[u8; 32]],
) -> Result<(), Invalid> {
    // All scalars are halved and the doubles encoded with one inversion, an addend that was decoded being lifted; what
    // comes out of the one-way map is no double and has no lift in hand.
    let mapped = matches!(what.addend, Some(Points::Uniform(_)));
    let change = |negate| Change {
        halve: !mapped,
        negate,
    };
    let groups = out.len().div_ceil(2 * F::WIDTH) * 2;
    let mut sums = vec![Addable::<F>::identity_outside(); groups];
    let mut refused = None;
    if let Some((points, scalars)) = &what.variable {
        refused = decode_or_map(points, &mut sums).map(|index| (index, Part::Variable));
        F::enter(Multiply {
            scalars,
            change: change(what.negate_variable),
            count: out.len(),
            sums: &mut sums,
        });
    }
    for (part, comb) in what.fixed_parts().iter().zip(combs) {
        if let (Some((_, scalars)), Some(comb)) = (part, comb) {
            F::enter(AddFixed {
                comb,
                scalars,
                change: change(false),
                count: out.len(),
                sums: &mut sums,
            });
        }
    }
    let mut lifted = Vec::new();
    match &what.addend {
        None => (),
        Some(points @ Points::Uniform(_)) => add_mapped(points, &mut sums),
        Some(points @ (Points::Encoded(encodings) | Points::Computed(encodings))) => {
            let identity = matches!(points, Points::Computed(_));
            lifted.resize(groups, Lifted::nothing_outside());
            let bad = decode_first(encodings, identity, &mut lifted);
            let bad = bad.map(|index| (index, Part::Addend));
            refused = [refused, bad].into_iter().flatten().min();
        }
    }
    let done = match refused {
        Some((index, part)) => Err(refusal(what, index, part)),
        None if mapped => {
            F::enter(Encode { sums: &sums, out });
            Ok(())
        }
        None => {
            F::enter(EncodeDoubles {
                sums: &sums,
                addends: &lifted,
                out,
            });
            Ok(())
        }
    };
    // Products, mapped inputs and addends do not stay behind in freed memory.
    wipe(&mut sums, Addable::identity_outside());
    wipe(&mut lifted, Lifted::nothing_outside());
    done
}

/// Adds what the one-way map makes of inputs.
fn add_mapped<F: Field>(points: &Points, sums: &mut [Addable<F>]) {
    let mut addends = vec![Addable::<F>::identity_outside(); sums.len()];
    decode_or_map(points, &mut addends);
    F::enter(AddPoints {
        addends: &addends,
        sums,
    });
    wipe(&mut addends, Addable::identity_outside());
}

/// The error for the encoding of a part that was refused.
fn refusal(what: &Combination, index: usize, part: Part) -> Invalid {
    let points = if part == Part::Addend {
        what.addend
    } else {
        what.variable.map(|(points, _)| points)
    };
    Combination::invalid(&points.expect("the part was decoded"), index, part)
}

/// [`crate::check`] for one chunk.
pub(crate) fn check<F: Field>(points: &[[u8; 32]]) -> Result<(), Invalid> {
    let mut decoded = Vec::new();
    decode_all::<F>(points, &mut decoded)
}

/// The digits of one group's scalars; lanes past the end have digits of 0.
#[inline(always)]
fn group_digits<F: Field>(
    bits: usize,
    scalars: &Scalars,
    change: Change,
    group: usize,
    count: usize,
    digits: &mut GroupDigits,
) {
    let start = group * F::WIDTH;
    let present = count.saturating_sub(start).min(F::WIDTH);
    match scalars {
        Scalars::One(scalar) => {
            // The same scalar in every lane, also past the end. Later groups find the digits already there.
            if group > 0 {
                return;
            }
            recode(bits, scalar, change, digits, F::WIDTH);
            for window in digits[..scalars::windows(bits) * F::WIDTH].chunks_exact_mut(F::WIDTH) {
                let digit = window[0];
                window.fill(digit);
            }
        }
        Scalars::Each(scalars) => {
            if present < F::WIDTH {
                digits.fill(0);
            }
            for lane in 0..present {
                recode(
                    bits,
                    &scalars[start + lane],
                    change,
                    &mut digits[lane..],
                    F::WIDTH,
                );
            }
        }
    }
}

/// Multiplies every sum by its scalar.
struct Multiply<'a, F> {
    scalars: &'a Scalars<'a>,
    change: Change,
    count: usize,
    sums: &'a mut [Addable<F>],
}

impl<F: Field> Job for Multiply<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let mut digits: GroupDigits = [0; _];
        for (group, sum) in self.sums.iter_mut().enumerate() {
            group_digits::<F>(
                WINDOW,
                self.scalars,
                self.change,
                group,
                self.count,
                &mut digits,
            );
            *sum = group::multiply(*sum, &digits);
        }
        digits.zeroize();
    }
}

/// Adds to every sum its scalar times the fixed base.
struct AddFixed<'a, F: Field> {
    comb: &'a Comb<F>,
    scalars: &'a Scalars<'a>,
    change: Change,
    count: usize,
    sums: &'a mut [Addable<F>],
}

impl<F: Field> Job for AddFixed<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let mut digits: [GroupDigits; BLOCK] = [[0; _]; BLOCK];
        let one = matches!(self.scalars, Scalars::One(_));
        for (block, sums) in self.sums.chunks_mut(BLOCK).enumerate() {
            for group in 0..sums.len() {
                let place = &mut digits[if one { 0 } else { group }];
                group_digits::<F>(
                    F::FIXED_BITS,
                    self.scalars,
                    self.change,
                    block * BLOCK + group,
                    self.count,
                    place,
                );
            }
            for (window, row) in self.comb.rows().iter().enumerate() {
                let place = window * F::WIDTH..(window + 1) * F::WIDTH;
                for (group, sum) in sums.iter_mut().enumerate() {
                    let digits = &digits[if one { 0 } else { group }][place.clone()];
                    *sum = sum.add_affine(Affine::lookup(row, digits)).addable();
                }
            }
        }
        digits.zeroize();
    }
}

/// Adds to every sum another point.
struct AddPoints<'a, F> {
    addends: &'a [Addable<F>],
    sums: &'a mut [Addable<F>],
}

impl<F: Field> Job for AddPoints<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (sum, addend) in self.sums.iter_mut().zip(self.addends) {
            *sum = sum.add(addend.cached()).addable();
        }
    }
}

/// Encodes the double of every sum, with its addend.
struct EncodeDoubles<'a, F> {
    sums: &'a [Addable<F>],
    /// What is added to the doubles; empty if nothing is.
    addends: &'a [Lifted<F>],
    out: &'a mut [[u8; 32]],
}

impl<F: Field> Job for EncodeDoubles<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let mut states = Vec::with_capacity(self.sums.len());
        if self.addends.is_empty() {
            for sum in self.sums {
                states.push(Doubling::new(*sum));
            }
        } else {
            for (sum, addend) in self.sums.iter().zip(self.addends) {
                states.push(Doubling::of_sum(*sum, *addend));
            }
        }
        let mut inverses = Vec::with_capacity(self.sums.len());
        for state in &states {
            inverses.push(state.efgh());
        }
        let mut products = Vec::with_capacity(self.sums.len());
        invert_all(&mut inverses, &mut products);
        for (out, (state, inverse)) in self
            .out
            .chunks_mut(F::WIDTH)
            .zip(states.iter().zip(&inverses))
        {
            store_padded(state.encode(*inverse), out);
        }
        wipe(&mut states, Doubling::nothing());
        wipe(&mut inverses, F::splat(&ZERO));
        wipe(&mut products, F::splat(&ZERO));
    }
}

/// Encodes every sum.
struct Encode<'a, F> {
    sums: &'a [Addable<F>],
    out: &'a mut [[u8; 32]],
}

impl<F: Field> Job for Encode<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (out, sums) in self
            .out
            .chunks_mut(2 * F::WIDTH)
            .zip(self.sums.chunks_exact(2))
        {
            let [low, high] = encode([sums[0], sums[1]]);
            let (first, second) = out.split_at_mut(F::WIDTH.min(out.len()));
            store_padded(low, first);
            if !second.is_empty() {
                store_padded(high, second);
            }
        }
    }
}

/// Writes over what leads to results that may be secret, before its memory is freed.
#[inline(always)]
pub(crate) fn wipe<T: Copy>(values: &mut [T], nothing: T) {
    values.fill(nothing);
    zeroize::optimization_barrier(values);
}

/// Stores the lanes for which there is a place.
#[inline(always)]
fn store_padded<F: Field>(values: F, out: &mut [[u8; 32]]) {
    if out.len() == F::WIDTH {
        return values.store(out);
    }
    let mut padded = [[0; 32]; MAX_WIDTH];
    values.store(&mut padded[..F::WIDTH]);
    out.copy_from_slice(&padded[..out.len()]);
}
