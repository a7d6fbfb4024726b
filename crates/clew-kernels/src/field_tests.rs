//! Every field against sums of shifted integers, at the values where a lost carry shows.

use proptest::prelude::*;
use proptest::sample::select;

use crate::avx2::Avx2;
use crate::field::{Constant, Field, Job};
use crate::ifma::Ifma;

/// 256-bit integers as little-endian words; the oracle only adds and subtracts.
type Integer = [u64; 4];

const P: Integer = [u64::MAX - 18, u64::MAX, u64::MAX, u64::MAX >> 1];

fn from_bytes(bytes: &[u8; 32]) -> Integer {
    std::array::from_fn(|word| {
        u64::from_le_bytes(
            bytes[8 * word..8 * word + 8]
                .try_into()
                .expect("eight bytes"),
        )
    })
}

fn to_bytes(value: Integer) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (place, word) in bytes.chunks_exact_mut(8).zip(value) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

/// `a - b`, none if it is negative.
fn minus(a: Integer, b: Integer) -> Option<Integer> {
    let mut borrow = false;
    let difference = std::array::from_fn(|word| {
        let (value, first) = a[word].overflowing_sub(b[word]);
        let (value, second) = value.overflowing_sub(u64::from(borrow));
        borrow = first | second;
        value
    });
    (!borrow).then_some(difference)
}

fn reduced(mut a: Integer) -> Integer {
    while let Some(less) = minus(a, P) {
        a = less;
    }
    a
}

/// `a + b` modulo p, of values below p.
fn add(a: Integer, b: Integer) -> Integer {
    let mut carry = false;
    reduced(std::array::from_fn(|word| {
        let (value, first) = a[word].overflowing_add(b[word]);
        let (value, second) = value.overflowing_add(u64::from(carry));
        carry = first | second;
        value
    }))
}

fn negative(a: Integer) -> Integer {
    reduced(minus(P, a).expect("values are below p"))
}

fn product(a: Integer, b: Integer) -> Integer {
    let bits = (0..256).rev().map(|bit| b[bit / 64] >> (bit % 64) & 1);
    bits.fold([0; 4], |sum, bit| {
        let twice = add(sum, sum);
        if bit == 1 { add(twice, a) } else { twice }
    })
}

/// What a field computes of two values, by name; the oracle computes the same.
#[derive(Debug, PartialEq)]
struct Results {
    values: Vec<(&'static str, [u8; 32])>,
    bits: [bool; 3],
}

fn expected(a: &[u8; 32], b: &[u8; 32]) -> Results {
    let low_255 = |bytes: &[u8; 32]| {
        let mut value = from_bytes(bytes);
        value[3] &= u64::MAX >> 1;
        reduced(value)
    };
    let (a, b) = (low_255(a), low_255(b));
    let (ab, aa) = (product(a, b), product(a, a));
    let times = |value: Integer, times: usize| (0..times).fold([0; 4], |sum, _| add(sum, value));
    let values = [
        ("a", a),
        ("-a", negative(a)),
        ("-(-a)", a),
        ("a + b", add(a, b)),
        ("-a + -b", negative(add(a, b))),
        ("a - b", add(a, negative(b))),
        ("-a - b", negative(add(a, b))),
        ("a - -b", add(a, b)),
        ("a b", ab),
        ("-a b", negative(ab)),
        ("-a -b", ab),
        ("a^2", aa),
        ("(-a)^2", aa),
        ("(a b)^2", product(ab, ab)),
        ("-(a b) -(a^2)", product(ab, aa)),
        ("8 (-a -b)", times(ab, 8)),
        ("8 (-a)^2", times(aa, 8)),
        (
            "4 (-a -b) - 4 (-a)^2",
            add(times(ab, 4), negative(times(aa, 4))),
        ),
        ("0 - 4 (-a -b)", negative(times(ab, 4))),
        ("-a - 4 (-a)^2", negative(add(a, times(aa, 4)))),
        ("raised -a -b", ab),
        ("raised (-a)^2", aa),
        (
            "raised -a -b, less 4 (-a)^2",
            add(ab, negative(times(aa, 4))),
        ),
        (
            "raised (-a)^2, less 4 (-a -b)",
            add(aa, negative(times(ab, 4))),
        ),
        ("raised -a -b, plus 3 (-a)^2", add(ab, times(aa, 3))),
        ("raised (-a)^2, plus 3 (-a -b)", add(aa, times(ab, 3))),
        (
            "raised 4 (-a)^2, less 4 (-a -b)",
            add(times(aa, 4), negative(times(ab, 4))),
        ),
        ("|a|", if a[0] & 1 == 1 { negative(a) } else { a }),
    ];
    Results {
        values: values.map(|(name, value)| (name, to_bytes(value))).to_vec(),
        bits: [a == [0; 4], a[0] & 1 == 1, a == b],
    }
}

/// The same in lanes. `neg` gives the longest limbs that a carried value may have: it stands before the products.
struct Compute<'a, F> {
    a: &'a [[u8; 32]],
    b: &'a [[u8; 32]],
    field: std::marker::PhantomData<F>,
}

