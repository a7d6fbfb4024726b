//! Eight field elements in AVX-512 registers, multiplied with IFMA's 52-bit products.
//!
//! With the crate's feature `modelled` the instructions are those of `ifma/model.rs`, in plain Rust, which panics where a
//! bound given here does not hold.
//!
//! Radix 2^51, five limbs. `vpmadd52luq` and `vpmadd52huq` multiply the low 52 bits of each 64-bit lane and add the low
//! or high 52 bits of the product to an accumulator; **bits 52 and up of the factors are silently ignored**. So the
//! invariant of [`Ifma`] is: *every limb is below 2^52*. What `carry` returns is tighter, below 2^51 + 2^18, and `neg`
//! uses up the rest.
//!
//! Bounds of a product, with all limbs below 2^52: column k of the schoolbook product is
//! `lo(k) + 2 hi(k - 1)` (2^52 = 2 * 2^51, hence the 2), at most 5 * 2^52 + 2 * 5 * 2^52 = 15 * 2^52. Columns 5 to 9 are folded
//! onto 0 to 4 times 19: at most (1 + 19) * 15 * 2^52 < 2^60.24. That is one *unit* of `field`. Sums: 8 units are below 2^63.24;
//! `minus` adds 2^12 p, whose limbs are above 2^62.99 and so more than the 4 units (2^62.24) that it takes away, and
//! 4 units plus 2^63 stay below 2^64. Carrying a value below 2^64: carries below 2^13, the top one times 19 below
//! 2^17.3, results below 2^51 + 2^17.3.
//!
//! A raised product starts its accumulators with parts of 2^12 p ([`columns`]), below 2^63: with 4 units more it stays below
//! 2^63.7.
//!
//! Reasons for the shape of the code:
//! - The accumulator of a column takes its high halves first, is doubled once, then takes its low halves: one doubling a
//!   column and no separate sum. In a square the products of two different limbs are doubled the same way.
//! - Multiplying by 19 is one `vpmullq`: the folded columns are too long for IFMA.
//! - Points sit in lanes, so nothing is ever shuffled.
//! - Products go column by column, a high one before the low one that it is folded onto (few accumulators at once; 2 to 4 %
//!   faster than row by row in doublings and additions). Squares go row by row: the chain of squarings of a
//!   root waits for each result, and its latency is 52 cycles so, 58 by columns.
//!
//! What it costs on Zen 4, in cycles for eight lanes: a product 66 with its carry, a square 42 (52 if the next one waits for
//! it), a doubling 385, an addition 265. One 512-bit IFMA starts in a cycle; a product has 50 and a square 30. What is above
//! that is mostly *other* instructions: the processor spreads those that any port can run over all four, so
//! that each costs the multiplier about half a cycle. Two batches side by side are therefore no faster, and only fewer
//! instructions are. Counted and rejected: radix 2^52 (no doublings and no masks, but the fold overflows 64 bits and
//! needs ten more IFMAs); folding before the columns are joined (as many instructions); doubling a factor
//! beforehand (a carried limb may reach 2^51, its double would lose a bit).

#![allow(unsafe_code)]

#[cfg(not(feature = "modelled"))]
use core::arch::x86_64::{_mm512_sub_epi64 as subtract_modulo, *};

#[cfg(feature = "modelled")]
mod model;
#[cfg(feature = "modelled")]
use model::*;

use crate::field::{Constant, Field, Job};
use crate::msm::{Lanes, Row};

/// Eight carried field elements: five limbs, each below 2^52.
#[derive(Clone, Copy)]
pub(crate) struct Ifma([__m512i; 5]);

/// Five limbs below 2^64, see the units in the module's text.
#[derive(Clone, Copy)]
pub(crate) struct IfmaWide([__m512i; 5]);

/// The low 51 bits.
const MASK: u64 = (1 << 51) - 1;

/// A multiple of p whose limbs are larger than 4 units: 2^12 p.
const BIAS: Constant = [
    ((1 << 51) - 19) << 12,
    MASK << 12,
    MASK << 12,
    MASK << 12,
    MASK << 12,
];

/// 2p, limb by limb: each at least 2^52 - 38.
const TWICE_P: Constant = [
    ((1 << 51) - 19) << 1,
    MASK << 1,
    MASK << 1,
    MASK << 1,
    MASK << 1,
];

