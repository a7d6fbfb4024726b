//! What a vector of field elements must be able to do: the seam between the formulas and the processors.
//!
//! A [`Field`] holds `WIDTH` elements of the field of 2^255 - 19, one in each *vertical lane*: limb 0 of all of them in
//! one register, limb 1 in the next, and so on. Every operation acts on all lanes alike. The formulas (`group`,
//! `ristretto`) are written once, generic over this trait.
//!
//! **Two kinds of value, because a lost carry is the trap of this crate.** A `Field` value is *carried*: its limbs are
//! short enough to be multiplied exactly. A [`Field::Wide`] value is the sum of products, not yet carried: it can only
//! be added, subtracted and carried. Types keep an uncarried sum from being multiplied (a multiplier that sees 52 bits
//! silently drops the 53rd; random points pass every test then, and the identity, p - 1 and small multiples come out
//! wrong). Sums of wide values are counted in *units*, stated beside every use in the formulas:
//! - a product or square, or a widened carried value, is at most 1 unit;
//! - `plus` adds the units of its arguments;
//! - `minus` takes at most 4 units on either side, and its result may only be carried, never added or subtracted again;
//! - `carry` takes at most 8 units, or a `minus`;
//! - a `raised` product has a multiple of p added that is larger than 4 units, for free: `lower` takes at most 4 units
//!   away from it or from its sum with others. What is added to it before and after, and the product itself, are at most
//!   4 units together; such sums and what `lower` returns count as a `minus`.
//!
//! A field may carry earlier than it must (`Wide` may be the carried form); the units are what the formulas promise.
//!
//! **How code gets its instructions.** Methods of an implementation are `#[inline(always)]` around intrinsics. A
//! compiler only inlines an intrinsic into a function that has its `#[target_feature]`, so every piece of work is a
//! [`Job`] that runs inside [`Field::enter`], the one function of an implementation with that attribute. A job's `run`
//! is `#[inline(always)]`, as is every generic function that it calls; anything left out would not be inlined, would
//! pass its vectors through memory, and would be many times slower, though still correct.

/// A field element as limbs of 51 bits, least first, each below 2^51: how constants and shared tables are kept.
pub(crate) type Constant = [u64; 5];

/// Work to be compiled with a field's instructions.
pub(crate) trait Job {
    /// What comes out.
    type Output;

    /// Does it. Implementations are `#[inline(always)]`, see the module's text.
    fn run(self) -> Self::Output;
}

/// `WIDTH` field elements, carried. Every function takes the same time for all values.
pub(crate) trait Field: Copy + Send + Sync + 'static {
    /// Lanes.
    const WIDTH: usize;
    /// Bits in a window of the fixed-base tables: a row has `2^(FIXED_BITS - 1)` entries. From 4 to 7.
    const FIXED_BITS: usize;
    /// Sums of products, not carried: see the units in the module's text.
    type Wide: Copy;
    /// One truth value for each lane.
    type Mask: Copy;
    /// One small magnitude for each lane, 0 to 64.
    type Digits: Copy;
    /// One window of a fixed-base table, in the form that `lookup` likes.
    type Row: Send + Sync + 'static;

    /// Runs a job compiled with this field's instructions.
    ///
    /// # Panics
    /// If the processor does not have them. A backend asks once for a whole batch; this asks again, which takes no time
    /// beside a job, so that no mistake there is undefined behaviour.
    fn enter<J: Job>(job: J) -> J::Output;

    /// The same constant in every lane.
    fn splat(constant: &Constant) -> Self;

    /// The low 255 bits of each of `WIDTH` encodings, not necessarily below p.
    fn load(encodings: &[[u8; 32]]) -> Self;

    /// The canonical encodings, into exactly `WIDTH` places.
    fn store(self, out: &mut [[u8; 32]]);

    /// The value itself as a wide one: 1 unit.
    fn widen(self) -> Self::Wide;

    /// The product: 1 unit.
    fn times(self, other: Self) -> Self::Wide;

    /// The square: 1 unit.
    fn squared(self) -> Self::Wide;

    /// The sum, of as many units as both together.
    fn plus(left: Self::Wide, right: Self::Wide) -> Self::Wide;

    /// The difference of at most 4 units each, for `carry` only.
    fn minus(left: Self::Wide, right: Self::Wide) -> Self::Wide;

    /// The product, raised.
    #[inline(always)]
    fn times_raised(self, other: Self) -> Self::Wide {
        self.times(other)
    }

    /// The square, raised.
    #[inline(always)]
    fn squared_raised(self) -> Self::Wide {
        self.squared()
    }

    /// A sum of at most 4 units, raised.
    #[inline(always)]
    fn raise(wide: Self::Wide) -> Self::Wide {
        wide
    }

    /// A raised value less at most 4 units, for `plus` (see the units above) and `carry`.
    #[inline(always)]
    fn lower(raised: Self::Wide, right: Self::Wide) -> Self::Wide {
        Self::minus(raised, right)
    }

    /// The carried value of at most 8 units, or of a `minus`.
    fn carry(wide: Self::Wide) -> Self;

    /// The negative.
    fn neg(self) -> Self;

    /// `yes` where the mask is set, `no` elsewhere.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;

    /// Whether each lane is 0 modulo p.
    fn is_zero(self) -> Self::Mask;

    /// Whether each lane's canonical value is odd ("negative" in RFC 9496).
    fn is_negative(self) -> Self::Mask;

    /// Where either is set.
    fn either(left: Self::Mask, right: Self::Mask) -> Self::Mask;

    /// The lanes of a mask as bits, lane 0 lowest.
    fn bits(mask: Self::Mask) -> u32;

    /// Magnitudes (at most 64) and signs of `WIDTH` digits.
    fn digits(values: &[i8]) -> (Self::Digits, Self::Mask);

    /// Where the magnitude is `value`.
    fn digit_is(digits: Self::Digits, value: u8) -> Self::Mask;

    /// A row of a shared table out of its `2^(FIXED_BITS - 1)` entries for the magnitudes 1, 2, …: three coordinates.
    fn row(entries: &[[Constant; 3]]) -> Self::Row;

    /// The coordinates of the entry that each lane's magnitude names; (1, 1, 0) for magnitude 0. The memory that is
    /// read must not depend on the digits.
    fn lookup(row: &Self::Row, digits: Self::Digits) -> [Self; 3];

    /// The product, carried.
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self::carry(self.times(other))
    }

    /// The square, carried.
    #[inline(always)]
    fn square(self) -> Self {
        Self::carry(self.squared())
    }

    /// The sum, carried.
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self::carry(Self::plus(self.widen(), other.widen()))
    }

    /// The difference, carried.
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self::carry(Self::minus(self.widen(), other.widen()))
    }

    /// The negative where the mask is set.
    #[inline(always)]
    fn negate_where(self, mask: Self::Mask) -> Self {
        Self::select(mask, self.neg(), self)
    }

    /// The one of `self` and its negative that is not negative.
    #[inline(always)]
    fn abs(self) -> Self {
        self.negate_where(self.is_negative())
    }

    /// Where both are equal modulo p.
    #[inline(always)]
    fn equals(self, other: Self) -> Self::Mask {
        self.sub(other).is_zero()
    }
}
