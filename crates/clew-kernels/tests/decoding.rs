//! Bytes from a peer: whatever they are, every backend says the same of them, what it takes is canonical, and nothing
//! panics.

use clew_kernels::{
    Backend, Combination, Invalid, InvalidKind, Part, Points, Scalars, Table, check, combine,
    sum_products_vartime, sum_rows_vartime,
};
use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;
use curve25519_dalek::ristretto::CompressedRistretto;
use curve25519_dalek::scalar::Scalar;
use proptest::prelude::*;

/// Valid encodings, valid ones with a changed bit, values near p and 0, both signs, and bytes of any kind.
fn encoding() -> impl Strategy<Value = [u8; 32]> {
    let valid = any::<u64>().prop_map(|number| {
        let point = RISTRETTO_BASEPOINT_POINT * Scalar::from(number);
        point.compress().to_bytes()
    });
    let flipped = (valid.clone(), 0usize..256).prop_map(|(mut bytes, bit)| {
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    });
    let near_p = (0x80u8..=0xff, any::<bool>()).prop_map(|(low, sign)| {
        let mut bytes = [0xff; 32];
        bytes[0] = low;
        bytes[31] = if sign { 0xff } else { 0x7f };
        bytes
    });
    let small = (any::<u8>(), 0usize..32).prop_map(|(value, place)| {
        let mut bytes = [0; 32];
        bytes[place] = value;
        bytes
    });
    prop_oneof![4 => valid, 2 => flipped, 1 => near_p, 1 => small, 2 => any::<[u8; 32]>()]
}

/// What RFC 9496 says of an encoding, as dalek reads it; the identity is refused besides.
fn refusal(bytes: &[u8; 32]) -> Option<InvalidKind> {
    if *bytes == [0; 32] {
        return Some(InvalidKind::Identity);
    }
    match CompressedRistretto(*bytes).decompress() {
        Some(_) => None,
        None => Some(InvalidKind::NotCanonical),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(feature = "modelled") { 40 } else { 400 }))]

    #[test]
    fn any_bytes_are_taken_or_refused_alike(encodings in prop::collection::vec(encoding(), 0..40)) {
        let refused = encodings.iter().enumerate().find_map(|(index, bytes)| {
            let kind = refusal(bytes)?;
            Some(Invalid { index, part: Part::Variable, kind })
        });
        let expected = refused.map_or(Ok(()), Err);
        let ones = vec![Scalar::ONE.to_bytes(); encodings.len()];
        for backend in Backend::available() {
            prop_assert_eq!(check(backend, &encodings), expected, "{}", backend.name());
            let sum = sum_products_vartime(backend, &encodings, &ones);
            prop_assert_eq!(sum.map(drop), expected, "{}", backend.name());
            let mut out = vec![[0; 32]; encodings.len()];
            let same = Combination {
                variable: Some((Points::Encoded(&encodings), Scalars::Each(&ones))),
                ..Combination::default()
            };
            let combined = combine(backend, &same, &mut out);
            prop_assert_eq!(combined.map(drop), expected, "{}", backend.name());
            if expected.is_ok() {
                // What was taken comes back: there is one spelling for each point.
                prop_assert_eq!(&out, &encodings, "{}", backend.name());
            }
        }
    }

    #[test]
    fn each_encoding_alone_is_taken_or_refused_as_the_standard_says(encoding in encoding()) {
        for backend in Backend::available() {
            let refused = check(backend, &[encoding]).err().map(|invalid| invalid.kind);
            prop_assert_eq!(refused, refusal(&encoding), "{}", backend.name());
        }
        prop_assert_eq!(Table::new(&encoding).is_some(), refusal(&encoding).is_none());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(feature = "modelled") { 20 } else { 200 }))]

    /// Rows of one encoding each: that one is refused takes no other with it.
    #[test]
    fn each_of_any_bytes_is_taken_or_refused_by_itself(encodings in prop::collection::vec(encoding(), 0..200)) {
        let expected: Vec<bool> = encodings.iter().map(|bytes| refusal(bytes).is_none()).collect();
        let twos = vec![Scalar::from(2u8).to_bytes(); encodings.len()];
        let ends: Vec<usize> = (1..=encodings.len()).collect();
        for backend in Backend::available() {
            let sums = sum_rows_vartime(backend, &[&encodings], &twos, &ends).remove(0);
            let found: Vec<bool> = sums.iter().map(Option::is_some).collect();
            prop_assert_eq!(&found, &expected, "{}", backend.name());
        }
    }

    /// Results of earlier calls: the identity among them is added and multiplied like any point, other bytes are refused.
    #[test]
    fn computed_points_may_be_the_identity(
        encodings in prop::collection::vec(prop_oneof![3 => encoding(), 1 => Just([0; 32])], 1..40),
        addends in prop::collection::vec(prop_oneof![1 => any::<u64>(), 1 => Just(0)], 40),
    ) {
        let addends: Vec<_> = addends
            .iter()
            .take(encodings.len())
            .map(|number| (RISTRETTO_BASEPOINT_POINT * Scalar::from(*number)).compress().to_bytes())
            .collect();
        let three = Scalar::from(3u8);
        let expected: Option<Vec<[u8; 32]>> = encodings
            .iter()
            .zip(&addends)
            .map(|(point, addend)| {
                let [point, addend] = [point, addend].map(|bytes| CompressedRistretto(*bytes).decompress());
                Some((addend? + point? * three).compress().to_bytes())
            })
            .collect();
        for backend in Backend::available() {
            let mut out = vec![[0; 32]; encodings.len()];
            let what = Combination {
                addend: Some(Points::Computed(&addends)),
                variable: Some((Points::Computed(&encodings), Scalars::One(three.as_bytes()))),
                ..Combination::default()
            };
            match (combine(backend, &what, &mut out), &expected) {
                (Ok(first), Some(expected)) => {
                    prop_assert_eq!(&out, expected);
                    prop_assert_eq!(first, expected.iter().position(|sum| *sum == [0; 32]));
                }
                (Err(invalid), None) => {
                    prop_assert_eq!((invalid.part, invalid.kind), (Part::Variable, InvalidKind::NotCanonical));
                }
                other => prop_assert!(false, "{}: {other:?}", backend.name()),
            }
        }
    }
}
