//! Every proof verifies for what it was made for, and for nothing else: each input changed or swapped, another trace,
//! role, purpose or count, each part of the proof spoilt; on every backend. Then holders that cheat.

mod common;

use clew_core::keys::Role;
use clew_core::pairs::{PairsRef, Sealed};
use clew_core::proofs::*;
use clew_core::{Backend, Encoding, Error, SecretScalar, multiply};
use common::*;
use proptest::prelude::*;

#[test]
fn possession_is_bound_to_trace_role_and_key() {
    for backend in Backend::available() {
        let holder = holder(backend, "holder");
        let context = context(TRACE);
        for role in Role::ALL {
            let (key, secret) = (holder.keys.get(role), holder.secrets.get(role));
            let proof = prove_possession(backend, &context, role, key, secret, &seed("nonce"))
                .expect("a proof");
            assert_eq!(proof.len(), POSSESSION_PROOF_LENGTH);
            assert_eq!(
                verify_possession(backend, &context, role, key, &proof),
                Ok(())
            );
            let elsewhere = common::context("another trace");
            assert_eq!(
                verify_possession(backend, &elsewhere, role, key, &proof),
                Err(Error::Proof)
            );
            for other in Role::ALL.into_iter().filter(|other| *other != role) {
                let as_other = verify_possession(backend, &context, other, key, &proof);
                assert_eq!(as_other, Err(Error::Proof), "{role:?} as {other:?}");
                let other_key = holder.keys.get(other);
                let of_other = verify_possession(backend, &context, role, other_key, &proof);
                assert_eq!(of_other, Err(Error::Proof), "{other:?} instead of {role:?}");
            }
            for (how, proof) in spoilt_proofs(&proof) {
                let verdict = verify_possession(backend, &context, role, key, &proof);
                assert_eq!(verdict, Err(Error::Proof), "{how}");
            }
        }
    }
}

#[test]
fn products_are_bound_to_purpose_key_lists_and_trace() {
    for backend in Backend::available() {
        let holder = holder(backend, "holder");
        let bases = points(backend, 5);
        let products = multiply(backend, &bases, &holder.secrets.seal).expect("products");
        let right = Products {
            purpose: Purpose::Seeds,
            key: &holder.keys.seal,
            bases: &bases,
            products: &products,
        };
        let context = context(TRACE);
        let proof = prove_products(
            backend,
            &context,
            &right,
            &holder.secrets.seal,
            &seed("nonce"),
        )
        .expect("a proof");
        assert_eq!(proof.len(), PRODUCTS_PROOF_LENGTH);
        let check = |statement: &Products| verify_products(backend, &context, statement, &proof);
        assert_eq!(check(&right), Ok(()));
        for purpose in [Purpose::Recognition, Purpose::Unmasking] {
            assert_eq!(check(&Products { purpose, ..right }), Err(Error::Proof));
        }
        for key in [&holder.keys.name, &holder.keys.row, &holder.keys.encryption] {
            assert_eq!(check(&Products { key, ..right }), Err(Error::Proof));
        }
        for (how, bases) in spoilt(backend, &bases) {
            assert_eq!(
                check(&Products {
                    bases: &bases,
                    ..right
                }),
                Err(Error::Proof),
                "{how}"
            );
        }
        for (how, products) in spoilt(backend, &products) {
            let verdict = check(&Products {
                products: &products,
                ..right
            });
            assert_eq!(verdict, Err(Error::Proof), "{how}");
        }
        let fewer = Products {
            bases: &bases[..4],
            products: &products[..4],
            ..right
        };
        assert_eq!(check(&fewer), Err(Error::Proof));
        let uneven = Products {
            products: &products[..4],
            ..right
        };
        assert!(matches!(check(&uneven), Err(Error::Length { .. })));
        let none = Products {
            bases: &[],
            products: &[],
            ..right
        };
        assert!(matches!(check(&none), Err(Error::Limit { .. })));
        let elsewhere = common::context("another trace");
        assert_eq!(
            verify_products(backend, &elsewhere, &right, &proof),
            Err(Error::Proof)
        );
        for (how, proof) in spoilt_proofs(&proof) {
            let verdict = verify_products(backend, &context, &right, &proof);
            assert_eq!(verdict, Err(Error::Proof), "{how}");
        }
    }
}

struct Proven {
    holder: Holder,
    hop: Hop,
    names: Vec<u8>,
    row_points: Vec<u8>,
}

fn answered(hop: &Hop) -> Answered<'_> {
    Answered {
        sealed: hop.sealed.view().expect("columns"),
        declared: hop.declared.view().expect("columns"),
        names: &hop.names,
    }
}

fn row_answered(hop: &Hop) -> RowAnswered<'_> {
    RowAnswered {
        answered: answered(hop),
        positions: &hop.positions,
        row_points: &hop.row_points,
    }
}

