//! Every backend against `curve25519-dalek`, for every shape of combination, at every edge that is known to hurt.

use clew_kernels::{
    Backend, Combination, Invalid, InvalidKind, Part, Points, Scalars, Table, check, combine,
};
use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use proptest::prelude::*;
use proptest::sample::select;

/// The order of the group, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// A small value, added to bytes as a little-endian number (no carry past the first byte is needed here).
fn plus(mut bytes: [u8; 32], small: i16) -> [u8; 32] {
    bytes[0] = u8::try_from(i16::from(bytes[0]) + small).expect("no carry");
    bytes
}

fn small(value: u64) -> [u8; 32] {
    Scalar::from(value).to_bytes()
}

/// Scalars at the edges: 0, 1, 2, q - 1, q and above (taken modulo q), powers, all nibbles 7, 8 and 15.
fn edge_scalars() -> Vec<[u8; 32]> {
    let mut edges = vec![
        small(0),
        small(1),
        small(2),
        small(8),
        small(15),
        small(16),
        small(u64::MAX),
    ];
    edges.extend([
        plus(ORDER, -2),
        plus(ORDER, -1),
        ORDER,
        plus(ORDER, 1),
        [0xff; 32],
    ]);
    edges.extend([[0x77; 32], [0x88; 32], [0x80; 32], [0x08; 32], [0x7f; 32]]);
    edges.push((-Scalar::from(2u64)).div_by_2().to_bytes());
    edges.push(Scalar::from(1u64).div_by_2().to_bytes());
    for bit in [3, 4, 51, 63, 64, 127, 128, 251, 252, 255] {
        let mut power = [0; 32];
        power[bit / 8] = 1 << (bit % 8);
        edges.push(power);
    }
    edges
}

/// Field values at the edges as map inputs: 0, 1, p - 1, p, p + 1, 2^255 - 1, with and without the top bit.
fn edge_halves() -> Vec<[u8; 32]> {
    let mut p = [0xff; 32];
    p[0] = 0xed;
    p[31] = 0x7f;
    let mut edges = vec![
        small(0),
        small(1),
        small(2),
        [0xff; 32],
        plus(p, -1),
        p,
        plus(p, 1),
        plus(p, 18),
    ];
    for index in 0..edges.len() {
        let mut high = edges[index];
        high[31] ^= 0x80;
        edges.push(high);
    }
    // Limbs of 51 and of 26 and 25 bits that are all ones, one at a time.
    for limb in 0..5 {
        let mut ones = [0; 32];
        for bit in 51 * limb..51 * limb + 51 {
            ones[bit / 8] |= 1 << (bit % 8);
        }
        edges.push(ones);
    }
    edges
}

fn scalar() -> impl Strategy<Value = [u8; 32]> {
    prop_oneof![1 => select(edge_scalars()), 2 => any::<[u8; 32]>().prop_map(|b| Scalar::from_bytes_mod_order(b).to_bytes())]
}

fn uniform() -> impl Strategy<Value = [u8; 64]> {
    let half = || prop_oneof![1 => select(edge_halves()), 1 => any::<[u8; 32]>()];
    (half(), half()).prop_map(|(low, high)| {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&low);
        bytes[32..].copy_from_slice(&high);
        bytes
    })
}

/// Encodings: multiples of the generator by edges and by random scalars, and mapped points. Never the identity.
fn encoded() -> impl Strategy<Value = [u8; 32]> {
    let multiple = scalar().prop_map(|s| {
        (RISTRETTO_BASEPOINT_POINT * Scalar::from_bytes_mod_order(s))
            .compress()
            .0
    });
    let mapped = uniform().prop_map(|u| RistrettoPoint::from_uniform_bytes(&u).compress().0);
    prop_oneof![multiple, mapped]
        .prop_map(|bytes| if bytes == [0; 32] { generator() } else { bytes })
}

fn generator() -> [u8; 32] {
    RISTRETTO_BASEPOINT_POINT.compress().0
}

/// Owned points, so that a case can be generated and lent.
#[derive(Debug, Clone)]
enum Owned {
    Encoded(Vec<[u8; 32]>),
    Uniform(Vec<[u8; 64]>),
}

