//! Making pairs and seals, and hiding them from those who made them (PROTOCOL 3.3 to 3.5, spec core 8).
//!
//! # How an item of a request is hidden
//! The holder knows the secret `x`, and the randomness of every entry of its snapshot. So the tracer first adds an
//! encryption of nothing to each pair, with fresh randomness; what is left to hide is the plaintext `N`, which the holder
//! decrypts. There are two ways ([`Hiding`]):
//!
//! - [`Hiding::Factor`]: all four points are multiplied by a secret `s`; the holder sees `s N`. For `N` other than the
//!   identity that is a uniform element other than the identity, whatever `N` is. This is PROTOCOL's draft 4, and what its
//!   vectors hold.
//! - [`Hiding::Offset`]: `d G` is added to the number and `d M` to its seal; the holder sees `N + d G`. That is a uniform
//!   element whatever `N` is, *the identity too*, and costs fixed-base multiplications only. The seal still fits, since
//!   `m (N + d G) = m N + d M`; a name is found back as `j (N + d G) - d J`.
//!
//! The difference matters because the holder chooses the entries. A pair of the identity with a seal of the identity
//! passes every row proof (`m` times the identity is the identity), and a factor leaves it the identity: the holder would
//! see at the next request that the row with this entry had been opened, which is what the row proof is there to stop.
//! With an offset it sees one more random element. Offsets give a dishonest tracer nothing: `(d G, d M)` is a sealed item
//! that anybody can make from the published `M`, as are sums and multiples of sealed items; naming or opening a number
//! by it needs a number whose logarithm, or whose relation to sealed numbers, is known. **Use offsets.**

use clew_kernels::{Backend, Combination, Points, Scalars, Table, combine};

use crate::batch::{named, run};
use crate::error::same_length;
use crate::keys::HolderKeys;
use crate::pairs::{Pairs, PairsRef, Sealed, SealedRef};
use crate::scalars::{SecretScalar, SecretScalars};
use crate::{Encoding, Error};

/// Pairs of points under an encryption key: `(r G, P + r X)`.
///
/// # Errors
/// A point that is refused, or lengths that differ.
pub fn encrypt(
    backend: Backend,
    points: Points,
    key: &Table,
    randomness: SecretScalars,
) -> Result<Pairs, Error> {
    encrypt_with(backend, points, key, &randomness)
}

fn encrypt_with(
    backend: Backend,
    points: Points,
    key: &Table,
    randomness: &SecretScalars,
) -> Result<Pairs, Error> {
    let count = length(&points);
    same_length("randomness", count, randomness.len())?;
    let what = Combination {
        addend: Some(points),
        fixed: Some((key, Scalars::Each(randomness.expose()))),
        ..Combination::default()
    };
    Ok(Pairs {
        first: randomness.public(backend),
        second: run(backend, &what, count, "point", "point")?,
    })
}

/// The randomness of sealed numbers that the holder makes. The row proof needs it again, so it is kept until then.
#[derive(Debug)]
pub struct SealRandomness {
    /// `r` of each number's pair.
    pub number: SecretScalars,
    /// `t` of each seal's pair.
    pub seal: SecretScalars,
}

/// Sealed numbers as only the holder can make them: pairs of `N` and of `m N` (PROTOCOL 3.3).
///
/// # Errors
/// A point that is refused, or lengths that differ.
pub fn seal(
    backend: Backend,
    points: Points,
    seal_secret: &SecretScalar,
    key: &Table,
    randomness: &SealRandomness,
) -> Result<Sealed, Error> {
    let count = length(&points);
    same_length("randomness", count, randomness.seal.len())?;
    let number = encrypt_with(backend, points, key, &randomness.number)?;
    let what = Combination {
        variable: Some((points, Scalars::One(seal_secret.expose()))),
        fixed: Some((key, Scalars::Each(randomness.seal.expose()))),
        ..Combination::default()
    };
    let seal = Pairs {
        first: randomness.seal.public(backend),
        second: run(backend, &what, count, "point", "point")?,
    };
    Ok(Sealed { number, seal })
}