fn proven(backend: Backend, declared: usize) -> Proven {
    let holder = holder(backend, "holder");
    let hop = hop(backend, &holder, 4, declared);
    let (context, nonce) = (context(TRACE), seed("nonce"));
    let (keys, secrets) = (&holder.keys, &holder.secrets);
    let names = prove_names(backend, &context, keys, secrets, &answered(&hop), &nonce);
    let row_points = prove_row_points(
        backend,
        &context,
        keys,
        secrets,
        &row_answered(&hop),
        &nonce,
    );
    Proven {
        names: names.expect("a proof"),
        row_points: row_points.expect("a proof"),
        holder,
        hop,
    }
}

#[test]
fn answers_verify_with_and_without_declared_items() {
    for backend in Backend::available() {
        for declared in [0, 1, 3] {
            let Proven {
                holder,
                hop,
                names,
                row_points,
            } = proven(backend, declared);
            assert_eq!(
                (names.len(), row_points.len()),
                (NAMES_PROOF_LENGTH, ROW_POINTS_PROOF_LENGTH)
            );
            let (context, keys) = (context(TRACE), &holder.keys);
            assert_eq!(
                verify_names(backend, &context, keys, &answered(&hop), &names),
                Ok(())
            );
            let rows = row_answered(&hop);
            assert_eq!(
                verify_row_points(backend, &context, keys, &rows, &row_points),
                Ok(())
            );
            let read = hop
                .hidden
                .read(backend, &hop.names[..4], &keys.name)
                .expect("names");
            let expected = multiply(backend, &points(backend, 4), &holder.secrets.name);
            assert_eq!(read, expected.expect("names"));
        }
    }
}

#[test]
fn answer_proofs_are_bound_to_every_item_and_answer() {
    for backend in Backend::available() {
        let Proven {
            holder,
            hop,
            names,
            row_points,
        } = proven(backend, 3);
        let (context, keys) = (context(TRACE), &holder.keys);
        let right = answered(&hop);
        let both = |answered: Answered, how: &str| {
            let verdict = verify_names(backend, &context, keys, &answered, &names);
            assert_eq!(verdict, Err(Error::Proof), "names: {how}");
            let rows = RowAnswered {
                answered,
                ..row_answered(&hop)
            };
            let verdict = verify_row_points(backend, &context, keys, &rows, &row_points);
            assert_eq!(verdict, Err(Error::Proof), "rows: {how}");
        };
        for column in 0..4 {
            for (how, changed) in spoilt(backend, right.sealed.columns()[column]) {
                let mut columns = right.sealed.columns().map(<[Encoding]>::to_vec);
                columns[column] = changed;
                let [a1, a2, b1, b2] = columns;
                let sealed = Sealed {
                    number: clew_core::pairs::Pairs {
                        first: a1,
                        second: a2,
                    },
                    seal: clew_core::pairs::Pairs {
                        first: b1,
                        second: b2,
                    },
                };
                let sealed = sealed.view().expect("columns");
                both(
                    Answered { sealed, ..right },
                    &format!("sealed column {column}, {how}"),
                );
            }
        }
        for (how, first) in spoilt(backend, right.declared.first()) {
            let declared = PairsRef::new(&first, right.declared.second()).expect("columns");
            both(Answered { declared, ..right }, &how);
        }
        for (how, second) in spoilt(backend, right.declared.second()) {
            let declared = PairsRef::new(right.declared.first(), &second).expect("columns");
            both(Answered { declared, ..right }, &how);
        }
        for (how, names) in spoilt(backend, right.names) {
            both(
                Answered {
                    names: &names,
                    ..right
                },
                &how,
            );
        }
        // One declared item and its name less: the same bytes, otherwise counted.
        let fewer = PairsRef::new(&right.declared.first()[..2], &right.declared.second()[..2]);
        let fewer = Answered {
            declared: fewer.expect("columns"),
            names: &right.names[..6],
            ..right
        };
        let verdict = verify_names(backend, &context, keys, &fewer, &names);
        assert_eq!(verdict, Err(Error::Proof));
    }
}

