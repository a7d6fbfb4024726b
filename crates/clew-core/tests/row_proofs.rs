//! Row proofs verify for the rows that they were made for, one by one, and a holder cannot mark rows by their seals.

mod common;

use clew_core::pairs::Sealed;
use clew_core::proofs::*;
use clew_core::{Backend, Encoding, Error};
use common::*;
use curve25519_dalek::scalar::Scalar;
use proptest::prelude::*;

/// Two rows of 3 and 2 entries with their proofs.
struct TwoRows {
    holder: Holder,
    entries: Sealed,
    proofs: Vec<u8>,
}

const IDS: [[u8; 16]; 2] = [[1; 16], [2; 16]];
const ENDS: [usize; 2] = [3, 5];
const FEATURES: [&[u8]; 2] = [b"calls of the first row", b""];

fn rows(entries: &Sealed) -> Rows<'_> {
    Rows {
        ids: &IDS,
        ends: &ENDS,
        entries: entries.view().expect("columns"),
        features: &FEATURES,
    }
}

fn two_rows(backend: Backend) -> TwoRows {
    let holder = holder(backend, "holder");
    let (entries, made) = entries(backend, &holder, 5);
    let proofs = prove_rows(
        backend,
        &context(TRACE),
        &holder.keys,
        &holder.secrets.seal,
        &rows(&entries),
        &made,
        &seed("nonce"),
    )
    .expect("proofs");
    TwoRows {
        holder,
        entries,
        proofs,
    }
}

#[test]
fn row_proofs_are_bound_to_everything_and_fail_one_by_one() {
    for backend in Backend::available() {
        let TwoRows {
            holder,
            entries,
            proofs,
        } = two_rows(backend);
        let context = context(TRACE);
        assert_eq!(proofs.len(), 2 * ROW_PROOF_LENGTH);
        let check = |rows: &Rows, proofs: &[u8]| {
            verify_rows(backend, &context, &holder.keys, rows, proofs).expect("lengths fit")
        };
        let right = rows(&entries);
        assert_eq!(check(&right, &proofs), [true, true]);

        // Each of the four columns changed at each place: only the row that the place belongs to fails.
        for column in 0..4 {
            let original = right.entries.columns()[column].to_vec();
            for (place, point) in original.iter().enumerate() {
                let mut changed = entries.clone();
                *pick(&mut changed, column, place) = doubled(backend, point);
                let expected = [place >= 3, place < 3];
                assert_eq!(
                    check(&rows(&changed), &proofs),
                    expected,
                    "column {column} place {place}"
                );
                let mut broken = entries.clone();
                *pick(&mut broken, column, place) = [0xff; 32];
                assert_eq!(check(&rows(&broken), &proofs), expected, "no point");
                *pick(&mut broken, column, place) = [0; 32];
                assert_eq!(check(&rows(&broken), &proofs), expected, "the identity");
            }
        }
        // Entries of one row in another order.
        let mut swapped = entries.clone();
        for column in 0..4 {
            let (first, second) = (
                right.entries.columns()[column][0],
                right.entries.columns()[column][1],
            );
            *pick(&mut swapped, column, 0) = second;
            *pick(&mut swapped, column, 1) = first;
        }
        assert_eq!(check(&rows(&swapped), &proofs), [false, true]);

        let ids = [[1; 16], [3; 16]];
        assert_eq!(check(&Rows { ids: &ids, ..right }, &proofs), [true, false]);
        let features: [&[u8]; 2] = [b"other calls", b""];
        assert_eq!(
            check(
                &Rows {
                    features: &features,
                    ..right
                },
                &proofs
            ),
            [false, true]
        );
        assert_eq!(
            check(
                &Rows {
                    ends: &[2, 5],
                    ..right
                },
                &proofs
            ),
            [false, false]
        );
        let swapped = [&proofs[ROW_PROOF_LENGTH..], &proofs[..ROW_PROOF_LENGTH]].concat();
        assert_eq!(check(&right, &swapped), [false, false]);

        let elsewhere = common::context("another trace");
        let verdicts = verify_rows(backend, &elsewhere, &holder.keys, &right, &proofs);
        assert_eq!(verdicts, Ok(vec![false, false]));
        let stranger = common::holder(backend, "stranger");
        let verdicts = verify_rows(backend, &context, &stranger.keys, &right, &proofs);
        assert_eq!(verdicts, Ok(vec![false, false]));
        for (how, spoilt) in spoilt_proofs(&proofs[..ROW_PROOF_LENGTH]) {
            if spoilt.len() == ROW_PROOF_LENGTH {
                let proofs = [&spoilt, &proofs[ROW_PROOF_LENGTH..]].concat();
                assert_eq!(check(&right, &proofs), [false, true], "{how}");
            } else {
                let proofs = [&spoilt, &proofs[ROW_PROOF_LENGTH..]].concat();
                assert!(verify_rows(backend, &context, &holder.keys, &right, &proofs).is_err());
            }
        }
    }
}

