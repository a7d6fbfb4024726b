//! Points in vertical lanes: a = -1 twisted Edwards formulas, and multiplication by secret scalars.
//!
//! The formulas are those of Hisil, Wong, Carter and Dawson (2008), complete for this curve: no case is special, the
//! identity and equal points included. They are cut where values are carried. Both doubling and addition end in four
//! short values E, F, G, H with `X = EF, Y = GH, Z = FG, T = EH` ([`Completed`]); what is computed of them depends on what
//! comes next, and only that: a doubling wants X, Y, Z and X + Y, an addition Y + X, Y - X, Z and T. Sums are taken of
//! wide products and carried once, and a product that only feeds sums is never carried by itself.
//!
//! Units (see `field`) stand beside every sum.

use crate::field::{Constant, Field, Job};
use crate::scalars;

pub(crate) const ONE: Constant = [1, 0, 0, 0, 0];
pub(crate) const ZERO: Constant = [0; 5];

/// 2 d.
pub(crate) const TWICE_D: Constant = [
    0x69b9426b2f159,
    0x35050762add7a,
    0x3cf44c0038052,
    0x6738cc7407977,
    0x2406d9dc56dff,
];

/// What additions and doublings end in: `X = EF, Y = GH, Z = FG, T = EH`. All carried.
#[derive(Clone, Copy)]
pub(crate) struct Completed<F> {
    pub(crate) e: F,
    pub(crate) f: F,
    pub(crate) g: F,
    pub(crate) h: F,
}

/// What a doubling takes.
#[derive(Clone, Copy)]
pub(crate) struct Doublable<F> {
    x: F,
    y: F,
    z: F,
    sum: F,
}

/// What an addition takes on its left: the form in which sums are kept between steps.
#[derive(Clone, Copy)]
pub(crate) struct Addable<F> {
    /// Y + X
    pub(crate) sum: F,
    /// Y - X
    pub(crate) difference: F,
    pub(crate) z: F,
    pub(crate) t: F,
}

/// What an addition takes on its right: Y + X, Y - X, 2 d T, 2 Z.
#[derive(Clone, Copy)]
pub(crate) struct Cached<F>([F; 4]);

const SUM: usize = 0;
const DIFFERENCE: usize = 1;
const T: usize = 2;
const TWICE_Z: usize = 3;

/// The same with Z = 1.
#[derive(Clone, Copy)]
pub(crate) struct Affine<F> {
    pub(crate) sum: F,
    pub(crate) difference: F,
    /// 2 d T
    pub(crate) t: F,
}

impl<F: Field> Completed<F> {
    /// 3 products.
    #[inline(always)]
    pub(crate) fn doublable(self) -> Doublable<F> {
        let (x, y) = (self.e.times(self.f), self.g.times(self.h));
        let z = self.f.times(self.g);
        let sum = F::plus(x, y); // 2 units
        Doublable {
            x: F::carry(x),
            y: F::carry(y),
            z: F::carry(z),
            sum: F::carry(sum),
        }
    }

    /// 4 products.
    #[inline(always)]
    pub(crate) fn addable(self) -> Addable<F> {
        let (x, y) = (self.e.times(self.f), self.g.times_raised(self.h));
        let (z, t) = (self.f.times(self.g), self.e.times(self.h));
        let (sum, difference) = (F::plus(y, x), F::lower(y, x)); // raised plus 1; raised less 1
        Addable {
            sum: F::carry(sum),
            difference: F::carry(difference),
            z: F::carry(z),
            t: F::carry(t),
        }
    }
}

impl<F: Field> Doublable<F> {
    /// 4 squares. With A = X², B = Y², C = Z²: H = A + B, E = H - (X + Y)², G = A - B, F = 2 C + G.
    /// (E and G are the negatives of the paper's: all four coordinates change sign, the point is the same.)
    #[inline(always)]
    pub(crate) fn double(self) -> Completed<F> {
        let (a, b) = (self.x.squared_raised(), self.y.squared());
        let h = F::plus(a, b); // raised plus 1
        let e = F::lower(h, self.sum.squared()); // raised plus 1, less 1
        let g = F::lower(a, b); // raised less 1
        let c = self.z.squared();
        let f = F::plus(g, F::plus(c, c)); // raised less 1, plus 2
        Completed {
            e: F::carry(e),
            f: F::carry(f),
            g: F::carry(g),
            h: F::carry(h),
        }
    }
}

