//! The backend that runs anywhere: `curve25519-dalek`, one point at a time. The other two must agree with it.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{Identity, IsIdentity};
use zeroize::{Zeroize, Zeroizing};

use crate::{Combination, Invalid, Part, Points};

/// [`crate::combine`] for one chunk.
pub(crate) fn combine(what: &Combination, out: &mut [[u8; 32]]) -> Result<(), Invalid> {
    // Without an addend everything is a multiple by known scalars: with halved scalars the sum is half the result,
    // and doubling and encoding a batch needs one inversion instead of a square root for each point.
    let halve = what.addend.is_none();
    let mut sums = Zeroizing::new(Vec::with_capacity(out.len()));
    for index in 0..out.len() {
        sums.push(sum(what, index, halve)?);
    }
    if halve {
        let encodings = RistrettoPoint::double_and_compress_batch(sums.iter());
        for (out, encoding) in out.iter_mut().zip(encodings) {
            *out = encoding.to_bytes();
        }
    } else {
        for (out, sum) in out.iter_mut().zip(sums.iter()) {
            *out = sum.compress().to_bytes();
        }
    }
    Ok(())
}

/// [`crate::check`] for one chunk.
pub(crate) fn check(points: &[[u8; 32]]) -> Result<(), Invalid> {
    let points = Points::Encoded(points);
    (0..points.len()).try_for_each(|index| decode(&points, index, Part::Variable).map(drop))
}

fn sum(what: &Combination, index: usize, halve: bool) -> Result<RistrettoPoint, Invalid> {
    let mut sum = RistrettoPoint::identity();
    if let Some(points) = &what.addend {
        sum = decode(points, index, Part::Addend)?;
    }
    if let Some((points, scalars)) = &what.variable {
        let point = decode(points, index, Part::Variable)?;
        let mut scalar = scalar(scalars.get(index), halve);
        if what.negate_variable {
            scalar = -scalar;
        }
        sum += point * scalar;
        scalar.zeroize();
    }
    for (table, scalars) in what.fixed_parts().iter().flatten() {
        let mut scalar = scalar(scalars.get(index), halve);
        sum += table.portable() * &scalar;
        scalar.zeroize();
    }
    Ok(sum)
}

fn scalar(bytes: &[u8; 32], halve: bool) -> Scalar {
    let scalar = Scalar::from_bytes_mod_order(*bytes);
    if halve { scalar.div_by_2() } else { scalar }
}

/// The point at `index` of a part.
pub(crate) fn decode(points: &Points, index: usize, part: Part) -> Result<RistrettoPoint, Invalid> {
    match points {
        Points::Encoded(encodings) => {
            decode_one(&encodings[index]).ok_or(Combination::invalid(points, index, part))
        }
        Points::Computed(encodings) => CompressedRistretto(encodings[index])
            .decompress()
            .ok_or(Combination::invalid(points, index, part)),
        Points::Uniform(inputs) => Ok(RistrettoPoint::from_uniform_bytes(&inputs[index])),
    }
}

/// The point of an encoding; none for the identity and for what is no encoding.
pub(crate) fn decode_one(encoding: &[u8; 32]) -> Option<RistrettoPoint> {
    CompressedRistretto(*encoding)
        .decompress()
        .filter(|point| !point.is_identity())
}
