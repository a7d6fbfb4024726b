//! Sums of many products, for checking proofs: public data only, in variable time.
//!
//! One caller has secret points: whoever checks the seals of a list (spec core 9.2). No step depends on them, and what
//! they are decoded to is written over.
//!
//! On the vector backends most of the time goes into decoding the points, eight or four at a time. Few points are then
//! summed as `straus` says, many as `buckets` does, many short sums `side_by_side`; `digits` makes short work of short scalars and of their negatives.

mod buckets;
mod digits;
mod rows;
mod side_by_side;
mod straus;

use std::ops::Range;

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::VartimeMultiscalarMul;
use rayon::prelude::*;
use zeroize::Zeroizing;

use crate::decoding::{decode_all, decode_each};
use crate::field::Job;
use crate::group::{Addable, WINDOW};
use crate::lanes::wipe;
use crate::{Backend, Invalid, Part, Points, Table, portable, ristretto};
use digits::Centred;
use rows::{AffineRow, load, store, store_affine};
pub(crate) use rows::{Lanes, Row};

/// Sums of fewer points a lane are Straus's. Measured on Zen 4: both ways take the same time at 190 points with IFMA
/// (8 lanes) and at about 100 with AVX2 (4 lanes).
const FEW_IN_A_LANE: usize = 24;

/// Points that are decoded by one thread at a time.
const CHUNK: usize = 512;

/// The encoding of the sum of `scalars[i] points[i]`. **Variable time: for public data only.** The sum of nothing is
/// the identity. Scalars count modulo `q`. Short ones (128 bits, or the negatives of such) cost less.
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
    match backend {
        #[cfg(target_arch = "x86_64")]
        Backend::Ifma => in_lanes::<crate::ifma::Ifma>(points, scalars),
        #[cfg(target_arch = "x86_64")]
        Backend::Avx2 => in_lanes::<crate::avx2::Avx2>(points, scalars),
        _ => one_by_one(points, scalars),
    }
}

/// The encodings of the sums of many rows of products, over several columns of points with the same scalars: row `i` ends
/// before `ends[i]`, and begins where the one before it ends. A sum is none where a point of it is refused, and takes the
/// same steps then: the generator stands in, and what the other points are changes nothing. **Variable time: the scalars
/// and the lengths must be public.**
///
/// # Panics
/// If the lengths differ, ends decrease, or the processor cannot run the backend.
pub fn sum_rows_vartime(
    backend: Backend,
    columns: &[&[[u8; 32]]],
    scalars: &[[u8; 32]],
    ends: &[usize],
) -> Vec<Vec<Option<[u8; 32]>>> {
    assert!(
        backend.is_available(),
        "this processor cannot run the {} backend",
        backend.name()
    );
    assert!(
        columns.iter().all(|points| points.len() == scalars.len()),
        "a scalar for each point"
    );
    assert_eq!(
        ends.last().copied().unwrap_or(0),
        scalars.len(),
        "the last end"
    );
    let mut start = 0;
    let ranges: Vec<Range<usize>> = ends
        .iter()
        .map(|&end| std::mem::replace(&mut start, end)..end)
        .collect();
    match backend {
        #[cfg(target_arch = "x86_64")]
        Backend::Ifma => rows_in_lanes::<crate::ifma::Ifma>(columns, scalars, &ranges),
        #[cfg(target_arch = "x86_64")]
        Backend::Avx2 => rows_in_lanes::<crate::avx2::Avx2>(columns, scalars, &ranges),
        _ => rows_one_by_one(columns, scalars, &ranges),
    }
}

fn rows_one_by_one(
    columns: &[&[[u8; 32]]],
    scalars: &[[u8; 32]],
    ranges: &[Range<usize>],
) -> Vec<Vec<Option<[u8; 32]>>> {
    let sum = |points: &[[u8; 32]], range: &Range<usize>| {
        let decoded: Vec<_> = points[range.clone()]
            .iter()
            .map(portable::decode_one)
            .collect();
        let scalars = scalars[range.clone()]
            .iter()
            .map(|scalar| Scalar::from_bytes_mod_order(*scalar));
        let stood_in = decoded
            .iter()
            .map(|point| point.unwrap_or(RISTRETTO_BASEPOINT_POINT));
        let sum = RistrettoPoint::vartime_multiscalar_mul(scalars, stood_in).compress();
        decoded
            .iter()
            .all(Option::is_some)
            .then_some(sum.to_bytes())
    };
    let column = |points: &&[[u8; 32]]| ranges.par_iter().map(|range| sum(points, range)).collect();
    columns.iter().map(column).collect()
}