#[test]
fn row_point_proofs_are_bound_to_positions_and_row_points() {
    for backend in Backend::available() {
        let Proven {
            holder,
            hop,
            row_points: proof,
            ..
        } = proven(backend, 3);
        let (context, keys) = (context(TRACE), &holder.keys);
        let right = row_answered(&hop);
        assert_eq!(hop.positions, [0, 2, 3, 5, 6]);
        let check = |rows: &RowAnswered| verify_row_points(backend, &context, keys, rows, &proof);
        assert_eq!(check(&right), Ok(()));
        for (how, row_points) in spoilt(backend, &hop.row_points) {
            let rows = RowAnswered {
                row_points: &row_points,
                ..right
            };
            assert_eq!(check(&rows), Err(Error::Proof), "{how}");
        }
        for positions in [[0, 1, 3, 5, 6], [0, 2, 3, 4, 6], [1, 2, 3, 5, 6]] {
            assert_eq!(
                check(&RowAnswered {
                    positions: &positions,
                    ..right
                }),
                Err(Error::Proof)
            );
        }
        for positions in [
            [0, 0, 3, 5, 6],
            [2, 0, 3, 5, 6],
            [0, 2, 3, 5, 7],
            [0, 2, 3, 6, 5],
        ] {
            assert_eq!(
                check(&RowAnswered {
                    positions: &positions,
                    ..right
                }),
                Err(Error::Positions)
            );
        }
        let uneven = RowAnswered {
            positions: &hop.positions[..4],
            ..right
        };
        assert!(matches!(check(&uneven), Err(Error::Length { .. })));
        let none = RowAnswered {
            positions: &[],
            row_points: &[],
            ..right
        };
        assert!(matches!(check(&none), Err(Error::Limit { .. })));
    }
}

#[test]
fn answer_proofs_are_bound_to_context_and_keys() {
    for backend in Backend::available() {
        let Proven {
            holder,
            hop,
            names,
            row_points,
        } = proven(backend, 3);
        let right = row_answered(&hop);
        let mut hop_changed = context(TRACE);
        hop_changed.number("hop", 1);
        for context in [context("another trace"), hop_changed] {
            let keys = &holder.keys;
            let verdict = verify_names(backend, &context, keys, &right.answered, &names);
            assert_eq!(verdict, Err(Error::Proof));
            let verdict = verify_row_points(backend, &context, keys, &right, &row_points);
            assert_eq!(verdict, Err(Error::Proof));
        }
        let stranger = common::holder(backend, "stranger").keys.encodings();
        for role in 0..4 {
            // Also the keys that take no part in a proof are hashed into it.
            let mut encodings = holder.keys.encodings();
            encodings[role] = stranger[role];
            let keys = clew_core::keys::HolderKeys::new(&encodings).expect("keys");
            let context = context(TRACE);
            let verdict = verify_names(backend, &context, &keys, &right.answered, &names);
            assert_eq!(verdict, Err(Error::Proof));
            let verdict = verify_row_points(backend, &context, &keys, &right, &row_points);
            assert_eq!(verdict, Err(Error::Proof));
        }
        let context = context(TRACE);
        for (how, proof) in spoilt_proofs(&names) {
            let verdict = verify_names(backend, &context, &holder.keys, &right.answered, &proof);
            assert_eq!(verdict, Err(Error::Proof), "{how}");
        }
        for (how, proof) in spoilt_proofs(&row_points) {
            let verdict = verify_row_points(backend, &context, &holder.keys, &right, &proof);
            assert_eq!(verdict, Err(Error::Proof), "{how}");
        }
    }
}

/// A holder that answers with other secrets than the published ones, in each place in turn.
#[test]
fn a_holder_cannot_answer_under_other_keys_than_it_published() {
    for backend in Backend::available() {
        let Proven {
            holder: honest,
            hop,
            ..
        } = proven(backend, 2);
        let context = context(TRACE);
        type Replace = fn(&mut Holder, SecretScalar);
        let replacements: [Replace; 4] = [
            |holder, secret| holder.secrets.encryption = secret,
            |holder, secret| holder.secrets.seal = secret,
            |holder, secret| holder.secrets.name = secret,
            |holder, secret| holder.secrets.row = secret,
        ];
        for (place, replace) in replacements.into_iter().enumerate() {
            let mut liar = holder(backend, "holder");
            replace(&mut liar, draw_one("another secret"));
            let keys = &honest.keys;
            let names = hop.opened.names(backend, &liar.secrets);
            let row_points = hop
                .opened
                .row_points(backend, &hop.positions, &liar.secrets);
            let row_points = row_points.expect("row points");
            let answered = Answered {
                names: &names,
                ..answered(&hop)
            };
            let rows = RowAnswered {
                answered,
                positions: &hop.positions,
                row_points: &row_points,
            };
            for secrets in [&liar.secrets, &honest.secrets] {
                let proof =
                    prove_names(backend, &context, keys, secrets, &answered, &seed("nonce"));
                let verdict =
                    verify_names(backend, &context, keys, &answered, &proof.expect("a proof"));
                let fine = names == hop.names && std::ptr::eq(secrets, &honest.secrets);
                let fine = fine || (place == 3 && names == hop.names);
                assert_eq!(verdict.is_ok(), fine, "names, secret {place}");
                let proof =
                    prove_row_points(backend, &context, keys, secrets, &rows, &seed("nonce"));
                let verdict =
                    verify_row_points(backend, &context, keys, &rows, &proof.expect("a proof"));
                let fine = row_points == hop.row_points && std::ptr::eq(secrets, &honest.secrets);
                let fine = fine || ([1, 2].contains(&place) && row_points == hop.row_points);
                assert_eq!(verdict.is_ok(), fine, "rows, secret {place}");
            }
        }
    }
}

