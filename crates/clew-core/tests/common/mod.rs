//! A small trace from fixed seeds: keys, numbers, sealed entries, a request and its answers.
#![allow(dead_code)] // each test program uses a part of it

pub mod cases;
pub mod naive;
pub mod vectors;

use clew_core::elgamal::{Hidden, Hiding, SealRandomness, hide_declared, hide_sealed, seal};
use clew_core::hash::{Expander, hash_to_group};
use clew_core::keys::{HolderKeys, HolderSecrets};
use clew_core::open::{Opened, open_list};
use clew_core::pairs::{Pairs, PairsRef, Sealed, SealedRef};
use clew_core::transcript::Transcript;
use clew_core::{Backend, Encoding, Error, Points, SecretScalar, SecretScalars, elgamal, labels};

pub const TRACE: &str = "IQ-FR-2014-0001/test";

/// 32 bytes that stand for randomness, another for each name.
pub fn seed(name: &str) -> [u8; 32] {
    let mut transcript = Transcript::new("clew/1 test seed");
    transcript.field("name", name.as_bytes());
    transcript.digest()[..32].try_into().expect("32 bytes")
}

pub fn draw(name: &str, count: usize) -> SecretScalars {
    SecretScalars::expand(&seed(name), "test", count).expect("scalars")
}

pub fn draw_one(name: &str) -> SecretScalar {
    SecretScalar::expand(&seed(name), "test").expect("a scalar")
}

pub fn draw_both(name: &str, count: usize) -> SealRandomness {
    SealRandomness {
        number: draw(&format!("{name} number"), count),
        seal: draw(&format!("{name} seal"), count),
    }
}

pub fn context(trace: &str) -> Transcript {
    let mut context = Transcript::new("clew/1 test context");
    context.field("trace", trace.as_bytes());
    context
}

pub fn numbers(count: usize) -> Vec<String> {
    (0..count)
        .map(|index| format!("+96477{index:08}"))
        .collect()
}

/// What hashes the numbers of a trace (spec core 5.3).
pub fn numbers_of(trace: &str) -> Expander {
    Expander::new(&[labels::NUMBER, trace].concat().into_bytes()).expect("a short trace identifier")
}

pub fn points(backend: Backend, count: usize) -> Vec<Encoding> {
    let expander = numbers_of(TRACE);
    hash_to_group(backend, &expander, &numbers(count)).expect("points")
}

/// A list without declared items, opened.
pub fn open_sealed(
    backend: Backend,
    items: SealedRef,
    secrets: &HolderSecrets,
) -> Result<Opened, Error> {
    open_list(backend, items, PairsRef::NONE, secrets)
}

pub struct Holder {
    pub secrets: HolderSecrets,
    pub keys: HolderKeys,
}

pub fn holder(backend: Backend, name: &str) -> Holder {
    let secrets = HolderSecrets::expand(&seed(name)).expect("secrets");
    let keys = secrets.public(backend);
    Holder { secrets, keys }
}

/// Sealed numbers, and the randomness that they were made with.
pub fn entries(backend: Backend, holder: &Holder, count: usize) -> (Sealed, SealRandomness) {
    let points = points(backend, count);
    let randomness = draw_both("entries", count);
    let keys = &holder.keys;
    let sealed = seal(
        backend,
        Points::Encoded(&points),
        &holder.secrets.seal,
        &keys.encryption,
        &randomness,
    );
    (sealed.expect("sealed"), randomness)
}

/// A hop: what the tracer sends, what it keeps, and what the holder answers.
pub struct Hop {
    pub sealed: Sealed,
    pub declared: Pairs,
    pub hidden: Hidden,
    pub opened: Opened,
    pub names: Vec<Encoding>,
    pub positions: Vec<usize>,
    pub row_points: Vec<Encoding>,
}