fn rows_in_lanes<F: Lanes>(
    columns: &[&[[u8; 32]]],
    scalars: &[[u8; 32]],
    ranges: &[Range<usize>],
) -> Vec<Vec<Option<[u8; 32]>>> {
    let nothing = F::enter(Nothing(std::marker::PhantomData::<F>));
    let (points, valid): (Vec<_>, Vec<_>) = columns
        .iter()
        .map(|points| decode_or_stand_in::<F>(points))
        .unzip();
    let mut order: Vec<usize> = (0..ranges.len()).collect();
    order.sort_by_key(|&row| std::cmp::Reverse(ranges[row].len()));
    let sorted: Vec<_> = order.iter().map(|&row| ranges[row].clone()).collect();
    let (long, short) =
        sorted.split_at(sorted.partition_point(|row| row.len() > side_by_side::LONGEST));
    let digits = Centred::new(scalars).digits(WINDOW);
    let one = |range: &Range<usize>| {
        let scalars = &scalars[range.clone()];
        let sum = |points: &Vec<AffineRow>| by_buckets(&points[range.clone()], &[scalars])[0];
        points.iter().map(sum).collect::<Vec<Addable<F>>>()
    };
    let long: Vec<_> = long.par_iter().map(one).collect();
    let group = |ranges: &[Range<usize>]| {
        let digits = &digits;
        side_by_side::Group { ranges, digits }.sums::<F>(&points, &nothing)
    };
    let short: Vec<_> = short.par_chunks(F::WIDTH).map(group).collect();
    let mut out = vec![vec![None; ranges.len()]; columns.len()];
    for (column, out) in out.iter_mut().enumerate() {
        let long = long.iter().map(|sums| sums[column]).collect::<Vec<_>>();
        let mut encodings = encode_lanes(&long, 1);
        encodings.truncate(long.len());
        let short = short.iter().map(|sums| sums[column]).collect::<Vec<_>>();
        encodings.extend(encode_lanes(&short, F::WIDTH));
        for (&row, encoding) in order.iter().zip(encodings) {
            let sound = valid[column][ranges[row].clone()]
                .iter()
                .all(|valid| *valid);
            out[row] = sound.then_some(encoding);
        }
    }
    out
}

/// The decoded points, the generator in place of what is none, and which were points.
fn decode_or_stand_in<F: Lanes>(points: &[[u8; 32]]) -> (Vec<AffineRow>, Vec<bool>) {
    let generator = [*Table::generator().encoding()];
    let generator = decode_rows::<F>(&generator).expect("the generator is a point")[0];
    let mut rows = vec![generator; points.len()];
    let mut valid = vec![true; points.len()];
    points
        .par_chunks(CHUNK)
        .zip(rows.par_chunks_mut(CHUNK))
        .zip(valid.par_chunks_mut(CHUNK))
        .for_each(|((points, rows), valid)| {
            let groups = points.len().div_ceil(2 * F::WIDTH) * 2;
            let mut decoded = vec![Addable::<F>::identity_outside(); groups];
            decode_each(points, false, &mut decoded, |index| valid[index] = false);
            F::enter(StoreAffine {
                points: &decoded,
                rows,
            });
            for (row, valid) in rows.iter_mut().zip(valid) {
                *row = if *valid { *row } else { generator };
            }
        });
    (rows, valid)
}

fn one_by_one(points: &[[u8; 32]], scalars: &[&[[u8; 32]]]) -> Result<Vec<[u8; 32]>, Invalid> {
    let encoded = Points::Encoded(points);
    let mut points = Zeroizing::new(Vec::with_capacity(encoded.len()));
    for index in 0..encoded.len() {
        points.push(portable::decode(&encoded, index, Part::Variable)?);
    }
    let sum = |scalars: &&[[u8; 32]]| {
        let scalars = scalars
            .iter()
            .map(|scalar| Scalar::from_bytes_mod_order(*scalar));
        RistrettoPoint::vartime_multiscalar_mul(scalars, points.iter())
            .compress()
            .to_bytes()
    };
    Ok(scalars.iter().map(sum).collect())
}

fn in_lanes<F: Lanes>(
    points: &[[u8; 32]],
    scalars: &[&[[u8; 32]]],
) -> Result<Vec<[u8; 32]>, Invalid> {
    let sums: Vec<Addable<F>> = if points.len() < FEW_IN_A_LANE * F::WIDTH {
        let mut decoded = Vec::new();
        decode_all::<F>(points, &mut decoded)?;
        let tables = straus::Tables::new(&decoded);
        let sum = |scalars: &&[[u8; 32]]| tables.sum(&Centred::new(scalars).digits(WINDOW));
        let sums = scalars.iter().map(sum).collect();
        tables.wipe();
        wipe(&mut decoded, Addable::identity_outside());
        sums
    } else {
        let mut rows = decode_rows::<F>(points)?;
        let sums = by_buckets(&rows, scalars);
        wipe(&mut rows, Row([[0; 8]; 2]));
        sums
    };
    Ok(encode_lanes(&sums, 1))
}

/// The encodings of the points in the first lanes of each group.
fn encode_lanes<F: Lanes>(sums: &[Addable<F>], lanes: usize) -> Vec<[u8; 32]> {
    let count = sums.len() * lanes;
    let mut encodings = vec![[0; 32]; count.next_multiple_of(2 * F::WIDTH)];
    F::enter(Encode {
        sums,
        lanes,
        out: &mut encodings,
    });
    encodings.truncate(count);
    encodings
}

