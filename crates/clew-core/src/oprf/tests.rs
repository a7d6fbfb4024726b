//! RFC 9497, appendix A.1 (ristretto255-SHA512), on every backend. The values are the RFC's; the nonce of a proof is
//! given there, which is why these tests are inside the crate.

use super::proof::{Composite, prove_with, verify};
use super::*;

const SEED: [u8; 32] = [0xa3; 32];
const INFO: &[u8] = b"test key";
const BLIND: &str = "64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706";
const SECOND_BLIND: &str = "222a5e897cf59db8145db8d16e597e8facb80ae7d4e26d9881aa6f61d645fc0e";
const NONCE: &str = "222a5e897cf59db8145db8d16e597e8facb80ae7d4e26d9881aa6f61d645fc0e";

struct Case {
    inputs: &'static [&'static [u8]],
    blinds: &'static [&'static str],
    blinded: &'static [&'static str],
    evaluated: &'static [&'static str],
    proof: Option<(&'static str, &'static str)>,
    outputs: &'static [&'static str],
}

fn hex<const N: usize>(text: &str) -> [u8; N] {
    assert_eq!(text.len(), 2 * N);
    std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("digits"))
}

fn hexes<const N: usize>(texts: &[&str]) -> Vec<[u8; N]> {
    texts.iter().map(|text| hex(text)).collect()
}

fn scalars(texts: &[&str]) -> SecretScalars {
    SecretScalars::from_canonical(&hexes(texts)).expect("scalars")
}

fn check(backend: Backend, key: &Key, case: &Case) {
    let blinding =
        Blinding::new(backend, key.mode(), case.inputs, scalars(case.blinds)).expect("blinding");
    assert_eq!(blinding.elements(), hexes(case.blinded));
    let evaluated = key
        .evaluate(backend, blinding.elements())
        .expect("evaluated");
    assert_eq!(evaluated, hexes(case.evaluated));
    if let Some((proof, nonce)) = case.proof {
        let composite = Composite::new(backend, key.public(), blinding.elements(), &evaluated);
        let nonce = SecretScalar::from_canonical(&hex(nonce)).expect("a scalar");
        let made = prove_with(backend, key, &composite.expect("sums"), &nonce).expect("a proof");
        assert_eq!(made, hex::<64>(proof));
        let elements = blinding.elements();
        assert_eq!(
            verify(
                backend,
                Mode::Voprf,
                key.public(),
                elements,
                &evaluated,
                &made
            ),
            Ok(())
        );
        let outputs = blinding.finalise_verified(backend, &evaluated, &made, key.public());
        assert_eq!(outputs.expect("outputs"), hexes::<64>(case.outputs));
    } else {
        assert_eq!(
            blinding.finalise(backend, &evaluated).expect("outputs"),
            hexes::<64>(case.outputs)
        );
    }
    assert_eq!(
        key.outputs(backend, case.inputs).expect("outputs"),
        hexes::<64>(case.outputs)
    );
}

#[test]
fn oprf_mode_gives_the_values_of_appendix_a_1_1() {
    let cases = [
        Case {
            inputs: &[&[0x00; 1]],
            blinds: &[BLIND],
            blinded: &["609a0ae68c15a3cf6903766461307e5c8bb2f95e7e6550e1ffa2dc99e412803c"],
            evaluated: &["7ec6578ae5120958eb2db1745758ff379e77cb64fe77b0b2d8cc917ea0869c7e"],
            proof: None,
            outputs: &[
                "527759c3d9366f277d8c6020418d96bb393ba2afb20ff90df23fb7708264e2f3ab9135e3bd69955851de4b1f9fe8a0973396719b7912ba9ee8aa7d0b5e24bcf6",
            ],
        },
        Case {
            inputs: &[&[0x5a; 17]],
            blinds: &[BLIND],
            blinded: &["da27ef466870f5f15296299850aa088629945a17d1f5b7f5ff043f76b3c06418"],
            evaluated: &["b4cbf5a4f1eeda5a63ce7b77c7d23f461db3fcab0dd28e4e17cecb5c90d02c25"],
            proof: None,
            outputs: &[
                "f4a74c9c592497375e796aa837e907b1a045d34306a749db9f34221f7e750cb4f2a6413a6bf6fa5e19ba6348eb673934a722a7ede2e7621306d18951e7cf2c73",
            ],
        },
    ];
    for backend in Backend::available() {
        let key = Key::derive(backend, Mode::Oprf, &SEED, INFO).expect("a key");
        let secret = "5ebcea5ee37023ccb9fc2d2019f9d7737be85591ae8652ffa9ef0f4d37063b0e";
        assert_eq!(*key.secret.expose(), hex(secret));
        cases.iter().for_each(|case| check(backend, &key, case));
    }
}

