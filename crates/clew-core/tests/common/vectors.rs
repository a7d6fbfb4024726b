//! The content of `spec/vectors/core.json`, made from fixed seeds.

use clew_core::hash::{Expander, hash_to_group, row_id, row_key};
use clew_core::keys::Role;
use clew_core::proofs::*;
use clew_core::shuffle::Permutation;
use clew_core::{Backend, Encoding, Error, SecretScalars, multiply, oprf};
use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT as G;
use curve25519_dalek::ristretto::RistrettoPoint;
use serde_json::{Value, json};

use super::naive::{self, Equations, Fields, hex, hexes, point, scalar, sum};
use super::*;

const CONTEXT: &str = "clew/1 test context";

/// The whole file.
pub fn file(backend: Backend) -> Value {
    json!({
        "suite": "ristretto255-SHA512",
        "trace": TRACE,
        "transcripts": transcripts(),
        "weights": weights(),
        "scalars": scalars(),
        "permutations": permutations(),
        "numbers": numbers_of_the_trace(backend),
        "keys": keys(backend),
        "sealing": sealing(backend),
        "proofs": proofs(backend),
        "cases": cases(backend),
    })
}

fn transcripts() -> Value {
    let cases: [(&str, Fields); 3] = [
        ("clew/1 test", vec![]),
        (
            "clew/1 test",
            vec![
                ("trace", TRACE.as_bytes().to_vec()),
                ("hop", naive::number(3)),
            ],
        ),
        (
            "clew/1 test",
            vec![("a", b"bc".to_vec()), ("", vec![]), ("points", vec![7; 64])],
        ),
    ];
    let case = |(label, fields): &(&str, Fields)| {
        let mut transcript = Transcript::new(label);
        for (name, value) in fields {
            transcript.field(name, value);
        }
        assert_eq!(transcript.digest(), naive::transcript(label, fields));
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| json!([name, hex(value)]))
            .collect();
        json!({"label": label, "fields": fields, "digest": hex(&transcript.digest())})
    };
    cases.iter().map(case).collect()
}

fn weights() -> Value {
    let digest = naive::transcript("clew/1 test", &[]);
    let weights: Vec<String> = naive::weights(&digest, 6)
        .iter()
        .map(|weight| hex(weight.as_bytes()))
        .collect();
    json!({"digest": hex(&digest), "weights": weights})
}

fn scalars() -> Value {
    let case = |(purpose, count): (&str, usize)| {
        let scalars = SecretScalars::expand(&seed("scalars"), purpose, count).expect("scalars");
        json!({"seed": hex(&seed("scalars")), "purpose": purpose, "scalars": hexes(scalars.expose())})
    };
    [("test", 3), ("another purpose", 2)]
        .into_iter()
        .map(case)
        .collect()
}

fn permutations() -> Value {
    let case = |count: usize| {
        let permutation = Permutation::from_seed(&seed("order"), count).expect("a permutation");
        json!({"seed": hex(&seed("order")), "order": permutation.expose()})
    };
    [1, 2, 7, 200].into_iter().map(case).collect()
}

fn numbers_of_the_trace(backend: Backend) -> Value {
    let expander = Expander::numbers_of(TRACE.as_bytes()).expect("an expander");
    let texts = ["+9647901234567", "+33612345678", "id:IMEI:490154203237518"];
    let points = hash_to_group(backend, &expander, &texts).expect("points");
    let one = |(text, point): (&&str, &Encoding)| {
        json!({
            "number": text,
            "uniform": hex(&expander.expand(&[text.as_bytes()])),
            "point": hex(point),
            "row_id_of_the_point": hex(&row_id(point)),
            "row_key_of_the_point": hex(&*row_key(point)),
        })
    };
    texts.iter().zip(&points).map(one).collect()
}

fn keys(backend: Backend) -> Value {
    let Holder { secrets, keys } = holder(backend, "holder");
    let secrets = Role::ALL.map(|role| hex(secrets.get(role).expose()));
    json!({
        "seed": hex(&seed("holder")),
        "roles": Role::ALL.map(Role::name),
        "secrets": secrets,
        "published": hexes(&keys.encodings()),
    })
}

