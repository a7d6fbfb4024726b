//! Public scalars in signed digits, short ones in few. Variable time.

use curve25519_dalek::scalar::Scalar;

type Words = [u64; 4];

/// The order of the group, `q`.
const ORDER: Words = [
    0x5812_631a_5cf5_d3ed,
    0x14de_f9de_a2f7_9cd6,
    0,
    0x1000_0000_0000_0000,
];

/// Scalars of one sum, ready to be cut into windows of so many bits.
pub(super) struct Digits {
    width: usize,
    windows: usize,
    /// The magnitude of each scalar plus half the radix in every window but the top one: a digit is the window's bits
    /// less half the radix, whatever the windows below it hold. The fifth word is there to be read over the end.
    biased: Vec<[u64; 5]>,
    negative: Vec<bool>,
}

/// Scalars as magnitudes and signs: of `s` and `q - s` the smaller, so that the negative of a short scalar is as short.
pub(super) struct Centred {
    magnitudes: Vec<Words>,
    negative: Vec<bool>,
    bits: usize,
}

impl Centred {
    /// Of scalars that count modulo `q`.
    pub(super) fn new(scalars: &[[u8; 32]]) -> Self {
        let centred = scalars.iter().map(centre);
        let (magnitudes, negative): (Vec<_>, Vec<_>) = centred.unzip();
        let bits = magnitudes.iter().map(length).max().unwrap_or(0);
        Centred {
            magnitudes,
            negative,
            bits,
        }
    }

    /// Bits of the longest magnitude: at most 252.
    pub(super) fn bits(&self) -> usize {
        self.bits
    }

    /// Cut into windows of `width` bits, from 2 to 15.
    pub(super) fn digits(self, width: usize) -> Digits {
        // One bit more than the longest magnitude, so that the top digit with its carry is at most half the radix.
        let windows = (self.bits + 1).div_ceil(width);
        let mut bias = [0u64; 4];
        for window in 0..windows.saturating_sub(1) {
            let at = window * width + width - 1;
            bias[at / 64] |= 1 << (at % 64);
        }
        let biased = self.magnitudes.iter().map(|magnitude| {
            let mut sum = [0; 5];
            let mut carry = 0u128;
            for word in 0..4 {
                carry += u128::from(magnitude[word]) + u128::from(bias[word]);
                sum[word] = carry as u64;
                carry >>= 64;
            }
            sum
        });
        Digits {
            width,
            windows,
            biased: biased.collect(),
            negative: self.negative,
        }
    }
}

impl Digits {
    /// How many windows there are.
    pub(super) fn windows(&self) -> usize {
        self.windows
    }

    /// One digit.
    pub(super) fn digit(&self, scalar: usize, window: usize) -> i32 {
        self.cut(&self.biased[scalar], self.negative[scalar], window)
    }

    /// Digits of one window, in the scalars' order: from `-2^(width - 1)` to `2^(width - 1)`.
    pub(super) fn window(&self, window: usize) -> impl Iterator<Item = i32> + '_ {
        self.biased
            .iter()
            .zip(&self.negative)
            .map(move |(words, negative)| self.cut(words, *negative, window))
    }

    #[inline(always)]
    fn cut(&self, words: &[u64; 5], negative: bool, window: usize) -> i32 {
        let (word, bit) = (window * self.width / 64, window * self.width % 64);
        let mask = (1u64 << self.width) - 1;
        let half = if window + 1 == self.windows {
            0
        } else {
            1 << (self.width - 1)
        };
        let two = u128::from(words[word]) | u128::from(words[word + 1]) << 64;
        let digit = ((two >> bit) as u64 & mask) as i32 - half;
        if negative { -digit } else { digit }
    }
}

fn centre(scalar: &[u8; 32]) -> (Words, bool) {
    // Most scalars are canonical; what is below 2^252 certainly is.
    let words = if scalar[31] < 0x10 {
        words(scalar)
    } else {
        words(Scalar::from_bytes_mod_order(*scalar).as_bytes())
    };
    if words[2] == 0 && words[3] == 0 {
        return (words, false);
    }
    let mut negative = [0; 4];
    let mut borrow = 0i128;
    for word in 0..4 {
        borrow += i128::from(ORDER[word]) - i128::from(words[word]);
        negative[word] = borrow as u64;
        borrow >>= 64;
    }
    if negative.iter().rev().lt(words.iter().rev()) {
        (negative, true)
    } else {
        (words, false)
    }
}

fn words(bytes: &[u8; 32]) -> Words {
    std::array::from_fn(|word| {
        u64::from_le_bytes(
            bytes[8 * word..8 * word + 8]
                .try_into()
                .expect("eight bytes"),
        )
    })
}

fn length(words: &Words) -> usize {
    let word = words.iter().rposition(|word| *word != 0);
    word.map_or(0, |word| {
        64 * (word + 1) - words[word].leading_zeros() as usize
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn assert_digits(scalars: &[[u8; 32]]) {
        for width in 2..=15 {
            let digits = Centred::new(scalars).digits(width);
            let mut sums = vec![Scalar::ZERO; scalars.len()];
            for window in (0..digits.windows()).rev() {
                for (sum, digit) in sums.iter_mut().zip(digits.window(window)) {
                    assert!(digit.unsigned_abs() <= 1 << (width - 1));
                    let magnitude = Scalar::from(digit.unsigned_abs());
                    *sum *= Scalar::from(1u64 << width);
                    *sum += if digit < 0 { -magnitude } else { magnitude };
                }
            }
            let expected: Vec<_> = scalars
                .iter()
                .map(|scalar| Scalar::from_bytes_mod_order(*scalar))
                .collect();
            assert_eq!(sums, expected);
        }
    }

    fn scalar() -> impl Strategy<Value = [u8; 32]> {
        let small = (0u64..5).prop_map(Scalar::from);
        let power = (0usize..256).prop_map(|bit| {
            let mut power = [0; 32];
            power[bit / 8] = 1 << (bit % 8);
            Scalar::from_bytes_mod_order(power)
        });
        let edge = (power, small, any::<bool>())
            .prop_map(|(power, small, minus)| if minus { power - small } else { power + small });
        prop_oneof![
            any::<[u8; 32]>(),
            any::<u128>().prop_map(|value| Scalar::from(value).to_bytes()),
            any::<u128>().prop_map(|value| (-Scalar::from(value)).to_bytes()),
            edge.clone().prop_map(|scalar| scalar.to_bytes()),
            edge.prop_map(|scalar| (-scalar).to_bytes()),
            select(vec![[0; 32], [0xff; 32], [0x7f; 32], [0x80; 32]]),
        ]
    }

    proptest! {
        #[test]
        fn digits_are_the_value(scalars in prop::collection::vec(scalar(), 0..6)) {
            assert_digits(&scalars);
        }
    }

    #[test]
    fn negatives_of_short_scalars_are_as_short() {
        let weight = Scalar::from(u128::MAX);
        let centred = Centred::new(&[weight.to_bytes(), (-weight).to_bytes()]);
        assert_eq!(centred.bits(), 128);
    }
}