fn pick(sealed: &mut Sealed, column: usize, place: usize) -> &mut Encoding {
    match column {
        0 => &mut sealed.number.first[place],
        1 => &mut sealed.number.second[place],
        2 => &mut sealed.seal.first[place],
        _ => &mut sealed.seal.second[place],
    }
}

#[test]
fn rows_without_entries_or_with_uneven_lists_are_refused() {
    let backend = Backend::best();
    let TwoRows {
        holder,
        entries,
        proofs,
    } = two_rows(backend);
    let right = rows(&entries);
    let check = |rows: &Rows| verify_rows(backend, &context(TRACE), &holder.keys, rows, &proofs);
    let ends: [(&[usize], bool); 6] = [
        (&[0, 5], true),
        (&[5, 5], true),
        (&[5, 3], true),
        (&[3, 4], false),
        (&[3, 6], false),
        (&[5], false),
    ];
    for (ends, empty) in ends {
        let verdict = check(&Rows { ends, ..right });
        match verdict {
            Err(Error::Limit { .. }) => assert!(empty, "{ends:?}"),
            Err(Error::Length { .. }) => assert!(!empty, "{ends:?}"),
            other => panic!("{ends:?}: {other:?}"),
        }
    }
    let features: &[&[u8]] = &[];
    assert!(matches!(
        check(&Rows { features, ..right }),
        Err(Error::Length { .. })
    ));
}

/// A holder that seals one row with another scalar, to see at the next request that this row was opened.
#[test]
fn a_row_cannot_be_sealed_with_a_key_of_its_own() {
    for backend in Backend::available() {
        let honest = holder(backend, "holder");
        let mut marked = holder(backend, "holder");
        marked.secrets.seal = draw_one("a mark");
        let (entries, made) = entries(backend, &marked, 5);
        for secret in [&marked.secrets.seal, &honest.secrets.seal] {
            let proofs = prove_rows(
                backend,
                &context(TRACE),
                &honest.keys,
                secret,
                &rows(&entries),
                &made,
                &seed("nonce"),
            )
            .expect("proofs");
            let verdicts = verify_rows(
                backend,
                &context(TRACE),
                &honest.keys,
                &rows(&entries),
                &proofs,
            );
            assert_eq!(verdicts, Ok(vec![false, false]));
        }
    }
}

/// The same, for one entry among honest ones.
#[test]
fn one_entry_of_a_row_cannot_be_sealed_with_a_key_of_its_own() {
    let backend = Backend::best();
    let honest = holder(backend, "holder");
    let mut marked = holder(backend, "holder");
    marked.secrets.seal = draw_one("a mark");
    let (mut mixed, made) = entries(backend, &honest, 5);
    let (other, _) = entries(backend, &marked, 5);
    mixed.seal.second[4] = other.seal.second[4];
    let context = context(TRACE);
    let secret = &honest.secrets.seal;
    let proofs = prove_rows(
        backend,
        &context,
        &honest.keys,
        secret,
        &rows(&mixed),
        &made,
        &seed("nonce"),
    );
    let verdicts = verify_rows(
        backend,
        &context,
        &honest.keys,
        &rows(&mixed),
        &proofs.expect("proofs"),
    );
    assert_eq!(verdicts, Ok(vec![true, false]));
}