impl<F: Field> Job for Compute<'_, F> {
    type Output = Vec<Results>;

    #[inline(always)]
    fn run(self) -> Vec<Results> {
        let (a, b) = (F::load(self.a), F::load(self.b));
        let (na, nb) = (a.neg(), b.neg());
        let twice = |wide: F::Wide| F::plus(wide, wide);
        let (ab, aa) = (na.times(nb), na.squared());
        let (short_ab, short_aa) = (F::carry(a.times(b)), F::carry(a.squared()));
        let values = [
            ("a", a),
            ("-a", na),
            ("-(-a)", na.neg()),
            ("a + b", a.add(b)),
            ("-a + -b", na.add(nb)),
            ("a - b", a.sub(b)),
            ("-a - b", na.sub(b)),
            ("a - -b", a.sub(nb)),
            ("a b", short_ab),
            ("-a b", F::carry(na.times(b))),
            ("-a -b", F::carry(ab)),
            ("a^2", short_aa),
            ("(-a)^2", F::carry(aa)),
            ("(a b)^2", F::carry(short_ab.squared())),
            (
                "-(a b) -(a^2)",
                F::carry(short_ab.neg().times(short_aa.neg())),
            ),
            ("8 (-a -b)", F::carry(twice(twice(twice(ab))))),
            ("8 (-a)^2", F::carry(twice(twice(twice(aa))))),
            (
                "4 (-a -b) - 4 (-a)^2",
                F::carry(F::minus(twice(twice(ab)), twice(twice(aa)))),
            ),
            (
                "0 - 4 (-a -b)",
                F::carry(F::minus(F::splat(&[0; 5]).widen(), twice(twice(ab)))),
            ),
            (
                "-a - 4 (-a)^2",
                F::carry(F::minus(na.widen(), twice(twice(aa)))),
            ),
            ("raised -a -b", F::carry(na.times_raised(nb))),
            ("raised (-a)^2", F::carry(na.squared_raised())),
            (
                "raised -a -b, less 4 (-a)^2",
                F::carry(F::lower(na.times_raised(nb), twice(twice(aa)))),
            ),
            (
                "raised (-a)^2, less 4 (-a -b)",
                F::carry(F::lower(na.squared_raised(), twice(twice(ab)))),
            ),
            (
                "raised -a -b, plus 3 (-a)^2",
                F::carry(F::plus(na.times_raised(nb), F::plus(twice(aa), aa))),
            ),
            (
                "raised (-a)^2, plus 3 (-a -b)",
                F::carry(F::plus(na.squared_raised(), F::plus(twice(ab), ab))),
            ),
            (
                "raised 4 (-a)^2, less 4 (-a -b)",
                F::carry(F::lower(F::raise(twice(twice(aa))), twice(twice(ab)))),
            ),
            ("|a|", a.abs()),
        ];
        let mut results: Vec<_> = (0..F::WIDTH)
            .map(|_| Results {
                values: Vec::new(),
                bits: [false; 3],
            })
            .collect();
        let mut place = vec![[0; 32]; F::WIDTH];
        for (name, value) in values {
            value.store(&mut place);
            for (results, encoding) in results.iter_mut().zip(&place) {
                results.values.push((name, *encoding));
            }
        }
        for (bit, mask) in [a.is_zero(), a.is_negative(), a.equals(b)]
            .into_iter()
            .enumerate()
        {
            let bits = F::bits(mask);
            assert_eq!(bits >> F::WIDTH, 0, "no bits beyond the lanes");
            for (lane, results) in results.iter_mut().enumerate() {
                results.bits[bit] = bits >> lane & 1 == 1;
            }
        }
        results
    }
}