/// An item through all its forms, hidden by an offset (the vectors of the joint trace have the factor).
fn sealing(backend: Backend) -> Value {
    let holder = holder(backend, "holder");
    let (entries, made) = entries(backend, &holder, 2);
    let randomness = draw_both("request", 2);
    let draws = json!({
        "entry_number_r": hexes(made.number.expose()),
        "entry_seal_t": hexes(made.seal.expose()),
        "request_number_r": hexes(randomness.number.expose()),
        "request_seal_t": hexes(randomness.seal.expose()),
        "offsets_d": hexes(draw("offsets", 2).expose()),
    });
    let hop = hop(backend, &holder, 2, 0);
    let names = hop
        .hidden
        .read(backend, &hop.names, &holder.keys.name)
        .expect("names");
    json!({
        "numbers": numbers(2),
        "points": hexes(&points(backend, 2)),
        "randomness": draws,
        "entries": hexes(&entries.view().expect("columns").to_items()),
        "request": hexes(&hop.sealed.view().expect("columns").to_items()),
        "opened": hexes(hop.opened.points()),
        "name_answers": hexes(&hop.names),
        "names": hexes(&names),
    })
}

fn context_fields() -> Fields {
    vec![("trace", TRACE.as_bytes().to_vec())]
}

fn digest(fields: Fields) -> [u8; 64] {
    let all: Fields = context_fields().into_iter().chain(fields).collect();
    naive::transcript(CONTEXT, &all)
}

fn proofs(backend: Backend) -> Value {
    json!([
        possession(backend),
        products(backend),
        row(backend),
        names(backend),
        row_points(backend)
    ])
}

fn named(name: &str, proof: &[u8], mut values: Value) -> Value {
    values["proof_of"] = json!(name);
    values["randomness"] = json!(hex(&seed("nonce")));
    values["proof"] = json!(hex(proof));
    values
}

fn possession(backend: Backend) -> Value {
    let Holder { secrets, keys } = holder(backend, "holder");
    let key = *keys.seal.encoding();
    let digest = digest(vec![
        ("proof", b"clew/1 proof possession".to_vec()),
        ("role", b"seal key".to_vec()),
        ("key", key.to_vec()),
    ]);
    let equations: Equations = vec![(Some(1), vec![(false, 0, 0)])];
    let points = [G, point(&key)];
    let secret = [scalar(secrets.seal.expose())];
    let label = "clew/1 proof possession";
    let (proof, values) = naive::prove(
        label,
        &equations,
        &points,
        &secret,
        &digest,
        0,
        &seed("nonce"),
    );
    let made = prove_possession(
        backend,
        &context(TRACE),
        Role::Seal,
        &keys.seal,
        &secrets.seal,
        &seed("nonce"),
    );
    assert_eq!(made.expect("a proof"), proof);
    named("possession", &proof, values)
}

fn products(backend: Backend) -> Value {
    let Holder { secrets, keys } = holder(backend, "holder");
    let bases = common_points(backend);
    let products = multiply(backend, &bases, &secrets.seal).expect("products");
    let label = "clew/1 proof seeds";
    let digest = digest(vec![
        ("proof", label.as_bytes().to_vec()),
        ("key", keys.seal.encoding().to_vec()),
        ("count", naive::number(bases.len() as u64)),
        ("bases", bases.concat()),
        ("products", products.concat()),
    ]);
    let weights = naive::weights(&digest, bases.len());
    let equations: Equations = vec![
        (Some(1), vec![(false, 0, 0)]),
        (Some(3), vec![(false, 0, 2)]),
    ];
    let points = [
        G,
        point(keys.seal.encoding()),
        sum(&bases, &weights),
        sum(&products, &weights),
    ];
    let secret = [scalar(secrets.seal.expose())];
    let (proof, values) = naive::prove(
        label,
        &equations,
        &points,
        &secret,
        &digest,
        0,
        &seed("nonce"),
    );
    let statement = Products {
        purpose: Purpose::Seeds,
        key: &keys.seal,
        bases: &bases,
        products: &products,
    };
    let made = prove_products(
        backend,
        &context(TRACE),
        &statement,
        &secrets.seal,
        &seed("nonce"),
    );
    assert_eq!(made.expect("a proof"), proof);
    named("products", &proof, values)
}

fn common_points(backend: Backend) -> Vec<Encoding> {
    points(backend, 3)
}

