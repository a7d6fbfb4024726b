//! Microseconds of processor time an item on one thread, for each backend, and how many times faster that is than `curve25519-dalek` used
//! plainly (decompress, multiply, compress; one point at a time). Rounds alternate between backends, medians are shown:
//! machines change their speed from minute to minute, so only ratios within one run mean something.
//!
//! `cargo run --release -p clew-kernels --example speed [items]`

use clew_kernels::{Backend, Combination, Points, Scalars, Table, check, combine};
use curve25519_dalek::constants::RISTRETTO_BASEPOINT_TABLE;
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoBasepointTable, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;

const ROUNDS: usize = 9;

struct Inputs {
    points: Vec<[u8; 32]>,
    uniform: Vec<[u8; 64]>,
    scalars: Vec<[u8; 32]>,
    key: Table,
}

struct Job {
    name: &'static str,
    run: fn(Backend, &Inputs, &mut [[u8; 32]]),
    plain: fn(&Inputs, usize) -> [u8; 32],
}

fn run(backend: Backend, what: &Combination, out: &mut [[u8; 32]]) {
    combine(backend, what, out).expect("valid inputs");
}

fn decode(inputs: &Inputs, index: usize) -> RistrettoPoint {
    CompressedRistretto(inputs.points[index])
        .decompress()
        .expect("a valid encoding")
}

fn scalar(inputs: &Inputs, index: usize) -> Scalar {
    Scalar::from_bytes_mod_order(inputs.scalars[index])
}

const JOBS: [Job; 7] = [
    Job {
        name: "check",
        run: |backend, inputs, _| check(backend, &inputs.points).expect("valid inputs"),
        plain: |inputs, index| {
            decode(inputs, index);
            [0; 32]
        },
    },
    Job {
        name: "decode, multiply, encode",
        run: |backend, inputs, out| {
            let variable = Some((
                Points::Encoded(&inputs.points),
                Scalars::Each(&inputs.scalars),
            ));
            run(
                backend,
                &Combination {
                    variable,
                    ..Combination::default()
                },
                out,
            );
        },
        plain: |inputs, index| (decode(inputs, index) * scalar(inputs, index)).compress().0,
    },
    Job {
        name: "hash map, multiply, encode",
        run: |backend, inputs, out| {
            let variable = Some((
                Points::Uniform(&inputs.uniform),
                Scalars::Each(&inputs.scalars),
            ));
            run(
                backend,
                &Combination {
                    variable,
                    ..Combination::default()
                },
                out,
            );
        },
        plain: |inputs, index| {
            (RistrettoPoint::from_uniform_bytes(&inputs.uniform[index]) * scalar(inputs, index))
                .compress()
                .0
        },
    },
    Job {
        name: "hash map, encode",
        run: |backend, inputs, out| {
            let addend = Some(Points::Uniform(&inputs.uniform));
            run(
                backend,
                &Combination {
                    addend,
                    ..Combination::default()
                },
                out,
            );
        },
        plain: |inputs, index| {
            RistrettoPoint::from_uniform_bytes(&inputs.uniform[index])
                .compress()
                .0
        },
    },
    Job {
        name: "fixed base",
        run: |backend, inputs, out| {
            let fixed = Some((Table::generator(), Scalars::Each(&inputs.scalars)));
            run(
                backend,
                &Combination {
                    fixed,
                    ..Combination::default()
                },
                out,
            );
        },
        plain: |inputs, index| {
            (RISTRETTO_BASEPOINT_TABLE * &scalar(inputs, index))
                .compress()
                .0
        },
    },
    Job {
        name: "rerandomise a pair",
        run: |backend, inputs, out| {
            for table in [Table::generator(), &inputs.key] {
                let addend = Some(Points::Encoded(&inputs.points));
                let fixed = Some((table, Scalars::Each(&inputs.scalars)));
                run(
                    backend,
                    &Combination {
                        addend,
                        fixed,
                        ..Combination::default()
                    },
                    out,
                );
            }
        },
        plain: |inputs, index| {
            let scalar = scalar(inputs, index);
            let first = decode(inputs, index) + RISTRETTO_BASEPOINT_TABLE * &scalar;
            let second = decode(inputs, index) + key_table(inputs) * &scalar;
            std::hint::black_box(first.compress());
            second.compress().0
        },
    },
    Job {
        name: "decrypt (addend - s P)",
        run: |backend, inputs, out| {
            let addend = Some(Points::Encoded(&inputs.points));
            let variable = Some((
                Points::Encoded(&inputs.points),
                Scalars::One(&inputs.scalars[0]),
            ));
            run(
                backend,
                &Combination {
                    addend,
                    variable,
                    negate_variable: true,
                    ..Combination::default()
                },
                out,
            );
        },
        plain: |inputs, index| {
            (decode(inputs, index) - decode(inputs, index) * scalar(inputs, 0))
                .compress()
                .0
        },
    },
];