fn compare<F: Field>(a: &[[u8; 32]], b: &[[u8; 32]]) {
    let computed = F::enter(Compute::<F> {
        a,
        b,
        field: std::marker::PhantomData,
    });
    for (lane, results) in computed.iter().enumerate() {
        assert_eq!(*results, expected(&a[lane], &b[lane]), "lane {lane}");
    }
}

/// Runs the comparison on every field that this processor has.
fn compare_all(a: &[[u8; 32]], b: &[[u8; 32]]) {
    if Avx2::is_available() {
        for half in [0..4, 4..8] {
            compare::<Avx2>(&a[half.clone()], &b[half]);
        }
    }
    if Ifma::is_available() {
        compare::<Ifma>(a, b);
    }
}

/// 0, 1, p - 1, p, 2^255 - 1, all limbs ones of either radix but one, single limbs, single bits, small multiples of p.
fn edges() -> Vec<[u8; 32]> {
    let small = |value: u64| [value, 0, 0, 0];
    let mut edges = vec![
        P,
        [u64::MAX; 4],
        [u64::MAX, u64::MAX, u64::MAX, u64::MAX >> 1],
    ];
    edges.extend([0, 1, 2, 18, 19, 20, 37, 38, u64::MAX].map(small));
    edges.extend([1, 2, 18, 19, 38].map(|value| minus(P, small(value)).expect("p is larger")));
    edges.extend(
        [1, 18].map(|value| {
            std::array::from_fn(|word| if word == 0 { P[0] + value } else { P[word] })
        }),
    );
    let bits = |start: usize, length: usize| -> Integer {
        std::array::from_fn(|word| {
            (0..64)
                .filter(|bit| (start..start + length).contains(&(64 * word + bit)))
                .fold(0, |sum, bit| sum | 1 << bit)
        })
    };
    for limb in 0..5 {
        let (whole, even, odd) = (
            bits(51 * limb, 51),
            bits(51 * limb, 26),
            bits(51 * limb + 26, 25),
        );
        edges.extend([whole, even, odd]);
        edges.extend(
            [whole, even, odd]
                .map(|limb| std::array::from_fn(|word| !limb[word] & (u64::MAX >> (word / 3)))),
        );
        edges.extend([bits(51 * limb, 1), bits(51 * limb + 50, 1)]);
    }
    edges.into_iter().map(to_bytes).collect()
}

fn element() -> impl Strategy<Value = [u8; 32]> {
    prop_oneof![1 => any::<[u8; 32]>(), 2 => select(edges())]
}

#[test]
fn every_pair_of_edges_is_computed_exactly() {
    let edges = edges();
    let pairs: Vec<_> = edges
        .iter()
        .flat_map(|a| edges.iter().map(move |b| (*a, *b)))
        .collect();
    for pairs in pairs.chunks(8) {
        // The last chunk is filled up with its first pair.
        let lane = |lane: usize| pairs.get(lane).unwrap_or(&pairs[0]);
        let a: Vec<_> = (0..8).map(|index| lane(index).0).collect();
        let b: Vec<_> = (0..8).map(|index| lane(index).1).collect();
        compare_all(&a, &b);
    }
}