/// Pairs of the same plaintexts that look like any others: `(r G, r X)` added to each.
///
/// # Errors
/// A point that is refused, or lengths that differ.
pub fn rerandomise(
    backend: Backend,
    pairs: PairsRef,
    key: &Table,
    randomness: &SecretScalars,
) -> Result<Pairs, Error> {
    Ok(Pairs {
        first: add_multiples(backend, pairs.first(), Table::generator(), randomness)?,
        second: add_multiples(backend, pairs.second(), key, randomness)?,
    })
}

/// How the numbers of a request are hidden from the holder, with a secret for each item. See the module's page.
#[derive(Debug)]
pub enum Hiding {
    /// Multiply by `s`. Hides every number but the identity.
    Factor(SecretScalars),
    /// Add `d G`, and `d M` to the seal. Hides every number.
    Offset(SecretScalars),
}

/// What the tracer keeps of a request to read its answers: made by [`hide_sealed`] and [`hide_declared`] from secrets
/// that they consume, so that no secret hides two items.
#[derive(Debug)]
pub struct Hidden(Hiding);

/// A request's sealed items: rerandomised, then hidden, each by secrets of its own (PROTOCOL 3.5.1), and what reads the
/// answers. The caller permutes and pads before.
///
/// # Errors
/// A point that is refused, or lengths that differ.
pub fn hide_sealed(
    backend: Backend,
    items: SealedRef,
    keys: &HolderKeys,
    randomness: SealRandomness,
    hiding: Hiding,
) -> Result<(Sealed, Hidden), Error> {
    let (number, seal) = (items.number, items.seal);
    let sealed = Sealed {
        number: hide(
            backend,
            number,
            keys,
            &randomness.number,
            &hiding,
            Table::generator(),
        )?,
        seal: hide(backend, seal, keys, &randomness.seal, &hiding, &keys.seal)?,
    };
    Ok((sealed, Hidden(hiding)))
}

/// A request's declared items: pairs without seals, hidden in the same way.
///
/// # Errors
/// A point that is refused, or lengths that differ.
pub fn hide_declared(
    backend: Backend,
    items: PairsRef,
    keys: &HolderKeys,
    randomness: SecretScalars,
    hiding: Hiding,
) -> Result<(Pairs, Hidden), Error> {
    let pairs = hide(
        backend,
        items,
        keys,
        &randomness,
        &hiding,
        Table::generator(),
    )?;
    Ok((pairs, Hidden(hiding)))
}

/// Pairs rerandomised and hidden; an offset counts in multiples of `unit`.
fn hide(
    backend: Backend,
    pairs: PairsRef,
    keys: &HolderKeys,
    randomness: &SecretScalars,
    hiding: &Hiding,
    unit: &Table,
) -> Result<Pairs, Error> {
    match hiding {
        Hiding::Factor(factors) => {
            // s (A + r G) = s A + (s r) G: one joint multiplication instead of a rerandomisation and a multiplication.
            same_length("randomness", pairs.len(), randomness.len())?;
            let randomness = randomness.times(factors)?;
            let multiply = |points: &[Encoding], key: &Table| {
                let what = Combination {
                    variable: Some((Points::Encoded(points), Scalars::Each(factors.expose()))),
                    fixed: Some((key, Scalars::Each(randomness.expose()))),
                    ..Combination::default()
                };
                run(backend, &what, points.len(), "item", "item")
            };
            Ok(Pairs {
                first: multiply(pairs.first(), Table::generator())?,
                second: multiply(pairs.second(), &keys.encryption)?,
            })
        }
        Hiding::Offset(offsets) => {
            same_length("offsets", pairs.len(), offsets.len())?;
            let first = add_multiples(backend, pairs.first(), Table::generator(), randomness)?;
            let what = Combination {
                addend: Some(Points::Encoded(pairs.second())),
                fixed: Some((&keys.encryption, Scalars::Each(randomness.expose()))),
                also_fixed: Some((unit, Scalars::Each(offsets.expose()))),
                ..Combination::default()
            };
            let second = run(backend, &what, pairs.len(), "item", "item")?;
            Ok(Pairs { first, second })
        }
    }
}

impl Hidden {
    /// Number of items.
    pub fn len(&self) -> usize {
        self.secrets().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.secrets().is_empty()
    }