const ROW_ID: [u8; 16] = [9; 16];
const FEATURES: &[u8] = b"features";

fn row(backend: Backend) -> Value {
    let Holder { secrets, keys } = &holder(backend, "holder");
    let (entries, made) = entries(backend, &holder(backend, "holder"), 3);
    let columns = entries.view().expect("columns").columns();
    let label = "clew/1 proof row";
    let digest = digest(vec![
        ("proof", label.as_bytes().to_vec()),
        ("keys", keys.encodings().concat()),
        ("row-id", ROW_ID.to_vec()),
        ("entries", naive::number(3)),
        ("features", FEATURES.to_vec()),
        ("number first", columns[0].concat()),
        ("number second", columns[1].concat()),
        ("seal first", columns[2].concat()),
        ("seal second", columns[3].concat()),
    ]);
    let weights = naive::weights(&digest, 3);
    let m = scalar(secrets.seal.expose());
    let rest = (0..3)
        .map(|at| {
            let (r, t) = (
                scalar(&made.number.expose()[at]),
                scalar(&made.seal.expose()[at]),
            );
            weights[at] * (t - m * r)
        })
        .sum();
    let equations: Equations = vec![
        (Some(2), vec![(false, 0, 0)]),
        (Some(5), vec![(false, 0, 3), (false, 1, 0)]),
        (Some(6), vec![(false, 0, 4), (false, 1, 1)]),
    ];
    let mut points = vec![
        G,
        point(keys.encryption.encoding()),
        point(keys.seal.encoding()),
    ];
    points.extend(columns.map(|column| sum(column, &weights)));
    let (proof, values) = naive::prove(
        label,
        &equations,
        &points,
        &[m, rest],
        &digest,
        0,
        &seed("nonce"),
    );
    let rows = Rows {
        ids: &[ROW_ID],
        ends: &[3],
        entries: entries.view().expect("columns"),
        features: &[FEATURES],
    };
    let made = prove_rows(
        backend,
        &context(TRACE),
        keys,
        &secrets.seal,
        &rows,
        &made,
        &seed("nonce"),
    );
    assert_eq!(made.expect("proofs"), proof);
    named("row", &proof, values)
}

const SEALED: usize = 3;
const DECLARED: usize = 2;

fn list_fields(keys: &HolderKeys, hop: &Hop) -> Fields {
    let columns = hop.sealed.view().expect("columns").columns();
    vec![
        ("keys", keys.encodings().concat()),
        ("sealed", naive::number(SEALED as u64)),
        ("declared", naive::number(DECLARED as u64)),
        ("sealed number first", columns[0].concat()),
        ("sealed number second", columns[1].concat()),
        ("sealed seal first", columns[2].concat()),
        ("sealed seal second", columns[3].concat()),
        ("declared number first", hop.declared.first.concat()),
        ("declared number second", hop.declared.second.concat()),
        ("names", hop.names.concat()),
    ]
}

fn list(hop: &Hop) -> Answered<'_> {
    Answered {
        sealed: hop.sealed.view().expect("columns"),
        declared: hop.declared.view().expect("columns"),
        names: &hop.names,
    }
}

fn halves(hop: &Hop) -> [Vec<Encoding>; 2] {
    let number = &hop.sealed.number;
    [
        [&number.first[..], &hop.declared.first].concat(),
        [&number.second[..], &hop.declared.second].concat(),
    ]
}

