//! The cases of `spec/vectors/core.json`: each operation with what it must accept, and with what it must refuse.

use clew_core::keys::Role;
use clew_core::{Backend, Encoding, Error, multiply, oprf};
use serde_json::{Value, json};

use super::naive::{hex, hexes};
use super::vectors::*;
use super::*;

/// Cases to run: what goes in, and that it is accepted, or which check must refuse it.
struct Cases(Vec<Value>);

impl Cases {
    fn add(&mut self, operation: &str, name: &str, refused: Option<&str>, input: &Value) {
        self.0.push(json!({
            "operation": operation, "name": name, "refused_by": refused, "input": input,
        }));
    }

    /// The case that is accepted, and those that are made of it.
    fn of<'a>(&'a mut self, operation: &'a str, name: &str, right: &'a Value) -> Changed<'a> {
        self.add(operation, name, None, right);
        Changed {
            cases: self,
            operation,
            right,
        }
    }
}

/// Changes of an accepted case, each of which must be refused.
struct Changed<'a> {
    cases: &'a mut Cases,
    operation: &'a str,
    right: &'a Value,
}

impl Changed<'_> {
    /// With one member replaced.
    fn with(&mut self, name: &str, refused: &str, at: &str, value: Value) {
        let mut changed = self.right.clone();
        *changed.pointer_mut(at).expect("a member") = value;
        assert_ne!(changed, *self.right, "{name}");
        self.cases
            .add(self.operation, name, Some(refused), &changed);
    }

    /// With two members exchanged.
    fn swap(&mut self, name: &str, refused: &str, left: &str, right: &str) {
        let mut changed = self.right.clone();
        let at = |path: &str| self.right.pointer(path).expect("a member").clone();
        let (old_left, old_right) = (at(left), at(right));
        *changed.pointer_mut(left).expect("a member") = old_right;
        *changed.pointer_mut(right).expect("a member") = old_left;
        assert_ne!(changed, *self.right, "{name}");
        self.cases
            .add(self.operation, name, Some(refused), &changed);
    }
}

/// All cases of the file.
pub fn cases(backend: Backend) -> Vec<Value> {
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
    let mut of = cases.of("open", "seals that fit", &right);
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
        of.with(name, "seal", "/sealed", items);
    }
    let identity = spoil(&|it| it.seal.first[1] = [0; 32]);
    of.with(
        "a half that is the identity",
        "identity",
        "/sealed",
        identity,
    );
    let broken = spoil(&|it| it.number.first[1] = [0xff; 32]);
    of.with(
        "a half that is no point",
        "not-canonical",
        "/sealed",
        broken,
    );
}

