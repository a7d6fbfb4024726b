//! Encoding, decoding and the one-way map of ristretto255 (RFC 9496, section 4), in vertical lanes.
//!
//! Square roots are chains of 250 squarings, each waiting for the one before: two groups of lanes go through a chain side
//! by side ([`Pair`]), so that the multiplier has work while a result is under way.

use crate::field::{Constant, Field, Job};
use crate::group::{Addable, Completed, ONE, TWICE_D, ZERO};

const MINUS_D: Constant = [
    0x4b235eca6874a,
    0x657d7c4ea9142,
    0x2185d9ffe3fd6,
    0xc6399c5fc344,
    0x2dfc9311d4900,
];
pub(crate) const D: Constant = [
    0x34dca135978a3,
    0x1a8283b156ebd,
    0x5e7a26001c029,
    0x739c663a03cbb,
    0x52036cee2b6ff,
];
const SQRT_M1: Constant = [
    0x61b274a0ea0b0,
    0xd5a5fc8f189d,
    0x7ef5e9cbd0c60,
    0x78595a6804c9e,
    0x2b8324804fc1d,
];
const SQRT_AD_MINUS_ONE: Constant = [
    0x7f6a0497b2e1b,
    0x1836f0a97afd2,
    0x7d747f6be7638,
    0x456079e7e6498,
    0x376931bf2b834,
];
const INVSQRT_A_MINUS_D: Constant = [
    0xfdaa805d40ea,
    0x2eb482e57d339,
    0x7610274bc58,
    0x6510b613dc8ff,
    0x786c8905cfaff,
];
const ONE_MINUS_D_SQ: Constant = [
    0x409c1945fc176,
    0x719abc6a1fc4f,
    0x1c37f90b20684,
    0x6bccca55eedf,
    0x29072a8b2b3e,
];
const D_MINUS_ONE_SQ: Constant = [
    0x55aaa44ed4d20,
    0x59603c3332635,
    0x26d3baf4a7928,
    0x120a66e6997a9,
    0x5968b37af66c2,
];

/// `SQRT_AD_MINUS_ONE` / 2.
const HALF_SQRT_AD_MINUS_ONE: Constant = [
    0x3fb5024bd9704,
    0x0c1b7854bd7e9,
    0x3eba3fb5f3b1c,
    0x22b03cf3f324c,
    0x5bb498df95c1a,
];

/// Two groups of lanes whose chains of squarings run side by side.
pub(crate) type Pair<T> = [T; 2];

/// Whether 32 bytes are the encoding of a field element that is canonical, not negative, and not 0 (the identity). The
/// rest of what makes an encoding valid takes arithmetic. Some points are secret (what a seal holds): every byte is looked
/// at, whatever the others are.
pub(crate) fn is_plausible(encoding: &[u8; 32]) -> bool {
    let (first, last) = (encoding[0], encoding[31]);
    let ones = encoding[1..31].iter().fold(0xff, |all, byte| all & byte);
    let any = encoding.iter().fold(0, |any, byte| any | byte);
    let above = (last == 0x7f) & (ones == 0xff) & (first >= 0xed);
    (last < 0x80) & !above & (first & 1 == 0) & (any != 0)
}

/// The points of plausible encodings (4.3.1), and the lanes where there is one, as bits. Lanes of zeros are the identity.
#[inline(always)]
pub(crate) fn decode<F: Field>(s: Pair<F>) -> Pair<(Addable<F>, u32)> {
    let (u1, u2, v, w) = decode_start(s[0]);
    let (other_u1, other_u2, other_v, other_w) = decode_start(s[1]);
    let [(square, root), (other_square, other_root)] = inverse_roots([w, other_w]);
    [
        decode_end(s[0], u1, u2, v, square, root),
        decode_end(s[1], other_u1, other_u2, other_v, other_square, other_root),
    ]
}

/// A point in the form in which it can be added to the double of another and encoded without a root: the encoding `s`
/// itself, 1 - s², 1 + s², and `w` with `x = 2 s / w`.
///
/// `(s, w)` lies on the quartic `w² = -(1 + d)(s⁴ + 1) + 2 (d - 1) s²`, a curve that maps onto this one by
/// `x = 2 s / w, y = (1 - s²) / (1 + s²)`. Four of its points stand for an element: `(±s, ±w)` and `(±1 / s, ∓w / s²)`.
/// Encoding a point is finding `s`, which takes a root, unless the point is an image already; and doubles are.
#[derive(Clone, Copy)]
pub(crate) struct Lifted<F> {
    s: F,
    u1: F,
    u2: F,
    w: F,
}