/// Entries in a row of a shared table, and registers for one limb of all of them.
const ENTRIES: usize = 1 << (Ifma::FIXED_BITS - 1);
const REGISTERS: usize = ENTRIES / 8;

/// A row of a shared table: for each coordinate and limb, the limb of all entries side by side.
pub(crate) struct IfmaRow([[[__m512i; REGISTERS]; 5]; 3]);

impl Ifma {
    /// Whether this processor has the instructions; their model needs none.
    pub(crate) fn is_available() -> bool {
        cfg!(feature = "modelled")
            || is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512ifma")
    }
}

/// # Safety
/// The processor must have the instructions: [`Ifma::is_available`].
#[cfg_attr(
    not(feature = "modelled"),
    target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx512ifma")
)]
#[inline(never)]
unsafe fn with_instructions<J: Job>(job: J) -> J::Output {
    job.run()
}

// The functions below wrap single intrinsics, so that the rest of the module reads as arithmetic.
//
// SAFETY (of every block in this module that says "see above"): an `Ifma` is only computed with by jobs inside
// `Ifma::enter`, which runs none on a processor without the instructions. The intrinsics themselves only work on
// registers; those that touch memory say what they touch.
//
// The larger functions are not inlined with the model, which needs no target feature: compiling would take minutes.

#[inline(always)]
fn zero() -> __m512i {
    // SAFETY: see above; registers only.
    unsafe { _mm512_setzero_si512() }
}

#[inline(always)]
fn broadcast(value: u64) -> __m512i {
    // SAFETY: see above; registers only.
    unsafe { _mm512_set1_epi64(value as i64) }
}

#[inline(always)]
fn plus(a: __m512i, b: __m512i) -> __m512i {
    // SAFETY: see above; registers only.
    unsafe { _mm512_add_epi64(a, b) }
}

#[inline(always)]
fn minus(a: __m512i, b: __m512i) -> __m512i {
    // SAFETY: see above; registers only.
    unsafe { _mm512_sub_epi64(a, b) }
}

#[inline(always)]
fn and(a: __m512i, b: __m512i) -> __m512i {
    // SAFETY: see above; registers only.
    unsafe { _mm512_and_si512(a, b) }
}

#[inline(always)]
fn or(a: __m512i, b: __m512i) -> __m512i {
    // SAFETY: see above; registers only.
    unsafe { _mm512_or_si512(a, b) }
}

#[inline(always)]
fn right<const BITS: u32>(a: __m512i) -> __m512i {
    // SAFETY: see above; registers only.
    unsafe { _mm512_srli_epi64::<BITS>(a) }
}

#[inline(always)]
fn left<const BITS: u32>(a: __m512i) -> __m512i {
    // SAFETY: see above; registers only.
    unsafe { _mm512_slli_epi64::<BITS>(a) }
}

/// `sum` plus the low 52 bits of the product of the low 52 bits of `a` and `b`.
#[inline(always)]
fn low(sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
    // SAFETY: see above; registers only.
    unsafe { _mm512_madd52lo_epu64(sum, a, b) }
}

/// `sum` plus bits 52 to 103 of the product of the low 52 bits of `a` and `b`.
#[inline(always)]
fn high(sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
    // SAFETY: see above; registers only.
    unsafe { _mm512_madd52hi_epu64(sum, a, b) }
}

/// 19 times each lane, which must stay below 2^64.
#[inline(always)]
fn times19(a: __m512i) -> __m512i {
    // SAFETY: see above; registers only.
    unsafe { _mm512_mullo_epi64(a, broadcast(19)) }
}

#[inline(always)]
fn choose(mask: __mmask8, yes: __m512i, no: __m512i) -> __m512i {
    // SAFETY: see above; registers only.
    unsafe { _mm512_mask_mov_epi64(no, mask, yes) }
}

/// The same expression for each of the five limbs, written out: closures over vectors are not reliably inlined.
macro_rules! limbs {
    ($i:ident => $value:expr) => {
        [
            {
                const $i: usize = 0;
                $value
            },
            {
                const $i: usize = 1;
                $value
            },
            {
                const $i: usize = 2;
                $value
            },
            {
                const $i: usize = 3;
                $value
            },
            {
                const $i: usize = 4;
                $value
            },
        ]
    };
}