fn names(backend: Backend) -> Value {
    let holder = holder(backend, "holder");
    let Holder { secrets, keys } = &holder;
    let hop = hop(backend, &holder, SEALED, DECLARED);
    let label = "clew/1 proof names";
    let mut fields = list_fields(keys, &hop);
    fields.push(("proof", label.as_bytes().to_vec()));
    let digest = digest(fields);
    let weights = naive::weights(&digest, SEALED + DECLARED);
    let [x, m, j] =
        [&secrets.encryption, &secrets.seal, &secrets.name].map(|it| scalar(it.expose()));
    let equations: Equations = vec![
        (Some(1), vec![(false, 0, 0)]),
        (Some(2), vec![(false, 1, 0)]),
        (Some(3), vec![(false, 3, 0)]),
        (None, vec![(false, 0, 2), (true, 2, 0)]),
        (None, vec![(false, 0, 3), (true, 4, 0)]),
        (Some(7), vec![(false, 0, 6), (false, 1, 5), (true, 2, 4)]),
        (Some(10), vec![(false, 3, 9), (true, 4, 8)]),
    ];
    let mut points: Vec<RistrettoPoint> = vec![G];
    points.extend(keys.encodings()[..3].iter().map(point));
    let columns = hop.sealed.view().expect("columns").columns();
    points.extend(columns.map(|column| sum(column, &weights)));
    points.extend(halves(&hop).map(|column| sum(&column, &weights)));
    points.push(sum(&hop.names, &weights));
    let witness = [x, m, m * x, j, j * x];
    let (proof, values) = naive::prove(
        label,
        &equations,
        &points,
        &witness,
        &digest,
        0,
        &seed("nonce"),
    );
    let made = prove_names(
        backend,
        &context(TRACE),
        keys,
        secrets,
        &list(&hop),
        &seed("nonce"),
    );
    assert_eq!(made.expect("a proof"), proof);
    named("names", &proof, values)
}

fn row_points(backend: Backend) -> Value {
    let holder = holder(backend, "holder");
    let Holder { secrets, keys } = &holder;
    let hop = hop(backend, &holder, SEALED, DECLARED);
    let label = "clew/1 proof row-points";
    let positions: Vec<u64> = hop
        .positions
        .iter()
        .map(|&position| position as u64)
        .collect();
    let mut fields = list_fields(keys, &hop);
    fields.push((
        "positions",
        positions.iter().flat_map(|at| at.to_be_bytes()).collect(),
    ));
    fields.push(("row points", hop.row_points.concat()));
    fields.push(("proof", label.as_bytes().to_vec()));
    let digest = digest(fields);
    let weights = naive::weights(&digest, positions.len());
    let [x, k] = [&secrets.encryption, &secrets.row].map(|it| scalar(it.expose()));
    let equations: Equations = vec![
        (Some(1), vec![(false, 0, 0)]),
        (Some(2), vec![(false, 1, 0)]),
        (None, vec![(false, 0, 2), (true, 2, 0)]),
        (Some(5), vec![(false, 1, 4), (true, 2, 3)]),
    ];
    let asked = halves(&hop).map(|column| -> Vec<Encoding> {
        hop.positions
            .iter()
            .map(|&position| column[position])
            .collect()
    });
    let mut points = vec![
        G,
        point(keys.encryption.encoding()),
        point(keys.row.encoding()),
    ];
    points.extend(asked.iter().map(|column| sum(column, &weights)));
    points.push(sum(&hop.row_points, &weights));
    let witness = [x, k, k * x];
    let (proof, values) = naive::prove(
        label,
        &equations,
        &points,
        &witness,
        &digest,
        0,
        &seed("nonce"),
    );
    let rows = RowAnswered {
        answered: list(&hop),
        positions: &hop.positions,
        row_points: &hop.row_points,
    };
    let made = prove_row_points(
        backend,
        &context(TRACE),
        keys,
        secrets,
        &rows,
        &seed("nonce"),
    );
    assert_eq!(made.expect("a proof"), proof);
    named("row_points", &proof, values)
}

/// Cases to run: what goes in, and that it is accepted, or which check must refuse it.
struct Cases(Vec<Value>);

impl Cases {
    fn add(&mut self, operation: &str, name: &str, refused: Option<&str>, input: &Value) {
        self.0.push(json!({
            "operation": operation, "name": name, "refused_by": refused, "input": input,
        }));
    }

    /// The input with one member replaced.
    fn with(
        &mut self,
        operation: &str,
        name: &str,
        refused: &str,
        input: &Value,
        at: &str,
        value: Value,
    ) {
        let mut changed = input.clone();
        *changed.pointer_mut(at).expect("a member") = value;
        assert_ne!(changed, *input, "{name}");
        self.add(operation, name, Some(refused), &changed);
    }

    fn swap(
        &mut self,
        operation: &str,
        name: &str,
        refused: &str,
        input: &Value,
        left: &str,
        right: &str,
    ) {
        let mut changed = input.clone();
        let at = |path: &str, value: &Value| value.pointer(path).expect("a member").clone();
        let (old_left, old_right) = (at(left, input), at(right, input));
        *changed.pointer_mut(left).expect("a member") = old_right;
        *changed.pointer_mut(right).expect("a member") = old_left;
        assert_ne!(changed, *input, "{name}");
        self.add(operation, name, Some(refused), &changed);
    }
}

