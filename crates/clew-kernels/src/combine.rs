//! The one operation on batches: `out[i] = addend[i] ± s[i] P[i] + u[i] T + v[i] U`.

use rayon::prelude::*;
use subtle::{ConditionallySelectable, ConstantTimeEq};

#[cfg(target_arch = "x86_64")]
use crate::avx2::Avx2;
#[cfg(target_arch = "x86_64")]
use crate::ifma::Ifma;
use crate::{Backend, Invalid, InvalidKind, Part, Table, lanes, portable};

/// Points of a batch.
#[derive(Clone, Copy)]
pub enum Points<'a> {
    /// Canonical encodings. The identity and anything that is not an encoding are refused.
    Encoded(&'a [[u8; 32]]),
    /// Results of earlier calls: canonical encodings, and the identity is a point like any other. So a sum of many parts
    /// has no case in which it must be made in another way, which would show in the time it takes.
    Computed(&'a [[u8; 32]]),
    /// Inputs of the one-way map of RFC 9496, 4.3.4: 64 uniform bytes each, every value allowed.
    Uniform(&'a [[u8; 64]]),
}

/// Scalars of a batch: little-endian, meant to be canonical; a value of `q` or more counts modulo `q`. Secret.
#[derive(Clone, Copy)]
pub enum Scalars<'a> {
    /// The same for the whole batch.
    One(&'a [u8; 32]),
    /// One for each point.
    Each(&'a [[u8; 32]]),
}

/// What [`combine`] computes: the sum of the parts that are present. At least one must be.
#[derive(Clone, Copy, Default)]
pub struct Combination<'a> {
    /// Added as they are.
    pub addend: Option<Points<'a>>,
    /// Multiplied by their scalars.
    pub variable: Option<(Points<'a>, Scalars<'a>)>,
    /// Scalars times one fixed base, through its table.
    pub fixed: Option<(&'a Table, Scalars<'a>)>,
    /// Scalars times another fixed base, or the same.
    pub also_fixed: Option<(&'a Table, Scalars<'a>)>,
    /// Whether the multiplied points are subtracted instead of added.
    pub negate_variable: bool,
}

/// Fills `out` with `addend[i] + s[i] P[i] + u[i] T + v[i] U` and says which result, if any, is the first identity.
///
/// Takes the same time whatever the scalars and the points are. A result that is the identity is encoded as such (32
/// zero bytes): the caller refuses it where it must.
///
/// # Errors
/// The first encoding that no point has, or that is the identity: least index first, and the addend before the
/// multiplied point at the same index. `out` is then unspecified.
///
/// # Panics
/// If the parts and `out` differ in length, no part is present, or the processor cannot run the backend.
pub fn combine(
    backend: Backend,
    what: &Combination,
    out: &mut [[u8; 32]],
) -> Result<Option<usize>, Invalid> {
    what.assert_shape(out.len());
    assert!(
        backend.is_available(),
        "this processor cannot run the {} backend",
        backend.name()
    );
    let size = chunk_size(out.len());
    let run = |(number, out): (usize, &mut [[u8; 32]])| -> Result<(), Invalid> {
        let start = number * size;
        let part = what.range(start, out.len());
        let done = match backend {
            #[cfg(target_arch = "x86_64")]
            Backend::Ifma => lanes::combine(&part, part.tables(Table::ifma), out),
            #[cfg(target_arch = "x86_64")]
            Backend::Avx2 => lanes::combine(&part, part.tables(Table::avx2), out),
            _ => portable::combine(&part, out),
        };
        done.map_err(|invalid| Invalid {
            index: start + invalid.index,
            ..invalid
        })
    };
    if out.len() <= size {
        run((0, out))?;
    } else {
        // Every chunk runs, and the first error in order is kept: which one is reported must not depend on threads.
        let done: Vec<_> = out.par_chunks_mut(size).enumerate().map(run).collect();
        done.into_iter().collect::<Result<(), Invalid>>()?;
    }
    Ok(first_identity(out))
}

/// The index of the first result that is the identity, in the same time wherever it is and whether there is one: to the
/// holder of a key it says that somebody guessed right. Callers branch on it, and examples/memcheck.rs knows it by its
/// name.
#[inline(never)]
fn first_identity(out: &[[u8; 32]]) -> Option<usize> {
    let mut first = u64::MAX;
    for (index, encoding) in out.iter().enumerate().rev() {
        let words = encoding.as_chunks::<8>().0;
        let any = words
            .iter()
            .fold(0, |any, word| any | u64::from_le_bytes(*word));
        first.conditional_assign(&(index as u64), any.ct_eq(&0));
    }
    (first != u64::MAX).then_some(first as usize)
}

/// Succeeds if every encoding is that of a point other than the identity.
///
/// # Errors
/// The first that is not.
///
/// # Panics
/// If the processor cannot run the backend.
pub fn check(backend: Backend, points: &[[u8; 32]]) -> Result<(), Invalid> {
    assert!(
        backend.is_available(),
        "this processor cannot run the {} backend",
        backend.name()
    );
    let size = chunk_size(points.len());
    let run = |(number, points): (usize, &[[u8; 32]])| -> Result<(), Invalid> {
        let done = match backend {
            #[cfg(target_arch = "x86_64")]
            Backend::Ifma => lanes::check::<Ifma>(points),
            #[cfg(target_arch = "x86_64")]
            Backend::Avx2 => lanes::check::<Avx2>(points),
            _ => portable::check(points),
        };
        done.map_err(|invalid| Invalid {
            index: number * size + invalid.index,
            ..invalid
        })
    };
    if points.len() <= size {
        return run((0, points));
    }
    let done: Vec<_> = points.par_chunks(size).enumerate().map(run).collect();
    done.into_iter().collect()
}

/// Items in a chunk: few enough that its intermediate values stay in the second-level cache (about 2 KB for each eight
/// items), enough to share one inversion, and at least one chunk for each thread.
fn chunk_size(items: usize) -> usize {
    items
        .div_ceil(rayon::current_num_threads())
        .next_multiple_of(8)
        .clamp(64, 512)
}

impl Points<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Points::Encoded(points) | Points::Computed(points) => points.len(),
            Points::Uniform(points) => points.len(),
        }
    }

    fn range(&self, start: usize, length: usize) -> Self {
        match self {
            Points::Encoded(points) => Points::Encoded(&points[start..start + length]),
            Points::Computed(points) => Points::Computed(&points[start..start + length]),
            Points::Uniform(points) => Points::Uniform(&points[start..start + length]),
        }
    }

    /// The error for encodings that need no arithmetic to refuse: the identity.
    pub(crate) fn identity_at(&self, index: usize) -> bool {
        matches!(self, Points::Encoded(points) if points[index] == [0; 32])
    }
}

