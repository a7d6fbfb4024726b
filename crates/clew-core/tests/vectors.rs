//! `spec/vectors/core.json` is what the crate computes, on every backend, and every case in it is accepted or refused as it
//! says. Written anew by `cargo run -p clew-core --example core_vectors`.

mod common;

use std::collections::BTreeMap;

use clew_core::keys::{HolderKeys, HolderSecrets, Role};
use clew_core::oprf::{Blinding, Mode};
use clew_core::pairs::{Pairs, Sealed};
use clew_core::proofs::*;
use clew_core::transcript::Transcript;
use clew_core::{Backend, Encoding, Error, SecretScalar, SecretScalars, Table, check_points};
use common::cases::refused_by;
use common::{open_sealed, vectors};
use serde_json::Value;

fn stored() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/vectors/core.json");
    let text = std::fs::read_to_string(path).expect("spec/vectors/core.json");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn the_file_is_what_every_backend_computes() {
    let stored = stored();
    for backend in Backend::available() {
        let made = vectors::file(backend);
        for (part, value) in made.as_object().expect("an object") {
            assert_eq!(*value, stored[part], "{part} on {backend:?}");
        }
    }
}

#[test]
fn every_case_is_accepted_or_refused_by_the_check_it_names() {
    let stored = stored();
    let cases = stored["cases"].as_array().expect("cases");
    for backend in Backend::available() {
        let mut seen: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for case in cases {
            let operation = case["operation"].as_str().expect("an operation");
            let outcome = run(backend, operation, &case["input"]);
            let refused = outcome.as_ref().err().map(refused_by);
            let name = case["name"].as_str().expect("a name");
            assert_eq!(refused, case["refused_by"].as_str(), "{operation}: {name}");
            let counts = seen.entry(operation).or_default();
            if outcome.is_ok() {
                counts.0 += 1
            } else {
                counts.1 += 1
            }
        }
        // As many as there were: a file that lost some is not the file.
        let least = [
            ("names", 1, 12),
            ("open", 1, 7),
            ("points", 1, 8),
            ("possession", 1, 7),
            ("products", 1, 10),
            ("row", 1, 12),
            ("row_points", 1, 17),
            ("scalars", 1, 3),
            ("voprf", 1, 7),
        ];
        assert_eq!(seen.len(), least.len());
        for (operation, accepted, refused) in least {
            let found = seen[operation];
            assert!(
                found.0 >= accepted && found.1 >= refused,
                "{operation}: {found:?}"
            );
        }
    }
}

fn run(backend: Backend, operation: &str, input: &Value) -> Result<(), Error> {
    match operation {
        "points" => check_points(backend, &points(&input["points"])),
        "scalars" => SecretScalars::from_canonical(&points(&input["scalars"])).map(drop),
        "open" => open(backend, input),
        "possession" => {
            let role = Role::ALL
                .into_iter()
                .find(|role| input["role"] == role.name());
            let key = table(&input["key"]);
            let role = role.expect("a role");
            verify_possession(
                backend,
                &context(input),
                role,
                &key,
                &bytes(&input["proof"]),
            )
        }
        "products" => products(backend, input),
        "row" => row(backend, input),
        "names" | "row_points" => answer(backend, operation, input),
        "voprf" => voprf(backend, input),
        other => panic!("no operation {other}"),
    }
}

fn open(backend: Backend, input: &Value) -> Result<(), Error> {
    let secret =
        |at: usize| SecretScalar::from_canonical(&points(&input["secrets"])[at]).expect("a secret");
    let secrets = HolderSecrets {
        encryption: secret(0),
        seal: secret(1),
        name: secret(2),
        row: secret(3),
    };
    open_sealed(backend, sealed(&input["sealed"]).view()?, &secrets).map(drop)
}

fn products(backend: Backend, input: &Value) -> Result<(), Error> {
    let purpose = match input["purpose"].as_str() {
        Some("seeds") => Purpose::Seeds,
        Some("recognition") => Purpose::Recognition,
        other => panic!("no purpose {other:?}"),
    };
    let key = table(&input["key"]);
    let (bases, products) = (points(&input["bases"]), points(&input["products"]));
    let statement = Products {
        purpose,
        key: &key,
        bases: &bases,
        products: &products,
    };
    verify_products(
        backend,
        &context(input),
        &statement,
        &bytes(&input["proof"]),
    )
}

