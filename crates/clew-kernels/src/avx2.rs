//! Four field elements in AVX2 registers, multiplied with 32-bit products.
//!
//! Radix 2^25.5, ten limbs: *even* ones (0, 2, …) of 26 bits and *odd* ones of 25. `vpmuludq` multiplies the low 32 bits
//! of each 64-bit lane to 64 bits; **bits 32 and up of the factors are silently ignored**.
//!
//! The invariant of [`Avx2`]: *no limb exceeds that of 2p*, so even ones are below 2^27 and odd ones below 2^26. What
//! `carry`, `add` and `sub` return is tighter (2^26 + 2^6 and 2^25 + 2^18); `neg` uses up the rest.
//!
//! Bounds of a product of such values, `f` and `g`:
//! - the factors 19 g are below 19 * 2^27 < 2^31.3 (for 38 g, odd limbs only, the same), and 2 f below 2^28: all fit 32 bits;
//! - an even column sums products of 2^54 (even by even) and of 2^52 (odd by odd, counted twice), those that wrap
//!   around counted 19 times. Column 0 has the most: 1 + 4 * 19 + 5 * 38 / 4 = 124.5 times 2^54, below 2^60.97;
//! - an odd column sums ten products of 2^53; column 1 has the most: 2 + 8 * 19 = 154 times 2^53, below 2^60.27.
//!
//! Those two are one *unit* of `field`. 8 units are below 2^63.97; `minus` adds a multiple of p whose even limbs are
//! above 2^62.99 and odd ones above 2^62.58 ([`BIAS`]): more than the 4 units that it takes away (2^62.97 and 2^62.27), and
//! with 4 units more still below 2^63.99. `carry` adds at most 2^39 to a limb on the way.
//!
//! Reasons for the shape of the code:
//! - A product has 100 multiplications, of which two start in a cycle, and 90 additions: the ten accumulators, one factor
//!   and one product fit the 16 registers, the other factor is read from memory by the multiplication itself.
//! - The long carry of `carry` (two chains that run side by side, twelve steps) costs a fifth of a product: sums of products are
//!   carried once. Sums of carried values need only the short one (one step for all limbs at once).

#![allow(unsafe_code)]

// SAFETY (of every block in this module and in `registers` that says "see above"): an `Avx2` is only computed with by
// jobs inside `Avx2::enter`, which runs none on a processor without the instructions. The intrinsics themselves only
// work on registers; those that touch memory say what they touch.

use core::arch::x86_64::*;

mod registers;

use crate::field::{Constant, Field, Job};
use crate::msm::{Lanes, Row};
use registers::{
    and, broadcast, choose, equal, hidden, left, minus, minus_modulo, or, plus, right, times, zero,
};

/// Four carried field elements: ten limbs, none above that of 2p.
#[derive(Clone, Copy)]
pub(crate) struct Avx2([__m256i; 10]);

/// Ten limbs below 2^64, see the units in the module's text.
#[derive(Clone, Copy)]
pub(crate) struct Avx2Wide([__m256i; 10]);

/// The low 26 bits, and the low 25.
const EVEN: u64 = (1 << 26) - 1;
const ODD: u64 = (1 << 25) - 1;

/// 2p, limb by limb.
const TWICE_P: [u64; 10] = {
    let (even, odd) = (EVEN << 1, ODD << 1);
    [
        (EVEN - 18) << 1,
        odd,
        even,
        odd,
        even,
        odd,
        even,
        odd,
        even,
        odd,
    ]
};

/// A multiple of p whose limbs are larger than 4 units: 2^37 p, with 2^36 taken from every even limb (19 times that
/// from limb 0, where limb 9 wraps around) and given as 2^61 to the odd limb below it.
const BIAS: [u64; 10] = {
    let (even, odd) = ((EVEN << 37) - (1 << 36), (ODD << 37) + (1 << 61));
    [
        ((EVEN - 18) << 37) - (19 << 36),
        odd,
        even,
        odd,
        even,
        odd,
        even,
        odd,
        even,
        odd,
    ]
};

/// Entries in a row of a shared table, and registers for one limb of all of them: eight to a register, 32 bits each.
const ENTRIES: usize = 1 << (Avx2::FIXED_BITS - 1);
const REGISTERS: usize = ENTRIES / 8;

/// A row of a shared table: for each coordinate and limb, the limb of all entries side by side.
pub(crate) struct Avx2Row([[[__m256i; REGISTERS]; 10]; 3]);