impl Scalars<'_> {
    pub(crate) fn get(&self, index: usize) -> &[u8; 32] {
        match self {
            Scalars::One(scalar) => scalar,
            Scalars::Each(scalars) => &scalars[index],
        }
    }

    fn range(&self, start: usize, length: usize) -> Self {
        match self {
            Scalars::One(scalar) => Scalars::One(scalar),
            Scalars::Each(scalars) => Scalars::Each(&scalars[start..start + length]),
        }
    }

    fn assert_length(&self, length: usize) {
        if let Scalars::Each(scalars) = self {
            assert_eq!(scalars.len(), length, "a scalar for each result");
        }
    }
}

impl<'a> Combination<'a> {
    /// The parts with fixed bases.
    pub(crate) fn fixed_parts(&self) -> [Option<(&'a Table, Scalars<'a>)>; 2] {
        [self.fixed, self.also_fixed]
    }

    /// A backend's form of the tables of the fixed bases.
    fn tables<C>(&self, form: impl Fn(&'a Table) -> &'a C) -> [Option<&'a C>; 2] {
        self.fixed_parts()
            .map(|part| part.map(|(table, _)| form(table)))
    }

    fn range(&self, start: usize, length: usize) -> Self {
        let fixed = |part: Option<(&'a Table, Scalars<'a>)>| {
            part.map(|(table, scalars)| (table, scalars.range(start, length)))
        };
        Combination {
            addend: self.addend.map(|points| points.range(start, length)),
            variable: self.variable.map(|(points, scalars)| {
                (points.range(start, length), scalars.range(start, length))
            }),
            fixed: fixed(self.fixed),
            also_fixed: fixed(self.also_fixed),
            negate_variable: self.negate_variable,
        }
    }

    fn assert_shape(&self, length: usize) {
        assert!(
            self.addend.is_some()
                || self.variable.is_some()
                || self.fixed_parts().iter().any(Option::is_some),
            "nothing to combine"
        );
        if let Some(points) = &self.addend {
            assert_eq!(points.len(), length, "an addend for each result");
        }
        if let Some((points, scalars)) = &self.variable {
            assert_eq!(points.len(), length, "a point for each result");
            scalars.assert_length(length);
        }
        for (_, scalars) in self.fixed_parts().iter().flatten() {
            scalars.assert_length(length);
        }
    }

    /// The error for the encoding at `index` that could not be decoded, or that is the identity.
    pub(crate) fn invalid(points: &Points, index: usize, part: Part) -> Invalid {
        let kind = if points.identity_at(index) {
            InvalidKind::Identity
        } else {
            InvalidKind::NotCanonical
        };
        Invalid { index, part, kind }
    }
}
