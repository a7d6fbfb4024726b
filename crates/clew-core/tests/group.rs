//! Sealing, hiding and opening: properties on every backend, and the attacks that the seals are there to stop.

mod common;

use std::collections::BTreeSet;

use clew_core::elgamal::{Hiding, answers_of, encrypt, hide_declared, hide_sealed, rerandomise};
use clew_core::hash::{Expander, hash_and_multiply, hash_to_group};
use clew_core::keys::{HolderKeys, HolderSecrets};
use clew_core::open::{decrypt, open_list};
use clew_core::pairs::{Pairs, PairsRef, Sealed, SealedRef};
use clew_core::proofs::{Rows, prove_rows, verify_rows};
use clew_core::shuffle::Permutation;
use clew_core::{
    Backend, Encoding, Error, Points, SecretScalar, SecretScalars, Table, divide_each, multiply,
    multiply_each,
};
use clew_kernels::{Combination, Scalars, combine};
use common::*;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// What is encrypted, sealed, rerandomised, hidden and opened under any secrets comes back as what it was.
    #[test]
    fn names_and_rows_come_back_through_any_hiding(
        secrets_seed: [u8; 32],
        draws_seed: [u8; 32],
        count in 1usize..20,
        factor: bool,
    ) {
        let secrets = HolderSecrets::expand(&secrets_seed).expect("secrets");
        let draw = |purpose: &str| SecretScalars::expand(&draws_seed, purpose, count).expect("scalars");
        let both = |purpose: &str| clew_core::elgamal::SealRandomness {
            number: draw(&format!("{purpose} number")),
            seal: draw(&format!("{purpose} seal")),
        };
        let mut requests = Vec::new();
        for backend in Backend::available() {
            let keys = secrets.public(backend);
            let points = points(backend, count);
            let entries = clew_core::elgamal::seal(
                backend, Points::Encoded(&points), &secrets.seal, &keys.encryption, &both("entries"),
            ).expect("entries");
            let hiding = if factor { Hiding::Factor(draw("hiding")) } else { Hiding::Offset(draw("hiding")) };
            let view = entries.view().expect("columns");
            let (request, hidden) =
                hide_sealed(backend, view, &keys, both("request"), hiding).expect("a request");
            let opened = open_sealed(backend, request.view().expect("columns"), &secrets).expect("seals");
            let names = hidden.read(backend, &opened.names(backend, &secrets), &keys.name).expect("names");
            prop_assert_eq!(&names, &multiply(backend, &points, &secrets.name).expect("names"));
            let positions: Vec<usize> = (0..count).step_by(2).collect();
            let answers = opened.row_points(backend, &positions, &secrets).expect("row points");
            let rows = hidden.read_at(backend, &positions, &answers, &keys.row).expect("row points");
            let chosen: Vec<Encoding> = positions.iter().map(|&position| points[position]).collect();
            prop_assert_eq!(rows, multiply(backend, &chosen, &secrets.row).expect("row points"));
            let revealed: Vec<[u8; 32]> = (0..count).map(|at| hidden.reveal(at).expect("a secret")).collect();
            let revealed = SecretScalars::from_canonical(&revealed).expect("scalars");
            let revealed = if factor { Hiding::Factor(revealed) } else { Hiding::Offset(revealed) };
            let logged = answers_of(backend, &names, &revealed, &keys.name).expect("answers");
            prop_assert_eq!(logged, opened.names(backend, &secrets));
            requests.push(request);
        }
        prop_assert!(requests.windows(2).all(|pair| pair[0] == pair[1]));
    }

    #[test]
    fn a_permutation_permutes_and_is_undone(seed: [u8; 32], count in 0usize..300) {
        let permutation = Permutation::from_seed(&seed, count).expect("a permutation");
        let items: Vec<usize> = (0..count).collect();
        let permuted = permutation.apply(&items).expect("items");
        prop_assert_eq!(permuted.iter().copied().collect::<BTreeSet<_>>().len(), count);
        prop_assert_eq!(&permuted[..], permutation.expose());
        prop_assert_eq!(permutation.undo(&permuted).expect("items"), items);
        prop_assert!(permutation.apply(&vec![0; count + 1]).is_err());
    }

    #[test]
    fn products_are_undone_by_division(seed: [u8; 32], count in 1usize..2100) {
        let secrets = SecretScalars::expand(&seed, "test", count).expect("scalars");
        let backend = Backend::best();
        let points = points(backend, count);
        let products = multiply_each(backend, &points, &secrets).expect("products");
        prop_assert_eq!(divide_each(backend, &products, &secrets).expect("points"), points);
    }
}