#[test]
fn voprf_mode_gives_the_values_of_appendix_a_1_2() {
    let cases = [
        Case {
            inputs: &[&[0x00; 1]],
            blinds: &[BLIND],
            blinded: &["863f330cc1a1259ed5a5998a23acfd37fb4351a793a5b3c090b642ddc439b945"],
            evaluated: &["aa8fa048764d5623868679402ff6108d2521884fa138cd7f9c7669a9a014267e"],
            proof: Some((
                "ddef93772692e535d1a53903db24367355cc2cc78de93b3be5a8ffcc6985dd066d4346421d17bf5117a2a1ff0fcb2a759f58a539dfbe857a40bce4cf49ec600d",
                NONCE,
            )),
            outputs: &[
                "b58cfbe118e0cb94d79b5fd6a6dafb98764dff49c14e1770b566e42402da1a7da4d8527693914139caee5bd03903af43a491351d23b430948dd50cde10d32b3c",
            ],
        },
        Case {
            inputs: &[&[0x5a; 17]],
            blinds: &[BLIND],
            blinded: &["cc0b2a350101881d8a4cba4c80241d74fb7dcbfde4a61fde2f91443c2bf9ef0c"],
            evaluated: &["60a59a57208d48aca71e9e850d22674b611f752bed48b36f7a91b372bd7ad468"],
            proof: Some((
                "401a0da6264f8cf45bb2f5264bc31e109155600babb3cd4e5af7d181a2c9dc0a67154fabf031fd936051dec80b0b6ae29c9503493dde7393b722eafdf5a50b02",
                NONCE,
            )),
            outputs: &[
                "8a9a2f3c7f085b65933594309041fc1898d42d0858e59f90814ae90571a6df60356f4610bf816f27afdd84f47719e480906d27ecd994985890e5f539e7ea74b6",
            ],
        },
        Case {
            inputs: &[&[0x00; 1], &[0x5a; 17]],
            blinds: &[BLIND, SECOND_BLIND],
            blinded: &[
                "863f330cc1a1259ed5a5998a23acfd37fb4351a793a5b3c090b642ddc439b945",
                "90a0145ea9da29254c3a56be4fe185465ebb3bf2a1801f7124bbbadac751e654",
            ],
            evaluated: &[
                "aa8fa048764d5623868679402ff6108d2521884fa138cd7f9c7669a9a014267e",
                "cc5ac221950a49ceaa73c8db41b82c20372a4c8d63e5dded2db920b7eee36a2a",
            ],
            proof: Some((
                "cc203910175d786927eeb44ea847328047892ddf8590e723c37205cb74600b0a5ab5337c8eb4ceae0494c2cf89529dcf94572ed267473d567aeed6ab873dee08",
                "419c4f4f5052c53c45f3da494d2b67b220d02118e0857cdbcf037f9ea84bbe0c",
            )),
            outputs: &[
                "b58cfbe118e0cb94d79b5fd6a6dafb98764dff49c14e1770b566e42402da1a7da4d8527693914139caee5bd03903af43a491351d23b430948dd50cde10d32b3c",
                "8a9a2f3c7f085b65933594309041fc1898d42d0858e59f90814ae90571a6df60356f4610bf816f27afdd84f47719e480906d27ecd994985890e5f539e7ea74b6",
            ],
        },
    ];
    for backend in Backend::available() {
        let key = Key::derive(backend, Mode::Voprf, &SEED, INFO).expect("a key");
        let secret = "e6f73f344b79b379f1a0dd37e07ff62e38d9f71345ce62ae3a9bc60b04ccd909";
        let public = "c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e";
        assert_eq!(*key.secret.expose(), hex(secret));
        assert_eq!(*key.public(), hex(public));
        cases.iter().for_each(|case| check(backend, &key, case));
    }
}

/// One element more than fits a proof: two proofs, and each vouches for its own chunk.
#[test]
fn batches_longer_than_a_proof_can_cover_get_a_proof_for_each_chunk() {
    let backend = Backend::best();
    let count = LIMIT_PROVEN + 1;
    assert_eq!(proofs_length(LIMIT_PROVEN), PROOF_LENGTH);
    let key = Key::derive(backend, Mode::Voprf, &SEED, INFO).expect("a key");
    let elements = SecretScalars::expand(&SEED, "elements", count)
        .expect("scalars")
        .public(backend);
    let (mut evaluated, proofs) = key
        .evaluate_with_proof(backend, &elements, &[1; 32])
        .expect("evaluated");
    assert_eq!(proofs.len(), 2 * PROOF_LENGTH);
    let check = |evaluated: &[Encoding], proofs: &[u8]| {
        verify(
            backend,
            Mode::Voprf,
            key.public(),
            &elements,
            evaluated,
            proofs,
        )
    };
    assert_eq!(check(&evaluated, &proofs), Ok(()));
    let swapped = [&proofs[PROOF_LENGTH..], &proofs[..PROOF_LENGTH]].concat();
    assert_eq!(check(&evaluated, &swapped), Err(Error::Proof));
    evaluated[LIMIT_PROVEN] = evaluated[0];
    assert_eq!(check(&evaluated, &proofs), Err(Error::Proof));
}