impl<F: Field> Addable<F> {
    #[inline(always)]
    pub(crate) fn identity() -> Self {
        Addable {
            sum: F::splat(&ONE),
            difference: F::splat(&ONE),
            z: F::splat(&ONE),
            t: F::splat(&ZERO),
        }
    }

    /// [`Addable::identity`] for code that is not inside a job.
    pub(crate) fn identity_outside() -> Self {
        F::enter(Identity(core::marker::PhantomData))
    }

    /// Of affine coordinates: x, y, and t = x y.
    #[inline(always)]
    pub(crate) fn from_affine(x: F, y: F, t: F) -> Self {
        Addable {
            sum: y.add(x),
            difference: y.sub(x),
            z: F::splat(&ONE),
            t,
        }
    }

    /// Twice the point, where what came before was not a doubling.
    #[inline(always)]
    pub(crate) fn double(self) -> Completed<F> {
        self.add(self.cached())
    }

    /// 4 products.
    #[inline(always)]
    pub(crate) fn add(self, other: Cached<F>) -> Completed<F> {
        let [sum, difference, t, twice_z] = other.0;
        complete(self, sum, difference, t, self.z.times_raised(twice_z))
    }

    /// 3 products.
    #[inline(always)]
    pub(crate) fn add_affine(self, other: Affine<F>) -> Completed<F> {
        let z = self.z.widen();
        complete(
            self,
            other.sum,
            other.difference,
            other.t,
            F::raise(F::plus(z, z)),
        ) // 2 units, raised
    }

    /// 1 product.
    #[inline(always)]
    pub(crate) fn cached(self) -> Cached<F> {
        let t = self.t.mul(F::splat(&TWICE_D));
        Cached([self.sum, self.difference, t, self.z.add(self.z)])
    }

    /// X, Y, Z, T, all times 2: the same point.
    #[inline(always)]
    pub(crate) fn coordinates(self) -> [F; 4] {
        let (sum, difference) = (self.sum.widen(), self.difference.widen());
        [
            F::carry(F::minus(sum, difference)), // 1 less 1
            F::carry(F::plus(sum, difference)),  // 2 units
            self.z.add(self.z),
            self.t.add(self.t),
        ]
    }
}

struct Identity<F>(core::marker::PhantomData<F>);

impl<F: Field> Job for Identity<F> {
    type Output = Addable<F>;

    #[inline(always)]
    fn run(self) -> Addable<F> {
        Addable::identity()
    }
}

/// Both additions after their products by Z; `d` is raised.
/// A = (Y - X)(Y' - X'), B = (Y + X)(Y' + X'), C = 2 d T T', D = 2 Z Z': E = B - A, F = D - C, G = D + C, H = B + A.
#[inline(always)]
fn complete<F: Field>(left: Addable<F>, sum: F, difference: F, t: F, d: F::Wide) -> Completed<F> {
    let a = left.difference.times(difference);
    let b = left.sum.times_raised(sum);
    let c = left.t.times(t);
    let (e, h) = (F::lower(b, a), F::plus(b, a)); // raised less 1, raised plus 1
    let (f, g) = (F::lower(d, c), F::plus(d, c)); // raised, and 2 units: less 1, plus 1
    Completed {
        e: F::carry(e),
        f: F::carry(f),
        g: F::carry(g),
        h: F::carry(h),
    }
}

impl<F: Field> Cached<F> {
    #[inline(always)]
    fn negate_where(self, mask: F::Mask) -> Self {
        let [sum, difference, t, twice_z] = self.0;
        Cached([
            F::select(mask, difference, sum),
            F::select(mask, sum, difference),
            t.negate_where(mask),
            twice_z,
        ])
    }
}

impl<F: Field> Affine<F> {
    /// The entry of a shared table that each lane's digit names.
    #[inline(always)]
    pub(crate) fn lookup(row: &F::Row, digits: &[i8]) -> Self {
        let (magnitudes, negative) = F::digits(digits);
        let [sum, difference, t] = F::lookup(row, magnitudes);
        Affine {
            sum: F::select(negative, difference, sum),
            difference: F::select(negative, sum, difference),
            t: t.negate_where(negative),
        }
    }
}