/// One wrong name among right ones, and two wrong ones whose differences cancel without weights.
#[test]
fn a_holder_cannot_deny_or_exchange_single_names() {
    for backend in Backend::available() {
        let Proven { holder, hop, .. } = proven(backend, 0);
        let (context, keys, secrets) = (context(TRACE), &holder.keys, &holder.secrets);
        let mut exchanged = hop.names.clone();
        exchanged.swap(0, 1);
        let mut denied = hop.names.clone();
        denied[2] = doubled(backend, &denied[2]);
        for names in [exchanged, denied] {
            let answered = Answered {
                names: &names,
                ..answered(&hop)
            };
            let proof = prove_names(backend, &context, keys, secrets, &answered, &seed("nonce"));
            let verdict =
                verify_names(backend, &context, keys, &answered, &proof.expect("a proof"));
            assert_eq!(verdict, Err(Error::Proof));
        }
    }
}

/// A holder that claims to have checked seals that do not fit cannot prove it.
#[test]
fn a_list_with_an_unfitting_seal_cannot_be_proven_checked() {
    for backend in Backend::available() {
        let Proven { holder, hop, .. } = proven(backend, 0);
        let (context, keys, secrets) = (context(TRACE), &holder.keys, &holder.secrets);
        let mut sealed = hop.sealed.clone();
        sealed.seal.second[3] = doubled(backend, &sealed.seal.second[3]);
        let answered = Answered {
            sealed: sealed.view().expect("columns"),
            ..answered(&hop)
        };
        let proof = prove_names(backend, &context, keys, secrets, &answered, &seed("nonce"));
        let verdict = verify_names(backend, &context, keys, &answered, &proof.expect("a proof"));
        assert_eq!(verdict, Err(Error::Proof));
    }
}

#[test]
fn proofs_are_the_same_on_every_backend_and_differ_by_randomness() {
    let proofs: Vec<_> = Backend::available()
        .into_iter()
        .map(|backend| {
            let Proven {
                names, row_points, ..
            } = proven(backend, 2);
            (names, row_points)
        })
        .collect();
    assert!(proofs.windows(2).all(|pair| pair[0] == pair[1]));
    let backend = Backend::best();
    let Proven {
        holder, hop, names, ..
    } = proven(backend, 2);
    let context = context(TRACE);
    let nonce = seed("another nonce");
    let again = prove_names(
        backend,
        &context,
        &holder.keys,
        &holder.secrets,
        &answered(&hop),
        &nonce,
    );
    let again = again.expect("a proof");
    assert!(
        names
            .chunks(32)
            .zip(again.chunks(32))
            .all(|(old, new)| old != new)
    );
    // The same randomness for another statement gives other nonces: responses do not combine to a secret.
    let mut elsewhere = common::context(TRACE);
    elsewhere.number("hop", 1);
    let other = prove_names(
        backend,
        &elsewhere,
        &holder.keys,
        &holder.secrets,
        &answered(&hop),
        &seed("nonce"),
    )
    .expect("a proof");
    assert!(
        names
            .chunks(32)
            .zip(other.chunks(32))
            .all(|(old, new)| old != new)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Bytes that nobody made a proof of: refused, never a panic, whatever their length.
    #[test]
    fn arbitrary_bytes_are_no_proof(
        proof in proptest::collection::vec(any::<u8>(), 0..300),
        small in proptest::collection::vec(any::<bool>(), 192),
    ) {
        let backend = Backend::best();
        let holder = holder(backend, "holder");
        let hop = hop(backend, &holder, 2, 1);
        let (context, keys) = (context(TRACE), &holder.keys);
        let tiny: Vec<u8> =
            (0..192).map(|at| if at % 32 == 0 { u8::from(small[at]) + 1 } else { 0 }).collect();
        for proof in [&proof[..], &tiny, &tiny[..128], &tiny[..96], &tiny[..64]] {
            prop_assert!(verify_names(backend, &context, keys, &answered(&hop), proof).is_err());
            prop_assert!(verify_row_points(backend, &context, keys, &row_answered(&hop), proof).is_err());
            prop_assert!(verify_possession(backend, &context, Role::Name, &keys.name, proof).is_err());
            let bases = points(backend, 1);
            let statement =
                Products { purpose: Purpose::Seeds, key: &keys.seal, bases: &bases, products: &bases };
            prop_assert!(verify_products(backend, &context, &statement, proof).is_err());
        }
    }
}