impl<F: Field> Lifted<F> {
    /// A lift of the identity, for memory that is written over.
    #[inline(always)]
    pub(crate) fn nothing() -> Self {
        let (zero, one) = (F::splat(&ZERO), F::splat(&ONE));
        Lifted {
            s: zero,
            u1: one,
            u2: one,
            w: F::splat(&SQRT_AD_MINUS_ONE),
        }
    }

    /// [`Lifted::nothing`] for code that is not inside a job.
    pub(crate) fn nothing_outside() -> Self {
        F::enter(Nothing(core::marker::PhantomData))
    }
}

struct Nothing<F>(core::marker::PhantomData<F>);

impl<F: Field> Job for Nothing<F> {
    type Output = Lifted<F>;

    #[inline(always)]
    fn run(self) -> Lifted<F> {
        Lifted::nothing()
    }
}

/// As [`decode`], the points lifted.
#[inline(always)]
pub(crate) fn lift<F: Field>(s: Pair<F>) -> Pair<(Lifted<F>, u32)> {
    let (u1, u2, v, w) = decode_start(s[0]);
    let (other_u1, other_u2, other_v, other_w) = decode_start(s[1]);
    let [(square, root), (other_square, other_root)] = inverse_roots([w, other_w]);
    [
        lift_end(s[0], u1, u2, v, square, root),
        lift_end(s[1], other_u1, other_u2, other_v, other_square, other_root),
    ]
}

/// The root of v that has the sign of x: x = 2 s / w.
#[inline(always)]
fn lift_end<F: Field>(s: F, u1: F, u2: F, v: F, square: F::Mask, root: F) -> (Lifted<F>, u32) {
    let dx = root.mul(u2);
    let w = dx.mul(v);
    let y = u1.mul(root.mul(w));
    let x = s.add(s).mul(dx);
    let negative = x.is_negative();
    let t = x.negate_where(negative).mul(y);
    let bad = F::bits(t.is_negative()) | F::bits(y.is_zero());
    let w = w.negate_where(negative);
    (Lifted { s, u1, u2, w }, F::bits(square) & !bad)
}

/// u1 = 1 - s², u2 = 1 + s², v = -d u1² - u2², and what the inverse root is taken of: v u2².
#[inline(always)]
fn decode_start<F: Field>(s: F) -> (F, F, F, F) {
    let one = F::splat(&ONE);
    let square = s.square();
    let (u1, u2) = (one.sub(square), one.add(square));
    let u2_square = u2.square();
    // 1 less 1
    let v = F::carry(F::minus(
        F::splat(&MINUS_D).times(u1.square()),
        u2_square.widen(),
    ));
    (u1, u2, v, v.mul(u2_square))
}

#[inline(always)]
fn decode_end<F: Field>(s: F, u1: F, u2: F, v: F, square: F::Mask, root: F) -> (Addable<F>, u32) {
    let dx = root.mul(u2);
    let dy = root.mul(dx.mul(v));
    let x = s.add(s).mul(dx).abs();
    let y = u1.mul(dy);
    let t = x.mul(y);
    let bad = F::bits(t.is_negative()) | F::bits(y.is_zero());
    (Addable::from_affine(x, y, t), F::bits(square) & !bad)
}

/// The one-way map (4.3.4) of the two halves of 64 uniform bytes.
#[inline(always)]
pub(crate) fn map<F: Field>(halves: Pair<F>) -> Addable<F> {
    let [first, second] = elligators(halves);
    first.addable().add(second.addable().cached()).addable()
}

#[inline(always)]
fn elligators<F: Field>(t: Pair<F>) -> Pair<Completed<F>> {
    let ((r, u, v), (other_r, other_u, other_v)) = (elligator_start(t[0]), elligator_start(t[1]));
    let [(square, root), (other_square, other_root)] = ratio_roots([(u, v), (other_u, other_v)]);
    [
        elligator_end(t[0], r, v, square, root),
        elligator_end(t[1], other_r, other_v, other_square, other_root),
    ]
}