impl Avx2 {
    /// Whether this processor has the instructions.
    pub(crate) fn is_available() -> bool {
        is_x86_feature_detected!("avx2")
    }
}

/// # Safety
/// The processor must have the instructions: [`Avx2::is_available`].
#[target_feature(enable = "avx2")]
#[inline(never)]
unsafe fn with_instructions<J: Job>(job: J) -> J::Output {
    job.run()
}

/// The same expression for each of the ten limbs, written out: closures over vectors are not reliably inlined.
macro_rules! limbs {
    ($i:ident => $value:expr) => {
        limbs!($i => $value; 0 1 2 3 4 5 6 7 8 9)
    };
    ($i:ident => $value:expr; $($limb:literal)*) => {
        [$({ const $i: usize = $limb; $value }),*]
    };
}

/// The sum of products of the named pairs.
macro_rules! sum {
    ($a:ident $b:ident $(, $c:ident $d:ident)*) => {{
        let sum = times($a, $b);
        $(let sum = plus(sum, times($c, $d));)*
        sum
    }};
}

/// One step of a carry for all limbs at once: the limbs may be up to 2^30, and end below 2^26 + 19 * 2^5 and 2^25 + 2^4.
#[inline(always)]
fn carry_short(l: [__m256i; 10]) -> Avx2 {
    let (even, odd) = (broadcast(EVEN), broadcast(ODD));
    Avx2([
        plus(
            and(l[0], even),
            hidden(times(right::<25>(l[9]), broadcast(19))),
        ),
        plus(and(l[1], odd), right::<26>(l[0])),
        plus(and(l[2], even), right::<25>(l[1])),
        plus(and(l[3], odd), right::<26>(l[2])),
        plus(and(l[4], even), right::<25>(l[3])),
        plus(and(l[5], odd), right::<26>(l[4])),
        plus(and(l[6], even), right::<25>(l[5])),
        plus(and(l[7], odd), right::<26>(l[6])),
        plus(and(l[8], even), right::<25>(l[7])),
        plus(and(l[9], odd), right::<26>(l[8])),
    ])
}

impl Avx2 {
    /// The canonical limbs: each within its bits, the value below p.
    #[inline(always)]
    fn canonical(self) -> [__m256i; 10] {
        // Limbs at most a few above their bits now, the value below 2p: whether it is p or more is the carry out of
        // adding 19.
        let Avx2(mut l) = carry_short(self.0);
        let mut quotient = right::<26>(plus(l[0], broadcast(19)));
        for pair in 0..4 {
            quotient = right::<25>(plus(l[2 * pair + 1], quotient));
            quotient = right::<26>(plus(l[2 * pair + 2], quotient));
        }
        quotient = right::<25>(plus(l[9], quotient));
        l[0] = plus(l[0], hidden(times(quotient, broadcast(19))));
        let (even, odd) = (broadcast(EVEN), broadcast(ODD));
        for pair in 0..5 {
            l[2 * pair + 1] = plus(l[2 * pair + 1], right::<26>(l[2 * pair]));
            l[2 * pair] = and(l[2 * pair], even);
            if pair < 4 {
                l[2 * pair + 2] = plus(l[2 * pair + 2], right::<25>(l[2 * pair + 1]));
            }
            l[2 * pair + 1] = and(l[2 * pair + 1], odd);
        }
        l
    }
}

#[inline(always)]
fn product(f: &Avx2, g: &Avx2) -> Avx2Wide {
    let (f, g) = (&f.0, &g.0);
    let g19 = limbs!(I => if I == 0 { g[0] } else { hidden(times(g[I], broadcast(19))) });
    let mut h = limbs!(I => times(f[0], g[I]));
    // Row i adds f[i] g[j] to column i + j, or 19 times it to column i + j - 10; odd by odd counts twice.
    macro_rules! row {
            ($i:literal $twice:expr; $($k:literal)*) => {{
                let once = f[$i];
                let twice = if $twice { plus(once, once) } else { once };
                $({
                    const J: usize = ($k + 10 - $i) % 10;
                    let factor = if $k < $i { g19[J] } else { g[J] };
                    h[$k] = plus(h[$k], times(if J % 2 == 1 { twice } else { once }, factor));
                })*
            }};
        }
    row!(1 true; 0 1 2 3 4 5 6 7 8 9);
    row!(2 false; 0 1 2 3 4 5 6 7 8 9);
    row!(3 true; 0 1 2 3 4 5 6 7 8 9);
    row!(4 false; 0 1 2 3 4 5 6 7 8 9);
    row!(5 true; 0 1 2 3 4 5 6 7 8 9);
    row!(6 false; 0 1 2 3 4 5 6 7 8 9);
    row!(7 true; 0 1 2 3 4 5 6 7 8 9);
    row!(8 false; 0 1 2 3 4 5 6 7 8 9);
    row!(9 true; 0 1 2 3 4 5 6 7 8 9);
    Avx2Wide(h)
}