fn key_table(inputs: &Inputs) -> &'static RistrettoBasepointTable {
    static TABLE: std::sync::OnceLock<RistrettoBasepointTable> = std::sync::OnceLock::new();
    TABLE.get_or_init(|| {
        let base = CompressedRistretto(*inputs.key.encoding())
            .decompress()
            .expect("a valid key");
        RistrettoBasepointTable::create(&base)
    })
}

/// Seconds of processor time of this thread: what others do on the machine then shows only in the caches.
fn now() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let items = std::env::args()
        .nth(1)
        .map_or(2048, |items| items.parse().expect("a number of items"));
    let one_thread = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("a thread");
    one_thread.install(|| measure(items));
}

fn measure(items: usize) {
    let scalar = |index: usize| Scalar::from(index as u64 + 3).invert();
    let scalars: Vec<_> = (0..items).map(|index| scalar(index).to_bytes()).collect();
    let points: Vec<_> = (0..items)
        .map(|i| {
            (RISTRETTO_BASEPOINT_TABLE * &scalar(i + items))
                .compress()
                .0
        })
        .collect();
    let mut uniform = vec![[0; 64]; items];
    for (index, bytes) in uniform.iter_mut().enumerate() {
        bytes[..32].copy_from_slice(&scalars[index]);
        bytes[32..].copy_from_slice(&points[index]);
    }
    let key = Table::new(&points[0]).expect("a valid key");
    let inputs = Inputs {
        points,
        uniform,
        scalars,
        key,
    };
    let backends = Backend::available();
    print!("{:<28}{:>10}", "us an item, one thread", "dalek");
    backends
        .iter()
        .for_each(|backend| print!("{:>20}", backend.name()));
    println!();
    for job in &JOBS {
        let mut out = vec![[0; 32]; items];
        let mut plain = Vec::new();
        let mut times = vec![Vec::new(); backends.len()];
        for _ in 0..ROUNDS {
            let start = now();
            let some = items.min(256);
            for index in 0..some {
                std::hint::black_box((job.plain)(&inputs, index));
            }
            plain.push((now() - start) * 1e6 / some as f64);
            for (backend, times) in backends.iter().zip(&mut times) {
                let start = now();
                (job.run)(*backend, &inputs, &mut out);
                times.push((now() - start) * 1e6 / items as f64);
            }
        }
        let plain = median(plain);
        print!("{:<28}{plain:>10.2}", job.name);
        for times in times {
            let time = median(times);
            print!("{:>20}", format!("{time:.2} ({:.1}x)", plain / time));
        }
        println!();
    }
    print!("{:<28}{:>10}", "a key's table (once)", "");
    for backend in backends {
        let mut times = Vec::new();
        for point in &inputs.points[..ROUNDS] {
            let start = now();
            let key = Table::new(point).expect("a valid key");
            let scalars = Scalars::One(&inputs.scalars[0]);
            let fixed = Some((&key, scalars));
            let what = Combination {
                fixed,
                ..Combination::default()
            };
            run(backend, &what, &mut [[0; 32]]);
            times.push((now() - start) * 1e6);
        }
        print!("{:>20}", format!("{:.0}", median(times)));
    }
    println!();
}