/// Accumulators that end up `BIAS` larger, when they are doubled so often on the way: what raises a product costs nothing.
#[inline(always)]
fn columns(doublings: [u32; 5]) -> [__m512i; 10] {
    let [a, b, c, d, e] = limbs!(I => broadcast(BIAS[I] >> doublings[I]));
    [a, b, c, d, e, zero(), zero(), zero(), zero(), zero()]
}

/// Columns 5 to 9 folded onto 0 to 4: at most 20 times the longest column.
#[cfg_attr(not(feature = "modelled"), inline(always))]
fn fold(z: [__m512i; 10]) -> IfmaWide {
    IfmaWide([
        plus(z[0], times19(z[5])),
        plus(z[1], times19(z[6])),
        plus(z[2], times19(z[7])),
        plus(z[3], times19(z[8])),
        plus(z[4], times19(z[9])),
    ])
}

impl Ifma {
    /// The canonical limbs: below 2^51 each, the value below p. Takes any limbs below 2^52.
    #[cfg_attr(not(feature = "modelled"), inline(always))]
    fn canonical(self) -> [__m512i; 5] {
        let mask = broadcast(MASK);
        // Limbs at most 2^51 + 18 now, the value below 2p: whether it is p or more is the carry out of adding 19.
        let Ifma(mut l) = Self::carry(self.widen());
        let mut quotient = right::<51>(plus(l[0], broadcast(19)));
        for limb in &l[1..] {
            quotient = right::<51>(plus(*limb, quotient));
        }
        l[0] = low(l[0], quotient, broadcast(19));
        for index in 0..4 {
            l[index + 1] = plus(l[index + 1], right::<51>(l[index]));
            l[index] = and(l[index], mask);
        }
        l[4] = and(l[4], mask);
        l
    }
}

impl Ifma {
    /// The product; `z` is what the accumulators of the columns start with (doubled once, but for column 0).
    #[cfg_attr(not(feature = "modelled"), inline(always))]
    fn times_from(self, mut z: [__m512i; 10], other: Self) -> IfmaWide {
        let (a, b) = (self.0, other.0);
        // Column: limbs whose high halves belong to it; limbs whose low halves do.
        macro_rules! column {
            ($k:literal: $($hi:literal $hj:literal),*; $($li:literal $lj:literal),*) => {
                $(z[$k] = high(z[$k], a[$hi], b[$hj]);)*
                if $k > 0 {
                    z[$k] = plus(z[$k], z[$k]);
                }
                $(z[$k] = low(z[$k], a[$li], b[$lj]);)*
            };
        }
        column!(5: 0 4, 1 3, 2 2, 3 1, 4 0; 1 4, 2 3, 3 2, 4 1);
        column!(0: ; 0 0);
        column!(6: 1 4, 2 3, 3 2, 4 1; 2 4, 3 3, 4 2);
        column!(1: 0 0; 0 1, 1 0);
        column!(7: 2 4, 3 3, 4 2; 3 4, 4 3);
        column!(2: 0 1, 1 0; 0 2, 1 1, 2 0);
        column!(8: 3 4, 4 3; 4 4);
        column!(3: 0 2, 1 1, 2 0; 0 3, 1 2, 2 1, 3 0);
        column!(9: 4 4;);
        column!(4: 0 3, 1 2, 2 1, 3 0; 0 4, 1 3, 2 2, 3 1, 4 0);
        fold(z)
    }

    /// The square; `z` is what the accumulators of the columns start with (column 1 doubled once, 2 and up twice).
    #[cfg_attr(not(feature = "modelled"), inline(always))]
    fn squared_from(self, mut z: [__m512i; 10]) -> IfmaWide {
        // Column k is 2 (2 hi'(k - 1) + hi(i, i) + lo'(k)) + lo(i, i), a prime for the products of two different limbs.
        let a = self.0;
        for i in 0..5 {
            for j in i + 1..5 {
                z[i + j + 1] = high(z[i + j + 1], a[i], a[j]);
            }
        }
        for column in &mut z[2..9] {
            *column = plus(*column, *column);
        }
        for i in 0..5 {
            z[2 * i + 1] = high(z[2 * i + 1], a[i], a[i]);
            for j in i + 1..5 {
                z[i + j] = low(z[i + j], a[i], a[j]);
            }
        }
        for column in &mut z[1..] {
            *column = plus(*column, *column);
        }
        for i in 0..5 {
            z[2 * i] = low(z[2 * i], a[i], a[i]);
        }
        fold(z)
    }
}