/// All 24 orders of four items, equally often: chi-squared with 23 degrees of freedom is above 49.7 once in a thousand
/// times, and the seeds are fixed.
#[test]
fn every_order_is_as_likely_as_any_other() {
    let rounds = 4800;
    let mut counts = std::collections::BTreeMap::new();
    for round in 0..rounds {
        let permutation =
            Permutation::from_seed(&seed(&format!("round {round}")), 4).expect("a permutation");
        *counts.entry(permutation.expose().to_vec()).or_insert(0u32) += 1;
    }
    assert_eq!(counts.len(), 24);
    let expected = f64::from(rounds) / 24.0;
    let chi: f64 = counts
        .values()
        .map(|&count| (f64::from(count) - expected).powi(2) / expected)
        .sum();
    assert!(chi < 49.7, "chi-squared is {chi}");
}

#[test]
fn hashing_and_multiplying_is_hashing_then_multiplying() {
    for backend in Backend::available() {
        let expander = numbers_of(TRACE);
        let numbers = numbers(700);
        let secret = draw_one("secret");
        let points = hash_to_group(backend, &expander, &numbers).expect("points");
        assert_eq!(
            hash_and_multiply(backend, &expander, &numbers, &secret),
            multiply(backend, &points, &secret)
        );
        let elsewhere = numbers_of("another trace");
        let other = hash_to_group(backend, &elsewhere, &numbers).expect("points");
        let points: BTreeSet<_> = points.into_iter().collect();
        assert!(other.iter().all(|point| !points.contains(point)));
    }
}

#[test]
fn tags_are_between_one_and_255_bytes() {
    assert!(Expander::new(&[]).is_err());
    assert!(Expander::new(&[1; 255]).is_ok());
    assert!(Expander::new(&[1; 256]).is_err());
}

#[test]
fn secrets_hide_themselves() {
    let holder = holder(Backend::Portable, "holder");
    let shown = format!(
        "{:?} {:?} {:?} {:?} {:?}",
        holder.secrets,
        draw("scalars", 3),
        Hiding::Offset(draw("scalars", 3)),
        draw_both("scalars", 3),
        Permutation::from_seed(&seed("order"), 5).expect("a permutation"),
    );
    let allowed = "HolderSecrets{encryption:seal:name:row:SecretScalar(..)SecretScalars(3 hidden)Offset\
                   SealRandomness{number:Permutation(5 hidden)},. ";
    assert!(
        shown.chars().all(|letter| allowed.contains(letter)),
        "{shown}"
    );
    assert_eq!(
        shown.chars().filter(char::is_ascii_digit).count(),
        5,
        "{shown}"
    );
}

#[test]
fn zero_and_broken_randomness_are_refused() {
    assert!(matches!(
        SecretScalar::from_wide(&[0; 64]),
        Err(Error::Identity { .. })
    ));
    let mut order = [0; 64];
    order[..16].copy_from_slice(&0x14def9dea2f79cd65812631a5cf5d3ed_u128.to_le_bytes());
    order[31] = 0x10;
    assert!(matches!(
        SecretScalar::from_wide(&order),
        Err(Error::Identity { .. })
    ));
    let bytes: [u8; 32] = order[..32].try_into().expect("32 bytes");
    assert!(matches!(
        SecretScalar::from_canonical(&bytes),
        Err(Error::NotCanonical { .. })
    ));
    let wide = [[1; 64], [0; 64]];
    let refused = SecretScalars::from_wide(&wide).err();
    assert_eq!(
        refused,
        Some(Error::Identity {
            what: "scalar",
            index: 1
        })
    );
}