proptest! {
    #[test]
    fn every_value_is_computed_exactly(a in prop::array::uniform8(element()), b in prop::array::uniform8(element())) {
        compare_all(&a, &b);
    }
}

/// Reads and looks up: digits of both signs, every entry of a row.
struct Look<'a, F: Field> {
    row: &'a F::Row,
    digits: &'a [i8],
}

impl<F: Field> Job for Look<'_, F> {
    type Output = (u32, Vec<[[u8; 32]; 3]>);

    #[inline(always)]
    fn run(self) -> Self::Output {
        let (digits, signs) = F::digits(self.digits);
        let mut found = vec![[[0; 32]; 3]; F::WIDTH];
        let mut place = vec![[0; 32]; F::WIDTH];
        for (coordinate, value) in F::lookup(self.row, digits).into_iter().enumerate() {
            value.store(&mut place);
            for (found, encoding) in found.iter_mut().zip(&place) {
                found[coordinate] = *encoding;
            }
        }
        (F::bits(signs), found)
    }
}

fn look_up_all<F: Field>() {
    const OUTSIDE: u64 = (1 << 51) - 1;
    let entries = 1_usize << (F::FIXED_BITS - 1);
    let entry = |magnitude: usize, coordinate: usize| -> Constant {
        let value = (100 * magnitude + coordinate) as u64;
        [value, OUTSIDE - value, value << 30, OUTSIDE, value * value]
    };
    let encoding = |[a, b, c, d, e]: Constant| {
        to_bytes([
            a | b << 51,
            b >> 13 | c << 38,
            c >> 26 | d << 25,
            d >> 39 | e << 12,
        ])
    };
    let table: Vec<[Constant; 3]> = (1..=entries)
        .map(|magnitude| std::array::from_fn(|c| entry(magnitude, c)))
        .collect();
    let row = F::row(&table);
    let one = to_bytes([1, 0, 0, 0]);
    let highest = i8::try_from(entries).expect("at most 128 entries, of which -128 is not asked");
    let digits: Vec<i8> = (-highest..=highest).collect();
    for first in 0..digits.len() {
        let digits: Vec<i8> = (0..F::WIDTH)
            .map(|lane| digits[(first + 5 * lane) % digits.len()])
            .collect();
        let (signs, found) = F::enter(Look::<F> {
            row: &row,
            digits: &digits,
        });
        for (lane, (digit, found)) in digits.iter().zip(found).enumerate() {
            assert_eq!(signs >> lane & 1 == 1, *digit < 0, "sign of {digit}");
            let magnitude = usize::from(digit.unsigned_abs());
            let expected = match magnitude {
                0 => [one, one, [0; 32]],
                _ => std::array::from_fn(|c| encoding(entry(magnitude, c))),
            };
            assert_eq!(found, expected, "entry for {digit}");
        }
    }
}

#[test]
fn every_digit_finds_its_entry() {
    if Avx2::is_available() {
        look_up_all::<Avx2>();
    }
    if Ifma::is_available() {
        look_up_all::<Ifma>();
    }
}

struct Nothing;

impl Job for Nothing {
    type Output = ();

    #[inline(always)]
    fn run(self) {}
}

/// Harm stopped: instructions that a processor does not have do whatever they do there.
#[test]
fn no_job_runs_on_a_processor_without_its_instructions() {
    let ran = |enter: fn(Nothing)| std::panic::catch_unwind(|| enter(Nothing)).is_ok();
    assert_eq!(ran(Ifma::enter), Ifma::is_available());
    assert_eq!(ran(Avx2::enter), Avx2::is_available());
}