impl Field for Ifma {
    const WIDTH: usize = 8;
    /// With 7 bits a table takes 276 KB and 36 additions, with 6 it takes 161 KB and 42: 5 % slower.
    const FIXED_BITS: usize = 7;
    type Wide = IfmaWide;
    type Mask = __mmask8;
    type Digits = __m512i;
    type Row = IfmaRow;

    #[inline(always)]
    fn enter<J: Job>(job: J) -> J::Output {
        assert!(
            Self::is_available(),
            "this processor cannot run the ifma backend"
        );
        // SAFETY: the processor has the instructions, as was just asked.
        unsafe { with_instructions(job) }
    }

    #[inline(always)]
    fn splat(constant: &Constant) -> Self {
        Ifma(limbs!(I => broadcast(constant[I])))
    }

    #[inline(always)]
    fn load(encodings: &[[u8; 32]]) -> Self {
        assert_eq!(encodings.len(), 8);
        let mask = broadcast(MASK);
        // SAFETY: see above; eight encodings are 32 words of 8 bytes; lane i reads words 4i to 4i + 3, no alignment needed.
        let [w0, w1, w2, w3] = unsafe {
            let words = encodings.as_ptr().cast::<i64>();
            let lanes = _mm512_set_epi64(28, 24, 20, 16, 12, 8, 4, 0);
            [0, 1, 2, 3].map(|word| _mm512_i64gather_epi64::<8>(lanes, words.add(word)))
        };
        Ifma([
            and(w0, mask),
            and(or(right::<51>(w0), left::<13>(w1)), mask),
            and(or(right::<38>(w1), left::<26>(w2)), mask),
            and(or(right::<25>(w2), left::<39>(w3)), mask),
            and(right::<12>(w3), mask),
        ])
    }

    #[inline(always)]
    fn store(self, out: &mut [[u8; 32]]) {
        assert_eq!(out.len(), 8);
        let l = self.canonical();
        let words = [
            or(l[0], left::<51>(l[1])),
            or(right::<13>(l[1]), left::<38>(l[2])),
            or(right::<26>(l[2]), left::<25>(l[3])),
            or(right::<39>(l[3]), left::<12>(l[4])),
        ];
        // SAFETY: as in `load`, written.
        unsafe {
            let place = out.as_mut_ptr().cast::<i64>();
            let lanes = _mm512_set_epi64(28, 24, 20, 16, 12, 8, 4, 0);
            for (word, value) in words.into_iter().enumerate() {
                _mm512_i64scatter_epi64::<8>(place.add(word), lanes, value);
            }
        }
    }

    #[inline(always)]
    fn widen(self) -> IfmaWide {
        IfmaWide(self.0)
    }

    #[inline(always)]
    fn times(self, other: Self) -> IfmaWide {
        self.times_from([zero(); 10], other)
    }

    #[inline(always)]
    fn times_raised(self, other: Self) -> IfmaWide {
        self.times_from(columns([0, 1, 1, 1, 1]), other)
    }

    #[inline(always)]
    fn squared(self) -> IfmaWide {
        self.squared_from([zero(); 10])
    }

    #[inline(always)]
    fn squared_raised(self) -> IfmaWide {
        self.squared_from(columns([0, 1, 2, 2, 2]))
    }

    #[inline(always)]
    fn raise(wide: IfmaWide) -> IfmaWide {
        IfmaWide(limbs!(I => plus(wide.0[I], broadcast(BIAS[I]))))
    }

    #[inline(always)]
    fn lower(raised: IfmaWide, right: IfmaWide) -> IfmaWide {
        IfmaWide(limbs!(I => minus(raised.0[I], right.0[I])))
    }

    #[inline(always)]
    fn plus(left: IfmaWide, right: IfmaWide) -> IfmaWide {
        let (a, b) = (left.0, right.0);
        IfmaWide(limbs!(I => plus(a[I], b[I])))
    }

    #[inline(always)]
    fn minus(left: IfmaWide, right: IfmaWide) -> IfmaWide {
        let (a, b) = (left.0, right.0);
        IfmaWide(limbs!(I => plus(a[I], minus(broadcast(BIAS[I]), b[I]))))
    }