/// Bits in a window of [`multiply`]. 5 would save twelve additions, and cost more than them: the table has twice the
/// entries to make, and to scan fifty times. Bringing the tables to Z = 1 costs about what it saves.
pub(crate) const WINDOW: usize = 4;
pub(crate) const ENTRIES: usize = 1 << (WINDOW - 1);

/// The multiples of each lane's point that a digit can name.
#[inline(always)]
pub(crate) fn multiples<F: Field>(point: Addable<F>) -> [Cached<F>; ENTRIES] {
    let first = point.cached();
    let mut table = [first; ENTRIES];
    let mut multiple = point;
    for entry in &mut table[1..] {
        multiple = multiple.add(first).addable();
        *entry = multiple.cached();
    }
    table
}

/// Each lane's point times its scalar, which comes as digits: `digits[window * WIDTH + lane]`, least window first.
///
/// The table of the multiples 1 to 8 is each lane's own. It is scanned whole for every digit, the one entry that is
/// wanted kept by a mask: no address and no branch depends on a digit.
#[inline(always)]
pub(crate) fn multiply<F: Field>(point: Addable<F>, digits: &[i8]) -> Addable<F> {
    let table = multiples(point);
    let count = scalars::windows(WINDOW);
    let mut sum = Addable::identity().add(lookup(&table, &digits[(count - 1) * F::WIDTH..]));
    for window in (0..count - 1).rev() {
        // The scan loads much and multiplies nothing, doublings the other way round: taken in turns, they overlap.
        let (magnitudes, negative) = F::digits(&digits[window * F::WIDTH..][..F::WIDTH]);
        let one = F::splat(&ONE);
        let chosen = choose::<F, SUM>(&table, magnitudes, one);
        sum = sum.doublable().double();
        let difference = choose::<F, DIFFERENCE>(&table, magnitudes, one);
        sum = sum.doublable().double();
        let t = choose::<F, T>(&table, magnitudes, F::splat(&ZERO));
        sum = sum.doublable().double();
        let twice_z = choose::<F, TWICE_Z>(&table, magnitudes, F::splat(&[2, 0, 0, 0, 0]));
        let left = sum.doublable().double().addable();
        sum = left.add(Cached([chosen, difference, t, twice_z]).negate_where(negative));
    }
    sum.addable()
}

/// The entry of each lane's table that its digit names.
#[inline(always)]
pub(crate) fn lookup<F: Field>(table: &[Cached<F>; ENTRIES], digits: &[i8]) -> Cached<F> {
    let (magnitudes, negative) = F::digits(&digits[..F::WIDTH]);
    let one = F::splat(&ONE);
    let chosen = [
        choose::<F, SUM>(table, magnitudes, one),
        choose::<F, DIFFERENCE>(table, magnitudes, one),
        choose::<F, T>(table, magnitudes, F::splat(&ZERO)),
        choose::<F, TWICE_Z>(table, magnitudes, F::splat(&[2, 0, 0, 0, 0])),
    ];
    Cached(chosen).negate_where(negative)
}

/// One coordinate of the entry of each lane's table that its magnitude names; `none`, that of the identity, for 0.
/// Written out: a loop over entries was left rolled up, at twice the cost.
#[inline(always)]
fn choose<F: Field, const COORDINATE: usize>(
    table: &[Cached<F>; ENTRIES],
    magnitudes: F::Digits,
    none: F,
) -> F {
    let value = F::select(F::digit_is(magnitudes, 1), table[0].0[COORDINATE], none);
    let value = F::select(F::digit_is(magnitudes, 2), table[1].0[COORDINATE], value);
    let value = F::select(F::digit_is(magnitudes, 3), table[2].0[COORDINATE], value);
    let value = F::select(F::digit_is(magnitudes, 4), table[3].0[COORDINATE], value);
    let value = F::select(F::digit_is(magnitudes, 5), table[4].0[COORDINATE], value);
    let value = F::select(F::digit_is(magnitudes, 6), table[5].0[COORDINATE], value);
    let value = F::select(F::digit_is(magnitudes, 7), table[6].0[COORDINATE], value);
    F::select(F::digit_is(magnitudes, 8), table[7].0[COORDINATE], value)
}
