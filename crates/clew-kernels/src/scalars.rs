//! Scalars modulo the group's order `q`: reduced, halved, and written in signed digits, in constant time.
//!
//! Four 64-bit words, least first. Arithmetic is branch-free: conditions become masks of all ones or all zeros.
//!
//! A scalar is *centred* before it is written in digits: `s` and `q - s` differ by a sign that the digits take on, and
//! one of them is at most `(q - 1) / 2 < 2^251 + 2^124`. That fits 252 bits with signed digits, so windows of 4 bits are
//! 63 instead of 64, and of 6 bits 42 instead of 43. The top digit is not centred: it is at most half the radix
//! (2^251 / 2^248 = 8 for 4 bits), which the tables hold.

use zeroize::Zeroize;

type Words = [u64; 4];

/// The order of the group: 2^252 + 27742317777372353535851937790883648493.
const ORDER: Words = [
    0x5812_631a_5cf5_d3ed,
    0x14de_f9de_a2f7_9cd6,
    0,
    0x1000_0000_0000_0000,
];

/// `(q - 1) / 2`, the largest magnitude of a centred scalar.
const HALF_ORDER: Words = [
    0x2c09_318d_2e7a_e9f6,
    0x0a6f_7cef_517b_ce6b,
    0,
    0x0800_0000_0000_0000,
];

/// The most windows there can be: 63 of 4 bits.
pub(crate) const MAX_WINDOWS: usize = windows(4);

/// Windows of so many bits in a centred scalar.
pub(crate) const fn windows(bits: usize) -> usize {
    252usize.div_ceil(bits)
}

/// What is done to a scalar before it is written in digits.
#[derive(Clone, Copy)]
pub(crate) struct Change {
    /// Halved modulo `q`.
    pub(crate) halve: bool,
    /// Negated.
    pub(crate) negate: bool,
}

/// Writes the digits of `scalar` (modulo `q`, then changed), window `i` to `out[i * stride]`. Digits are from
/// `-2^(bits - 1)` to `2^(bits - 1)`; `bits` is from 4 to 7.
#[inline(always)]
pub(crate) fn recode(
    bits: usize,
    scalar: &[u8; 32],
    change: Change,
    out: &mut [i8],
    stride: usize,
) {
    let mut words = reduce(words_of(scalar));
    if change.halve {
        words = halve(words);
    }
    let mut negated = subtract(ORDER, words).0;
    // All ones where the scalar is above the half: then the other one of the pair is written, with signs changed.
    let (mut over, borrow) = subtract(HALF_ORDER, words);
    let mut magnitude = choose(borrow, negated, words);
    let sign = if change.negate { !borrow } else { borrow } as i8;
    // With half the radix added in every window but the top one, the digits are the sum's bits less half the radix.
    let (mut biased, _) = add(magnitude, bias(bits));
    let mut bytes = [0u8; 40];
    for (place, word) in bytes.chunks_exact_mut(8).zip(biased) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    let (count, half, mask) = (windows(bits), 1i8 << (bits - 1), (1u64 << bits) - 1);
    for (window, out) in out.iter_mut().step_by(stride).take(count).enumerate() {
        let at = window * bits;
        let eight: [u8; 8] = bytes[at / 8..at / 8 + 8].try_into().expect("eight bytes");
        let value = (u64::from_le_bytes(eight) >> (at % 8) & mask) as i8;
        let digit = if window + 1 == count {
            value
        } else {
            value.wrapping_sub(half)
        };
        *out = (digit ^ sign).wrapping_sub(sign);
    }
    words.zeroize();
    negated.zeroize();
    over.zeroize();
    magnitude.zeroize();
    biased.zeroize();
    bytes.zeroize();
}

/// Half the radix in every window but the top one.
const fn bias(bits: usize) -> Words {
    let mut sum = [0; 4];
    let mut window = 0;
    while window + 1 < windows(bits) {
        let at = window * bits + bits - 1;
        sum[at / 64] |= 1 << (at % 64);
        window += 1;
    }
    sum
}

fn words_of(bytes: &[u8; 32]) -> Words {
    core::array::from_fn(|i| {
        u64::from_le_bytes(bytes[8 * i..8 * i + 8].try_into().expect("eight bytes"))
    })
}

/// The value modulo `q` of any 256 bits.
#[inline(always)]
fn reduce(words: Words) -> Words {
    // The top four bits say about how often q goes in, or one time too many: top * 2^252 <= value
    // < (top + 1) * 2^252, and top * (q - 2^252) < 16 * 2^125 < q.
    let top = words[3] >> 60;
    let multiple = [0u128, 1, 2, 3].map(|i| u128::from(ORDER[i as usize]) * u128::from(top));
    let mut product = [0; 4];
    let mut carry = 0u128;
    for (place, part) in product.iter_mut().zip(multiple) {
        let sum = part + carry;
        *place = sum as u64;
        carry = sum >> 64;
    }
    let (difference, borrow) = subtract(words, product);
    add(difference, ORDER.map(|word| word & borrow)).0
}