#[test]
fn keys_that_are_no_points_are_refused_by_role() {
    let keys = holder(Backend::Portable, "holder").keys.encodings();
    for place in 0..4 {
        let mut broken = keys;
        broken[place] = [0; 32];
        assert!(
            matches!(HolderKeys::new(&broken), Err(Error::Identity { index, .. }) if index == place)
        );
        broken[place] = [0xff; 32];
        assert!(
            matches!(HolderKeys::new(&broken), Err(Error::NotCanonical { index, .. }) if index == place)
        );
    }
}

/// Requests with one item changed in every way that a tracer could try without the seal key.
#[test]
fn no_seal_that_was_not_made_with_the_seal_key_passes() {
    for backend in Backend::available() {
        let holder = holder(backend, "holder");
        let Holder { secrets, keys } = &holder;
        let (honest, _) = entries(backend, &holder, 6);
        let check =
            |sealed: &Sealed| open_sealed(backend, sealed.view().expect("columns"), secrets).err();
        assert_eq!(check(&honest), None);
        let guess = |index: usize| -> Pairs {
            let points = points(backend, 9);
            encrypt(
                backend,
                Points::Encoded(&points[index..=index]),
                &keys.encryption,
                draw("guess", 1),
            )
            .expect("pair")
        };
        for place in 0..6 {
            // A guessed number with the seal of an item that stands here.
            let mut borrowed = honest.clone();
            let pair = guess(8);
            (borrowed.number.first[place], borrowed.number.second[place]) =
                (pair.first[0], pair.second[0]);
            assert_eq!(check(&borrowed), Some(Error::Seal), "borrowed at {place}");
            // A guessed number with its own pair for a seal.
            let mut unsealed = borrowed.clone();
            (unsealed.seal.first[place], unsealed.seal.second[place]) =
                (pair.first[0], pair.second[0]);
            assert_eq!(check(&unsealed), Some(Error::Seal), "unsealed at {place}");
            // Only half of an item multiplied.
            for column in 0..4 {
                let mut half = honest.clone();
                let point = match column {
                    0 => &mut half.number.first[place],
                    1 => &mut half.number.second[place],
                    2 => &mut half.seal.first[place],
                    _ => &mut half.seal.second[place],
                };
                *point = doubled(backend, point);
                assert_eq!(
                    check(&half),
                    Some(Error::Seal),
                    "column {column} at {place}"
                );
            }
        }
        // The seal key of another trace.
        let other = common::holder(backend, "another trace");
        let mixed = Holder {
            secrets: other.secrets,
            keys: HolderKeys::new(&keys.encodings()).expect("keys"),
        };
        let (foreign, _) = entries(backend, &mixed, 6);
        assert_eq!(check(&foreign), Some(Error::Seal));
    }
}

/// The verdict on a list with one bad seal is the same value wherever it stands and however many are bad.
#[test]
fn a_failed_list_does_not_say_which_seal_failed() {
    let backend = Backend::best();
    let holder = holder(backend, "holder");
    let (honest, _) = entries(backend, &holder, 5);
    let mut verdicts = Vec::new();
    for bad in [vec![0], vec![4], vec![1, 3], vec![0, 1, 2, 3, 4]] {
        let mut sealed = honest.clone();
        for place in bad {
            sealed.seal.second[place] = doubled(backend, &sealed.seal.second[place]);
        }
        let verdict = open_sealed(backend, sealed.view().expect("columns"), &holder.secrets);
        verdicts.push(format!("{:?}", verdict.err()));
    }
    verdicts.dedup();
    assert_eq!(verdicts, ["Some(Seal)"]);
}