#[inline(always)]
fn square(f: &Avx2) -> Avx2Wide {
    // d: twice a limb. w: 19 times an even limb, 38 times an odd one, for the products that wrap around; a product
    // of two different odd limbs counts 2 * 2 (* 19) times, of two different limbs otherwise 2 (* 19) times.
    let [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9] = f.0;
    let (d0, d1, d2, d3) = (plus(f0, f0), plus(f1, f1), plus(f2, f2), plus(f3, f3));
    let (d4, d5, d6, d7) = (plus(f4, f4), plus(f5, f5), plus(f6, f6), plus(f7, f7));
    let (n19, n38) = (broadcast(19), broadcast(38));
    let (w6, w8) = (hidden(times(f6, n19)), hidden(times(f8, n19)));
    let (w5, w7, w9) = (
        hidden(times(f5, n38)),
        hidden(times(f7, n38)),
        hidden(times(f9, n38)),
    );
    Avx2Wide([
        sum!(f0 f0, d1 w9, d2 w8, d3 w7, d4 w6, f5 w5),
        sum!(d0 f1, f2 w9, d3 w8, f4 w7, d5 w6),
        sum!(d0 f2, d1 f1, d3 w9, d4 w8, d5 w7, f6 w6),
        sum!(d0 f3, d1 f2, f4 w9, d5 w8, f6 w7),
        sum!(d0 f4, d1 d3, f2 f2, d5 w9, d6 w8, f7 w7),
        sum!(d0 f5, d1 f4, d2 f3, f6 w9, d7 w8),
        sum!(d0 f6, d1 d5, d2 f4, d3 f3, d7 w9, f8 w8),
        sum!(d0 f7, d1 f6, d2 f5, d3 f4, f8 w9),
        sum!(d0 f8, d1 d7, d2 f6, d3 d5, f4 f4, f9 w9),
        sum!(d0 f9, d1 f8, d2 f7, d3 f6, d4 f5),
    ])
}

/// Products and squares as functions of their own, with their arguments in memory.
///
/// Inlined without [`hidden`] they took three times as long: the compiler sees that a limb is short, drops what marks it
/// as a 32-bit factor, forgets it in the next block, and multiplies 64 bits with three multiplications. It still inlines
/// some of these against their attribute; keeping all apart (by a feature that jobs do not have) was no faster.
mod far {
    use super::{Avx2, Avx2Wide, Field};

    #[target_feature(enable = "avx2")]
    #[inline(never)]
    pub(super) fn product(f: &Avx2, g: &Avx2) -> Avx2Wide {
        super::product(f, g)
    }

    #[target_feature(enable = "avx2")]
    #[inline(never)]
    pub(super) fn square(f: &Avx2) -> Avx2Wide {
        super::square(f)
    }

    #[target_feature(enable = "avx2")]
    #[inline(never)]
    pub(super) fn carried_product(f: &Avx2, g: &Avx2) -> Avx2 {
        Avx2::carry(super::product(f, g))
    }

    #[target_feature(enable = "avx2")]
    #[inline(never)]
    pub(super) fn carried_square(f: &Avx2) -> Avx2 {
        Avx2::carry(super::square(f))
    }
}

