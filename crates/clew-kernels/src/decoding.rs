//! From bytes to groups of lanes: encodings decoded, in one of two forms, and inputs of the one-way map.
//!
//! `WIDTH` points are in each group, lanes past the end hold the identity, and groups are an even number, because two of
//! them are decoded side by side.

use subtle::ConstantTimeEq;

use crate::field::{Field, Job};
use crate::group::Addable;
use crate::ristretto::{self, Lifted, Pair, is_plausible};
use crate::{Combination, Invalid, Part, Points};

/// The most lanes of any field.
pub(crate) const MAX_WIDTH: usize = 8;

/// What encodings are decoded to.
pub(crate) trait Decoded<F>: Copy {
    /// The points, and the lanes where there is one, as bits.
    fn decode(s: Pair<F>) -> Pair<(Self, u32)>;
}

impl<F: Field> Decoded<F> for Addable<F> {
    #[inline(always)]
    fn decode(s: Pair<F>) -> Pair<(Self, u32)> {
        ristretto::decode(s)
    }
}

impl<F: Field> Decoded<F> for Lifted<F> {
    #[inline(always)]
    fn decode(s: Pair<F>) -> Pair<(Self, u32)> {
        ristretto::lift(s)
    }
}

/// The points of encodings that may not be the identity.
pub(crate) fn decode_all<F: Field>(
    encodings: &[[u8; 32]],
    out: &mut Vec<Addable<F>>,
) -> Result<(), Invalid> {
    out.clear();
    out.resize(
        encodings.len().div_ceil(2 * F::WIDTH) * 2,
        Addable::identity_outside(),
    );
    match decode_first::<F, _>(encodings, false, out) {
        Some(index) => {
            let points = Points::Encoded(encodings);
            Err(Combination::invalid(&points, index, Part::Variable))
        }
        None => Ok(()),
    }
}

/// Decodes or maps every point of a part; comes back with the first index that is no valid encoding.
pub(crate) fn decode_or_map<F: Field>(points: &Points, out: &mut [Addable<F>]) -> Option<usize> {
    match points {
        Points::Encoded(encodings) => decode_first::<F, _>(encodings, false, out),
        Points::Computed(encodings) => decode_first::<F, _>(encodings, true, out),
        Points::Uniform(inputs) => {
            F::enter(Map { inputs, out });
            None
        }
    }
}

/// Decodes encodings, the identity among them if it is allowed; comes back with the first index that is refused.
pub(crate) fn decode_first<F: Field, P: Decoded<F>>(
    encodings: &[[u8; 32]],
    identity: bool,
    out: &mut [P],
) -> Option<usize> {
    let mut first = usize::MAX;
    decode_each::<F, P>(encodings, identity, out, |index| first = first.min(index));
    (first != usize::MAX).then_some(first)
}

/// Decodes encodings and tells of each that is refused, maybe twice; the identity is if it is not allowed.
pub(crate) fn decode_each<F: Field, P: Decoded<F>>(
    encodings: &[[u8; 32]],
    identity: bool,
    out: &mut [P],
    refuse: impl FnMut(usize),
) {
    F::enter(Decode {
        encodings,
        identity,
        out,
        refuse,
        field: std::marker::PhantomData::<F>,
    });
}

struct Decode<'a, F, P, R> {
    encodings: &'a [[u8; 32]],
    identity: bool,
    out: &'a mut [P],
    refuse: R,
    field: std::marker::PhantomData<F>,
}

impl<F: Field, P: Decoded<F>, R: FnMut(usize)> Job for Decode<'_, F, P, R> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        for (index, encoding) in self.encodings.iter().enumerate() {
            // A computed identity takes the same steps as any other computed point.
            let identity = bool::from(encoding.ct_eq(&[0; 32]));
            let allowed = is_plausible(encoding) | (self.identity & identity);
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
                P::decode([load_padded::<F>(low), load_padded(high)]);
            (out[0], out[1]) = (point, other_point);
            let good = u64::from(valid) | u64::from(other_valid) << F::WIDTH;
            // Lanes past the end decode as the identity and are valid.
            for lane in (0..2 * F::WIDTH).filter(|lane| good >> lane & 1 == 0) {
                (self.refuse)(2 * pair * F::WIDTH + lane);
            }
        }
    }
}

/// The points that the one-way map makes of inputs.
struct Map<'a, F> {
    inputs: &'a [[u8; 64]],
    out: &'a mut [Addable<F>],
}

impl<F: Field> Job for Map<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (group, out) in self.out.iter_mut().enumerate() {
            let mut halves = [[[0; 32]; MAX_WIDTH]; 2];
            for (lane, input) in of_group::<F, _>(self.inputs, group).iter().enumerate() {
                halves[0][lane].copy_from_slice(&input[..32]);
                halves[1][lane].copy_from_slice(&input[32..]);
            }
            *out = ristretto::map([
                F::load(&halves[0][..F::WIDTH]),
                F::load(&halves[1][..F::WIDTH]),
            ]);
        }
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
