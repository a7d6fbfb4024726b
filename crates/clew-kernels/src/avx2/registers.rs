//! Single AVX2 intrinsics by the names of what they compute, so that the rest reads as arithmetic.

#![allow(unsafe_code)]

use core::arch::asm;
use core::arch::x86_64::*;

// SAFETY (of every block in this module): an `Avx2` is only made and used by jobs inside `Avx2::enter`, which the
// dispatch reaches only after `Avx2::is_available` (asserted by `combine`, `check`, and the sums). The intrinsics
// themselves only work on registers; those that touch memory say what they touch.

#[inline(always)]
pub(super) fn zero() -> __m256i {
    // SAFETY: see above; registers only.
    unsafe { _mm256_setzero_si256() }
}

#[inline(always)]
pub(super) fn broadcast(value: u64) -> __m256i {
    // SAFETY: see above; registers only.
    unsafe { _mm256_set1_epi64x(value as i64) }
}

#[inline(always)]
pub(super) fn plus(a: __m256i, b: __m256i) -> __m256i {
    // SAFETY: see above; registers only.
    unsafe { _mm256_add_epi64(a, b) }
}

#[inline(always)]
pub(super) fn minus(a: __m256i, b: __m256i) -> __m256i {
    // SAFETY: see above; registers only.
    unsafe { _mm256_sub_epi64(a, b) }
}

/// The product of the low 32 bits of each lane.
#[inline(always)]
pub(super) fn times(a: __m256i, b: __m256i) -> __m256i {
    // SAFETY: see above; registers only.
    unsafe { _mm256_mul_epu32(a, b) }
}

#[inline(always)]
pub(super) fn and(a: __m256i, b: __m256i) -> __m256i {
    // SAFETY: see above; registers only.
    unsafe { _mm256_and_si256(a, b) }
}

#[inline(always)]
pub(super) fn or(a: __m256i, b: __m256i) -> __m256i {
    // SAFETY: see above; registers only.
    unsafe { _mm256_or_si256(a, b) }
}

#[inline(always)]
pub(super) fn right<const BITS: i32>(a: __m256i) -> __m256i {
    // SAFETY: see above; registers only.
    unsafe { _mm256_srli_epi64::<BITS>(a) }
}

#[inline(always)]
pub(super) fn left<const BITS: i32>(a: __m256i) -> __m256i {
    // SAFETY: see above; registers only.
    unsafe { _mm256_slli_epi64::<BITS>(a) }
}

#[inline(always)]
pub(super) fn equal(a: __m256i, b: __m256i) -> __m256i {
    // SAFETY: see above; registers only.
    unsafe { _mm256_cmpeq_epi64(a, b) }
}

#[inline(always)]
pub(super) fn choose(mask: __m256i, yes: __m256i, no: __m256i) -> __m256i {
    // SAFETY: see above; registers only.
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
    // SAFETY: see above; registers only.
    unsafe { pass(a) }
}