/// Rows and columns of four by four words exchanged.
#[inline(always)]
fn transpose([a, b, c, d]: [__m256i; 4]) -> [__m256i; 4] {
    // SAFETY: see above; registers only.
    unsafe {
        let (ab_even, ab_odd) = (_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
        let (cd_even, cd_odd) = (_mm256_unpacklo_epi64(c, d), _mm256_unpackhi_epi64(c, d));
        [
            _mm256_permute2x128_si256::<0x20>(ab_even, cd_even),
            _mm256_permute2x128_si256::<0x20>(ab_odd, cd_odd),
            _mm256_permute2x128_si256::<0x31>(ab_even, cd_even),
            _mm256_permute2x128_si256::<0x31>(ab_odd, cd_odd),
        ]
    }
}

/// The ten limbs of a constant's five.
fn narrow(constant: &Constant) -> [u64; 10] {
    core::array::from_fn(|limb| {
        let pair = constant[limb / 2];
        if limb % 2 == 0 {
            pair & EVEN
        } else {
            pair >> 26
        }
    })
}

impl Field for Avx2 {
    const WIDTH: usize = 4;
    const FIXED_BITS: usize = 5;
    type Wide = Avx2Wide;
    type Mask = __m256i;
    type Digits = __m256i;
    type Row = Avx2Row;

    #[inline(always)]
    fn enter<J: Job>(job: J) -> J::Output {
        assert!(
            Self::is_available(),
            "this processor cannot run the avx2 backend"
        );
        // SAFETY: the processor has the instructions, as was just asked.
        unsafe { with_instructions(job) }
    }

    #[inline(always)]
    fn splat(constant: &Constant) -> Self {
        let constant = narrow(constant);
        Avx2(limbs!(I => broadcast(constant[I])))
    }

    #[inline(always)]
    fn load(encodings: &[[u8; 32]]) -> Self {
        let encodings: &[[u8; 32]; 4] = encodings.try_into().expect("an encoding for each lane");
        // SAFETY: see above; each reads the 32 bytes of its encoding, no alignment needed.
        let rows = encodings
            .each_ref()
            .map(|bytes| unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) });
        let [w0, w1, w2, w3] = transpose(rows);
        let (even, odd) = (broadcast(EVEN), broadcast(ODD));
        // Limb i begins at bit 0, 26, 51, 77, 102, 128, 153, 179, 204, 230.
        Avx2([
            and(w0, even),
            and(right::<26>(w0), odd),
            and(or(right::<51>(w0), left::<13>(w1)), even),
            and(right::<13>(w1), odd),
            and(right::<38>(w1), even),
            and(w2, odd),
            and(right::<25>(w2), even),
            and(or(right::<51>(w2), left::<13>(w3)), odd),
            and(right::<12>(w3), even),
            and(right::<38>(w3), odd),
        ])
    }

    #[inline(always)]
    fn store(self, out: &mut [[u8; 32]]) {
        let out: &mut [[u8; 32]; 4] = out.try_into().expect("a place for each lane");
        let l = self.canonical();
        let rows = transpose([
            or(or(l[0], left::<26>(l[1])), left::<51>(l[2])),
            or(or(right::<13>(l[2]), left::<13>(l[3])), left::<38>(l[4])),
            or(or(l[5], left::<25>(l[6])), left::<51>(l[7])),
            or(or(right::<13>(l[7]), left::<12>(l[8])), left::<38>(l[9])),
        ]);
        for (place, row) in out.iter_mut().zip(rows) {
            // SAFETY: see above; writes the 32 bytes of the place, no alignment needed.
            unsafe { _mm256_storeu_si256(place.as_mut_ptr().cast(), row) }
        }
    }

    #[inline(always)]
    fn widen(self) -> Avx2Wide {
        Avx2Wide(self.0)
    }

    #[inline(always)]
    fn times(self, other: Self) -> Avx2Wide {
        // SAFETY: see above; the function only has the feature that every job has.
        unsafe { far::product(&self, &other) }
    }

    #[inline(always)]
    fn squared(self) -> Avx2Wide {
        // SAFETY: see above; the function only has the feature that every job has.
        unsafe { far::square(&self) }
    }

    #[inline(always)]
    fn plus(left: Avx2Wide, right: Avx2Wide) -> Avx2Wide {
        let (a, b) = (left.0, right.0);
        Avx2Wide(limbs!(I => plus(a[I], b[I])))
    }

    #[inline(always)]
    fn minus(left: Avx2Wide, right: Avx2Wide) -> Avx2Wide {
        let (a, b) = (left.0, right.0);
        Avx2Wide(limbs!(I => plus(a[I], minus(broadcast(BIAS[I]), b[I]))))
    }

    /// Two chains side by side, from limb 0 to 4 and from limb 4 to 9, then around and one step on. After it limb 1 is
    /// below 2^25 + 2^18, limb 5 below 2^25 + 2^14, and the others are within their bits.
    #[inline(always)]
    fn carry(wide: Avx2Wide) -> Self {
        let mut l = wide.0;
        let (even, odd) = (broadcast(EVEN), broadcast(ODD));
        macro_rules! step {
            ($limb:literal) => {
                if $limb % 2 == 0 {
                    l[$limb + 1] = plus(l[$limb + 1], right::<26>(l[$limb]));
                    l[$limb] = and(l[$limb], even);
                } else {
                    l[$limb + 1] = plus(l[$limb + 1], right::<25>(l[$limb]));
                    l[$limb] = and(l[$limb], odd);
                }
            };
        }
        step!(0);
        step!(4);
        step!(1);
        step!(5);
        step!(2);
        step!(6);
        step!(3);
        step!(7);
        step!(4);
        step!(8);
        // Up to 39 bits: too long for the multiplier, so times 19 is 1 + 2 + 16 times.
        let around = right::<25>(l[9]);
        l[9] = and(l[9], odd);
        let same = hidden(around);
        l[0] = plus(plus(l[0], around), plus(left::<1>(same), left::<4>(around)));
        step!(0);
        Avx2(l)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: see above; the function only has the feature that every job has.
        unsafe { far::carried_product(&self, &other) }
    }

    #[inline(always)]
    fn square(self) -> Self {
        // SAFETY: see above; the function only has the feature that every job has.
        unsafe { far::carried_square(&self) }
    }

    /// Sums of carried values are short: one step for all limbs at once is enough.
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        carry_short(limbs!(I => plus(self.0[I], other.0[I])))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        let negative = other.neg();
        carry_short(limbs!(I => plus(self.0[I], negative.0[I])))
    }

    #[inline(always)]
    fn neg(self) -> Self {
        Avx2(limbs!(I => minus(broadcast(TWICE_P[I]), self.0[I])))
    }

    #[inline(always)]
    fn select(mask: __m256i, yes: Self, no: Self) -> Self {
        Avx2(limbs!(I => choose(mask, yes.0[I], no.0[I])))
    }

    #[inline(always)]
    fn is_zero(self) -> __m256i {
        let l = self.canonical();
        let any = or(
            or(or(l[0], l[1]), or(l[2], l[3])),
            or(or(l[4], l[5]), or(l[6], l[7])),
        );
        equal(or(any, or(l[8], l[9])), zero())
    }

    #[inline(always)]
    fn is_negative(self) -> __m256i {
        let one = broadcast(1);
        equal(and(self.canonical()[0], one), one)
    }

    #[inline(always)]
    fn either(left: __m256i, right: __m256i) -> __m256i {
        or(left, right)
    }

    #[inline(always)]
    fn bits(mask: __m256i) -> u32 {
        // SAFETY: see above; registers only.
        unsafe { _mm256_movemask_pd(_mm256_castsi256_pd(mask)) as u32 }
    }

    #[inline(always)]
    fn digits(values: &[i8]) -> (__m256i, __m256i) {
        let values: &[i8; 4] = values.try_into().expect("a digit for each lane");
        let packed = i32::from_le_bytes(values.map(|value| value as u8));
        // SAFETY: see above; registers only.
        let (wide, sign) = unsafe {
            let wide = _mm256_cvtepi8_epi64(_mm_cvtsi32_si128(packed));
            (wide, _mm256_cmpgt_epi64(zero(), wide))
        };
        // SAFETY: see above; registers only.
        let flipped = unsafe { _mm256_xor_si256(wide, sign) };
        (minus_modulo(flipped, sign), sign)
    }

    #[inline(always)]
    fn digit_is(digits: __m256i, value: u8) -> __m256i {
        equal(digits, broadcast(u64::from(value)))
    }

    fn row(entries: &[[Constant; 3]]) -> Avx2Row {
        assert_eq!(entries.len(), ENTRIES);
        let entries: Vec<[[u64; 10]; 3]> = entries
            .iter()
            .map(|entry| entry.each_ref().map(narrow))
            .collect();
        let register = |coordinate: usize, limb: usize, register: usize| {
            let lane = |lane: usize| entries[8 * register + lane][coordinate][limb] as u32;
            // SAFETY: a plain copy of eight words of 4 bytes; both types are 32 bytes without padding.
            unsafe { core::mem::transmute::<[u32; 8], __m256i>(core::array::from_fn(lane)) }
        };
        Avx2Row(core::array::from_fn(|c| {
            core::array::from_fn(|l| core::array::from_fn(|r| register(c, l, r)))
        }))
    }

    /// Permutes registers by the digits: every entry is read, and no address depends on a digit.
    #[inline(always)]
    fn lookup(row: &Avx2Row, digits: __m256i) -> [Self; 3] {
        let one = broadcast(1);
        // Wraps for magnitude 0, of whose entry nothing is kept.
        let index = minus_modulo(digits, one);
        let none = Self::digit_is(digits, 0);
        // What stays of a lane: its low half where the digit is not 0, nothing where it is.
        // SAFETY: see above; registers only.
        let kept = unsafe { _mm256_andnot_si256(none, broadcast(u64::from(u32::MAX))) };
        let unit = and(none, one);
        // Which registers hold the entry: three bits of the index say where in a register it is.
        let mut wanted = [zero(); REGISTERS];
        for (register, wanted) in wanted.iter_mut().enumerate().skip(1) {
            *wanted = equal(right::<3>(index), broadcast(register as u64));
        }
        let [sum, difference, product] = &row.0;
        [
            Avx2(limbs!(I => {
                let limb = and(permute(&sum[I], index, &wanted), kept);
                if I == 0 { or(limb, unit) } else { limb }
            })),
            Avx2(limbs!(I => {
                let limb = and(permute(&difference[I], index, &wanted), kept);
                if I == 0 { or(limb, unit) } else { limb }
            })),
            Avx2(limbs!(I => and(permute(&product[I], index, &wanted), kept))),
        ]
    }
}

