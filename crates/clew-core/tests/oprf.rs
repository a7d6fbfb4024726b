//! RFC 9497 against a second implementation, the `voprf` crate: each side of it with each side of ours; and what a client
//! must refuse. The RFC's own vectors are in the crate (`src/oprf/tests.rs`).

mod common;

use clew_core::oprf::{Blinding, Key, LIMIT_INPUT, Mode};
use clew_core::{Backend, Encoding, Error};
use common::{draw, seed, spoilt};
use proptest::prelude::*;
use rand_core::{CryptoRng, RngCore};
use voprf::{
    BlindedElement, EvaluationElement, OprfClient, OprfServer, Proof, Ristretto255, VoprfClient,
    VoprfServer,
};

/// Bytes that stand for randomness where `voprf` wants a generator.
struct Draws(u64);

impl RngCore for Draws {
    fn next_u32(&mut self) -> u32 {
        self.next_u64() as u32
    }

    fn next_u64(&mut self) -> u64 {
        self.0 += 1;
        let digest = seed(&self.0.to_string());
        u64::from_le_bytes(digest[..8].try_into().expect("8 bytes"))
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            let bytes = self.next_u64().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(out);
        Ok(())
    }
}

impl CryptoRng for Draws {}

fn bytes(serialised: &[u8]) -> Encoding {
    serialised.try_into().expect("32 bytes")
}

fn input() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn oprf_agrees_with_a_second_implementation(
        inputs in proptest::collection::vec(input(), 1..12),
        key_seed: [u8; 32],
        info in proptest::collection::vec(any::<u8>(), 0..20),
    ) {
        let theirs = OprfServer::<Ristretto255>::new_from_seed(&key_seed, &info).expect("a server");
        for backend in Backend::available() {
            let key = Key::derive(backend, Mode::Oprf, &key_seed, &info).expect("a key");
            let blinding =
                Blinding::new(backend, Mode::Oprf, &inputs, draw("blinds", inputs.len())).expect("blinding");
            let evaluated: Vec<Encoding> = blinding
                .elements()
                .iter()
                .map(|element| {
                    let element = BlindedElement::<Ristretto255>::deserialize(element).expect("an element");
                    bytes(&theirs.blind_evaluate(&element).serialize())
                })
                .collect();
            prop_assert_eq!(&key.evaluate(backend, blinding.elements()).expect("evaluated"), &evaluated);
            let outputs = blinding.finalise(backend, &evaluated).expect("outputs");
            prop_assert_eq!(&key.outputs(backend, &inputs).expect("outputs"), &outputs);
            for (input, output) in inputs.iter().zip(&outputs) {
                prop_assert_eq!(&theirs.evaluate(input).expect("an output")[..], &output[..]);
            }
            // Their client, our server.
            let client = OprfClient::<Ristretto255>::blind(&inputs[0], &mut Draws(7)).expect("blinded");
            let element = bytes(&client.message.serialize());
            let evaluated = key.evaluate(backend, &[element]).expect("evaluated");
            let evaluated = EvaluationElement::deserialize(&evaluated[0]).expect("an element");
            let output = client.state.finalize(&inputs[0], &evaluated).expect("an output");
            prop_assert_eq!(&output[..], &outputs[0][..]);
        }
    }

    #[test]
    fn voprf_agrees_with_a_second_implementation(
        inputs in proptest::collection::vec(input(), 1..12),
        key_seed: [u8; 32],
        randomness: [u8; 32],
    ) {
        let theirs = VoprfServer::<Ristretto255>::new_from_seed(&key_seed, b"info").expect("a server");
        for backend in Backend::available() {
            let key = Key::derive(backend, Mode::Voprf, &key_seed, b"info").expect("a key");
            prop_assert_eq!(bytes(&Ristretto255Public::of(&theirs)), *key.public());
            // Their client verifies our proof over the batch.
            let clients: Vec<_> = inputs
                .iter()
                .map(|input| VoprfClient::<Ristretto255>::blind(input, &mut Draws(9)).expect("blinded"))
                .collect();
            let blinded: Vec<Encoding> =
                clients.iter().map(|client| bytes(&client.message.serialize())).collect();
            let (evaluated, proof) =
                key.evaluate_with_proof(backend, &blinded, &randomness).expect("evaluated");
            let messages: Vec<_> = evaluated
                .iter()
                .map(|element| EvaluationElement::deserialize(element).expect("an element"))
                .collect();
            let states: Vec<_> = clients.into_iter().map(|client| client.state).collect();
            let proof = Proof::deserialize(&proof).expect("a proof");
            let inputs_ref: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
            let outputs =
                VoprfClient::batch_finalize(&inputs_ref, &states, &messages, &proof, theirs.get_public_key())
                    .expect("their client accepts our proof");
            let expected = key.outputs(backend, &inputs).expect("outputs");
            for (output, expected) in outputs.zip(&expected) {
                prop_assert_eq!(&output.expect("an output")[..], &expected[..]);
            }
            // Our client verifies their proof.
            let blinding =
                Blinding::new(backend, Mode::Voprf, &inputs[..1], draw("blinds", 1)).expect("blinding");
            let element = BlindedElement::deserialize(&blinding.elements()[0]).expect("an element");
            let answer = theirs.blind_evaluate(&mut Draws(11), &element);
            let evaluated = [bytes(&answer.message.serialize())];
            let proof = answer.proof.serialize();
            let outputs = blinding.finalise_verified(backend, &evaluated, &proof, key.public());
            prop_assert_eq!(&outputs.expect("we accept their proof")[..], &expected[..1]);
        }
    }
}