fn by_buckets<F: Lanes>(points: &[AffineRow], scalars: &[&[[u8; 32]]]) -> Vec<Addable<F>> {
    let nothing = F::enter(Nothing(std::marker::PhantomData::<F>));
    let sum = |scalars: &&[[u8; 32]]| {
        let centred = Centred::new(scalars);
        let width = buckets::best_width(points.len(), centred.bits(), F::WIDTH);
        let digits = centred.digits(width);
        let windows: Vec<_> = (0..digits.windows())
            .into_par_iter()
            .map(|window| buckets::window::<F>(points, &nothing, &digits, window, width))
            .collect();
        F::enter(buckets::Combine {
            windows: &windows,
            width,
        })
    };
    scalars.par_iter().map(sum).collect()
}

/// The decoded points, each in a row of its own.
fn decode_rows<F: Lanes>(points: &[[u8; 32]]) -> Result<Vec<AffineRow>, Invalid> {
    let mut rows = vec![Row([[0; 8]; 2]); points.len()];
    let decode = |(number, (points, rows)): (usize, (&[[u8; 32]], &mut [AffineRow]))| {
        let mut decoded = Vec::new();
        decode_all::<F>(points, &mut decoded).map_err(|invalid| Invalid {
            index: number * CHUNK + invalid.index,
            ..invalid
        })?;
        F::enter(StoreAffine {
            points: &decoded,
            rows,
        });
        wipe(&mut decoded, Addable::identity_outside());
        Ok(())
    };
    // Every chunk runs, and the first error in order is kept: which one is reported must not depend on threads.
    let chunks = points.par_chunks(CHUNK).zip(rows.par_chunks_mut(CHUNK));
    let done: Vec<Result<(), Invalid>> = chunks.enumerate().map(decode).collect();
    done.into_iter().collect::<Result<(), Invalid>>()?;
    Ok(rows)
}

struct StoreAffine<'a, F> {
    points: &'a [Addable<F>],
    rows: &'a mut [AffineRow],
}

impl<F: Lanes> Job for StoreAffine<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let mut group = [Row([[0; 8]; 2]); 8];
        for (point, rows) in self.points.iter().zip(self.rows.chunks_mut(F::WIDTH)) {
            store_affine(*point, &mut group[..F::WIDTH]);
            rows.copy_from_slice(&group[..rows.len()]);
        }
    }
}

/// The identity's row.
struct Nothing<F>(std::marker::PhantomData<F>);

impl<F: Lanes> Job for Nothing<F> {
    type Output = AffineRow;

    #[inline(always)]
    fn run(self) -> AffineRow {
        let mut rows = [Row([[0; 8]; 2]); 8];
        store_affine(Addable::<F>::identity(), &mut rows[..F::WIDTH]);
        rows[0]
    }
}

/// Encodes the points in the first lanes.
struct Encode<'a, F> {
    sums: &'a [Addable<F>],
    lanes: usize,
    out: &'a mut [[u8; 32]],
}

impl<F: Lanes> Job for Encode<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let nothing = rows::identity_row::<F>();
        let mut firsts = vec![nothing; self.out.len()];
        let mut group = [nothing; 8];
        for (sum, firsts) in self.sums.iter().zip(firsts.chunks_mut(self.lanes)) {
            store(*sum, &mut group[..F::WIDTH]);
            firsts.copy_from_slice(&group[..firsts.len()]);
        }
        let pairs = firsts.chunks_exact(2 * F::WIDTH);
        for (rows, out) in pairs.zip(self.out.chunks_exact_mut(2 * F::WIDTH)) {
            let rows: Vec<_> = rows.iter().collect();
            let (low, high) = rows.split_at(F::WIDTH);
            let [first, second] = ristretto::encode([load::<F>(low), load(high)]);
            first.store(&mut out[..F::WIDTH]);
            second.store(&mut out[F::WIDTH..]);
        }
    }
}

/// The sum of all lanes, in lane 0.
#[inline(always)]
fn sum_lanes<F: Lanes>(mut point: Addable<F>) -> Addable<F> {
    let mut half = F::WIDTH / 2;
    while half > 0 {
        point = point.add(upper_lanes(point, half).cached()).addable();
        half /= 2;
    }
    point
}

/// In lane `l` what is in lane `l + half`, where both are below `2 half`, and the identity elsewhere.
#[inline(always)]
fn upper_lanes<F: Lanes>(point: Addable<F>, half: usize) -> Addable<F> {
    let nothing = rows::identity_row::<F>();
    let mut group = [nothing; 8];
    store(point, &mut group[..F::WIDTH]);
    let mut shifted = [&nothing; 8];
    for lane in 0..half {
        shifted[lane] = &group[lane + half];
    }
    load(&shifted[..F::WIDTH])
}