/// r = i t², and u and v whose ratio's root is taken.
#[inline(always)]
fn elligator_start<F: Field>(t: F) -> (F, F, F) {
    let (one, d) = (F::splat(&ONE), F::splat(&D));
    let r = F::splat(&SQRT_M1).mul(t.square());
    let u = r.add(one).mul(F::splat(&ONE_MINUS_D_SQ));
    let v = F::splat(&MINUS_D).mul(r).sub(one).mul(r.add(d));
    (r, u, v)
}

#[inline(always)]
fn elligator_end<F: Field>(t: F, r: F, v: F, square: F::Mask, root: F) -> Completed<F> {
    let one = F::splat(&ONE);
    let s = F::select(square, root, root.mul(t).abs().neg());
    let c = F::select(square, one.neg(), r);
    // 1 less 1
    let n = F::carry(F::minus(
        c.mul(r.sub(one)).times(F::splat(&D_MINUS_ONE_SQ)),
        v.widen(),
    ));
    let s_square = s.square();
    Completed {
        e: s.add(s).mul(v),
        f: one.add(s_square),
        g: n.mul(F::splat(&SQRT_AD_MINUS_ONE)),
        h: one.sub(s_square),
    }
}

/// The encodings of two points (4.3.2), as field elements to be stored.
#[inline(always)]
pub(crate) fn encode<F: Field>(points: Pair<Addable<F>>) -> Pair<F> {
    let (point, u1, u2, w) = encode_start(points[0]);
    let (other_point, other_u1, other_u2, other_w) = encode_start(points[1]);
    let [(_, root), (_, other_root)] = inverse_roots([w, other_w]);
    [
        encode_end(point, u1, u2, root),
        encode_end(other_point, other_u1, other_u2, other_root),
    ]
}

/// The coordinates, u1 = (Z + Y)(Z - Y), u2 = X Y, and what the inverse root is taken of: u1 u2².
#[inline(always)]
fn encode_start<F: Field>(point: Addable<F>) -> ([F; 4], F, F, F) {
    let [x, y, z, t] = point.coordinates();
    let (u1, u2) = (z.add(y).mul(z.sub(y)), x.mul(y));
    ([x, y, z, t], u1, u2, u1.mul(u2.square()))
}

#[inline(always)]
fn encode_end<F: Field>([x, y, z, t]: [F; 4], u1: F, u2: F, root: F) -> F {
    let i = F::splat(&SQRT_M1);
    let (den1, den2) = (root.mul(u1), root.mul(u2));
    let z_inverse = den1.mul(den2.mul(t));
    let rotate = t.mul(z_inverse).is_negative();
    let (rotated_x, rotated_y) = (y.mul(i), x.mul(i));
    let x = F::select(rotate, rotated_x, x);
    let y = F::select(rotate, rotated_y, y);
    let den = F::select(rotate, den1.mul(F::splat(&INVSQRT_A_MINUS_D)), den2);
    let y = y.negate_where(x.mul(z_inverse).is_negative());
    den.mul(z.sub(y)).abs()
}

/// A point on its way to the encoding of its double (dalek's `BatchCompressState`): one inversion serves a whole batch,
/// where an encoding by itself takes a square root.
#[derive(Clone, Copy)]
pub(crate) struct Doubling<F> {
    e: F,
    f: F,
    g: F,
    h: F,
    eg: F,
    fh: F,
}

/// The double as e, f, g, h: x = e / f, y = g / h, with g² - f² = e² and h² - g² = -(1 + d) e².
#[inline(always)]
fn doubled<F: Field>(point: Addable<F>) -> [F; 4] {
    let [x, y, z, t] = point.coordinates();
    let (xx, yy, zz) = (x.squared(), y.squared(), z.squared());
    let dtt = t.square().times(F::splat(&D));
    [
        x.mul(y.add(y)),
        F::carry(F::plus(zz, dtt)),  // 2 units
        F::carry(F::plus(yy, xx)),   // 2 units
        F::carry(F::minus(zz, dtt)), // 1 less 1
    ]
}

