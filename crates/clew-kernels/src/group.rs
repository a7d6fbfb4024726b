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

/// What an addition takes on its right: Y + X, Y - X, 2 Z, 2 d T.
#[derive(Clone, Copy)]
pub(crate) struct Cached<F> {
    sum: F,
    difference: F,
    twice_z: F,
    t: F,
}

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
        let (x, y) = (self.e.times(self.f), self.g.times(self.h));
        let (z, t) = (self.f.times(self.g), self.e.times(self.h));
        let (sum, difference) = (F::plus(y, x), F::minus(y, x)); // 2 units; 1 less 1
        Addable {
            sum: F::carry(sum),
            difference: F::carry(difference),
            z: F::carry(z),
            t: F::carry(t),
        }
    }
}

impl<F: Field> Doublable<F> {
    /// 4 squares. With A = X², B = Y², C = Z²: H = A + B, E = (X + Y)² - H, G = B - A, F = 2 C - G.
    #[inline(always)]
    pub(crate) fn double(self) -> Completed<F> {
        let (a, b) = (self.x.squared(), self.y.squared());
        let h = F::plus(a, b); // 2 units
        let e = F::minus(self.sum.squared(), h); // 1 less 2
        let g = F::minus(b, a); // 1 less 1
        let c = self.z.squared();
        let f = F::minus(F::plus(a, F::plus(c, c)), b); // 3 less 1
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

    /// 4 products.
    #[inline(always)]
    pub(crate) fn add(self, other: Cached<F>) -> Completed<F> {
        let d = self.z.times(other.twice_z);
        complete(self, other.sum, other.difference, other.t, d)
    }

    /// 3 products.
    #[inline(always)]
    pub(crate) fn add_affine(self, other: Affine<F>) -> Completed<F> {
        let z = self.z.widen();
        complete(self, other.sum, other.difference, other.t, F::plus(z, z)) // 2 units
    }

    /// 1 product.
    #[inline(always)]
    pub(crate) fn cached(self) -> Cached<F> {
        let t = self.t.mul(F::splat(&TWICE_D));
        Cached {
            sum: self.sum,
            difference: self.difference,
            twice_z: self.z.add(self.z),
            t,
        }
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

/// Both additions after their products by Z; `d` is at most 2 units.
/// A = (Y - X)(Y' - X'), B = (Y + X)(Y' + X'), C = 2 d T T', D = 2 Z Z': E = B - A, F = D - C, G = D + C, H = B + A.
#[inline(always)]
fn complete<F: Field>(left: Addable<F>, sum: F, difference: F, t: F, d: F::Wide) -> Completed<F> {
    let a = left.difference.times(difference);
    let b = left.sum.times(sum);
    let c = left.t.times(t);
    let e = F::minus(b, a); // 1 less 1
    let h = F::plus(b, a); // 2 units
    let f = F::minus(d, c); // 2 less 1
    let g = F::plus(d, c); // 3 units
    Completed {
        e: F::carry(e),
        f: F::carry(f),
        g: F::carry(g),
        h: F::carry(h),
    }
}

impl<F: Field> Cached<F> {
    #[inline(always)]
    fn identity() -> Self {
        Cached {
            sum: F::splat(&ONE),
            difference: F::splat(&ONE),
            twice_z: F::splat(&[2, 0, 0, 0, 0]),
            t: F::splat(&ZERO),
        }
    }

    #[inline(always)]
    fn select(mask: F::Mask, yes: &Self, no: &Self) -> Self {
        Cached {
            sum: F::select(mask, yes.sum, no.sum),
            difference: F::select(mask, yes.difference, no.difference),
            twice_z: F::select(mask, yes.twice_z, no.twice_z),
            t: F::select(mask, yes.t, no.t),
        }
    }

    #[inline(always)]
    fn negate_where(self, mask: F::Mask) -> Self {
        Cached {
            sum: F::select(mask, self.difference, self.sum),
            difference: F::select(mask, self.sum, self.difference),
            twice_z: self.twice_z,
            t: self.t.negate_where(mask),
        }
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

/// Bits in a window of [`multiply`]. With 5, the twelve additions saved cost less than the larger table and its scans.
pub(crate) const WINDOW: usize = 4;

/// Each lane's point times its scalar, which comes as digits: `digits[window * WIDTH + lane]`, least window first.
///
/// The table of the multiples 1 to 8 is each lane's own. It is scanned whole for every digit, the one entry that is
/// wanted kept by a mask: no address and no branch depends on a digit.
#[inline(always)]
pub(crate) fn multiply<F: Field>(point: Addable<F>, digits: &[i8]) -> Addable<F> {
    let first = point.cached();
    let mut table = [first; 1 << (WINDOW - 1)];
    let mut multiple = point;
    for entry in &mut table[1..] {
        multiple = multiple.add(first).addable();
        *entry = multiple.cached();
    }
    let count = scalars::windows(WINDOW);
    let mut sum = Addable::identity().add(lookup(&table, &digits[(count - 1) * F::WIDTH..]));
    for window in (0..count - 1).rev() {
        let entry = lookup(&table, &digits[window * F::WIDTH..]);
        for _ in 1..WINDOW {
            sum = sum.doublable().double();
        }
        sum = sum.doublable().double().addable().add(entry);
    }
    sum.addable()
}

#[inline(always)]
fn lookup<F: Field>(table: &[Cached<F>; 1 << (WINDOW - 1)], digits: &[i8]) -> Cached<F> {
    let (magnitudes, negative) = F::digits(&digits[..F::WIDTH]);
    let mut chosen = Cached::identity();
    for (index, entry) in table.iter().enumerate() {
        chosen = Cached::select(F::digit_is(magnitudes, index as u8 + 1), entry, &chosen);
    }
    chosen.negate_where(negative)
}