impl Owned {
    fn lend(&self) -> Points<'_> {
        match self {
            Owned::Encoded(points) => Points::Encoded(points),
            Owned::Uniform(points) => Points::Uniform(points),
        }
    }

    fn point(&self, index: usize) -> Option<RistrettoPoint> {
        match self {
            Owned::Encoded(points) => CompressedRistretto(points[index]).decompress(),
            Owned::Uniform(points) => Some(RistrettoPoint::from_uniform_bytes(&points[index])),
        }
    }
}

#[derive(Debug, Clone)]
enum Many {
    One([u8; 32]),
    Each(Vec<[u8; 32]>),
}

impl Many {
    fn lend(&self) -> Scalars<'_> {
        match self {
            Many::One(scalar) => Scalars::One(scalar),
            Many::Each(scalars) => Scalars::Each(scalars),
        }
    }

    fn get(&self, index: usize) -> Scalar {
        Scalar::from_bytes_mod_order(match self {
            Many::One(scalar) => *scalar,
            Many::Each(scalars) => scalars[index],
        })
    }
}

#[derive(Debug, Clone)]
struct Case {
    size: usize,
    addend: Option<Owned>,
    variable: Option<(Owned, Many)>,
    fixed: Option<([u8; 32], Many)>,
    also: Option<([u8; 32], Many)>,
    negate: bool,
}

impl Case {
    fn expected(&self) -> Vec<[u8; 32]> {
        let sum = |index: usize| {
            let mut sum = self
                .addend
                .as_ref()
                .map_or(RistrettoPoint::default(), |a| a.point(index).unwrap());
            if let Some((points, scalars)) = &self.variable {
                let product = points.point(index).unwrap() * scalars.get(index);
                sum = if self.negate {
                    sum - product
                } else {
                    sum + product
                };
            }
            for (base, scalars) in [&self.fixed, &self.also].into_iter().flatten() {
                sum += CompressedRistretto(*base).decompress().unwrap() * scalars.get(index);
            }
            sum.compress().0
        };
        (0..self.size).map(sum).collect()
    }

    fn run(&self, backend: Backend) -> Result<(Vec<[u8; 32]>, Option<usize>), Invalid> {
        let tables = [&self.fixed, &self.also].map(|part| {
            part.as_ref()
                .map(|(base, _)| Table::new(base).expect("a valid base"))
        });
        let fixed = |part: usize| {
            let (base, scalars) = [&self.fixed, &self.also][part].as_ref()?;
            let table = if *base == generator() {
                Table::generator()
            } else {
                tables[part].as_ref()?
            };
            Some((table, scalars.lend()))
        };
        let what = Combination {
            addend: self.addend.as_ref().map(Owned::lend),
            variable: self
                .variable
                .as_ref()
                .map(|(points, scalars)| (points.lend(), scalars.lend())),
            fixed: fixed(0),
            also_fixed: fixed(1),
            negate_variable: self.negate,
        };
        let mut out = vec![[0xaa; 32]; self.size];
        combine(backend, &what, &mut out).map(|identity| (out, identity))
    }
}

fn owned(size: usize) -> impl Strategy<Value = Owned> {
    prop_oneof![
        prop::collection::vec(encoded(), size).prop_map(Owned::Encoded),
        prop::collection::vec(uniform(), size).prop_map(Owned::Uniform),
    ]
}

