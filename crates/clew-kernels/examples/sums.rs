//! Microseconds of processor time a point of `sum_products_vartime` on one thread, decoding included, for each backend,
//! and how many times faster that is than `curve25519-dalek` used plainly (decompress, `vartime_multiscalar_mul`,
//! compress). Rounds alternate between backends, medians are shown: only ratios within one run mean something.
//!
//! `cargo run --release -p clew-kernels --example sums [sizes]`

use clew_kernels::{Backend, sum_products_vartime};
use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::VartimeMultiscalarMul;

fn plain(points: &[[u8; 32]], scalars: &[[u8; 32]]) -> [u8; 32] {
    let points = points
        .iter()
        .map(|point| CompressedRistretto(*point).decompress());
    let points: Vec<_> = points
        .map(|point| point.expect("a valid encoding"))
        .collect();
    let scalars = scalars
        .iter()
        .map(|scalar| Scalar::from_bytes_mod_order(*scalar));
    RistrettoPoint::vartime_multiscalar_mul(scalars, points)
        .compress()
        .0
}

/// Seconds of processor time of this thread.
fn processor_time() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    // Everything runs on the calling thread, whose time is taken.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build();
    pool.expect("a pool").install(measure);
}

fn measure() {
    let asked: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|size| size.parse().ok())
        .collect();
    let sizes = if asked.is_empty() {
        vec![64, 256, 1024, 4096, 16384, 65536]
    } else {
        asked
    };
    let largest = *sizes.iter().max().expect("a size");
    let mut state = Scalar::from(3u64).invert();
    let mut next = || {
        state *= state + Scalar::ONE;
        state
    };
    let points: Vec<_> = (0..largest)
        .map(|_| RISTRETTO_BASEPOINT_POINT * next())
        .collect();
    let points: Vec<_> = points.iter().map(|point| point.compress().0).collect();
    let long: Vec<_> = (0..largest).map(|_| next().to_bytes()).collect();
    let short: Vec<[u8; 32]> = long
        .iter()
        .map(|scalar| std::array::from_fn(|byte| if byte < 16 { scalar[byte] } else { 0 }))
        .collect();
    let backends = Backend::available();
    print!("{:<22}{:>12}", "us a point", "dalek");
    backends
        .iter()
        .for_each(|backend| print!("{:>20}", backend.name()));
    println!();
    for (bits, scalars) in [(128, &short), (253, &long)] {
        for size in &sizes {
            let (points, scalars) = (&points[..*size], &scalars[..*size]);
            let rounds = (30_000 / size).clamp(3, 25);
            let mut times = vec![Vec::new(); backends.len() + 1];
            let mut sums = Vec::new();
            for _ in 0..rounds {
                let start = processor_time();
                sums.push(plain(points, scalars));
                times[0].push(processor_time() - start);
                for (backend, times) in backends.iter().zip(&mut times[1..]) {
                    let start = processor_time();
                    sums.push(
                        sum_products_vartime(*backend, points, scalars).expect("valid points"),
                    );
                    times.push(processor_time() - start);
                }
            }
            assert!(sums.iter().all(|sum| *sum == sums[0]), "all agree");
            let each: Vec<_> = times
                .into_iter()
                .map(|times| median(times) * 1e6 / *size as f64)
                .collect();
            print!(
                "{:<22}{:>12.2}",
                format!("{bits} bits, {size} points"),
                each[0]
            );
            each[1..]
                .iter()
                .for_each(|time| print!("{:>12.2} ({:4.1}x)", time, each[0] / time));
            println!();
        }
    }
}
