//! The content of `spec/vectors/core.json`, made from fixed seeds.

use clew_core::hash::{hash_to_group, row_id, row_key};
use clew_core::keys::Role;
use clew_core::proofs::*;
use clew_core::shuffle::Permutation;
use clew_core::{Backend, Encoding, SecretScalars, multiply};
use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT as G;
use curve25519_dalek::ristretto::RistrettoPoint;
use serde_json::{Value, json};

use super::naive::{self, Equations, Fields, hex, hexes, point, scalar, sum};
use super::*;

pub(super) const CONTEXT: &str = "clew/1 test context";

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
        "cases": super::cases::cases(backend),
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
    let expander = super::numbers_of(TRACE);
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
        "seals": seals(&holder, &hop),
        "opened": hexes(hop.opened.points()),
        "name_answers": hexes(&hop.names),
        "names": hexes(&names),
    })
}

/// The folds by which the seals of a request are checked.
fn seals(holder: &Holder, hop: &Hop) -> Value {
    let [a1, a2, b1, b2] = hop.sealed.view().expect("columns").columns();
    let digest = naive::transcript(
        "clew/1 seals",
        &[
            ("sealed", naive::number(a1.len() as u64)),
            ("number first", a1.concat()),
            ("number second", a2.concat()),
            ("seal first", b1.concat()),
            ("seal second", b2.concat()),
        ],
    );
    let weights = naive::weights(&digest, a1.len());
    let folds = [hop.opened.points(), b1, b2].map(|column| sum(column, &weights));
    let [m, x] = [&holder.secrets.seal, &holder.secrets.encryption].map(|it| scalar(it.expose()));
    assert_eq!(m * folds[0], folds[2] - x * folds[1]);
    let [numbers, first, second] = folds.map(|fold| hex(&naive::encode(&fold)));
    json!({
        "digest": hex(&digest), "fold_of_opened": numbers, "fold_of_b1": first, "fold_of_b2": second,
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

pub(super) fn possession(backend: Backend) -> Value {
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

pub(super) fn products(backend: Backend) -> Value {
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

pub(super) fn common_points(backend: Backend) -> Vec<Encoding> {
    points(backend, 3)
}

pub(super) const ROW_ID: [u8; 16] = [9; 16];
pub(super) const FEATURES: &[u8] = b"features";

pub(super) fn row(backend: Backend) -> Value {
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

pub(super) const SEALED: usize = 3;
pub(super) const DECLARED: usize = 2;

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

pub(super) fn names(backend: Backend) -> Value {
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

pub(super) fn row_points(backend: Backend) -> Value {
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
