//! The specification once more, one item at a time and without the kernels: what the crate is compared with, and where
//! the intermediate values of the vectors come from.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use serde_json::{Value, json};
use sha2::{Digest, Sha512};

pub type Fields = Vec<(&'static str, Vec<u8>)>;

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn hexes<T: AsRef<[u8]>>(values: &[T]) -> Vec<String> {
    values.iter().map(|value| hex(value.as_ref())).collect()
}

/// Spec core 3.
pub fn transcript(label: &str, fields: &[(&str, Vec<u8>)]) -> [u8; 64] {
    let mut bytes = Vec::new();
    let head = [
        ("label", label.as_bytes().to_vec()),
        ("suite", b"ristretto255-SHA512".to_vec()),
    ];
    for (name, value) in head.iter().chain(fields) {
        bytes.extend((name.len() as u16).to_be_bytes());
        bytes.extend(name.as_bytes());
        bytes.extend((value.len() as u64).to_be_bytes());
        bytes.extend(value);
    }
    Sha512::digest(bytes).into()
}

pub fn number(value: u64) -> Vec<u8> {
    value.to_be_bytes().to_vec()
}

/// Spec core 10.2.
pub fn weights(digest: &[u8; 64], count: usize) -> Vec<Scalar> {
    let block = |index: usize| {
        transcript(
            "clew/1 weights",
            &[("digest", digest.to_vec()), ("block", number(index as u64))],
        )
    };
    let weight = |index: usize| {
        let start = 16 * (index % 4);
        let bytes = block(index / 4)[start..start + 16]
            .try_into()
            .expect("16 bytes");
        Scalar::from(u128::from_le_bytes(bytes))
    };
    (0..count).map(weight).collect()
}

pub fn point(encoding: &[u8; 32]) -> RistrettoPoint {
    CompressedRistretto(*encoding)
        .decompress()
        .expect("a point")
}

pub fn scalar(bytes: &[u8; 32]) -> Scalar {
    Option::from(Scalar::from_canonical_bytes(*bytes)).expect("a scalar")
}

pub fn encode(point: &RistrettoPoint) -> [u8; 32] {
    point.compress().to_bytes()
}

pub fn sum(points: &[[u8; 32]], weights: &[Scalar]) -> RistrettoPoint {
    points
        .iter()
        .zip(weights)
        .map(|(encoding, weight)| point(encoding) * weight)
        .sum()
}

/// A relation as spec core 10.3 writes it: `(target, [(minus, secret, point)])`.
pub type Equations = Vec<(Option<u8>, Vec<(bool, u8, u8)>)>;

/// A proof made by the book, and every value on the way to it.
pub fn prove(
    label: &str,
    equations: &Equations,
    points: &[RistrettoPoint],
    secrets: &[Scalar],
    digest: &[u8; 64],
    instance: u64,
    randomness: &[u8; 32],
) -> (Vec<u8>, Value) {
    let wide = |bytes: [u8; 64]| Scalar::from_bytes_mod_order_wide(&bytes);
    let mut relation = vec![
        secrets.len() as u8,
        points.len() as u8,
        equations.len() as u8,
    ];
    for (target, terms) in equations {
        relation.extend([target.unwrap_or(255), terms.len() as u8]);
        for (minus, secret, point) in terms {
            relation.extend([u8::from(*minus), *secret, *point]);
        }
    }
    let encodings: Vec<[u8; 32]> = points.iter().map(encode).collect();
    let statement = transcript(
        "clew/1 statement",
        &[
            ("proof", label.as_bytes().to_vec()),
            ("relation", relation.clone()),
            ("digest", digest.to_vec()),
            ("points", encodings.concat()),
        ],
    );
    let nonce = |place: usize| {
        let mut fields: Fields = vec![
            ("proof", label.as_bytes().to_vec()),
            ("randomness", randomness.to_vec()),
            ("statement", statement.to_vec()),
            ("instance", number(instance)),
        ];
        fields.extend(
            secrets
                .iter()
                .map(|secret| ("secret", secret.to_bytes().to_vec())),
        );
        fields.push(("nonce", number(place as u64)));
        wide(transcript("clew/1 nonce", &fields))
    };
    let nonces: Vec<Scalar> = (0..secrets.len()).map(nonce).collect();
    let side = |terms: &[(bool, u8, u8)], scalars: &[Scalar]| -> RistrettoPoint {
        let term = |(minus, secret, point): &(bool, u8, u8)| {
            let product = points[*point as usize] * scalars[*secret as usize];
            if *minus { -product } else { product }
        };
        terms.iter().map(term).sum()
    };
    for (target, terms) in equations {
        let target = target.map_or(RistrettoPoint::default(), |at| points[at as usize]);
        assert_eq!(
            side(terms, secrets),
            target,
            "{label}: the statement is true"
        );
    }
    let commitments: Vec<[u8; 32]> = equations
        .iter()
        .map(|(_, terms)| encode(&side(terms, &nonces)))
        .collect();
    let challenge = wide(transcript(
        "clew/1 challenge",
        &[
            ("statement", statement.to_vec()),
            ("commitments", commitments.concat()),
        ],
    ));
    let responses = nonces
        .iter()
        .zip(secrets)
        .map(|(nonce, secret)| (nonce + challenge * secret).to_bytes());
    let proof: Vec<u8> = std::iter::once(challenge.to_bytes())
        .chain(responses)
        .flatten()
        .collect();
    let values = json!({
        "digest": hex(digest),
        "relation": hex(&relation),
        "points": hexes(&encodings),
        "statement": hex(&statement),
        "nonces": nonces.iter().map(|nonce| hex(nonce.as_bytes())).collect::<Vec<_>>(),
        "commitments": hexes(&commitments),
        "challenge": hex(challenge.as_bytes()),
    });
    (proof, values)
}