/// An entry less a guessed number, as a declared item: right and wrong guesses, and wrong seals, all end in the same way.
#[test]
fn a_right_guess_fails_like_a_seal_wherever_it_stands() {
    for backend in Backend::available() {
        let holder = holder(backend, "holder");
        let Holder { secrets, keys } = &holder;
        let (honest, _) = entries(backend, &holder, 5);
        let key = *keys.encryption.encoding();
        let r = draw("r", 3);
        let rx = multiply_each(backend, &[key; 3], &r).expect("pairs");
        let (first, second) = (r.public(backend), points(backend, 3));
        let open = |sealed: &Sealed, second: &[Encoding]| {
            let declared = PairsRef::new(&first, second).expect("columns");
            let opened = open_list(backend, sealed.view().expect("columns"), declared, secrets);
            opened.map(|opened| opened.len())
        };
        assert_eq!(open(&honest, &second), Ok(8));
        let mut broken = honest.clone();
        broken.seal.second[2] = doubled(backend, &broken.seal.second[2]);
        assert_eq!(open(&broken, &second), Err(Error::Seal));
        for place in 0..3 {
            let mut guessed = second.clone();
            guessed[place] = rx[place];
            assert_eq!(open(&honest, &guessed), Err(Error::Seal));
            assert_eq!(open(&broken, &guessed), Err(Error::Seal));
        }
        // A sealed item of the identity with a seal that fits it, and with one that fits what stands in for it.
        for seal in [[0; 32], *keys.seal.encoding()] {
            let mut planted = honest.clone();
            (planted.number.first[1], planted.number.second[1]) = (first[0], rx[0]);
            (planted.seal.first[1], planted.seal.second[1]) = (first[1], rx[1]);
            if seal != [0; 32] {
                let sum = Combination {
                    addend: Some(Points::Encoded(&[rx[1]])),
                    variable: Some((Points::Encoded(&[seal]), Scalars::One(&one()))),
                    ..Combination::default()
                };
                let mut out = [[0; 32]];
                assert_eq!(combine(backend, &sum, &mut out), Ok(None));
                planted.seal.second[1] = out[0];
            }
            assert_eq!(open(&planted, &second), Err(Error::Seal));
        }
    }
}

fn one() -> [u8; 32] {
    std::array::from_fn(|place| u8::from(place == 0))
}

/// Entries of the identity, which pass a row proof, in the row of somebody whom the holder wants to find.
fn planted(backend: Backend, holder: &Holder) -> Sealed {
    let (r, t) = (draw("planted r", 1), draw("planted t", 1));
    let key = *holder.keys.encryption.encoding();
    let planted = Sealed {
        number: Pairs {
            first: r.public(backend),
            second: multiply_each(backend, &[key], &r).expect("a pair"),
        },
        seal: Pairs {
            first: t.public(backend),
            second: multiply_each(backend, &[key], &t).expect("a pair"),
        },
    };
    let made = clew_core::elgamal::SealRandomness { number: r, seal: t };
    let rows = Rows {
        ids: &[[1; 16]],
        ends: &[1],
        entries: planted.view().expect("columns"),
        features: &[b""],
    };
    let (context, keys, secret) = (context(TRACE), &holder.keys, &holder.secrets.seal);
    let proofs = prove_rows(
        backend,
        &context,
        keys,
        secret,
        &rows,
        &made,
        &seed("nonce"),
    )
    .expect("a proof");
    assert_eq!(
        verify_rows(backend, &context, keys, &rows, &proofs),
        Ok(vec![true])
    );
    planted
}

/// Why requests are hidden by offsets: with factors the holder sees that the row with its planted entry was opened.
#[test]
fn a_planted_identity_is_not_recognised_through_an_offset() {
    for backend in Backend::available() {
        let holder = holder(backend, "holder");
        let Holder { secrets, keys } = &holder;
        let planted = planted(backend, &holder);
        let view = planted.view().expect("columns");
        let request = |hiding: Hiding| {
            hide_sealed(backend, view, keys, draw_both("request", 1), hiding).expect("a request")
        };
        let (seen, _) = request(Hiding::Factor(draw("factors", 1)));
        let numbers = seen.number.view().expect("columns");
        assert!(matches!(
            decrypt(backend, numbers, &secrets.encryption),
            Err(Error::Identity { .. })
        ));

        let (hidden, reader) = request(Hiding::Offset(draw("offsets", 1)));
        let opened =
            open_sealed(backend, hidden.view().expect("columns"), secrets).expect("the seal fits");
        assert_eq!(opened.points(), draw("offsets", 1).public(backend));
        // Nor does the tracer stop at it, which would say as much: it reads as nobody's name, and opens no row.
        let names = opened.names(backend, secrets);
        assert_eq!(reader.read(backend, &names, &keys.name), Ok(vec![[0; 32]]));
        let rows = opened
            .row_points(backend, &[0], secrets)
            .expect("a row point");
        assert_eq!(
            reader.read_at(backend, &[0], &rows, &keys.row),
            Ok(vec![[0; 32]])
        );
    }
}