/// The public key of their server, as bytes.
struct Ristretto255Public;

impl Ristretto255Public {
    fn of(server: &VoprfServer<Ristretto255>) -> Vec<u8> {
        use voprf::Group;
        Ristretto255::serialize_elem(server.get_public_key()).to_vec()
    }
}

/// An exchange as far as the server's answer.
struct Served {
    key: Key,
    inputs: Vec<Vec<u8>>,
    evaluated: Vec<Encoding>,
    proof: Vec<u8>,
}

fn served(backend: Backend, count: usize) -> Served {
    let key = Key::derive(backend, Mode::Voprf, &seed("server"), b"").expect("a key");
    let inputs: Vec<Vec<u8>> = (0..count)
        .map(|index| index.to_string().into_bytes())
        .collect();
    let blinding =
        Blinding::new(backend, Mode::Voprf, &inputs, draw("blinds", count)).expect("blinding");
    let (evaluated, proof) = key
        .evaluate_with_proof(backend, blinding.elements(), &seed("nonce"))
        .expect("evaluated");
    Served {
        key,
        inputs,
        evaluated,
        proof,
    }
}

fn finalise(
    backend: Backend,
    inputs: &[Vec<u8>],
    evaluated: &[Encoding],
    proof: &[u8],
    public: &Encoding,
) -> Result<usize, Error> {
    let blinding = Blinding::new(backend, Mode::Voprf, inputs, draw("blinds", inputs.len()))?;
    Ok(blinding
        .finalise_verified(backend, evaluated, proof, public)?
        .len())
}

#[test]
fn no_output_comes_of_an_element_that_the_key_did_not_make() {
    for backend in Backend::available() {
        let Served {
            key,
            inputs,
            evaluated,
            proof,
        } = served(backend, 5);
        let check = |evaluated: &[Encoding], proof: &[u8], public: &Encoding| {
            finalise(backend, &inputs, evaluated, proof, public)
        };
        assert_eq!(check(&evaluated, &proof, key.public()), Ok(5));
        for (how, evaluated) in spoilt(backend, &evaluated) {
            assert_eq!(
                check(&evaluated, &proof, key.public()),
                Err(Error::Proof),
                "{how}"
            );
        }
        let other = Key::derive(backend, Mode::Voprf, &seed("other"), b"").expect("a key");
        assert_eq!(check(&evaluated, &proof, other.public()), Err(Error::Proof));
        let fewer = check(&evaluated[..4], &proof, key.public());
        assert!(matches!(fewer, Err(Error::Length { .. })));
        for bit in [0, 255, 256, 511] {
            let mut proof = proof.clone();
            proof[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                check(&evaluated, &proof, key.public()),
                Err(Error::Proof),
                "bit {bit}"
            );
        }
        for bad in [[0; 32], [0xff; 32]] {
            let mut evaluated = evaluated.clone();
            evaluated[3] = bad;
            assert!(check(&evaluated, &proof, key.public()).is_err());
            assert!(check(&evaluated, &proof, &bad).is_err());
        }
    }
}

#[test]
fn a_proof_of_one_batch_is_none_of_another() {
    let backend = Backend::best();
    let Served {
        key,
        inputs,
        evaluated,
        proof,
    } = served(backend, 5);
    let other = served(backend, 4).proof;
    assert_eq!(
        finalise(backend, &inputs, &evaluated, &other, key.public()),
        Err(Error::Proof)
    );
    let doubled_proofs = [&proof[..], &proof].concat();
    let verdict = finalise(backend, &inputs, &evaluated, &doubled_proofs, key.public());
    assert!(matches!(verdict, Err(Error::Length { .. })));
}

#[test]
fn limits_and_modes_are_kept() {
    let backend = Backend::Portable;
    let longest = vec![7; LIMIT_INPUT];
    let key = Key::derive(backend, Mode::Oprf, &seed("server"), &longest).expect("a key");
    assert!(key.outputs(backend, &[&longest]).is_ok());
    let longer = vec![7; LIMIT_INPUT + 1];
    assert!(matches!(
        key.outputs(backend, &[&longer]),
        Err(Error::Limit { .. })
    ));
    assert!(matches!(
        Key::derive(backend, Mode::Oprf, &seed("server"), &longer),
        Err(Error::Limit { .. })
    ));
    assert!(Blinding::new(backend, Mode::Oprf, &[&longer], draw("blinds", 1)).is_err());
    assert!(Blinding::new(backend, Mode::Oprf, &["one"], draw("blinds", 2)).is_err());
    let point = common::points(backend, 1);
    let unverifiable = key.evaluate_with_proof(backend, &point, &seed("nonce"));
    assert_eq!(unverifiable, Err(Error::Proof));
    let other = Key::derive(backend, Mode::Voprf, &seed("server"), &longest).expect("a key");
    assert_ne!(key.public(), other.public());
    assert!(matches!(
        other.evaluate_with_proof(backend, &[], &seed("nonce")),
        Err(Error::Limit { .. })
    ));
}
