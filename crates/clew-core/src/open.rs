//! The holder's side of a request: decrypt, check every seal, and only then answer (PROTOCOL 3.5.2 to 3.5.4, spec core 9).

use clew_kernels::{Backend, Combination, Points, Scalars, Table, combine, sum_products_vartime};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::batch::{multiply, named};
use crate::elgamal::check_positions;
use crate::keys::HolderSecrets;
use crate::pairs::{PairsRef, SealedRef};
use crate::scalars::SecretScalar;
use crate::transcript::{Transcript, weights};
use crate::{Encoding, Error, labels};

/// The hidden numbers of a list of which every seal has been checked, in order. There is no other way to one, so
/// nothing can be answered before the whole list was checked. Wiped when dropped.
#[derive(Debug)]
pub struct Opened(Zeroizing<Vec<Encoding>>);

/// Opens a request's list: its sealed items, then its declared ones, which have no seals.
///
/// `B = a2 - x a1` of every item; for the sealed ones `m B` must be `b2 - x b1`. All of them are decrypted, and all seals
/// checked together, in the same time whichever items fail and why, and one bit comes out: were it known *which* failed,
/// or how many, or that one of them decrypts to the identity, a list of guesses could be tried at once (PROTOCOL 3.5.2):
/// an entry less a guessed number is the identity exactly when the guess is right. The warrant's budget for declared
/// items is the caller's to count.
///
/// # Errors
/// An encoding that is refused, which anybody can see on the list itself; [`Error::Seal`] if any seal does not fit, or
/// any item is of the identity, which is nobody's number.
pub fn open_list(
    backend: Backend,
    sealed: SealedRef,
    declared: PairsRef,
    secrets: &HolderSecrets,
) -> Result<Opened, Error> {
    // In one place from the start: a vector that grows leaves a copy behind. Wiped also if the list is refused.
    let mut opened = Zeroizing::new(vec![[0; 32]; sealed.len() + declared.len()]);
    let (numbers, others) = opened.split_at_mut(sealed.len());
    decrypt_any(backend, sealed.number, &secrets.encryption, numbers)?;
    let seals = fold_seals(backend, sealed)?;
    decrypt_any(backend, declared, &secrets.encryption, others)?;
    let mut all = replace_identities(numbers) & replace_identities(others);
    all &= seals.fit(backend, numbers, secrets)?;
    if bool::from(all) {
        Ok(Opened(opened))
    } else {
        Err(Error::Seal)
    }
}

/// The seals of a list, folded (spec core 9.2).
struct Seals {
    weights: Vec<[u8; 32]>,
    /// The sums of `b1` and of `b2`.
    sums: [Encoding; 2],
}

/// Folds the seals of a list by weights that everything in the list decides. Both halves are in the list for all to see,
/// and so are the weights: nothing here is secret.
fn fold_seals(backend: Backend, sealed: SealedRef) -> Result<Seals, Error> {
    let names = ["number first", "number second", "seal first", "seal second"];
    let mut transcript = Transcript::new(labels::SEALS);
    transcript.number("sealed", sealed.len() as u64);
    for (name, column) in names.into_iter().zip(sealed.columns()) {
        transcript.points(name, column);
    }
    let weights = weights(&transcript.digest(), sealed.len());
    let sum = |column: &[Encoding]| sum_products_vartime(backend, column, &weights);
    let (first, second) = rayon::join(|| sum(sealed.seal.first()), || sum(sealed.seal.second()));
    match (first, second) {
        (Ok(first), Ok(second)) => Ok(Seals {
            weights,
            sums: [first, second],
        }),
        // The first of the list, whichever half it is in.
        (first, second) => {
            let refused = [second.err(), first.err()].into_iter().flatten();
            let refused = refused.min_by_key(|invalid| invalid.index);
            Err(named(refused.expect("one was refused"), "item", "item"))
        }
    }
}

impl Seals {
    /// Whether `m` times the sum of the numbers is the sum of what the seals decrypt to. The numbers are points, every one.
    ///
    /// They are secret, and go through a sum in variable time: its steps depend on the weights alone.
    fn fit(
        &self,
        backend: Backend,
        numbers: &[Encoding],
        secrets: &HolderSecrets,
    ) -> Result<Choice, Error> {
        let sum = sum_products_vartime(backend, numbers, &self.weights)
            .map_err(|invalid| named(invalid, "item", "item"))?;
        // Sums may be the identity: a list without items has only such.
        let [first, second] = &self.sums;
        let [expected, found] = [
            Combination {
                variable: Some((
                    Points::Computed(std::slice::from_ref(&sum)),
                    Scalars::One(secrets.seal.expose()),
                )),
                ..Combination::default()
            },
            Combination {
                addend: Some(Points::Computed(std::slice::from_ref(second))),
                variable: Some((
                    Points::Computed(std::slice::from_ref(first)),
                    Scalars::One(secrets.encryption.expose()),
                )),
                negate_variable: true,
                ..Combination::default()
            },
        ]
        .map(|what| {
            let mut out = [[0; 32]];
            let done = combine(backend, &what, &mut out);
            done.map(|_| out[0])
                .map_err(|invalid| named(invalid, "item", "item"))
        });
        Ok(expected?.ct_eq(&found?))
    }
}