fn cases(backend: Backend) -> Vec<Value> {
    let mut cases = Cases(Vec::new());
    encodings(backend, &mut cases);
    open_cases(backend, &mut cases);
    possession_cases(backend, &mut cases);
    products_cases(backend, &mut cases);
    row_cases(backend, &mut cases);
    answer_cases(backend, &mut cases);
    voprf_cases(backend, &mut cases);
    cases.0
}

fn context_json() -> Value {
    json!({"label": CONTEXT, "fields": [["trace", hex(TRACE.as_bytes())]]})
}

fn other_context() -> Value {
    json!({"label": CONTEXT, "fields": [["trace", hex(b"another trace")]]})
}

const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
const ORDER_PLUS_ONE: &str = "eed3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

fn encodings(backend: Backend, cases: &mut Cases) {
    let good = hex(&points(backend, 1)[0]);
    let zero = "00".repeat(32);
    cases.add("points", "a point", None, &json!({"points": [good]}));
    let bad = [
        ("the identity", "identity", zero.clone()),
        (
            "p, which is 0 again",
            "not-canonical",
            format!("ed{}7f", "ff".repeat(30)),
        ),
        (
            "a field element of p and more",
            "not-canonical",
            format!("{}7f", "ff".repeat(31)),
        ),
        (
            "the top bit set",
            "not-canonical",
            format!("00{}", "ff".repeat(31)),
        ),
        (
            "a negative field element",
            "not-canonical",
            format!("01{}", "00".repeat(31)),
        ),
        (
            "s = -1, where y = 0",
            "not-canonical",
            format!("ec{}7f", "ff".repeat(30)),
        ),
        (
            "a field element that is no square's",
            "not-canonical",
            "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371".to_string(),
        ),
        (
            "a negative xy",
            "not-canonical",
            "3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e".to_string(),
        ),
    ];
    for (name, refused, encoding) in bad {
        cases.add(
            "points",
            name,
            Some(refused),
            &json!({"points": [good, encoding]}),
        );
    }
    cases.add(
        "scalars",
        "one",
        None,
        &json!({"scalars": [format!("01{}", "00".repeat(31))]}),
    );
    for (name, refused, scalar) in [
        ("zero", "identity", zero.as_str()),
        ("q, which is zero again", "not-canonical", ORDER),
        ("q + 1, which is one again", "not-canonical", ORDER_PLUS_ONE),
    ] {
        cases.add(
            "scalars",
            name,
            Some(refused),
            &json!({"scalars": [scalar]}),
        );
    }
}

fn open_cases(backend: Backend, cases: &mut Cases) {
    let holder = holder(backend, "holder");
    let hop = hop(backend, &holder, SEALED, 0);
    let sealed = hop.sealed.view().expect("columns");
    let secrets = Role::ALL.map(|role| hex(holder.secrets.get(role).expose()));
    let right = json!({"secrets": secrets, "sealed": hexes(&sealed.to_items())});
    cases.add("open", "seals that fit", None, &right);
    let spoil = |change: &dyn Fn(&mut Sealed)| {
        let mut changed = hop.sealed.clone();
        change(&mut changed);
        json!(hexes(&changed.view().expect("columns").to_items()))
    };
    let two = |point: &Encoding| doubled(backend, point);
    let refused = [
        (
            "a seal of twice the number",
            spoil(&|it| it.seal.second[1] = two(&it.seal.second[1])),
        ),
        (
            "seals exchanged between two items",
            spoil(&|it| {
                it.seal.first.swap(0, 1);
                it.seal.second.swap(0, 1);
            }),
        ),
        (
            "a borrowed seal on a guessed number",
            spoil(&|it| {
                let stranger = common_points(backend)[2];
                let pairs = elgamal::encrypt(
                    backend,
                    Points::Encoded(&[stranger]),
                    &holder.keys.encryption,
                    draw("guess", 1),
                )
                .expect("a pair");
                (it.number.first[0], it.number.second[0]) = (pairs.first[0], pairs.second[0]);
            }),
        ),
        (
            "a seal under the name key",
            spoil(&|it| {
                let made = clew_core::elgamal::seal(
                    backend,
                    Points::Encoded(&common_points(backend)[..1]),
                    &holder.secrets.name,
                    &holder.keys.encryption,
                    &draw_both("wrong", 1),
                )
                .expect("sealed");
                (it.number.first[0], it.number.second[0]) =
                    (made.number.first[0], made.number.second[0]);
                (it.seal.first[0], it.seal.second[0]) = (made.seal.first[0], made.seal.second[0]);
            }),
        ),
        (
            "an item of the identity, whose seal fits",
            spoil(&|it| {
                let (g, x) = (
                    clew_core::Table::generator().encoding(),
                    holder.keys.encryption.encoding(),
                );
                (it.number.first[2], it.number.second[2]) = (*g, *x);
                (it.seal.first[2], it.seal.second[2]) = (two(g), two(x));
            }),
        ),
    ];
    for (name, items) in refused {
        cases.with("open", name, "seal", &right, "/sealed", items);
    }
    let identity = spoil(&|it| it.seal.first[1] = [0; 32]);
    cases.with(
        "open",
        "a half that is the identity",
        "identity",
        &right,
        "/sealed",
        identity,
    );
    let broken = spoil(&|it| it.number.first[1] = [0xff; 32]);
    cases.with(
        "open",
        "a half that is no point",
        "not-canonical",
        &right,
        "/sealed",
        broken,
    );
}