/// A word holds two limbs, the even one below.
impl Lanes for Avx2 {
    type Word = __m256i;

    #[inline(always)]
    fn no_words() -> __m256i {
        zero()
    }

    #[inline(always)]
    fn from_words([a, b, c, d, e]: [__m256i; 5]) -> Self {
        let low = broadcast(u64::from(u32::MAX));
        Avx2([
            and(a, low),
            right::<32>(a),
            and(b, low),
            right::<32>(b),
            and(c, low),
            right::<32>(c),
            and(d, low),
            right::<32>(d),
            and(e, low),
            right::<32>(e),
        ])
    }

    #[inline(always)]
    fn to_words(self) -> [__m256i; 5] {
        let l = self.0;
        [
            or(l[0], left::<32>(l[1])),
            or(l[2], left::<32>(l[3])),
            or(l[4], left::<32>(l[5])),
            or(l[6], left::<32>(l[7])),
            or(l[8], left::<32>(l[9])),
        ]
    }

    #[inline(always)]
    fn gather<const LINES: usize>(rows: &[&Row<LINES>]) -> [[__m256i; 8]; LINES] {
        let rows: &[&Row<LINES>; 4] = rows.try_into().expect("a row for each lane");
        let mut words = [[zero(); 8]; LINES];
        for (line, words) in words.iter_mut().enumerate() {
            for half in [0, 4] {
                let [a, b, c, d] = transpose([
                    four_words(&rows[0].0[line], half),
                    four_words(&rows[1].0[line], half),
                    four_words(&rows[2].0[line], half),
                    four_words(&rows[3].0[line], half),
                ]);
                words[half..half + 4].copy_from_slice(&[a, b, c, d]);
            }
        }
        words
    }