impl<F: Field> Doubling<F> {
    /// Zeros, for memory that is written over.
    #[inline(always)]
    pub(crate) fn nothing() -> Self {
        let zero = F::splat(&ZERO);
        Doubling {
            e: zero,
            f: zero,
            g: zero,
            h: zero,
            eg: zero,
            fh: zero,
        }
    }

    #[inline(always)]
    pub(crate) fn new(point: Addable<F>) -> Self {
        Self::of(doubled(point))
    }

    /// The sum of a lifted point and the double of `half`, as if that sum were a double, which its lift makes it.
    ///
    /// With κ² = -(1 + d) and e, f, g, h of the double, that has the lift (κ e / (h + g), 2 κ f / (h + g)). The quartic's
    /// addition, `s = (s₁ w₂ + s₂ w₁) / κ (1 - s₁² s₂²)`, then comes down to s = N / M with
    ///
    /// ```text
    /// N = 2 f s + e w        M = h u1 + g u2        w M² = 2 h u2 (f w - 2 s e) + 2 g u1 (f w + 2 d s e)
    /// ```
    ///
    /// and the sum to E = 2 M N / κ, F = w M² / κ, G = M² - N², H = M² + N², all of them times κ / 2 here. It fails where
    /// s₁² s₂² = 1, and only there is M = 0: where the double is the lifted point or its negative, by another lift than
    /// the one in hand (or the result is the identity). Then the lifted point is put as (-1 / s, w / s²), which changes
    /// the signs of s and u1; M is 2 g u2 then, and neither is 0, or y of a double or of a valid encoding were.
    #[inline(always)]
    pub(crate) fn of_sum(half: Addable<F>, addend: Lifted<F>) -> Self {
        let [e, f, g, h] = doubled(half);
        let Lifted { s, u1, u2, w } = addend;
        let (hu1, gu2) = (h.mul(u1), g.mul(u2));
        let clash = hu1.add(gu2).is_zero();
        let s = s.negate_where(clash);
        let u1 = u1.negate_where(clash);
        let m = hu1.negate_where(clash).add(gu2);
        let n = F::carry(F::plus(f.times(s.add(s)), e.times(w))); // 2 units
        let (fw, se) = (f.mul(w), s.mul(e));
        let (left, right) = (fw.sub(se.add(se)), fw.add(se.mul(F::splat(&TWICE_D))));
        // 2 units
        let sum_f = F::carry(F::plus(h.mul(u2).times(left), g.mul(u1).times(right)));
        let half_kappa = F::splat(&HALF_SQRT_AD_MINUS_ONE);
        let (mm, nn) = (m.squared(), n.squared());
        Self::of([
            m.mul(n),
            sum_f,
            F::carry(F::minus(mm, nn)).mul(half_kappa), // 1 less 1
            F::carry(F::plus(mm, nn)).mul(half_kappa),  // 2 units
        ])
    }

    #[inline(always)]
    fn of([e, f, g, h]: [F; 4]) -> Self {
        Doubling {
            e,
            f,
            g,
            h,
            eg: e.mul(g),
            fh: f.mul(h),
        }
    }

    /// What must be inverted. It is 0 exactly where the double is the identity.
    #[inline(always)]
    pub(crate) fn efgh(&self) -> F {
        self.eg.mul(self.fh)
    }

    /// The encoding of the double, of the inverse of `efgh`, or of 0 where that is 0.
    #[inline(always)]
    pub(crate) fn encode(self, inverse: F) -> F {
        let i = F::splat(&SQRT_M1);
        let (z_inverse, t_inverse) = (self.eg.mul(inverse), self.fh.mul(inverse));
        let rotate = self.eg.mul(z_inverse).is_negative();
        let e = F::select(rotate, self.g, self.e);
        let g = F::select(rotate, self.e.neg(), self.g);
        let h = F::select(rotate, self.f.mul(i), self.h);
        let magic = F::select(rotate, i, F::splat(&INVSQRT_A_MINUS_D));
        let g = g.negate_where(h.mul(e).mul(z_inverse).is_negative());
        h.sub(g).mul(magic.mul(g.mul(t_inverse))).abs()
    }
}