pub fn hop(backend: Backend, holder: &Holder, sealed: usize, declared: usize) -> Hop {
    let Holder { secrets, keys } = holder;
    let (entries, _) = entries(backend, holder, sealed);
    let offsets = Hiding::Offset(draw("offsets", sealed));
    let view = entries.view().expect("columns");
    let (request, hidden) =
        hide_sealed(backend, view, keys, draw_both("request", sealed), offsets).expect("a request");
    let points = points(backend, declared);
    let encrypted = elgamal::encrypt(
        backend,
        Points::Encoded(&points),
        &keys.encryption,
        draw("declared", declared),
    )
    .expect("pairs");
    let offsets = Hiding::Offset(draw("declared offsets", declared));
    let (declared, _) = hide_declared(
        backend,
        encrypted.view().expect("columns"),
        keys,
        draw("declared again", declared),
        offsets,
    )
    .expect("declared items");
    let opened = open_list(
        backend,
        request.view().expect("columns"),
        declared.view().expect("columns"),
        secrets,
    )
    .expect("seals");
    let names = opened.names(backend, secrets);
    let positions: Vec<usize> = (0..opened.len()).filter(|at| at % 3 != 1).collect();
    let row_points = opened
        .row_points(backend, &positions, secrets)
        .expect("row points");
    Hop {
        sealed: request,
        declared,
        hidden,
        opened,
        names,
        positions,
        row_points,
    }
}

/// Another point: `2 P`, which is never `P` in a group of prime order.
pub fn doubled(backend: Backend, point: &Encoding) -> Encoding {
    let mut wide = [0; 64];
    wide[0] = 2;
    let two = SecretScalar::from_wide(&wide).expect("two");
    clew_core::multiply(backend, &[*point], &two).expect("a point")[0]
}

/// Every way in which a column can be wrong: each place in turn with another point, and neighbours swapped.
pub fn spoilt(backend: Backend, column: &[Encoding]) -> Vec<(String, Vec<Encoding>)> {
    let mut out = Vec::new();
    for place in 0..column.len() {
        let mut changed = column.to_vec();
        changed[place] = doubled(backend, &changed[place]);
        out.push((format!("place {place} changed"), changed));
    }
    for place in 1..column.len() {
        let mut swapped = column.to_vec();
        swapped.swap(place - 1, place);
        out.push((format!("places {} and {place} swapped", place - 1), swapped));
    }
    out
}

/// Every way in which a proof can be wrong: each scalar changed, zeroed, made non-canonical, swapped; cut, lengthened.
pub fn spoilt_proofs(proof: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut out = vec![
        ("empty".to_string(), Vec::new()),
        ("cut".to_string(), proof[..proof.len() - 1].to_vec()),
        (
            "one scalar less".to_string(),
            proof[..proof.len() - 32].to_vec(),
        ),
        ("lengthened".to_string(), [proof, &[0]].concat()),
        ("one scalar more".to_string(), [proof, &[1; 32]].concat()),
        ("of zeros".to_string(), vec![0; proof.len()]),
    ];
    let scalars = proof.len() / 32;
    for scalar in 0..scalars {
        let range = 32 * scalar..32 * scalar + 32;
        let mut changed = proof.to_vec();
        changed[range.start] ^= 1;
        out.push((format!("scalar {scalar} changed"), changed));
        let mut zeroed = proof.to_vec();
        zeroed[range.clone()].fill(0);
        out.push((format!("scalar {scalar} zero"), zeroed));
        let mut plus_order = proof.to_vec();
        add_order(&mut plus_order[range.clone()]);
        out.push((format!("scalar {scalar} plus the order"), plus_order));
        if scalar > 0 {
            let mut swapped = proof.to_vec();
            swapped[range.start - 32..range.end].rotate_left(32);
            out.push((
                format!("scalars {} and {scalar} swapped", scalar - 1),
                swapped,
            ));
        }
    }
    out
}

/// The same scalar in another spelling: plus `q`, which still fits 32 bytes.
fn add_order(bytes: &mut [u8]) {
    let order: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (byte, add) in bytes.iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
}
