//! One chunk of a batch on a vector backend: groups of `WIDTH` items, each step a [`Job`] over the whole chunk.
//!
//! Steps: decode the points that are multiplied, multiply them, add the multiples of the fixed base, decode and add the
//! addends, encode. Between steps a group's sum lies in memory. Groups are rounded up to an even number, and lanes past
//! the end hold the identity and scalars of 0, so that no step has a special case; their results are dropped.

use zeroize::Zeroize;

use crate::field::{Field, Job};
use crate::group::{self, Addable, Affine, WINDOW};
use crate::ristretto::{self, Doubling, decode, encode, invert_all, is_plausible};
use crate::scalars::{self, Change, MAX_WINDOWS, recode};
use crate::table::Comb;
use crate::{Combination, Invalid, Part, Points, Scalars};

/// The most lanes of any field.
const MAX_WIDTH: usize = 8;

/// Groups whose fixed-base multiples are made together: a row of the table is read once for all of them.
const BLOCK: usize = 8;

/// Digits of one group, `digits[window * WIDTH + lane]`.
type GroupDigits = [i8; MAX_WINDOWS * MAX_WIDTH];

/// [`crate::combine`] for one chunk.
pub(crate) fn combine<F: Field>(
    what: &Combination,
    comb: Option<&Comb<F>>,
    out: &mut [[u8; 32]],
) -> Result<(), Invalid> {
    // As in the portable backend: without an addend the scalars are halved, and the doubles encoded with one inversion.
    let halve = what.addend.is_none();
    let groups = out.len().div_ceil(2 * F::WIDTH) * 2;
    let mut sums = vec![Addable::<F>::identity_outside(); groups];
    let mut refused = None;
    if let Some((points, scalars)) = &what.variable {
        refused = F::enter(Decode {
            points,
            out: &mut sums,
        })
        .map(|index| (index, Part::Variable));
        let change = Change {
            halve,
            negate: what.negate_variable,
        };
        F::enter(Multiply {
            scalars,
            change,
            count: out.len(),
            sums: &mut sums,
        });
    }
    if let (Some((_, scalars)), Some(comb)) = (&what.fixed, comb) {
        let change = Change {
            halve,
            negate: false,
        };
        F::enter(AddFixed {
            comb,
            scalars,
            change,
            count: out.len(),
            sums: &mut sums,
        });
    }
    if let Some(points) = &what.addend {
        let mut addends = vec![Addable::<F>::identity_outside(); groups];
        let bad = F::enter(Decode {
            points,
            out: &mut addends,
        })
        .map(|index| (index, Part::Addend));
        refused = [refused, bad].into_iter().flatten().min();
        F::enter(AddPoints {
            addends: &addends,
            sums: &mut sums,
        });
        addends.fill(Addable::identity_outside());
        zeroize::optimization_barrier(addends.as_slice());
    }
    let done = finish(what, refused, halve, &sums, out);
    // Products and mapped inputs do not stay behind in freed memory.
    sums.fill(Addable::identity_outside());
    zeroize::optimization_barrier(sums.as_slice());
    done
}

/// Encodes the sums, or says which input was refused.
fn finish<F: Field>(
    what: &Combination,
    refused: Option<(usize, Part)>,
    halve: bool,
    sums: &[Addable<F>],
    out: &mut [[u8; 32]],
) -> Result<(), Invalid> {
    if let Some((index, part)) = refused {
        let points = if part == Part::Addend {
            what.addend
        } else {
            what.variable.map(|(points, _)| points)
        };
        return Err(Combination::invalid(
            &points.expect("the part was decoded"),
            index,
            part,
        ));
    }
    if halve {
        F::enter(EncodeDoubles { sums, out })
    } else {
        F::enter(Encode { sums, out })
    }
    Ok(())
}

/// [`crate::check`] for one chunk.
pub(crate) fn check<F: Field>(points: &[[u8; 32]]) -> Result<(), Invalid> {
    let mut decoded = Vec::new();
    decode_all::<F>(points, &mut decoded)
}

/// [`crate::valid`] for one chunk.
pub(crate) fn valid<F: Field>(points: &[[u8; 32]], out: &mut [bool]) {
    let groups = points.len().div_ceil(2 * F::WIDTH) * 2;
    let mut decoded = vec![Addable::<F>::identity_outside(); groups];
    F::enter(DecodeEncodings {
        encodings: points,
        identity: false,
        out: &mut decoded,
        refuse: |index: usize| out[index] = false,
    });
}