    #[inline(always)]
    fn scatter<const LINES: usize>(words: [[__m256i; 8]; LINES], rows: &mut [Row<LINES>]) {
        let rows: &mut [Row<LINES>; 4] = rows.try_into().expect("a row for each lane");
        for (line, words) in words.into_iter().enumerate() {
            for half in [0, 4] {
                let lanes = transpose([
                    words[half],
                    words[half + 1],
                    words[half + 2],
                    words[half + 3],
                ]);
                for (row, lane) in rows.iter_mut().zip(lanes) {
                    let place: &mut [u64; 4] = (&mut row.0[line][half..half + 4])
                        .try_into()
                        .expect("four words");
                    // SAFETY: see above; writes the 32 bytes of `place`, no alignment needed.
                    unsafe { _mm256_storeu_si256(place.as_mut_ptr().cast(), lane) }
                }
            }
        }
    }
}

#[inline(always)]
fn four_words(line: &[u64; 8], half: usize) -> __m256i {
    let words: &[u64; 4] = line[half..half + 4].try_into().expect("four words");
    // SAFETY: see above; reads the 32 bytes of `words`, no alignment needed.
    unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
}

/// In the low half of each lane, the 32-bit word of the registers, side by side, that the lane's index names.
#[inline(always)]
fn permute(
    registers: &[__m256i; REGISTERS],
    index: __m256i,
    wanted: &[__m256i; REGISTERS],
) -> __m256i {
    // SAFETY: see above; registers only.
    let mut chosen = unsafe { _mm256_permutevar8x32_epi32(registers[0], index) };
    for register in 1..REGISTERS {
        // SAFETY: see above; registers only.
        let value = unsafe { _mm256_permutevar8x32_epi32(registers[register], index) };
        chosen = choose(wanted[register], value, chosen);
    }
    chosen
}