/// Half of a reduced value modulo `q`.
#[inline(always)]
fn halve(words: Words) -> Words {
    let odd = 0u64.wrapping_sub(words[0] & 1);
    // Below 2 q < 2^254: nothing is carried out.
    let (sum, _) = add(words, ORDER.map(|word| word & odd));
    [
        sum[0] >> 1 | sum[1] << 63,
        sum[1] >> 1 | sum[2] << 63,
        sum[2] >> 1 | sum[3] << 63,
        sum[3] >> 1,
    ]
}

/// The sum, and its carry as 0 or 1.
#[inline(always)]
fn add(a: Words, b: Words) -> (Words, u64) {
    let (mut sum, mut carry) = ([0; 4], 0u128);
    for i in 0..4 {
        let part = u128::from(a[i]) + u128::from(b[i]) + carry;
        sum[i] = part as u64;
        carry = part >> 64;
    }
    (sum, carry as u64)
}

/// The difference modulo 2^256, and all ones if it was negative.
#[inline(always)]
fn subtract(a: Words, b: Words) -> (Words, u64) {
    let (mut difference, mut borrow) = ([0; 4], 0u64);
    for i in 0..4 {
        let part = u128::from(a[i])
            .wrapping_sub(u128::from(b[i]))
            .wrapping_sub(u128::from(borrow & 1));
        difference[i] = part as u64;
        borrow = (part >> 64) as u64;
    }
    (difference, borrow)
}

/// `yes` where `mask` is all ones, `no` where it is all zeros.
#[inline(always)]
fn choose(mask: u64, yes: Words, no: Words) -> Words {
    core::array::from_fn(|i| yes[i] & mask | no[i] & !mask)
}

#[cfg(test)]
mod tests {
    use curve25519_dalek::scalar::Scalar;
    use proptest::prelude::*;

    use super::*;

    /// The value of digits, as dalek computes it.
    fn value(bits: usize, digits: &[i8]) -> Scalar {
        let radix = Scalar::from(1u64 << bits);
        digits.iter().rev().fold(Scalar::ZERO, |sum, digit| {
            let magnitude = Scalar::from(u64::from(digit.unsigned_abs()));
            sum * radix + if *digit < 0 { -magnitude } else { magnitude }
        })
    }

    fn assert_digits(scalar: [u8; 32]) {
        for bits in 4..=7 {
            for (halve, negate) in [(false, false), (false, true), (true, false), (true, true)] {
                let mut digits = vec![0; 3 * windows(bits)];
                recode(bits, &scalar, Change { halve, negate }, &mut digits, 3);
                let digits: Vec<_> = digits.into_iter().step_by(3).collect();
                assert!(
                    digits
                        .iter()
                        .all(|digit| digit.unsigned_abs() <= 1 << (bits - 1)),
                    "{digits:?}"
                );
                let mut expected = Scalar::from_bytes_mod_order(scalar);
                if halve {
                    expected = expected.div_by_2();
                }
                assert_eq!(
                    value(bits, &digits),
                    if negate { -expected } else { expected }
                );
            }
        }
    }

    #[test]
    fn digits_of_the_edges_are_their_values() {
        let words = |words: Words| -> [u8; 32] {
            core::array::from_fn(|i| words[i / 8].to_le_bytes()[i % 8])
        };
        let near = |centre: Words| {
            (0..5).flat_map(move |k| {
                [
                    add(centre, [k, 0, 0, 0]).0,
                    subtract(centre, [k, 0, 0, 0]).0,
                ]
            })
        };
        for value in near(ORDER)
            .chain(near(HALF_ORDER))
            .chain(near([0; 4]))
            .chain(near([0, 0, 0, 1 << 59]))
        {
            assert_digits(words(value));
        }
        for multiple in 2..16u64 {
            let mut product = [0u64; 4];
            for _ in 0..multiple {
                product = add(product, ORDER).0;
            }
            near(product).for_each(|value| assert_digits(words(value)));
        }
        for byte in [0x77, 0x78, 0x80, 0x88, 0x08, 0x7f, 0xff] {
            assert_digits([byte; 32]);
        }
    }

    proptest! {
        #[test]
        fn digits_are_the_value_of_any_256_bits(scalar in any::<[u8; 32]>()) {
            assert_digits(scalar);
        }
    }
}