/// The ways in which the scalars of a proof must not be written, and a changed one.
fn proof_cases(of: &mut Changed) {
    let at = "/proof";
    let proof = of.right["proof"].as_str().expect("a proof").to_string();
    let put = |range: std::ops::Range<usize>, with: &str| {
        let mut changed = proof.clone();
        changed.replace_range(range, with);
        json!(changed)
    };
    let digit = if &proof[1..2] == "0" { "1" } else { "0" };
    of.with("the challenge changed", "proof", at, put(1..2, digit));
    of.with("a response of q", "proof", at, put(64..128, ORDER));
    of.with(
        "a response of zero",
        "proof",
        at,
        put(64..128, &"00".repeat(32)),
    );
    of.with(
        "a challenge of zero",
        "proof",
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
    let mut of = cases.of("possession", "the seal key", &right);
    of.with("as another role's", "proof", "/role", json!("name key"));
    of.with("in another trace", "proof", "/context", other_context());
    let other = json!(hex(keys.name.encoding()));
    of.with("for another key", "proof", "/key", other);
    proof_cases(&mut of);
}

fn products_cases(backend: Backend, cases: &mut Cases) {
    let Holder { secrets, keys } = holder(backend, "holder");
    let bases = common_points(backend);
    let made = multiply(backend, &bases, &secrets.seal).expect("products");
    let right = json!({
        "context": context_json(), "purpose": "seeds", "key": hex(keys.seal.encoding()),
        "bases": hexes(&bases), "products": hexes(&made), "proof": products(backend)["proof"],
    });
    let mut of = cases.of("products", "three seeds", &right);
    of.with(
        "for another purpose",
        "proof",
        "/purpose",
        json!("recognition"),
    );
    of.with("in another trace", "proof", "/context", other_context());
    let wrong = json!(hex(&doubled(backend, &made[2])));
    of.with("one product wrong", "proof", "/products/2", wrong);
    of.swap(
        "two products exchanged",
        "proof",
        "/products/0",
        "/products/1",
    );
    of.swap(
        "bases and products exchanged",
        "proof",
        "/bases",
        "/products",
    );
    let fewer = json!(hexes(&made[..2]));
    of.with("a product less", "length", "/products", fewer);
    proof_cases(&mut of);
}

fn row_cases(backend: Backend, cases: &mut Cases) {
    let holder = holder(backend, "holder");
    let (entries, _) = entries(backend, &holder, 3);
    let items = entries.view().expect("columns").to_items();
    let right = json!({
        "context": context_json(), "keys": hexes(&holder.keys.encodings()), "id": hex(&ROW_ID),
        "features": hex(FEATURES), "entries": hexes(&items), "proof": row(backend)["proof"],
    });
    let mut of = cases.of("row", "three entries", &right);
    of.with("in another trace", "proof", "/context", other_context());
    of.with(
        "under another identifier",
        "proof",
        "/id",
        json!("08".repeat(16)),
    );
    of.with("with other features", "proof", "/features", json!(""));
    of.swap("entries exchanged", "proof", "/entries/0", "/entries/2");
    of.with(
        "an entry less",
        "proof",
        "/entries",
        json!(hexes(&items[..2])),
    );
    let mut marked = items.clone();
    let seal = doubled(backend, &entries.seal.second[1]);
    marked[1][96..].copy_from_slice(&seal);
    of.with(
        "one seal of another number",
        "proof",
        "/entries",
        json!(hexes(&marked)),
    );
    marked[1][96..].fill(0xff);
    of.with(
        "one seal that is no point",
        "proof",
        "/entries",
        json!(hexes(&marked)),
    );
    let none: [&str; 0] = [];
    of.with("no entries", "limit", "/entries", json!(none));
    proof_cases(&mut of);
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
        let mut of = cases.of(operation, "three sealed items and two declared ones", right);
        of.with("in another trace", "proof", "/context", other_context());
        of.with(
            "under another seal key",
            "proof",
            "/keys/1",
            other_key.clone(),
        );
        of.swap("names exchanged", "proof", "/names/0", "/names/4");
        of.swap("sealed items exchanged", "proof", "/sealed/0", "/sealed/1");
        of.swap(
            "declared items exchanged",
            "proof",
            "/declared/0",
            "/declared/1",
        );
        let wrong = json!(hex(&doubled(backend, &hop.names[1])));
        of.with("one name wrong", "proof", "/names/1", wrong);
        let mut sealed = hop.sealed.clone();
        sealed.seal.second[2] = doubled(backend, &sealed.seal.second[2]);
        let sealed = json!(hexes(&sealed.view().expect("columns").to_items()));
        of.with("one seal unfitting", "proof", "/sealed", sealed);
        let fewer = json!(hexes(&hop.names[..4]));
        of.with("a name less", "length", "/names", fewer);
        proof_cases(&mut of);
        if operation == "row_points" {
            position_cases(&mut of, &hop.positions);
        }
    }
}

fn position_cases(of: &mut Changed, positions: &[usize]) {
    assert_eq!(positions, [0, 2, 3]);
    let put = |positions: [u64; 3]| json!(positions);
    of.with("another position", "proof", "/positions", put([0, 2, 4]));
    of.with(
        "a position twice",
        "positions",
        "/positions",
        put([0, 2, 2]),
    );
    of.with(
        "positions out of order",
        "positions",
        "/positions",
        put([2, 0, 3]),
    );
    of.with(
        "a position out of range",
        "positions",
        "/positions",
        put([0, 2, 5]),
    );
    of.swap(
        "row points exchanged",
        "proof",
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
    let mut of = cases.of("voprf", "three inputs", &right);
    of.with(
        "another key",
        "proof",
        "/public",
        json!(hex(key("other").public())),
    );
    of.swap(
        "elements exchanged",
        "proof",
        "/evaluated/0",
        "/evaluated/1",
    );
    let wrong = json!(hex(&doubled(backend, &evaluated[2])));
    of.with("one element wrong", "proof", "/evaluated/2", wrong);
    of.with(
        "an identity element",
        "identity",
        "/evaluated/2",
        json!("00".repeat(32)),
    );
    of.with("a proof cut", "length", "/proof", json!(hex(&proof[..63])));
    let digits = hex(&proof);
    let changed = format!(
        "{}{}",
        if &digits[..2] == "00" { "01" } else { "00" },
        &digits[2..]
    );
    of.with("the challenge changed", "proof", "/proof", json!(changed));
    let mut response = digits.clone();
    response.replace_range(64.., ORDER);
    of.with("a response of q", "proof", "/proof", json!(response));
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