/// The ways in which the scalars of a proof must not be written, and a changed one.
fn proof_cases(cases: &mut Cases, operation: &str, input: &Value, at: &str) {
    let proof = input
        .pointer(at)
        .and_then(Value::as_str)
        .expect("a proof")
        .to_string();
    let put = |range: std::ops::Range<usize>, with: &str| {
        let mut changed = proof.clone();
        changed.replace_range(range, with);
        json!(changed)
    };
    let digit = if &proof[1..2] == "0" { "1" } else { "0" };
    cases.with(
        operation,
        "the challenge changed",
        "proof",
        input,
        at,
        put(1..2, digit),
    );
    cases.with(
        operation,
        "a response of q",
        "proof",
        input,
        at,
        put(64..128, ORDER),
    );
    cases.with(
        operation,
        "a response of zero",
        "proof",
        input,
        at,
        put(64..128, &"00".repeat(32)),
    );
    cases.with(
        operation,
        "a challenge of zero",
        "proof",
        input,
        at,
        put(0..64, &"00".repeat(32)),
    );
}

fn possession_cases(backend: Backend, cases: &mut Cases) {
    let Holder { keys, .. } = holder(backend, "holder");
    let proof = possession(backend)["proof"].clone();
    let right = json!({
        "context": context_json(), "role": "seal key", "key": hex(keys.seal.encoding()), "proof": proof,
    });
    let operation = "possession";
    cases.add(operation, "the seal key", None, &right);
    cases.with(
        operation,
        "as another role's",
        "proof",
        &right,
        "/role",
        json!("name key"),
    );
    cases.with(
        operation,
        "in another trace",
        "proof",
        &right,
        "/context",
        other_context(),
    );
    let other = json!(hex(keys.name.encoding()));
    cases.with(operation, "for another key", "proof", &right, "/key", other);
    proof_cases(cases, operation, &right, "/proof");
}

fn products_cases(backend: Backend, cases: &mut Cases) {
    let Holder { secrets, keys } = holder(backend, "holder");
    let bases = common_points(backend);
    let made = multiply(backend, &bases, &secrets.seal).expect("products");
    let right = json!({
        "context": context_json(), "purpose": "seeds", "key": hex(keys.seal.encoding()),
        "bases": hexes(&bases), "products": hexes(&made), "proof": products(backend)["proof"],
    });
    let operation = "products";
    cases.add(operation, "three seeds", None, &right);
    cases.with(
        operation,
        "for another purpose",
        "proof",
        &right,
        "/purpose",
        json!("recognition"),
    );
    cases.with(
        operation,
        "in another trace",
        "proof",
        &right,
        "/context",
        other_context(),
    );
    let wrong = json!(hex(&doubled(backend, &made[2])));
    cases.with(
        operation,
        "one product wrong",
        "proof",
        &right,
        "/products/2",
        wrong,
    );
    cases.swap(
        operation,
        "two products exchanged",
        "proof",
        &right,
        "/products/0",
        "/products/1",
    );
    cases.swap(
        operation,
        "bases and products exchanged",
        "proof",
        &right,
        "/bases",
        "/products",
    );
    let fewer = json!(hexes(&made[..2]));
    cases.with(
        operation,
        "a product less",
        "length",
        &right,
        "/products",
        fewer,
    );
    proof_cases(cases, operation, &right, "/proof");
}