    #[cfg_attr(not(feature = "modelled"), inline(always))]
    fn carry(wide: IfmaWide) -> Self {
        let z = wide.0;
        let mask = broadcast(MASK);
        Ifma([
            low(and(z[0], mask), right::<51>(z[4]), broadcast(19)),
            plus(and(z[1], mask), right::<51>(z[0])),
            plus(and(z[2], mask), right::<51>(z[1])),
            plus(and(z[3], mask), right::<51>(z[2])),
            plus(and(z[4], mask), right::<51>(z[3])),
        ])
    }

    /// 2p minus each limb: below 2^52 again. The limbs must be at most 2^52 - 38, as those of every carried value are.
    #[inline(always)]
    fn neg(self) -> Self {
        Ifma(limbs!(I => minus(broadcast(TWICE_P[I]), self.0[I])))
    }

    #[inline(always)]
    fn select(mask: __mmask8, yes: Self, no: Self) -> Self {
        Ifma(limbs!(I => choose(mask, yes.0[I], no.0[I])))
    }

    #[inline(always)]
    fn is_zero(self) -> __mmask8 {
        let [a, b, c, d, e] = self.canonical();
        let any = or(or(or(a, b), or(c, d)), e);
        // SAFETY: see above; registers only.
        unsafe { _mm512_cmpeq_epi64_mask(any, zero()) }
    }

    #[inline(always)]
    fn is_negative(self) -> __mmask8 {
        let limbs = self.canonical();
        // SAFETY: see above; registers only.
        unsafe { _mm512_test_epi64_mask(limbs[0], broadcast(1)) }
    }

    #[inline(always)]
    fn either(left: __mmask8, right: __mmask8) -> __mmask8 {
        left | right
    }

    #[inline(always)]
    fn bits(mask: __mmask8) -> u32 {
        u32::from(mask)
    }

    #[inline(always)]
    fn digits(values: &[i8]) -> (__m512i, __mmask8) {
        let values: &[i8; 8] = values.try_into().expect("a digit for each lane");
        // SAFETY: see above; reads the eight bytes of `values`.
        unsafe {
            let wide = _mm512_cvtepi8_epi64(_mm_loadl_epi64(values.as_ptr().cast()));
            (_mm512_abs_epi64(wide), _mm512_movepi64_mask(wide))
        }
    }

    #[inline(always)]
    fn digit_is(digits: __m512i, value: u8) -> __mmask8 {
        // SAFETY: see above; registers only.
        unsafe { _mm512_cmpeq_epi64_mask(digits, broadcast(u64::from(value))) }
    }

    fn row(entries: &[[Constant; 3]]) -> IfmaRow {
        assert_eq!(entries.len(), ENTRIES);
        let register = |coordinate: usize, limb: usize, register: usize| {
            let lane = |lane: usize| entries[8 * register + lane][coordinate][limb] as i64;
            // SAFETY: a plain copy of eight words of 8 bytes; both types are 64 bytes without padding.
            unsafe { core::mem::transmute::<[i64; 8], __m512i>(core::array::from_fn(lane)) }
        };
        IfmaRow(core::array::from_fn(|c| {
            core::array::from_fn(|l| core::array::from_fn(|r| register(c, l, r)))
        }))
    }

    /// Permutes registers by the digits: every entry is read, and no address depends on a digit.
    #[cfg_attr(not(feature = "modelled"), inline(always))]
    fn lookup(row: &IfmaRow, digits: __m512i) -> [Self; 3] {
        // SAFETY: see above; registers only. Wraps for magnitude 0, whose entry is then not the one that is kept.
        let index = unsafe { subtract_modulo(digits, broadcast(1)) };
        let none = Self::digit_is(digits, 0);
        let one = broadcast(1);
        let rest = limbs!(I => if I == 0 { one } else { zero() });
        let [sum, difference, product] = &row.0;
        [
            Ifma(limbs!(I => choose(none, rest[I], permute(&sum[I], index)))),
            Ifma(limbs!(I => choose(none, rest[I], permute(&difference[I], index)))),
            Ifma(limbs!(I => choose(none, zero(), permute(&product[I], index)))),
        ]
    }
}

/// The word of the registers, side by side, that each lane's index names (modulo their number of words).
#[inline(always)]
fn permute(registers: &[__m512i; REGISTERS], index: __m512i) -> __m512i {
    let mut chosen = zero();
    for pair in 0..REGISTERS / 2 {
        // SAFETY: see above; registers only.
        let value = unsafe {
            _mm512_permutex2var_epi64(registers[2 * pair], index, registers[2 * pair + 1])
        };
        // The permutation looks at the lowest four bits of the index; the others say which pair.
        let wanted = right::<4>(index);
        // SAFETY: see above; registers only.
        let mask = unsafe { _mm512_cmpeq_epi64_mask(wanted, broadcast(pair as u64)) };
        chosen = if pair == 0 {
            value
        } else {
            choose(mask, value, chosen)
        };
    }
    chosen
}