/// The same item asked about twice has nothing in common, in either way of hiding it.
#[test]
fn two_requests_of_one_item_share_nothing() {
    for backend in Backend::available() {
        let holder = holder(backend, "holder");
        let (one, _) = entries(backend, &holder, 1);
        let twice = Sealed {
            number: Pairs {
                first: [one.number.first[0]; 2].to_vec(),
                second: [one.number.second[0]; 2].to_vec(),
            },
            seal: Pairs {
                first: [one.seal.first[0]; 2].to_vec(),
                second: [one.seal.second[0]; 2].to_vec(),
            },
        };
        for hiding in [
            Hiding::Factor(draw("hiding", 2)),
            Hiding::Offset(draw("hiding", 2)),
        ] {
            let view = twice.view().expect("columns");
            let (request, _) =
                hide_sealed(backend, view, &holder.keys, draw_both("request", 2), hiding)
                    .expect("a request");
            let opened = open_sealed(backend, request.view().expect("columns"), &holder.secrets)
                .expect("seals");
            let mut seen: Vec<Encoding> = request.view().expect("columns").columns().concat();
            seen.extend(opened.points());
            seen.extend(opened.names(backend, &holder.secrets));
            seen.extend(view.columns().concat());
            let distinct: BTreeSet<_> = seen.iter().collect();
            assert_eq!(
                distinct.len(),
                seen.len() - 4,
                "only the item itself stands there twice"
            );
        }
    }
}

#[test]
fn lengths_and_positions_that_do_not_fit_are_refused() {
    let backend = Backend::Portable;
    let holder = holder(backend, "holder");
    let Holder { secrets, keys } = &holder;
    let (sealed, _) = entries(backend, &holder, 3);
    let view = sealed.view().expect("columns");
    assert!(PairsRef::new(view.number.first(), &view.number.second()[..2]).is_err());
    let short = PairsRef::new(&view.seal.first()[..2], &view.seal.second()[..2]).expect("columns");
    assert!(SealedRef::new(view.number, short).is_err());
    assert!(rerandomise(backend, view.number, &keys.encryption, &draw("r", 2)).is_err());
    for hiding in [Hiding::Factor(draw("h", 2)), Hiding::Offset(draw("h", 4))] {
        assert!(hide_sealed(backend, view, keys, draw_both("r", 3), hiding).is_err());
    }
    assert!(
        hide_sealed(
            backend,
            view,
            keys,
            draw_both("r", 2),
            Hiding::Offset(draw("h", 3))
        )
        .is_err()
    );
    assert!(
        hide_declared(
            backend,
            view.number,
            keys,
            draw("r", 4),
            Hiding::Offset(draw("h", 3))
        )
        .is_err()
    );
    let (request, hidden) = hide_sealed(
        backend,
        view,
        keys,
        draw_both("r", 3),
        Hiding::Offset(draw("h", 3)),
    )
    .expect("a request");
    let opened = open_sealed(backend, request.view().expect("columns"), secrets).expect("seals");
    for positions in [vec![0, 3], vec![1, 1], vec![2, 1]] {
        assert_eq!(
            opened.row_points(backend, &positions, secrets),
            Err(Error::Positions)
        );
        let answers = vec![*Table::generator().encoding(); 2];
        assert_eq!(
            hidden.read_at(backend, &positions, &answers, &keys.row),
            Err(Error::Positions)
        );
    }
    assert!(hidden.read(backend, &[[1; 32]], &keys.name).is_err());
    assert_eq!(hidden.reveal(3), Err(Error::Positions));
}

#[test]
fn items_keep_their_order_of_encodings() {
    let holder = holder(Backend::Portable, "holder");
    let (sealed, _) = entries(Backend::Portable, &holder, 3);
    let items = sealed.view().expect("columns").to_items();
    assert_eq!(items[1][..32], sealed.number.first[1]);
    assert_eq!(items[1][96..], sealed.seal.second[1]);
    assert_eq!(Sealed::from_items(&items), sealed);
}
