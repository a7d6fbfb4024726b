//! The instructions of `ifma` in plain Rust, by the names of their intrinsics: so the backend is tested where no
//! processor has them.
//!
//! It does more than imitate. **Where an instruction would silently drop a bit of a number, this panics**: factors of 52
//! bits with a bit above, sums, differences and products that wrap. So the bounds in `ifma`'s text are checked on every
//! value that a test tries. Shifts drop bits on purpose: `load` and `store` cut words with them.
//!
//! No function here is inlined, or every product would be thousands of instructions of assertions. They are `unsafe` as
//! the intrinsics are, so that one text calls either; only those that take a pointer ask something of their caller.

#![allow(non_camel_case_types, clippy::missing_safety_doc)]

use core::array::from_fn;

/// Eight words of 64 bits, lane 0 first.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct __m512i([u64; 8]);

/// The low eight bytes of a short register: the others are never looked at.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct __m128i([i8; 8]);

pub(crate) type __mmask8 = u8;

fn lanes(lane: impl FnMut(usize) -> u64) -> __m512i {
    __m512i(from_fn(lane))
}

fn mask(mut lane: impl FnMut(usize) -> bool) -> __mmask8 {
    (0..8).fold(0, |mask, at| mask | u8::from(lane(at)) << at)
}

#[inline(never)]
pub(super) unsafe fn _mm512_setzero_si512() -> __m512i {
    __m512i([0; 8])
}

#[inline(never)]
pub(super) unsafe fn _mm512_set1_epi64(value: i64) -> __m512i {
    __m512i([value as u64; 8])
}

#[inline(never)]
#[allow(clippy::too_many_arguments)]
pub(super) unsafe fn _mm512_set_epi64(
    h: i64,
    g: i64,
    f: i64,
    e: i64,
    d: i64,
    c: i64,
    b: i64,
    a: i64,
) -> __m512i {
    __m512i([a, b, c, d, e, f, g, h].map(|word| word as u64))
}

/// Every lane's value. What comes with it says whether the instruction would lose a bit of it: one assertion for all
/// lanes, since one for each takes longer.
fn whole(mut lane: impl FnMut(usize) -> (u64, bool)) -> __m512i {
    let mut lost = false;
    let values = lanes(|at| {
        let (value, drops) = lane(at);
        lost |= drops;
        value
    });
    assert!(!lost, "an instruction drops a bit");
    values
}

#[inline(never)]
pub(super) unsafe fn _mm512_add_epi64(a: __m512i, b: __m512i) -> __m512i {
    whole(|at| a.0[at].overflowing_add(b.0[at]))
}

#[inline(never)]
pub(super) unsafe fn _mm512_sub_epi64(a: __m512i, b: __m512i) -> __m512i {
    whole(|at| a.0[at].overflowing_sub(b.0[at]))
}

/// The same instruction, where it is meant to wrap.
#[inline(never)]
pub(super) unsafe fn subtract_modulo(a: __m512i, b: __m512i) -> __m512i {
    lanes(|at| a.0[at].wrapping_sub(b.0[at]))
}

#[inline(never)]
pub(super) unsafe fn _mm512_mullo_epi64(a: __m512i, b: __m512i) -> __m512i {
    whole(|at| a.0[at].overflowing_mul(b.0[at]))
}

/// The product of two factors, and whether it would be another: the instructions ignore their bits from 52 on.
fn product(a: u64, b: u64) -> (u128, bool) {
    (u128::from(a) * u128::from(b), (a | b) >> 52 != 0)
}

#[inline(never)]
pub(super) unsafe fn _mm512_madd52lo_epu64(sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
    whole(|at| {
        let (product, long) = product(a.0[at], b.0[at]);
        let (sum, wraps) = sum.0[at].overflowing_add(product as u64 & ((1 << 52) - 1));
        (sum, long | wraps)
    })
}

#[inline(never)]
pub(super) unsafe fn _mm512_madd52hi_epu64(sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
    whole(|at| {
        let (product, long) = product(a.0[at], b.0[at]);
        let (sum, wraps) = sum.0[at].overflowing_add((product >> 52) as u64);
        (sum, long | wraps)
    })
}

#[inline(never)]
pub(super) unsafe fn _mm512_and_si512(a: __m512i, b: __m512i) -> __m512i {
    lanes(|at| a.0[at] & b.0[at])
}

#[inline(never)]
pub(super) unsafe fn _mm512_or_si512(a: __m512i, b: __m512i) -> __m512i {
    lanes(|at| a.0[at] | b.0[at])
}

#[inline(never)]
pub(super) unsafe fn _mm512_srli_epi64<const BITS: u32>(a: __m512i) -> __m512i {
    lanes(|at| a.0[at] >> BITS)
}

