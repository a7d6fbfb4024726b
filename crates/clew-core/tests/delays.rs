//! What a partner would learn from how long an answer takes, where it chose the data. The least of many runs of each kind,
//! in turns: neighbours only make a run longer. A difference counts if it shows in every one of several attempts.

mod common;

use std::time::{Duration, Instant};

use clew_core::elgamal::encrypt;
use clew_core::open::open_list;
use clew_core::pairs::{PairsRef, SealedRef};
use clew_core::proofs::*;
use clew_core::{Backend, Encoding, Error, Points, multiply_each};
use common::*;

/// Whether in some attempt no kind of run took longer than another by more than the factor.
fn alike(factor: f64, runs: usize, kinds: &mut [&mut dyn FnMut()]) -> bool {
    (0..6).any(|_| {
        let mut least = vec![Duration::MAX; kinds.len()];
        for _ in 0..runs {
            for (kind, least) in kinds.iter_mut().zip(&mut least) {
                let start = Instant::now();
                kind();
                *least = start.elapsed().min(*least);
            }
        }
        let (least, most) = (least.iter().min(), least.iter().max());
        let quotient = |least: &Duration, most: &Duration| most.as_secs_f64() / least.as_secs_f64();
        quotient(least.expect("a kind"), most.expect("a kind")) < factor
    })
}

/// A tracer sends a list of guesses: entries less guessed numbers, sealed or declared, with seals that fit nothing. That
/// it is refused is told either way; that one guess was right must not be.
#[test]
#[ignore = "a timing, for an idle machine: make constant-time runs it"]
fn the_delay_of_a_refusal_does_not_tell_that_a_guess_was_right() {
    const COUNT: usize = 256;
    for backend in Backend::available() {
        let holder = holder(backend, "holder");
        let points = points(backend, COUNT);
        let randomness = draw("guesses", COUNT);
        let first = randomness.public(backend);
        let key = vec![*holder.keys.encryption.encoding(); COUNT];
        let right = multiply_each(backend, &key, &randomness).expect("points");
        let guesses = Points::Encoded(&points);
        let wrong = encrypt(backend, guesses, &holder.keys.encryption, randomness).expect("pairs");
        let with_right_one = |place: usize| -> Vec<Encoding> {
            let mut second = wrong.second.clone();
            second[place] = right[place];
            second
        };
        let (early, late) = (with_right_one(0), with_right_one(COUNT - 1));
        let open = |sealed: &[Encoding], declared: &[Encoding]| {
            let sealed = PairsRef::new(&first, sealed).expect("columns");
            let seals = wrong.view().expect("columns");
            let items = SealedRef::new(sealed, seals).expect("columns");
            let declared = PairsRef::new(&first, declared).expect("columns");
            let verdict = open_list(backend, items, declared, &holder.secrets);
            assert_eq!(verdict.err(), Some(Error::Seal));
        };
        let kinds: &mut [&mut dyn FnMut()] = &mut [
            &mut || open(&wrong.second, &wrong.second),
            &mut || open(&early, &wrong.second),
            &mut || open(&late, &wrong.second),
            &mut || open(&wrong.second, &late),
        ];
        assert!(alike(1.15, 8, kinds), "{}", backend.name());
    }
}

/// A holder marks one row of the snapshot, by an entry that is none or by a proof that is not its own, and watches how
/// long the tracer takes that opened it among others.
#[test]
#[ignore = "a timing, for an idle machine: make constant-time runs it"]
fn the_delay_of_a_tracer_does_not_tell_that_it_opened_a_marked_row() {
    const ROWS: usize = 100;
    let backend = Backend::best();
    let holder = holder(backend, "holder");
    // The first row is long, the others short.
    let ends: Vec<usize> = (0..ROWS).map(|row| 12 + 3 * row).collect();
    let (honest, made) = entries(backend, &holder, ends[ROWS - 1]);
    let ids: Vec<[u8; 16]> = (0..ROWS).map(|row| [row as u8; 16]).collect();
    let features = vec![&b""[..]; ROWS];
    let context = context(TRACE);
    let rows = |entries| Rows {
        ids: &ids,
        ends: &ends,
        entries,
        features: &features,
    };
    let view = honest.view().expect("columns");
    let secret = &holder.secrets.seal;
    let nonce = seed("nonce");
    let proofs = prove_rows(
        backend,
        &context,
        &holder.keys,
        secret,
        &rows(view),
        &made,
        &nonce,
    )
    .expect("proofs");
    let verify = |entries, refused: Option<usize>| {
        let verdicts = verify_rows(backend, &context, &holder.keys, &rows(entries), &proofs);
        let expected: Vec<bool> = (0..ROWS).map(|row| Some(row) != refused).collect();
        assert_eq!(verdicts, Ok(expected));
    };
    let marked = |place: usize, mark: Encoding| {
        let mut entries = honest.clone();
        entries.number.first[place] = mark;
        entries
    };
    let (none, identity, long) = (
        marked(12 + 3 * 20 - 1, [0xff; 32]),
        marked(12 + 3 * 20 - 1, [0; 32]),
        marked(0, [0xff; 32]),
    );
    let kinds: &mut [&mut dyn FnMut()] = &mut [
        &mut || verify(view, None),
        &mut || verify(none.view().expect("columns"), Some(20)),
        &mut || verify(identity.view().expect("columns"), Some(20)),
        &mut || verify(long.view().expect("columns"), Some(0)),
    ];
    assert!(alike(1.2, 6, kinds));
}