fn row(backend: Backend, input: &Value) -> Result<(), Error> {
    let entries = sealed(&input["entries"]);
    let (id, features) = (bytes(&input["id"]), bytes(&input["features"]));
    let rows = Rows {
        ids: &[id.try_into().expect("16 bytes")],
        ends: &[entries.number.first.len()],
        entries: entries.view()?,
        features: &[&features],
    };
    let proof = bytes(&input["proof"]);
    let verdicts = verify_rows(backend, &context(input), &keys(input), &rows, &proof)?;
    if verdicts == [true] {
        Ok(())
    } else {
        Err(Error::Proof)
    }
}

fn answer(backend: Backend, operation: &str, input: &Value) -> Result<(), Error> {
    let (sealed, names) = (sealed(&input["sealed"]), points(&input["names"]));
    let halves: Vec<Vec<u8>> = list(&input["declared"]).iter().map(bytes).collect();
    let half = |half: &[u8]| -> Encoding { half.try_into().expect("32 bytes") };
    let declared = Pairs {
        first: halves.iter().map(|pair| half(&pair[..32])).collect(),
        second: halves.iter().map(|pair| half(&pair[32..])).collect(),
    };
    let answered = Answered {
        sealed: sealed.view()?,
        declared: declared.view()?,
        names: &names,
    };
    let (context, keys, proof) = (context(input), keys(input), bytes(&input["proof"]));
    if operation == "names" {
        return verify_names(backend, &context, &keys, &answered, &proof);
    }
    let position = |value: &Value| value.as_u64().expect("a position") as usize;
    let positions: Vec<usize> = list(&input["positions"]).iter().map(position).collect();
    let row_points = points(&input["row_points"]);
    let rows = RowAnswered {
        answered,
        positions: &positions,
        row_points: &row_points,
    };
    verify_row_points(backend, &context, &keys, &rows, &proof)
}

fn voprf(backend: Backend, input: &Value) -> Result<(), Error> {
    let inputs: Vec<Vec<u8>> = list(&input["inputs"]).iter().map(bytes).collect();
    let blinds = SecretScalars::from_canonical(&points(&input["blinds"]))?;
    let blinding = Blinding::new(backend, Mode::Voprf, &inputs, blinds)?;
    assert_eq!(blinding.elements(), points(&input["blinded"]));
    let (evaluated, proof) = (points(&input["evaluated"]), bytes(&input["proof"]));
    let public = points(&Value::Array(vec![input["public"].clone()]))[0];
    let outputs = blinding.finalise_verified(backend, &evaluated, &proof, &public)?;
    let expected: Vec<Vec<u8>> = list(&input["outputs"]).iter().map(bytes).collect();
    assert_eq!(
        outputs
            .iter()
            .map(|output| output.to_vec())
            .collect::<Vec<_>>(),
        expected
    );
    Ok(())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("hexadecimal text");
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("digits");
    (0..text.len()).step_by(2).map(byte).collect()
}

fn points(value: &Value) -> Vec<Encoding> {
    list(value)
        .iter()
        .map(|value| bytes(value).try_into().expect("32 bytes"))
        .collect()
}

fn sealed(value: &Value) -> Sealed {
    let item = |value: &Value| -> [u8; 128] { bytes(value).try_into().expect("128 bytes") };
    Sealed::from_items(&list(value).iter().map(item).collect::<Vec<_>>())
}

fn table(value: &Value) -> Table {
    Table::new(&bytes(value).try_into().expect("32 bytes")).expect("a key")
}

fn keys(input: &Value) -> HolderKeys {
    let keys: [Encoding; 4] = points(&input["keys"]).try_into().expect("four keys");
    HolderKeys::new(&keys).expect("keys")
}

fn context(input: &Value) -> Transcript {
    let context = &input["context"];
    let mut transcript = Transcript::new(context["label"].as_str().expect("a label"));
    for field in list(&context["fields"]) {
        transcript.field(field[0].as_str().expect("a name"), &bytes(&field[1]));
    }
    transcript
}