fn row_cases(backend: Backend, cases: &mut Cases) {
    let holder = holder(backend, "holder");
    let (entries, _) = entries(backend, &holder, 3);
    let items = entries.view().expect("columns").to_items();
    let right = json!({
        "context": context_json(), "keys": hexes(&holder.keys.encodings()), "id": hex(&ROW_ID),
        "features": hex(FEATURES), "entries": hexes(&items), "proof": row(backend)["proof"],
    });
    let operation = "row";
    cases.add(operation, "three entries", None, &right);
    cases.with(
        operation,
        "in another trace",
        "proof",
        &right,
        "/context",
        other_context(),
    );
    cases.with(
        operation,
        "under another identifier",
        "proof",
        &right,
        "/id",
        json!("08".repeat(16)),
    );
    cases.with(
        operation,
        "with other features",
        "proof",
        &right,
        "/features",
        json!(""),
    );
    cases.swap(
        operation,
        "entries exchanged",
        "proof",
        &right,
        "/entries/0",
        "/entries/2",
    );
    cases.with(
        operation,
        "an entry less",
        "proof",
        &right,
        "/entries",
        json!(hexes(&items[..2])),
    );
    let mut marked = items.clone();
    let seal = doubled(backend, &entries.seal.second[1]);
    marked[1][96..].copy_from_slice(&seal);
    cases.with(
        operation,
        "one seal of another number",
        "proof",
        &right,
        "/entries",
        json!(hexes(&marked)),
    );
    marked[1][96..].fill(0xff);
    cases.with(
        operation,
        "one seal that is no point",
        "proof",
        &right,
        "/entries",
        json!(hexes(&marked)),
    );
    let none: [&str; 0] = [];
    cases.with(
        operation,
        "no entries",
        "limit",
        &right,
        "/entries",
        json!(none),
    );
    proof_cases(cases, operation, &right, "/proof");
}

fn answer_cases(backend: Backend, cases: &mut Cases) {
    let holder = holder(backend, "holder");
    let hop = hop(backend, &holder, SEALED, DECLARED);
    let declared: Vec<String> = hop
        .declared
        .first
        .iter()
        .zip(&hop.declared.second)
        .map(|(first, second)| hex(&[*first, *second].concat()))
        .collect();
    let right = json!({
        "context": context_json(), "keys": hexes(&holder.keys.encodings()),
        "sealed": hexes(&hop.sealed.view().expect("columns").to_items()), "declared": declared,
        "names": hexes(&hop.names), "proof": names(backend)["proof"],
    });
    let rows = json!({
        "context": context_json(), "keys": hexes(&holder.keys.encodings()),
        "sealed": right["sealed"], "declared": right["declared"], "names": right["names"],
        "positions": hop.positions, "row_points": hexes(&hop.row_points),
        "proof": row_points(backend)["proof"],
    });
    let other_key = json!(hex(super::holder(backend, "stranger").keys.seal.encoding()));
    for (operation, right) in [("names", &right), ("row_points", &rows)] {
        cases.add(
            operation,
            "three sealed items and two declared ones",
            None,
            right,
        );
        cases.with(
            operation,
            "in another trace",
            "proof",
            right,
            "/context",
            other_context(),
        );
        cases.with(
            operation,
            "under another seal key",
            "proof",
            right,
            "/keys/1",
            other_key.clone(),
        );
        cases.swap(
            operation,
            "names exchanged",
            "proof",
            right,
            "/names/0",
            "/names/4",
        );
        cases.swap(
            operation,
            "sealed items exchanged",
            "proof",
            right,
            "/sealed/0",
            "/sealed/1",
        );
        cases.swap(
            operation,
            "declared items exchanged",
            "proof",
            right,
            "/declared/0",
            "/declared/1",
        );
        let wrong = json!(hex(&doubled(backend, &hop.names[1])));
        cases.with(
            operation,
            "one name wrong",
            "proof",
            right,
            "/names/1",
            wrong,
        );
        let mut sealed = hop.sealed.clone();
        sealed.seal.second[2] = doubled(backend, &sealed.seal.second[2]);
        let sealed = json!(hexes(&sealed.view().expect("columns").to_items()));
        cases.with(
            operation,
            "one seal unfitting",
            "proof",
            right,
            "/sealed",
            sealed,
        );
        let fewer = json!(hexes(&hop.names[..4]));
        cases.with(operation, "a name less", "length", right, "/names", fewer);
        proof_cases(cases, operation, right, "/proof");
    }
    let operation = "row_points";
    assert_eq!(hop.positions, [0, 2, 3]);
    let put = |positions: [u64; 3]| json!(positions);
    cases.with(
        operation,
        "another position",
        "proof",
        &rows,
        "/positions",
        put([0, 2, 4]),
    );
    cases.with(
        operation,
        "a position twice",
        "positions",
        &rows,
        "/positions",
        put([0, 2, 2]),
    );
    cases.with(
        operation,
        "positions out of order",
        "positions",
        &rows,
        "/positions",
        put([2, 0, 3]),
    );
    cases.with(
        operation,
        "a position out of range",
        "positions",
        &rows,
        "/positions",
        put([0, 2, 5]),
    );
    cases.swap(
        operation,
        "row points exchanged",
        "proof",
        &rows,
        "/row_points/0",
        "/row_points/2",
    );
}

