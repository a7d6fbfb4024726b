//! Sums of products against `curve25519-dalek` on every backend: every size, all lengths of scalars, and inputs that
//! make additions meet equal points, opposite points and the identity.

use clew_kernels::{
    Backend, Invalid, InvalidKind, Part, sum_products_vartime, sum_products_vartime_many,
    sum_rows_vartime,
};
use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::Identity;
use proptest::prelude::*;
use proptest::sample::select;

/// Product by product, so that no clever sum of dalek's is trusted either.
fn expected(points: &[RistrettoPoint], scalars: &[[u8; 32]]) -> [u8; 32] {
    let products = points
        .iter()
        .zip(scalars)
        .map(|(point, scalar)| point * Scalar::from_bytes_mod_order(*scalar));
    let sum = products.fold(RistrettoPoint::identity(), |sum, product| sum + product);
    sum.compress().to_bytes()
}

fn encode(points: &[RistrettoPoint]) -> Vec<[u8; 32]> {
    points
        .iter()
        .map(|point| point.compress().to_bytes())
        .collect()
}

fn assert_sums(points: &[RistrettoPoint], scalars: &[&[[u8; 32]]]) {
    let expected: Vec<_> = scalars
        .iter()
        .map(|scalars| expected(points, scalars))
        .collect();
    let points = encode(points);
    for backend in Backend::available() {
        let sums = sum_products_vartime_many(backend, &points, scalars);
        assert_eq!(
            sums.as_ref(),
            Ok(&expected),
            "{} for {}",
            backend.name(),
            points.len()
        );
        if let [scalars] = scalars {
            let sum = sum_products_vartime(backend, &points, scalars);
            assert_eq!(sum, Ok(expected[0]), "{}", backend.name());
        }
    }
}

