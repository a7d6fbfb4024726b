//! The holder's side of a request: decrypt, check every seal, and only then answer (PROTOCOL 3.5.2 to 3.5.4, spec core 9).

use clew_kernels::{Backend, Combination, Points, Scalars, combine};
use subtle::{Choice, ConstantTimeEq};

use crate::batch::{multiply, named};
use crate::elgamal::check_positions;
use crate::keys::HolderSecrets;
use crate::pairs::{PairsRef, SealedRef};
use crate::scalars::SecretScalar;
use crate::{Encoding, Error};

/// The hidden numbers of a list of which every seal has been checked, in order. There is no other way to one, so
/// nothing can be answered before the whole list was checked.
#[derive(Debug)]
pub struct Opened(Vec<Encoding>);

/// Decrypts a list of sealed items and checks every seal: `B = a2 - x a1`, and `m B` must be `b2 - x b1`.
///
/// The whole list is decrypted and compared, in the same time whichever seals fail, and one bit comes out: were it known
/// *which* seal failed, or how many, a list of guesses could be tried at once (PROTOCOL 3.5.2).
///
/// # Errors
/// An encoding that is refused, which anybody can see on the list itself; [`Error::Seal`] if any seal does not fit, or
/// any item is of the identity, which is nobody's number.
pub fn open_sealed(
    backend: Backend,
    items: SealedRef,
    secrets: &HolderSecrets,
) -> Result<Opened, Error> {
    let (numbers, some_identity) = decrypt_any(backend, items.number, &secrets.encryption)?;
    let (seals, _) = decrypt_any(backend, items.seal, &secrets.encryption)?;
    if some_identity {
        return Err(Error::Seal);
    }
    let expected = multiply(backend, &numbers, &secrets.seal)?;
    let mut all = Choice::from(1);
    for (seal, expected) in seals.iter().zip(&expected) {
        all &= seal.ct_eq(expected);
    }
    if bool::from(all) {
        Ok(Opened(numbers))
    } else {
        Err(Error::Seal)
    }
}

/// Decrypts a list of declared items, which have no seals; the warrant's budget for them is the caller's to count.
///
/// # Errors
/// An encoding that is refused; [`Error::Identity`] if an item is of the identity, at which the caller ends the trace as at
/// [`Error::Seal`]: an entry less a guessed number is the identity exactly when the guess is right.
pub fn open_declared(
    backend: Backend,
    items: PairsRef,
    secrets: &HolderSecrets,
) -> Result<Opened, Error> {
    Ok(Opened(decrypt(backend, items, &secrets.encryption)?))
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
    let (plaintexts, some_identity) = decrypt_any(backend, pairs, secret)?;
    if some_identity {
        let index = plaintexts.iter().position(|point| *point == [0; 32]);
        return Err(Error::Identity {
            what: "item",
            index: index.unwrap_or_default(),
        });
    }
    Ok(plaintexts)
}

/// The plaintexts of pairs, and whether some are the identity.
fn decrypt_any(
    backend: Backend,
    pairs: PairsRef,
    secret: &SecretScalar,
) -> Result<(Vec<Encoding>, bool), Error> {
    let what = Combination {
        addend: Some(Points::Encoded(pairs.second())),
        variable: Some((
            Points::Encoded(pairs.first()),
            Scalars::One(secret.expose()),
        )),
        negate_variable: true,
        ..Combination::default()
    };
    let mut out = vec![[0; 32]; pairs.len()];
    let identity =
        combine(backend, &what, &mut out).map_err(|invalid| named(invalid, "item", "item"))?;
    Ok((out, identity.is_some()))
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

    /// This list with another after it: a request's sealed items and then its declared ones.
    #[must_use]
    pub fn followed_by(mut self, other: Opened) -> Opened {
        self.0.extend(other.0);
        self
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
        let chosen: Vec<Encoding> = positions.iter().map(|&position| self.0[position]).collect();
        multiply(backend, &chosen, &secrets.row)
    }

    /// The hidden numbers, `s N` or `N + d G`.
    pub fn points(&self) -> &[Encoding] {
        &self.0
    }
}