fn voprf_cases(backend: Backend, cases: &mut Cases) {
    let key = |name: &str| {
        oprf::Key::derive(backend, oprf::Mode::Voprf, &seed(name), b"vectors").expect("a key")
    };
    let inputs = ["one", "two", "three"];
    let blinding = oprf::Blinding::new(backend, oprf::Mode::Voprf, &inputs, draw("blinds", 3))
        .expect("blinding");
    let server = key("server");
    let (evaluated, proof) = server
        .evaluate_with_proof(backend, blinding.elements(), &seed("nonce"))
        .expect("evaluated");
    let right = json!({
        "inputs": inputs.map(|input| hex(input.as_bytes())), "blinds": hexes(draw("blinds", 3).expose()),
        "blinded": hexes(blinding.elements()), "evaluated": hexes(&evaluated), "proof": hex(&proof),
        "public": hex(server.public()),
        "outputs": hexes(&server.outputs(backend, &inputs).expect("outputs")),
    });
    let operation = "voprf";
    cases.add(operation, "three inputs", None, &right);
    cases.with(
        operation,
        "another key",
        "proof",
        &right,
        "/public",
        json!(hex(key("other").public())),
    );
    cases.swap(
        operation,
        "elements exchanged",
        "proof",
        &right,
        "/evaluated/0",
        "/evaluated/1",
    );
    let wrong = json!(hex(&doubled(backend, &evaluated[2])));
    cases.with(
        operation,
        "one element wrong",
        "proof",
        &right,
        "/evaluated/2",
        wrong,
    );
    cases.with(
        operation,
        "an identity element",
        "identity",
        &right,
        "/evaluated/2",
        json!("00".repeat(32)),
    );
    cases.with(
        operation,
        "a proof cut",
        "length",
        &right,
        "/proof",
        json!(hex(&proof[..63])),
    );
    let digits = hex(&proof);
    let changed = format!(
        "{}{}",
        if &digits[..2] == "00" { "01" } else { "00" },
        &digits[2..]
    );
    cases.with(
        operation,
        "the challenge changed",
        "proof",
        &right,
        "/proof",
        json!(changed),
    );
    let mut response = digits.clone();
    response.replace_range(64.., ORDER);
    cases.with(
        operation,
        "a response of q",
        "proof",
        &right,
        "/proof",
        json!(response),
    );
}

/// What a case is refused by, as the file names it.
pub fn refused_by(error: &Error) -> &'static str {
    match error {
        Error::NotCanonical { .. } => "not-canonical",
        Error::Identity { .. } => "identity",
        Error::Length { .. } => "length",
        Error::Limit { .. } => "limit",
        Error::Positions => "positions",
        Error::Seal => "seal",
        Error::Proof => "proof",
    }
}