    /// What the answers say once the hiding is undone: names if `key` is the name key, row points if it is the row key.
    ///
    /// Under an offset a result may be the identity, 32 zero bytes: the holder made an entry of it. That is nobody's name,
    /// and not an error, because a tracer that stopped here would tell the holder which of its rows was opened.
    ///
    /// # Errors
    /// A point that is refused, or another number of answers than of items.
    pub fn read(
        &self,
        backend: Backend,
        answers: &[Encoding],
        key: &Table,
    ) -> Result<Vec<Encoding>, Error> {
        same_length("answers", self.len(), answers.len())?;
        read(backend, &self.0, answers, key)
    }

    /// The same for the items at some positions only.
    ///
    /// # Errors
    /// As [`read`](Self::read), and [`Error::Positions`] for positions that do not increase or are out of range.
    pub fn read_at(
        &self,
        backend: Backend,
        positions: &[usize],
        answers: &[Encoding],
        key: &Table,
    ) -> Result<Vec<Encoding>, Error> {
        check_positions(positions, self.len())?;
        same_length("answers", positions.len(), answers.len())?;
        let chosen = match &self.0 {
            Hiding::Factor(factors) => Hiding::Factor(factors.at(positions)),
            Hiding::Offset(offsets) => Hiding::Offset(offsets.at(positions)),
        };
        read(backend, &chosen, answers, key)
    }

    /// The secret of one item, to ask for its unmasking (PROTOCOL 3.8). It tells the holder what the item was.
    ///
    /// # Errors
    /// [`Error::Positions`] if it is out of range.
    pub fn reveal(&self, position: usize) -> Result<[u8; 32], Error> {
        self.secrets()
            .expose()
            .get(position)
            .copied()
            .ok_or(Error::Positions)
    }

    fn secrets(&self) -> &SecretScalars {
        match &self.0 {
            Hiding::Factor(secrets) | Hiding::Offset(secrets) => secrets,
        }
    }
}

fn read(
    backend: Backend,
    hiding: &Hiding,
    answers: &[Encoding],
    key: &Table,
) -> Result<Vec<Encoding>, Error> {
    match hiding {
        Hiding::Factor(factors) => crate::divide_each(backend, answers, factors),
        Hiding::Offset(offsets) => {
            let negated = offsets.negated();
            let what = Combination {
                addend: Some(Points::Encoded(answers)),
                fixed: Some((key, Scalars::Each(negated.expose()))),
                ..Combination::default()
            };
            let mut out = vec![[0; 32]; answers.len()];
            combine(backend, &what, &mut out)
                .map_err(|invalid| named(invalid, "answer", "answer"))?;
            Ok(out)
        }
    }
}

/// The answers that names must have had, given the revealed secrets of their items: what the holder compares with its
/// log before it unmasks anything (PROTOCOL 3.8).
///
/// # Errors
/// A name that is refused, a secret that is not canonical or zero, or lengths that differ.
pub fn answers_of(
    backend: Backend,
    names: &[Encoding],
    revealed: &Hiding,
    key: &Table,
) -> Result<Vec<Encoding>, Error> {
    match revealed {
        Hiding::Factor(factors) => crate::multiply_each(backend, names, factors),
        Hiding::Offset(offsets) => add_multiples_named(backend, names, key, offsets, "name"),
    }
}

/// Succeeds if positions increase strictly and lie within a list.
pub(crate) fn check_positions(positions: &[usize], length: usize) -> Result<(), Error> {
    let increasing = positions.windows(2).all(|pair| pair[0] < pair[1]);
    if increasing && positions.last().is_none_or(|&last| last < length) {
        Ok(())
    } else {
        Err(Error::Positions)
    }
}

fn add_multiples(
    backend: Backend,
    points: &[Encoding],
    key: &Table,
    scalars: &SecretScalars,
) -> Result<Vec<Encoding>, Error> {
    add_multiples_named(backend, points, key, scalars, "item")
}

fn add_multiples_named(
    backend: Backend,
    points: &[Encoding],
    key: &Table,
    scalars: &SecretScalars,
    what: &'static str,
) -> Result<Vec<Encoding>, Error> {
    same_length("randomness", points.len(), scalars.len())?;
    let combination = Combination {
        addend: Some(Points::Encoded(points)),
        fixed: Some((key, Scalars::Each(scalars.expose()))),
        ..Combination::default()
    };
    run(backend, &combination, points.len(), what, what)
}

fn length(points: &Points) -> usize {
    match points {
        Points::Encoded(points) | Points::Computed(points) => points.len(),
        Points::Uniform(points) => points.len(),
    }
}