/// The points of encodings, `WIDTH` in each group, lanes past the end the identity, an even number of groups.
pub(crate) fn decode_all<F: Field>(
    encodings: &[[u8; 32]],
    out: &mut Vec<Addable<F>>,
) -> Result<(), Invalid> {
    let points = Points::Encoded(encodings);
    out.clear();
    out.resize(
        encodings.len().div_ceil(2 * F::WIDTH) * 2,
        Addable::identity_outside(),
    );
    match F::enter(Decode {
        points: &points,
        out,
    }) {
        Some(index) => Err(Combination::invalid(&points, index, Part::Variable)),
        None => Ok(()),
    }
}

/// The items of a group that exist.
fn of_group<F: Field, T>(items: &[T], group: usize) -> &[T] {
    &items[(group * F::WIDTH).min(items.len())..((group + 1) * F::WIDTH).min(items.len())]
}

/// One element for each lane, zeros past the end.
#[inline(always)]
fn load_padded<F: Field>(encodings: &[[u8; 32]]) -> F {
    if encodings.len() == F::WIDTH {
        return F::load(encodings);
    }
    let mut padded = [[0; 32]; MAX_WIDTH];
    padded[..encodings.len()].copy_from_slice(encodings);
    F::load(&padded[..F::WIDTH])
}

/// Decodes or maps every point of a part; comes back with the first index that is no valid encoding.
struct Decode<'a, F> {
    points: &'a Points<'a>,
    out: &'a mut [Addable<F>],
}

impl<F: Field> Job for Decode<'_, F> {
    type Output = Option<usize>;

    #[inline(always)]
    fn run(self) -> Option<usize> {
        let (encodings, identity) = match self.points {
            Points::Encoded(encodings) => (encodings, false),
            Points::Computed(encodings) => (encodings, true),
            Points::Uniform(inputs) => {
                map_inputs(inputs, self.out);
                return None;
            }
        };
        let mut first = usize::MAX;
        DecodeEncodings {
            encodings,
            identity,
            out: self.out,
            refuse: |index: usize| first = first.min(index),
        }
        .run();
        (first != usize::MAX).then_some(first)
    }
}

/// Decodes encodings and tells of each that is refused, maybe twice; the identity is if it is not allowed.
struct DecodeEncodings<'a, F, R> {
    encodings: &'a [[u8; 32]],
    identity: bool,
    out: &'a mut [Addable<F>],
    refuse: R,
}

impl<F: Field, R: FnMut(usize)> Job for DecodeEncodings<'_, F, R> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        for (index, encoding) in self.encodings.iter().enumerate() {
            let allowed = is_plausible(encoding) || self.identity && *encoding == [0; 32];
            if !allowed {
                (self.refuse)(index);
            }
        }
        for (pair, out) in self.out.chunks_exact_mut(2).enumerate() {
            let [low, high] = [
                of_group::<F, _>(self.encodings, 2 * pair),
                of_group::<F, _>(self.encodings, 2 * pair + 1),
            ];
            let [(point, valid), (other_point, other_valid)] =
                decode([load_padded::<F>(low), load_padded(high)]);
            (out[0], out[1]) = (point, other_point);
            let good = u64::from(valid) | u64::from(other_valid) << F::WIDTH;
            // Lanes past the end decode as the identity and are valid.
            for lane in (0..2 * F::WIDTH).filter(|lane| good >> lane & 1 == 0) {
                (self.refuse)(2 * pair * F::WIDTH + lane);
            }
        }
    }
}

#[inline(always)]
fn map_inputs<F: Field>(inputs: &[[u8; 64]], out: &mut [Addable<F>]) {
    for (group, out) in out.iter_mut().enumerate() {
        let mut halves = [[[0; 32]; MAX_WIDTH]; 2];
        for (lane, input) in of_group::<F, _>(inputs, group).iter().enumerate() {
            halves[0][lane].copy_from_slice(&input[..32]);
            halves[1][lane].copy_from_slice(&input[32..]);
        }
        *out = ristretto::map([
            F::load(&halves[0][..F::WIDTH]),
            F::load(&halves[1][..F::WIDTH]),
        ]);
    }
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

/// Encodes the double of every sum.
struct EncodeDoubles<'a, F> {
    sums: &'a [Addable<F>],
    out: &'a mut [[u8; 32]],
}

impl<F: Field> Job for EncodeDoubles<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let mut states = Vec::with_capacity(self.sums.len());
        let mut inverses = Vec::with_capacity(self.sums.len());
        for sum in self.sums {
            let state = Doubling::new(*sum);
            inverses.push(state.efgh());
            states.push(state);
        }
        invert_all(&mut inverses, &mut Vec::with_capacity(self.sums.len()));
        for (out, (state, inverse)) in self
            .out
            .chunks_mut(F::WIDTH)
            .zip(states.iter().zip(&inverses))
        {
            store_padded(state.encode(*inverse), out);
        }
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