/// 1 over each value, in place, and 0 for 0: one exponentiation and three products a value (Montgomery).
#[inline(always)]
pub(crate) fn invert_all<F: Field>(values: &mut [F], products: &mut Vec<F>) {
    let one = F::splat(&ONE);
    products.clear();
    let mut product = one;
    for value in values.iter() {
        products.push(product);
        // A 0 would spoil its whole lane: it counts as 1, and keeps its own result of 0 below.
        product = product.mul(F::select(value.is_zero(), one, *value));
    }
    let mut inverse = invert(product);
    for (value, before) in values.iter_mut().zip(products.iter()).rev() {
        let (own, zero) = (inverse.mul(*before), value.is_zero());
        inverse = inverse.mul(F::select(zero, one, *value));
        *value = F::select(zero, F::splat(&crate::group::ZERO), own);
    }
}

/// For each value whether it is a square that is not 0, and 1 over its root, of either sign (0 for 0).
#[inline(always)]
fn inverse_roots<F: Field>(values: Pair<F>) -> Pair<(F::Mask, F)> {
    let one = F::splat(&ONE);
    ratio_roots([(one, values[0]), (one, values[1])])
}

/// `SQRT_RATIO_M1(u, v)` (4.2) of two pairs: whether u/v is a square, and its root, or that of i u/v; not negative.
#[inline(always)]
fn ratio_roots<F: Field>([(u, v), (other_u, other_v)]: Pair<(F, F)>) -> Pair<(F::Mask, F)> {
    let ((uv3, uv7), (other_uv3, other_uv7)) = (ratio_start(u, v), ratio_start(other_u, other_v));
    let [power, other_power] = power_p58([uv7, other_uv7]);
    [
        ratio_end(u, v, uv3.mul(power)),
        ratio_end(other_u, other_v, other_uv3.mul(other_power)),
    ]
}

/// u v³ and u v⁷.
#[inline(always)]
fn ratio_start<F: Field>(u: F, v: F) -> (F, F) {
    let v3 = v.square().mul(v);
    (u.mul(v3), u.mul(v3.square().mul(v)))
}

#[inline(always)]
fn ratio_end<F: Field>(u: F, v: F, root: F) -> (F::Mask, F) {
    let i = F::splat(&SQRT_M1);
    let check = v.mul(root.square());
    let minus_u = u.neg();
    let (correct, flipped) = (check.equals(u), check.equals(minus_u));
    let flipped_i = check.equals(minus_u.mul(i));
    let root = F::select(F::either(flipped, flipped_i), root.mul(i), root);
    (F::either(correct, flipped), root.abs())
}

/// `x^(2^times)` of both.
#[inline(always)]
fn squarings<F: Field>(mut x: Pair<F>, times: usize) -> Pair<F> {
    for _ in 0..times {
        x = [x[0].square(), x[1].square()];
    }
    x
}

#[inline(always)]
fn products<F: Field>(x: Pair<F>, y: Pair<F>) -> Pair<F> {
    [x[0].mul(y[0]), x[1].mul(y[1])]
}

/// `x^(2^250 - 1)` and `x^11`.
#[inline(always)]
fn power_250<F: Field>(x: Pair<F>) -> (Pair<F>, Pair<F>) {
    let x2 = squarings(x, 1);
    let x9 = products(squarings(x2, 2), x);
    let x11 = products(x9, x2);
    let ones5 = products(squarings(x11, 1), x9);
    let ones10 = products(squarings(ones5, 5), ones5);
    let ones20 = products(squarings(ones10, 10), ones10);
    let ones40 = products(squarings(ones20, 20), ones20);
    let ones50 = products(squarings(ones40, 10), ones10);
    let ones100 = products(squarings(ones50, 50), ones50);
    let ones200 = products(squarings(ones100, 100), ones100);
    (products(squarings(ones200, 50), ones50), x11)
}

/// `x^((p - 5) / 8) = x^(2^252 - 3)` of both.
#[inline(always)]
fn power_p58<F: Field>(x: Pair<F>) -> Pair<F> {
    products(squarings(power_250(x).0, 2), x)
}

/// `x^(p - 2) = x^(2^255 - 21)`: 1 over x, and 0 for 0.
#[inline(always)]
fn invert<F: Field>(x: F) -> F {
    let (ones, x11) = power_250([x, x]);
    squarings(ones, 5)[0].mul(x11[0])
}
