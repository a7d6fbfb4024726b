//! The values of the joint trace that an independent implementation computed (libsodium's ristretto255), reproduced on
//! every backend. They lie beside the repository and are not part of it. Without them the test passes, and `make rust` says
//! so, since nobody sees what a test that passes prints.

mod common;

use std::path::Path;

use clew_core::elgamal::{Hiding, SealRandomness, answers_of, hide_sealed, rerandomise, seal};
use clew_core::hash::{Expander, hash_and_multiply, hash_to_group, row_id, row_key};
use clew_core::keys::HolderSecrets;
use clew_core::{Backend, Encoding, Points, SecretScalar, SecretScalars, labels};
use common::open_sealed;
use serde_json::Value;

/// One scalar for each item out of field `name`, at `index` if it is a list.
struct Items<'a>(&'a [Value]);

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("hexadecimal text");
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal digits"))
        .collect()
}

fn bytes32(value: &Value) -> [u8; 32] {
    hex(value).try_into().expect("32 bytes")
}

impl Items<'_> {
    fn points(&self, name: &str) -> Vec<Encoding> {
        self.0.iter().map(|item| bytes32(&item[name])).collect()
    }

    fn points_at(&self, name: &str, index: usize) -> Vec<Encoding> {
        self.0
            .iter()
            .map(|item| bytes32(&item[name][index]))
            .collect()
    }

    fn scalars(&self, values: Vec<[u8; 32]>) -> SecretScalars {
        SecretScalars::from_canonical(&values).expect("scalars")
    }

    fn randomness(&self, name: &str) -> SealRandomness {
        SealRandomness {
            number: self.scalars(self.points_at(name, 0)),
            seal: self.scalars(self.points_at(name, 1)),
        }
    }
}

fn secret(value: &Value) -> SecretScalar {
    SecretScalar::from_canonical(&bytes32(value)).expect("a scalar")
}

#[test]
fn every_value_is_reproduced_on_every_backend() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/joint-trace-1.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        return;
    };
    let vectors: Value = serde_json::from_str(&text).expect("JSON");
    let values = vectors["items"].as_array().expect("items");
    assert!(
        values.len() >= 4,
        "fewer items than the file had when this was written"
    );
    for backend in Backend::available() {
        check(backend, &vectors, &Items(values));
    }
}

fn check(backend: Backend, vectors: &Value, items: &Items) {
    let trace = vectors["trace"].as_str().expect("trace");
    let holder = &vectors["holder"];
    let secrets = HolderSecrets {
        encryption: secret(&holder["secret_x"]),
        seal: secret(&holder["secret_m"]),
        name: secret(&holder["secret_j"]),
        row: secret(&holder["secret_k"]),
    };
    let keys = secrets.public(backend);
    assert_eq!(
        keys.encodings(),
        ["X", "M", "J", "K"].map(|key| bytes32(&holder[key]))
    );

    let tag = vectors["number_dst"].as_str().expect("tag");
    assert_eq!(tag, [labels::NUMBER, trace].concat());
    let expander = Expander::new(tag.as_bytes()).expect("a short tag");
    let numbers: Vec<&str> = items
        .0
        .iter()
        .map(|item| item["number"].as_str().expect("a number"))
        .collect();
    let points = hash_to_group(backend, &expander, &numbers).expect("points");
    assert_eq!(points, items.points("N"));

    let uniform = expander.expand_all(&numbers);
    for points in [Points::Encoded(&points), Points::Uniform(&uniform)] {
        let randomness = items.randomness("r_t");
        let sealed = seal(
            backend,
            points,
            &secrets.seal,
            &keys.encryption,
            &randomness,
        )
        .expect("sealed numbers");
        assert_eq!(sealed.number.first, items.points_at("number_pair", 0));
        assert_eq!(sealed.number.second, items.points_at("number_pair", 1));
        assert_eq!(sealed.seal.first, items.points_at("seal_pair", 0));
        assert_eq!(sealed.seal.second, items.points_at("seal_pair", 1));
        request(backend, items, &sealed, &secrets);
    }

    let names = hash_and_multiply(backend, &expander, &numbers, &secrets.name).expect("names");
    assert_eq!(names, items.points("name"));
    for (item, point) in items.0.iter().zip(items.points("row_point")) {
        assert_eq!(row_id(&point).to_vec(), hex(&item["row_id"]));
        assert_eq!(row_key(&point).to_vec(), hex(&item["row_key"]));
    }
}

fn request(
    backend: Backend,
    items: &Items,
    sealed: &clew_core::pairs::Sealed,
    secrets: &HolderSecrets,
) {
    let keys = secrets.public(backend);
    let view = sealed.view().expect("columns");
    let randomness = items.randomness("rerandomise_r_t");
    let number = rerandomise(backend, view.number, &keys.encryption, &randomness.number);
    let seal = rerandomise(backend, view.seal, &keys.encryption, &randomness.seal);
    let (number, seal) = (number.expect("pairs"), seal.expect("pairs"));
    let columns = [&number.first, &number.second, &seal.first, &seal.second];
    for (index, column) in columns.into_iter().enumerate() {
        assert_eq!(*column, items.points_at("rerandomised", index));
    }

    let factors = || Hiding::Factor(items.scalars(items.points("blind_s")));
    let (request, hidden) =
        hide_sealed(backend, view, &keys, randomness, factors()).expect("a request");
    let request_view = request.view().expect("columns");
    for (index, column) in request_view.columns().into_iter().enumerate() {
        assert_eq!(column, items.points_at("request_a1_a2_b1_b2", index));
    }

    let opened = open_sealed(backend, request_view, secrets).expect("every seal fits");
    assert_eq!(opened.points(), items.points("blinded_number"));
    let name_answers = opened.names(backend, secrets);
    assert_eq!(name_answers, items.points("name_answer"));
    let positions: Vec<usize> = (0..opened.len()).collect();
    let row_answers = opened
        .row_points(backend, &positions, secrets)
        .expect("row points");
    assert_eq!(row_answers, items.points("row_answer"));
    let names = hidden
        .read(backend, &name_answers, &keys.name)
        .expect("names");
    assert_eq!(names, items.points("name"));
    let rows = hidden
        .read_at(backend, &positions, &row_answers, &keys.row)
        .expect("rows");
    assert_eq!(rows, items.points("row_point"));
    assert_eq!(
        answers_of(backend, &names, &factors(), &keys.name),
        Ok(name_answers)
    );

    // The way that is used (spec core 8.3) gives the same names and row points out of other requests.
    let offsets = Hiding::Offset(items.scalars(items.points("blind_s")));
    let randomness = items.randomness("rerandomise_r_t");
    let (request, hidden) =
        hide_sealed(backend, view, &keys, randomness, offsets).expect("a request");
    let opened = open_sealed(backend, request.view().expect("columns"), secrets).expect("seals");
    let read = hidden.read(backend, &opened.names(backend, secrets), &keys.name);
    assert_eq!(read.expect("names"), items.points("name"));
}