/// Rows of every length around the border between short and long, one of them with a broken entry.
#[test]
fn rows_of_all_lengths_get_their_own_verdicts() {
    for backend in Backend::available() {
        let holder = holder(backend, "holder");
        let lengths = [1, 9, 6, 2, 7, 1, 5, 8, 3, 6];
        let ends: Vec<usize> = lengths
            .iter()
            .scan(0, |end, length| {
                *end += length;
                Some(*end)
            })
            .collect();
        let (entries, made) = entries(backend, &holder, ends[9]);
        let ids: Vec<[u8; 16]> = (0..10).map(|row| [row; 16]).collect();
        let all = |entries: &Sealed, check: &dyn Fn(&Rows)| {
            check(&Rows {
                ids: &ids,
                ends: &ends,
                entries: entries.view().expect("columns"),
                features: &[&b""[..]; 10],
            });
        };
        let proofs = std::cell::RefCell::new(Vec::new());
        let (context, keys) = (context(TRACE), &holder.keys);
        all(&entries, &|rows| {
            let secret = &holder.secrets.seal;
            let made = prove_rows(backend, &context, keys, secret, rows, &made, &seed("nonce"));
            *proofs.borrow_mut() = made.expect("proofs");
            let verdicts = verify_rows(backend, &context, keys, rows, &proofs.borrow());
            assert_eq!(verdicts, Ok(vec![true; 10]));
        });
        for (row, end) in ends.iter().enumerate() {
            for bad in [[0xff; 32], [0; 32], *keys.name.encoding()] {
                let mut broken = entries.clone();
                broken.seal.first[end - 1] = bad;
                all(&broken, &|rows| {
                    let verdicts = verify_rows(backend, &context, keys, rows, &proofs.borrow());
                    let expected: Vec<bool> = (0..10).map(|other| other != row).collect();
                    assert_eq!(verdicts, Ok(expected), "row {row}");
                });
            }
        }
    }
}

/// A proof that is made so that a sum on the way to a commitment is the identity, as a holder might mark the row of
/// somebody. Its verdict is no; the others' are theirs.
#[test]
fn a_proof_that_brings_a_sum_to_the_identity_fails_its_row_only() {
    for backend in Backend::available() {
        let TwoRows {
            holder,
            entries,
            proofs,
        } = two_rows(backend);
        let generator = *clew_core::Table::generator().encoding();
        let mut marked = entries.clone();
        marked.seal.first[..3].fill(generator);
        let view = rows(&marked);
        let sum = weights_of_first_row(&holder, &view).iter().sum::<Scalar>();
        // Challenge 1 and responses with which the second equation is (sum w) G - 1 fold D1 after its first step.
        let mut made = proofs.clone();
        made[..32].copy_from_slice(Scalar::ONE.as_bytes());
        made[32..64].copy_from_slice(Scalar::ONE.as_bytes());
        made[64..96].copy_from_slice(sum.as_bytes());
        let check = |entries: &Sealed, proofs: &[u8]| {
            let context = context(TRACE);
            verify_rows(backend, &context, &holder.keys, &rows(entries), proofs).expect("lengths")
        };
        assert_eq!(check(&marked, &made), [false, true]);
        assert_eq!(check(&entries, &made), [false, true]);
    }
}

/// Spec core 10.2 and 10.6, of the row of three entries.
fn weights_of_first_row(holder: &Holder, rows: &Rows) -> Vec<Scalar> {
    let columns = rows.entries.columns().map(|column| column[..3].concat());
    let [c1, c2, d1, d2] = columns;
    let fields = [
        ("trace", TRACE.as_bytes().to_vec()),
        ("proof", b"clew/1 proof row".to_vec()),
        ("keys", holder.keys.encodings().concat()),
        ("row-id", IDS[0].to_vec()),
        ("entries", naive::number(3)),
        ("features", FEATURES[0].to_vec()),
        ("number first", c1),
        ("number second", c2),
        ("seal first", d1),
        ("seal second", d2),
    ];
    naive::weights(&naive::transcript("clew/1 test context", &fields), 3)
}

#[test]
fn row_proofs_are_the_same_on_every_backend() {
    let proofs: Vec<_> = Backend::available()
        .into_iter()
        .map(|backend| two_rows(backend).proofs)
        .collect();
    assert!(proofs.windows(2).all(|pair| pair[0] == pair[1]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Entries, features and proofs of arbitrary bytes: each row gets its verdict.
    #[test]
    fn arbitrary_bytes_are_no_row(
        bytes in proptest::collection::vec(any::<[u8; 32]>(), 20),
        proofs in proptest::collection::vec(any::<u8>(), 2 * ROW_PROOF_LENGTH),
        valid in 0usize..5,
    ) {
        let backend = Backend::best();
        let TwoRows { holder, mut entries, .. } = two_rows(backend);
        for (place, bytes) in bytes.iter().enumerate().filter(|(place, _)| place % 5 != valid) {
            *pick(&mut entries, place / 5, place % 5) = *bytes;
        }
        let verdicts = verify_rows(backend, &context(TRACE), &holder.keys, &rows(&entries), &proofs);
        prop_assert_eq!(verdicts, Ok(vec![false, false]));
    }
}