/// A generator of values that differ, without randomness.
fn mixed(number: u64) -> Scalar {
    let mut bytes = [0; 64];
    for (index, place) in bytes.chunks_exact_mut(8).enumerate() {
        let word = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (index as u64) << 56;
        let word = (word ^ word >> 31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        place.copy_from_slice(&(word ^ word >> 29).to_le_bytes());
    }
    Scalar::from_bytes_mod_order_wide(&bytes)
}

fn points(count: usize) -> Vec<RistrettoPoint> {
    (0..count as u64)
        .map(|number| RISTRETTO_BASEPOINT_POINT * mixed(number))
        .collect()
}

fn short(scalar: Scalar) -> Scalar {
    let mut bytes = scalar.to_bytes();
    bytes[16..].fill(0);
    Scalar::from_bytes_mod_order(bytes)
}

#[test]
fn every_size_around_the_lanes_and_the_change_of_method_agrees() {
    let all = points(1100);
    let long: Vec<_> = (5000..6100)
        .map(|number| mixed(number).to_bytes())
        .collect();
    let brief: Vec<_> = (5000..6100)
        .map(|number| short(mixed(number)).to_bytes())
        .collect();
    let sizes = [
        0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 63, 64, 65, 127, 128, 129,
    ];
    let larger = [
        95, 96, 97, 191, 192, 193, 255, 256, 257, 511, 512, 513, 1023, 1100,
    ];
    for size in sizes.into_iter().chain(larger) {
        assert_sums(&all[..size], &[&long[..size], &brief[..size]]);
    }
}

#[test]
fn additions_that_meet_equal_and_opposite_points_and_the_identity_agree() {
    let point = RISTRETTO_BASEPOINT_POINT * mixed(1);
    for size in [2, 40, 600] {
        let same = vec![point; size];
        let opposite: Vec<_> = (0..size)
            .map(|index| if index % 2 == 0 { point } else { -point })
            .collect();
        let one = vec![Scalar::ONE.to_bytes(); size];
        let minus_one = vec![(-Scalar::ONE).to_bytes(); size];
        let scalar = vec![mixed(2).to_bytes(); size];
        let alternating: Vec<_> = (0..size)
            .map(|index| if index % 2 == 0 { mixed(3) } else { -mixed(3) }.to_bytes())
            .collect();
        let none = vec![[0; 32]; size];
        let beyond = vec![[0xff; 32]; size];
        let scalars =
            [&one, &minus_one, &scalar, &alternating, &none, &beyond].map(|list| &list[..]);
        assert_sums(&same, &scalars);
        assert_sums(&opposite, &scalars);
    }
}

/// Rows of every length around the lanes and the change of method, none of them in order of length, over two columns.
#[test]
fn each_of_many_rows_is_summed_by_itself() {
    let lengths = [
        3, 1, 64, 0, 65, 2, 16, 17, 200, 1, 1, 5, 63, 7, 8, 9, 66, 1, 4, 300,
    ];
    let ends: Vec<usize> = lengths
        .iter()
        .scan(0, |end, length| {
            *end += length;
            Some(*end)
        })
        .collect();
    let count = ends[ends.len() - 1];
    let first = points(count);
    let second: Vec<_> = first.iter().map(|point| point + point).collect();
    for brief in [true, false] {
        let scalar = |number: usize| {
            let scalar = mixed(9000 + number as u64);
            if brief { short(scalar) } else { scalar }.to_bytes()
        };
        let scalars: Vec<_> = (0..count).map(scalar).collect();
        let row = |points: &[RistrettoPoint], row: usize| {
            let range = ends[row] - lengths[row]..ends[row];
            Some(expected(&points[range.clone()], &scalars[range]))
        };
        for backend in Backend::available() {
            let (mut left, right) = (encode(&first), encode(&second));
            let sums = sum_rows_vartime(backend, &[&left, &right], &scalars, &ends);
            for (column, points) in [&first, &second].into_iter().enumerate() {
                let expected: Vec<_> = (0..lengths.len()).map(|at| row(points, at)).collect();
                assert_eq!(sums[column], expected, "{}", backend.name());
            }
            // What is no point takes its own row with it, in its own column.
            for (index, bad) in [(0, [0xff; 32]), (4, [0; 32])] {
                left[ends[index] - 1] = bad;
            }
            let spoilt = sum_rows_vartime(backend, &[&left, &right], &scalars, &ends);
            let mut expected = sums[0].clone();
            (expected[0], expected[4]) = (None, None);
            assert_eq!(spoilt[0], expected, "{}", backend.name());
            assert_eq!(spoilt[1], sums[1], "{}", backend.name());
        }
    }
    for backend in Backend::available() {
        assert_eq!(sum_rows_vartime(backend, &[&[]], &[], &[]), [[]]);
        assert_eq!(
            sum_rows_vartime(backend, &[&[]], &[], &[0, 0]),
            [[Some([0; 32]); 2]]
        );
    }
}

#[test]
fn one_digit_for_all_points_agrees() {
    // All points of a window fall into one bucket, or all but one.
    let points = points(700);
    for value in [1u64, 7, 8, 0x80, 0x8080_8080, u64::MAX] {
        let mut scalars = vec![Scalar::from(value).to_bytes(); 700];
        assert_sums(&points, &[&scalars]);
        scalars[350] = mixed(9).to_bytes();
        assert_sums(&points, &[&scalars]);
    }
}

#[test]
fn nothing_sums_to_the_identity() {
    for backend in Backend::available() {
        assert_eq!(sum_products_vartime(backend, &[], &[]), Ok([0; 32]));
        assert_eq!(sum_products_vartime_many(backend, &[], &[]), Ok(vec![]));
        let points = encode(&points(5));
        assert_eq!(sum_products_vartime_many(backend, &points, &[]), Ok(vec![]));
    }
}

#[test]
fn the_first_refused_encoding_is_reported() {
    for size in [3, 100, 1500] {
        let good = encode(&points(size));
        let scalars = vec![[1; 32]; size];
        for (index, other, kind, bad) in [
            (size - 1, size - 1, InvalidKind::Identity, [0; 32]),
            (size / 2, size - 1, InvalidKind::NotCanonical, [0xff; 32]),
            (0, size / 2, InvalidKind::NotCanonical, [1; 32]),
        ] {
            let mut points = good.clone();
            points[other] = [0xfe; 32];
            points[index] = bad;
            for backend in Backend::available() {
                let part = Part::Variable;
                let refused = sum_products_vartime(backend, &points, &scalars);
                assert_eq!(
                    refused,
                    Err(Invalid { index, part, kind }),
                    "{}",
                    backend.name()
                );
            }
        }
    }
}

fn scalar() -> impl Strategy<Value = Scalar> {
    let power = (0usize..253).prop_map(|bit| {
        let mut power = [0; 32];
        power[bit / 8] = 1 << (bit % 8);
        Scalar::from_bytes_mod_order(power)
    });
    let positive = prop_oneof![
        3 => any::<[u8; 32]>().prop_map(Scalar::from_bytes_mod_order),
        3 => any::<u128>().prop_map(Scalar::from),
        1 => power,
        2 => select((0u64..20).map(Scalar::from).collect::<Vec<_>>()),
    ];
    (positive, any::<bool>()).prop_map(|(scalar, minus)| if minus { -scalar } else { scalar })
}

/// Few distinct points, so that duplicates and opposites are common.
fn point() -> impl Strategy<Value = RistrettoPoint> {
    let small = (1u64..20).prop_map(|multiple| RISTRETTO_BASEPOINT_POINT * Scalar::from(multiple));
    let any_point = any::<u64>().prop_map(|number| RISTRETTO_BASEPOINT_POINT * mixed(number));
    (prop_oneof![small, any_point], any::<bool>())
        .prop_map(|(point, minus)| if minus { -point } else { point })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn few_products_agree(terms in prop::collection::vec((point(), scalar(), scalar()), 0..40)) {
        let points: Vec<_> = terms.iter().map(|(point, _, _)| *point).collect();
        let first: Vec<_> = terms.iter().map(|(_, scalar, _)| scalar.to_bytes()).collect();
        let second: Vec<_> = terms.iter().map(|(_, _, scalar)| scalar.to_bytes()).collect();
        assert_sums(&points, &[&first, &second]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn many_products_agree(terms in prop::collection::vec((point(), scalar()), 256..700)) {
        let points: Vec<_> = terms.iter().map(|(point, _)| *point).collect();
        let scalars: Vec<_> = terms.iter().map(|(_, scalar)| scalar.to_bytes()).collect();
        assert_sums(&points, &[&scalars]);
    }

    #[test]
    fn the_negative_of_a_sum_added_to_it_is_the_identity(
        terms in prop::collection::vec((point(), scalar()), 130..300),
    ) {
        let mut points: Vec<_> = terms.iter().map(|(point, _)| *point).collect();
        let mut scalars: Vec<_> = terms.iter().map(|(_, scalar)| scalar.to_bytes()).collect();
        points.extend_from_within(..);
        scalars.extend(terms.iter().map(|(_, scalar)| (-scalar).to_bytes()));
        let points = encode(&points);
        for backend in Backend::available() {
            prop_assert_eq!(sum_products_vartime(backend, &points, &scalars), Ok([0; 32]));
        }
    }
}
