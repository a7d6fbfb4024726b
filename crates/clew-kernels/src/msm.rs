//! Sums of many products, for checking proofs: public data only, in variable time.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::VartimeMultiscalarMul;

use crate::{Backend, Invalid, Part, Points, portable};

/// The encoding of the sum of `scalars[i] points[i]`. **Variable time: for public data only.** The sum of nothing is
/// the identity. Scalars of 128 bits or less cost about half.
///
/// # Errors
/// The first encoding that is refused.
///
/// # Panics
/// If the lengths differ or the processor cannot run the backend.
pub fn sum_products_vartime(
    backend: Backend,
    points: &[[u8; 32]],
    scalars: &[[u8; 32]],
) -> Result<[u8; 32], Invalid> {
    Ok(sum_products_vartime_many(backend, points, &[scalars])?[0])
}

/// The encodings of several sums over the same points, which are decoded once: `scalars[k][i]` multiplies `points[i]`
/// in sum `k`. **Variable time: for public data only.**
///
/// # Errors
/// The first encoding that is refused.
///
/// # Panics
/// If the lengths differ or the processor cannot run the backend.
pub fn sum_products_vartime_many(
    backend: Backend,
    points: &[[u8; 32]],
    scalars: &[&[[u8; 32]]],
) -> Result<Vec<[u8; 32]>, Invalid> {
    assert!(
        backend.is_available(),
        "this processor cannot run the {} backend",
        backend.name()
    );
    assert!(
        scalars.iter().all(|scalars| scalars.len() == points.len()),
        "a scalar for each point"
    );
    let encoded = Points::Encoded(points);
    let points: Vec<_> = (0..points.len())
        .map(|index| portable::decode(&encoded, index, Part::Variable))
        .collect::<Result<_, _>>()?;
    let sum = |scalars: &&[[u8; 32]]| {
        let scalars = scalars
            .iter()
            .map(|scalar| Scalar::from_bytes_mod_order(*scalar));
        RistrettoPoint::vartime_multiscalar_mul(scalars, &points)
            .compress()
            .to_bytes()
    };
    Ok(scalars.iter().map(sum).collect())
}
