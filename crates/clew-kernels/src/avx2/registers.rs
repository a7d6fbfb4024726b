//! Single AVX2 intrinsics by the names of what they compute, so that the rest reads as arithmetic.

#![allow(unsafe_code)]

use core::arch::asm;
use core::arch::x86_64::*;

// SAFETY (of every block in this module): as in `avx2`. The intrinsics only work on registers.

#[inline(always)]
pub(super) fn zero() -> __m256i {
    // SAFETY: see above.
    unsafe { _mm256_setzero_si256() }
}

#[inline(always)]
pub(super) fn broadcast(value: u64) -> __m256i {
    // SAFETY: see above.
    unsafe { _mm256_set1_epi64x(value as i64) }
}

/// Panics, in a build with the feature `modelled`, where the instruction that comes next would silently drop a bit of a
/// number: then `kept` must be true of the words of every lane.
#[inline(always)]
fn whole(kept: impl Fn(u64, u64) -> bool, a: &__m256i, b: &__m256i) {
    #[cfg(feature = "modelled")]
    #[inline(never)]
    fn check(kept: impl Fn(u64, u64) -> bool, a: &__m256i, b: &__m256i) {
        // SAFETY: a plain copy of 32 bytes to four words of 8; neither type has padding.
        let [a, b] =
            [a, b].map(|lanes| unsafe { core::mem::transmute::<__m256i, [u64; 4]>(*lanes) });
        assert!(
            a.into_iter().zip(b).all(|(a, b)| kept(a, b)),
            "an instruction drops a bit"
        );
    }
    #[cfg(feature = "modelled")]
    check(kept, a, b);
    #[cfg(not(feature = "modelled"))]
    let _ = (kept, a, b);
}

#[inline(always)]
pub(super) fn plus(a: __m256i, b: __m256i) -> __m256i {
    whole(|a, b| a.checked_add(b).is_some(), &a, &b);
    // SAFETY: see above.
    unsafe { _mm256_add_epi64(a, b) }
}

#[inline(always)]
pub(super) fn minus(a: __m256i, b: __m256i) -> __m256i {
    whole(|a, b| a >= b, &a, &b);
    minus_modulo(a, b)
}

/// The difference modulo 2^64.
#[inline(always)]
pub(super) fn minus_modulo(a: __m256i, b: __m256i) -> __m256i {
    // SAFETY: see above.
    unsafe { _mm256_sub_epi64(a, b) }
}

/// The product of the low 32 bits of each lane.
#[inline(always)]
pub(super) fn times(a: __m256i, b: __m256i) -> __m256i {
    whole(|a, b| (a | b) >> 32 == 0, &a, &b);
    // SAFETY: see above.
    unsafe { _mm256_mul_epu32(a, b) }
}

#[inline(always)]
pub(super) fn and(a: __m256i, b: __m256i) -> __m256i {
    // SAFETY: see above.
    unsafe { _mm256_and_si256(a, b) }
}

#[inline(always)]
pub(super) fn or(a: __m256i, b: __m256i) -> __m256i {
    // SAFETY: see above.
    unsafe { _mm256_or_si256(a, b) }
}

#[inline(always)]
pub(super) fn right<const BITS: i32>(a: __m256i) -> __m256i {
    // SAFETY: see above.
    unsafe { _mm256_srli_epi64::<BITS>(a) }
}

#[inline(always)]
pub(super) fn left<const BITS: i32>(a: __m256i) -> __m256i {
    // SAFETY: see above.
    unsafe { _mm256_slli_epi64::<BITS>(a) }
}

#[inline(always)]
pub(super) fn equal(a: __m256i, b: __m256i) -> __m256i {
    // SAFETY: see above.
    unsafe { _mm256_cmpeq_epi64(a, b) }
}

#[inline(always)]
pub(super) fn choose(mask: __m256i, yes: __m256i, no: __m256i) -> __m256i {
    // SAFETY: see above.
    unsafe { _mm256_blendv_epi8(no, yes, mask) }
}

/// The value itself, which the compiler then knows nothing about. It knows too well how to multiply by constants: it
/// makes long sequences out of the one instruction that was meant.
#[inline(always)]
pub(super) fn hidden(a: __m256i) -> __m256i {
    #[target_feature(enable = "avx2")]
    #[inline]
    fn pass(mut a: __m256i) -> __m256i {
        // SAFETY: no instruction at all.
        unsafe {
            asm!("/* {0} */", inout(ymm_reg) a, options(pure, nomem, nostack, preserves_flags));
        }
        a
    }
    // SAFETY: see above.
    unsafe { pass(a) }
}