/// A word is a limb.
impl Lanes for Ifma {
    type Word = __m512i;

    #[inline(always)]
    fn no_words() -> __m512i {
        zero()
    }

    #[inline(always)]
    fn from_words(words: [__m512i; 5]) -> Self {
        Ifma(words)
    }

    #[inline(always)]
    fn to_words(self) -> [__m512i; 5] {
        self.0
    }

    #[inline(always)]
    fn gather<const LINES: usize>(rows: &[&Row<LINES>]) -> [[__m512i; 8]; LINES] {
        let rows: &[&Row<LINES>; 8] = rows.try_into().expect("a row for each lane");
        let mut words = [[zero(); 8]; LINES];
        for (line, words) in words.iter_mut().enumerate() {
            let mut lanes = [zero(); 8];
            for (lane, row) in lanes.iter_mut().zip(rows) {
                // SAFETY: see above; reads the 64 bytes of the line, no alignment needed.
                *lane = unsafe { _mm512_loadu_si512(row.0[line].as_ptr().cast()) };
            }
            *words = transpose(lanes);
        }
        words
    }

    #[inline(always)]
    fn scatter<const LINES: usize>(words: [[__m512i; 8]; LINES], rows: &mut [Row<LINES>]) {
        let rows: &mut [Row<LINES>; 8] = rows.try_into().expect("a row for each lane");
        for (line, words) in words.into_iter().enumerate() {
            for (row, lane) in rows.iter_mut().zip(transpose(words)) {
                // SAFETY: see above; writes the 64 bytes of the line, no alignment needed.
                unsafe { _mm512_storeu_si512(row.0[line].as_mut_ptr().cast(), lane) }
            }
        }
    }
}

/// Rows and columns of eight by eight words exchanged: in steps of one, two and four.
#[cfg_attr(not(feature = "modelled"), inline(always))]
fn transpose([a, b, c, d, e, f, g, h]: [__m512i; 8]) -> [__m512i; 8] {
    // SAFETY: see above; registers only.
    let ([ab0, ab1, cd0, cd1], [ef0, ef1, gh0, gh1]) = unsafe {
        (
            [
                _mm512_unpacklo_epi64(a, b),
                _mm512_unpackhi_epi64(a, b),
                _mm512_unpacklo_epi64(c, d),
                _mm512_unpackhi_epi64(c, d),
            ],
            [
                _mm512_unpacklo_epi64(e, f),
                _mm512_unpackhi_epi64(e, f),
                _mm512_unpacklo_epi64(g, h),
                _mm512_unpackhi_epi64(g, h),
            ],
        )
    };
    let ([w0, w4], [w2, w6]) = quarter(ab0, cd0, ef0, gh0);
    let ([w1, w5], [w3, w7]) = quarter(ab1, cd1, ef1, gh1);
    [w0, w1, w2, w3, w4, w5, w6, w7]
}

/// Words 0 and 4 of all rows, then 2 and 6, of pairs of rows that have these words side by side in 128-bit blocks.
#[inline(always)]
fn quarter(ab: __m512i, cd: __m512i, ef: __m512i, gh: __m512i) -> ([__m512i; 2], [__m512i; 2]) {
    // SAFETY: see above; registers only.
    unsafe {
        // Blocks 0 and 2 of both, and blocks 1 and 3.
        let (low02, low13) = (
            _mm512_shuffle_i64x2::<0x88>(ab, cd),
            _mm512_shuffle_i64x2::<0xdd>(ab, cd),
        );
        let (high02, high13) = (
            _mm512_shuffle_i64x2::<0x88>(ef, gh),
            _mm512_shuffle_i64x2::<0xdd>(ef, gh),
        );
        (
            [
                _mm512_shuffle_i64x2::<0x88>(low02, high02),
                _mm512_shuffle_i64x2::<0xdd>(low02, high02),
            ],
            [
                _mm512_shuffle_i64x2::<0x88>(low13, high13),
                _mm512_shuffle_i64x2::<0xdd>(low13, high13),
            ],
        )
    }
}