#[inline(never)]
pub(super) unsafe fn _mm512_slli_epi64<const BITS: u32>(a: __m512i) -> __m512i {
    lanes(|at| a.0[at] << BITS)
}

#[inline(never)]
pub(super) unsafe fn _mm512_abs_epi64(a: __m512i) -> __m512i {
    lanes(|at| (a.0[at] as i64).unsigned_abs())
}

#[inline(never)]
pub(super) unsafe fn _mm512_mask_mov_epi64(no: __m512i, mask: __mmask8, yes: __m512i) -> __m512i {
    lanes(|at| {
        if mask >> at & 1 == 1 {
            yes.0[at]
        } else {
            no.0[at]
        }
    })
}

#[inline(never)]
pub(super) unsafe fn _mm512_cmpeq_epi64_mask(a: __m512i, b: __m512i) -> __mmask8 {
    mask(|at| a.0[at] == b.0[at])
}

#[inline(never)]
pub(super) unsafe fn _mm512_test_epi64_mask(a: __m512i, b: __m512i) -> __mmask8 {
    mask(|at| a.0[at] & b.0[at] != 0)
}

#[inline(never)]
pub(super) unsafe fn _mm512_movepi64_mask(a: __m512i) -> __mmask8 {
    mask(|at| a.0[at] >> 63 == 1)
}

#[inline(never)]
pub(super) unsafe fn _mm512_cvtepi8_epi64(a: __m128i) -> __m512i {
    lanes(|at| i64::from(a.0[at]) as u64)
}

#[inline(never)]
pub(super) unsafe fn _mm512_permutex2var_epi64(
    low: __m512i,
    index: __m512i,
    high: __m512i,
) -> __m512i {
    lanes(|at| {
        let word = index.0[at] as usize & 15;
        if word < 8 {
            low.0[word]
        } else {
            high.0[word - 8]
        }
    })
}

#[inline(never)]
pub(super) unsafe fn _mm512_unpacklo_epi64(a: __m512i, b: __m512i) -> __m512i {
    lanes(|at| if at % 2 == 0 { a.0[at] } else { b.0[at - 1] })
}

#[inline(never)]
pub(super) unsafe fn _mm512_unpackhi_epi64(a: __m512i, b: __m512i) -> __m512i {
    lanes(|at| if at % 2 == 0 { a.0[at + 1] } else { b.0[at] })
}

/// Blocks of two words: two of `a`, then two of `b`, each named by two bits.
#[inline(never)]
pub(super) unsafe fn _mm512_shuffle_i64x2<const BLOCKS: i32>(a: __m512i, b: __m512i) -> __m512i {
    lanes(|at| {
        let block = (BLOCKS >> (at / 2 * 2) & 3) as usize;
        let from = if at < 4 { a } else { b };
        from.0[2 * block + at % 2]
    })
}

/// Reads 64 bytes, which must be there.
#[inline(never)]
pub(super) unsafe fn _mm512_loadu_si512(place: *const __m512i) -> __m512i {
    // SAFETY: the caller's; read without alignment.
    __m512i(unsafe { place.cast::<[u64; 8]>().read_unaligned() })
}

/// Writes 64 bytes, for which there must be room.
#[inline(never)]
pub(super) unsafe fn _mm512_storeu_si512(place: *mut __m512i, a: __m512i) {
    // SAFETY: the caller's; written without alignment.
    unsafe { place.cast::<[u64; 8]>().write_unaligned(a.0) }
}

/// Reads 8 bytes, which must be there.
#[inline(never)]
pub(super) unsafe fn _mm_loadl_epi64(place: *const __m128i) -> __m128i {
    // SAFETY: the caller's; the type has no alignment.
    unsafe { place.read() }
}

/// Reads 8 bytes at each offset, which must be there.
#[inline(never)]
pub(super) unsafe fn _mm512_i64gather_epi64<const SCALE: i32>(
    offsets: __m512i,
    place: *const i64,
) -> __m512i {
    lanes(|at| {
        let offset = offsets.0[at] as isize * SCALE as isize;
        // SAFETY: the caller's; read without alignment.
        unsafe { place.byte_offset(offset).cast::<u64>().read_unaligned() }
    })
}

/// Writes 8 bytes at each offset, for which there must be room.
#[inline(never)]
pub(super) unsafe fn _mm512_i64scatter_epi64<const SCALE: i32>(
    place: *mut i64,
    offsets: __m512i,
    a: __m512i,
) {
    for (offset, word) in offsets.0.into_iter().zip(a.0) {
        let offset = offset as isize * SCALE as isize;
        // SAFETY: the caller's; written without alignment.
        unsafe {
            place
                .byte_offset(offset)
                .cast::<u64>()
                .write_unaligned(word)
        }
    }
}