/// Puts the generator in place of every identity, so that what follows takes the same steps; true if there was none.
fn replace_identities(points: &mut [Encoding]) -> Choice {
    let stand_in = Table::generator().encoding();
    let mut none = Choice::from(1);
    for point in points {
        let identity = point.ct_eq(&[0; 32]);
        for (byte, other) in point.iter_mut().zip(stand_in) {
            byte.conditional_assign(other, identity);
        }
        none &= !identity;
    }
    none
}

/// The plaintexts of pairs.
///
/// # Errors
/// An encoding that is refused, or a plaintext that is the identity.
pub fn decrypt(
    backend: Backend,
    pairs: PairsRef,
    secret: &SecretScalar,
) -> Result<Vec<Encoding>, Error> {
    let mut plaintexts = Zeroizing::new(vec![[0; 32]; pairs.len()]);
    match decrypt_any(backend, pairs, secret, &mut plaintexts)? {
        None => Ok(std::mem::take(&mut *plaintexts)),
        Some(index) => Err(Error::Identity {
            what: "item",
            index,
        }),
    }
}

/// Fills `out` with the plaintexts of pairs, and says which is the first that is the identity.
fn decrypt_any(
    backend: Backend,
    pairs: PairsRef,
    secret: &SecretScalar,
    out: &mut [Encoding],
) -> Result<Option<usize>, Error> {
    let what = Combination {
        addend: Some(Points::Encoded(pairs.second())),
        variable: Some((
            Points::Encoded(pairs.first()),
            Scalars::One(secret.expose()),
        )),
        negate_variable: true,
        ..Combination::default()
    };
    combine(backend, &what, out).map_err(|invalid| named(invalid, "item", "item"))
}

impl Opened {
    /// Number of items.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name answers: `j B` of each item.
    pub fn names(&self, backend: Backend, secrets: &HolderSecrets) -> Vec<Encoding> {
        multiply(backend, &self.0, &secrets.name).expect("opened items are points")
    }

    /// The row answers: `k B` of the items at some positions.
    ///
    /// # Errors
    /// [`Error::Positions`] if positions do not increase strictly or are out of range.
    pub fn row_points(
        &self,
        backend: Backend,
        positions: &[usize],
        secrets: &HolderSecrets,
    ) -> Result<Vec<Encoding>, Error> {
        check_positions(positions, self.len())?;
        let chosen = positions.iter().map(|&position| self.0[position]);
        let chosen = Zeroizing::new(chosen.collect::<Vec<Encoding>>());
        multiply(backend, &chosen, &secrets.row)
    }

    /// The hidden numbers, `s N` or `N + d G`.
    pub fn points(&self) -> &[Encoding] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::pairs::Sealed;

    fn stored() -> Value {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/vectors/core.json");
        let text = std::fs::read_to_string(path).expect("spec/vectors/core.json");
        serde_json::from_str::<Value>(&text).expect("JSON")["sealing"].take()
    }

    fn bytes<const N: usize>(value: &Value) -> [u8; N] {
        let text = value.as_str().expect("hexadecimal text");
        std::array::from_fn(|at| {
            u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hexadecimal digits")
        })
    }

    fn request(stored: &Value) -> Sealed {
        let items = stored["request"].as_array().expect("items");
        Sealed::from_items(&items.iter().map(bytes).collect::<Vec<_>>())
    }

    #[test]
    fn seals_are_folded_as_the_specification_says() {
        let stored = stored();
        let request = request(&stored);
        for backend in Backend::available() {
            let seals = fold_seals(backend, request.view().expect("columns")).expect("points");
            let expected = ["fold_of_b1", "fold_of_b2"].map(|name| bytes(&stored["seals"][name]));
            assert_eq!(seals.sums, expected);
        }
    }

    /// Weights that did not depend on all of a list could be known before the rest of it is chosen.
    #[test]
    fn every_point_of_a_list_changes_every_weight() {
        let request = request(&stored());
        let backend = Backend::best();
        let weights = |sealed: &Sealed| -> Vec<[u8; 32]> {
            let sealed = sealed.view().expect("columns");
            fold_seals(backend, sealed).expect("points").weights
        };
        let right = weights(&request);
        for column in 0..4 {
            for place in 0..2 {
                let mut changed = request.clone();
                let pair = if column < 2 {
                    &mut changed.number
                } else {
                    &mut changed.seal
                };
                let half = if column % 2 == 0 {
                    &mut pair.first
                } else {
                    &mut pair.second
                };
                half[place] = *Table::generator().encoding();
                let changed = weights(&changed);
                assert!(
                    right
                        .iter()
                        .zip(&changed)
                        .all(|(right, changed)| right != changed)
                );
            }
        }
    }
}