fn many(size: usize) -> impl Strategy<Value = Many> {
    prop_oneof![
        scalar().prop_map(Many::One),
        prop::collection::vec(scalar(), size).prop_map(Many::Each)
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let parts = (0usize..=40, 1u8..16, any::<bool>());
    parts.prop_flat_map(|(size, parts, negate)| {
        let addend = owned(size).prop_map(move |a| (parts & 1 != 0).then_some(a));
        let variable = (owned(size), many(size)).prop_map(move |v| (parts & 2 != 0).then_some(v));
        let base = || prop_oneof![Just(generator()), encoded()];
        let fixed = (base(), many(size)).prop_map(move |f| (parts & 4 != 0).then_some(f));
        let also = (base(), many(size)).prop_map(move |f| (parts & 8 != 0).then_some(f));
        (addend, variable, fixed, also).prop_map(move |(addend, variable, fixed, also)| Case {
            size,
            addend,
            variable,
            fixed,
            also,
            negate,
        })
    })
}

fn assert_agrees(case: &Case) {
    let expected = case.expected();
    let identity = expected.iter().position(|encoding| *encoding == [0; 32]);
    for backend in Backend::available() {
        let (out, found) = case.run(backend).expect("valid inputs");
        for (index, (out, expected)) in out.iter().zip(&expected).enumerate() {
            assert_eq!(out, expected, "{} at {index}", backend.name());
        }
        assert_eq!(found, identity, "{}", backend.name());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(feature = "modelled") { 20 } else { 150 }, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_backend_combines_as_dalek_does(case in case()) {
        assert_agrees(&case);
    }

    /// Arbitrary bytes, canonical or not: all backends refuse the same one, in the same words.
    #[test]
    fn every_backend_refuses_the_same_encoding(
        size in 1usize..40,
        at in any::<prop::sample::Index>(),
        also in any::<prop::sample::Index>(),
        bytes in bad_encoding(),
        in_addend in any::<bool>(),
    ) {
        let mut points = vec![generator(); size];
        points[also.index(size)] = bytes;
        points[at.index(size)] = bytes;
        let valid = CompressedRistretto(bytes).decompress().is_some() && bytes != [0; 32];
        let uniform = vec![[7; 64]; size];
        let two = small(2);
        let kind = if bytes == [0; 32] { InvalidKind::Identity } else { InvalidKind::NotCanonical };
        let part = if in_addend { Part::Addend } else { Part::Variable };
        let index = at.index(size).min(also.index(size));
        for backend in Backend::available() {
            let (addend, variable) = if in_addend {
                (Points::Encoded(&points), Points::Uniform(&uniform))
            } else {
                (Points::Uniform(&uniform), Points::Encoded(&points))
            };
            let what = Combination {
                addend: Some(addend),
                variable: Some((variable, Scalars::One(&two))),
                ..Combination::default()
            };
            let mut out = vec![[0; 32]; size];
            let done = combine(backend, &what, &mut out).map(drop);
            prop_assert_eq!(done, if valid { Ok(()) } else { Err(Invalid { index, part, kind }) });
            let checked = check(backend, &points);
            let part = Part::Variable;
            prop_assert_eq!(checked, if valid { Ok(()) } else { Err(Invalid { index, part, kind }) });
        }
    }
}

/// Encodings that must be refused, among arbitrary ones: field values of p and above, negative ones, the top bit,
/// values that are no square, and RFC 9496's own list (appendix A.3) in `vectors.rs`.
fn bad_encoding() -> impl Strategy<Value = [u8; 32]> {
    let flipped = (encoded(), 0usize..256).prop_map(|(mut bytes, bit)| {
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    });
    prop_oneof![
        select(edge_halves()),
        any::<[u8; 32]>(),
        flipped,
        Just([0; 32]),
        encoded()
    ]
}

/// Several thousand items go through several chunks and threads, and the first error is still the first.
#[test]
fn thousands_of_items_agree_and_the_first_error_is_reported() {
    let size = 3001;
    let scalars: Vec<_> = (0..size).map(|i| Scalar::hash_like(i).to_bytes()).collect();
    let points: Vec<_> = (0..size)
        .map(|i| {
            (RISTRETTO_BASEPOINT_POINT * Scalar::hash_like(i + size))
                .compress()
                .0
        })
        .collect();
    let case = Case {
        size,
        addend: None,
        variable: Some((Owned::Encoded(points.clone()), Many::Each(scalars.clone()))),
        fixed: Some((generator(), Many::Each(scalars))),
        also: None,
        negate: false,
    };
    assert_agrees(&case);
    let mut points = points;
    points[2999] = [0; 32];
    points[2048] = [0xff; 32];
    for backend in Backend::available() {
        let refused = Invalid {
            index: 2048,
            part: Part::Variable,
            kind: InvalidKind::NotCanonical,
        };
        assert_eq!(check(backend, &points), Err(refused));
        let two = small(2);
        let variable = Some((Points::Encoded(&points[..]), Scalars::One(&two)));
        let what = Combination {
            variable,
            ..Combination::default()
        };
        assert_eq!(
            combine(backend, &what, &mut vec![[0; 32]; size]),
            Err(refused)
        );
    }
}

/// Scalars without randomness, spread over the whole range.
trait HashLike {
    fn hash_like(index: usize) -> Scalar;
}

impl HashLike for Scalar {
    fn hash_like(index: usize) -> Scalar {
        Scalar::from(index as u64 + 3).invert()
    }
}

/// Each edge scalar times each kind of point, one batch: small multiples and q - 1 go wrong first when a carry is lost.
#[test]
fn edge_scalars_on_edge_points_agree() {
    let scalars = edge_scalars();
    let mut points = vec![generator()];
    points.extend(edge_halves().iter().map(|half| {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(half);
        RistrettoPoint::from_uniform_bytes(&bytes).compress().0
    }));
    for k in [2u64, 3, 4, 5, 6, 7, 8, 9, 16, 255] {
        points.push((RISTRETTO_BASEPOINT_POINT * Scalar::from(k)).compress().0);
        points.push((RISTRETTO_BASEPOINT_POINT * -Scalar::from(k)).compress().0);
    }
    points.retain(|point| *point != [0; 32]);
    let pairs: Vec<_> = points
        .iter()
        .flat_map(|point| scalars.iter().map(move |scalar| (*point, *scalar)))
        .collect();
    let (points, scalars): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    for (negate, fixed, addend) in [
        (false, false, false),
        (true, true, false),
        (true, false, true),
        (false, true, true),
    ] {
        let both = fixed && addend;
        let addend = addend.then(|| Owned::Encoded(points.iter().rev().copied().collect()));
        assert_agrees(&Case {
            size: points.len(),
            addend,
            variable: Some((Owned::Encoded(points.clone()), Many::Each(scalars.clone()))),
            fixed: fixed.then(|| (generator(), Many::Each(scalars.clone()))),
            also: both.then(|| (generator(), Many::Each(scalars.clone()))),
            negate,
        });
    }
}

/// An addend and a product that are the same point, opposite ones, doubles, halves, the identity: where an addition
/// without all its cases fails. An addend that was computed may be the identity itself.
#[test]
fn addends_that_meet_their_products_agree() {
    let half = Scalar::from(2u64).invert();
    let mut factors = vec![Scalar::ZERO, Scalar::ONE, -Scalar::ONE, half, -half];
    factors.extend([2u64, 3, 4, 8].map(Scalar::from));
    factors.extend([2u64, 3, 4, 8].map(|small| -Scalar::from(small)));
    let mut logarithms = vec![Scalar::ZERO, Scalar::ONE, half];
    logarithms.extend((0..40).map(Scalar::hash_like));
    let encode = |scalar: &Scalar| (RISTRETTO_BASEPOINT_POINT * scalar).compress().0;
    let (mut addends, mut products, mut expected) = (Vec::new(), Vec::new(), Vec::new());
    for logarithm in &logarithms {
        for factor in &factors {
            addends.push(encode(logarithm));
            products.push((logarithm * factor).to_bytes());
            expected.push(encode(&(logarithm + logarithm * factor)));
        }
    }
    let bases = vec![generator(); products.len()];
    let zero = small(0);
    let each = Scalars::Each(&products);
    let shapes = [
        (None, Some((Table::generator(), each)), None),
        (None, None, Some((Table::generator(), each))),
        (Some((Points::Encoded(&bases), each)), None, None),
        (
            Some((Points::Encoded(&bases), Scalars::One(&zero))),
            Some((Table::generator(), each)),
            None,
        ),
    ];
    for backend in Backend::available() {
        for (variable, fixed, also_fixed) in shapes {
            let what = Combination {
                addend: Some(Points::Computed(&addends)),
                variable,
                fixed,
                also_fixed,
                negate_variable: false,
            };
            let mut out = vec![[0xaa; 32]; addends.len()];
            combine(backend, &what, &mut out).expect("valid inputs");
            for (index, (out, expected)) in out.iter().zip(&expected).enumerate() {
                let (logarithm, factor) = (index / factors.len(), index % factors.len());
                let name = backend.name();
                assert_eq!(
                    out, expected,
                    "{name}: logarithm {logarithm}, factor {factor}"
                );
            }
        }
    }
}
