//! Does the time of an operation depend on its secrets? Welch's t-test on two interleaved classes of inputs (Reparaz, Balasch
//! and Verbauwhede, "Dude, is my code constant time?", 2017), for every operation on secrets and every backend.
//!
//! `cargo run --release -p clew-kernels --example constant_time [samples]`; exits with 1 if an operation leaks, or if a
//! function that leaks on purpose is not caught. What it shows and cannot show: docs/explain/constant-time.md.

use std::hint::black_box;
use std::time::Instant;

use clew_kernels::{Backend, Combination, Points, Scalars, Table, combine, sum_products_vartime};
use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;
use curve25519_dalek::scalar::Scalar;
use subtle::ConstantTimeEq;

/// Above it the classes differ: the threshold of the paper. By chance it is passed once in 150,000 tests.
const THRESHOLD: f64 = 4.5;

/// The slowest measurements tell of interrupts and neighbours: each test is made on all of them, and on those below each
/// of these percentiles of both classes together.
const PERCENTILES: [f64; 7] = [100.0, 99.0, 95.0, 90.0, 75.0, 50.0, 25.0];

/// A leak is what shows again: after a test above the threshold come this many new ones, with twice the samples each,
/// and all of them must be above it as well. (A leak's t grows with the root of the samples; chance and neighbours
/// do not come back.)
const REPEATS: usize = 3;

/// Items in a call: one pair of groups of the widest backend.
const ITEMS: usize = 16;

/// SplitMix64: inputs must differ, not be unpredictable.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        for place in bytes.chunks_mut(8) {
            place.copy_from_slice(&self.next().to_le_bytes()[..place.len()]);
        }
        bytes
    }

    fn scalar(&mut self) -> [u8; 32] {
        Scalar::from_bytes_mod_order_wide(&self.bytes()).to_bytes()
    }

    fn point(&mut self) -> [u8; 32] {
        let scalar = Scalar::from_bytes_mod_order_wide(&self.bytes());
        (RISTRETTO_BASEPOINT_POINT * scalar).compress().to_bytes()
    }
}

/// Mean and variance as they grow (Welford).
#[derive(Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let before = value - self.mean;
        self.mean += before / self.count;
        self.squares += before * (value - self.mean);
    }

    /// The variance of the mean.
    fn uncertainty(&self) -> f64 {
        self.squares / (self.count - 1.0) / self.count
    }
}

/// What a test found.
struct Outcome {
    /// The largest absolute value of Welch's t of all croppings.
    t: f64,
    /// The smallest difference of the classes' means, as a part of the mean, that would have passed the threshold.
    visible: f64,
}

fn compare(times: &[(bool, f64)]) -> Outcome {
    let mut sorted: Vec<f64> = times.iter().map(|(_, time)| *time).collect();
    sorted.sort_by(f64::total_cmp);
    let mut outcome = Outcome {
        t: 0.0,
        visible: f64::INFINITY,
    };
    for percentile in PERCENTILES {
        let limit = sorted[((sorted.len() - 1) as f64 * percentile / 100.0) as usize];
        let mut classes = [Moments::default(), Moments::default()];
        for (class, time) in times {
            if *time <= limit {
                classes[usize::from(*class)].add(*time);
            }
        }
        let [a, b] = classes;
        let spread = (a.uncertainty() + b.uncertainty()).sqrt();
        if a.count < 2.0 || b.count < 2.0 || spread == 0.0 {
            continue;
        }
        outcome.t = outcome.t.max(((a.mean - b.mean) / spread).abs());
        outcome.visible = outcome.visible.min(THRESHOLD * spread / a.mean);
    }
    outcome
}

/// What a call works on. Every class is copied into the same place before the clock starts.
#[derive(Clone)]
struct Secrets {
    scalars: [[u8; 32]; ITEMS],
    others: [[u8; 32]; ITEMS],
}

impl Secrets {
    fn random(numbers: &mut Numbers) -> Self {
        Secrets {
            scalars: std::array::from_fn(|_| numbers.scalar()),
            others: std::array::from_fn(|_| numbers.scalar()),
        }
    }

    fn fixed(scalar: [u8; 32]) -> Self {
        Secrets {
            scalars: [scalar; ITEMS],
            others: [scalar; ITEMS],
        }
    }
}

/// A test of one operation: how to make the two classes, and the call whose time is taken.
struct Test<'a> {
    name: String,
    class: &'a str,
    fixed: Secrets,
    varied: Box<dyn Fn(&mut Numbers) -> Secrets + 'a>,
    call: Box<dyn FnMut(&Secrets) + 'a>,
}

impl Test<'_> {
    fn measure(&mut self, samples: usize, numbers: &mut Numbers) -> Outcome {
        let mut place = self.fixed.clone();
        let mut times = Vec::with_capacity(samples);
        for sample in 0..samples + samples / 20 {
            let varied = (self.varied)(numbers);
            let class = numbers.next() & 1 == 1;
            // Both are copied, the second over the first, so that the caches have seen the same.
            let order = if class {
                [&self.fixed, &varied]
            } else {
                [&varied, &self.fixed]
            };
            for secrets in order {
                place.clone_from(black_box(secrets));
            }
            let start = Instant::now();
            (self.call)(black_box(&place));
            let time = start.elapsed().as_nanos() as f64;
            // The first ones warm up.
            if sample >= samples / 20 {
                times.push((class, time));
            }
        }
        compare(&times)
    }

    /// The test and its repetitions, if any; a leak if all are above the threshold.
    fn run(&mut self, samples: usize, numbers: &mut Numbers) -> (Vec<Outcome>, bool) {
        let mut all = vec![self.measure(samples, numbers)];
        while all.last().is_some_and(|last| last.t >= THRESHOLD) && all.len() <= REPEATS {
            all.push(self.measure(2 * samples, numbers));
        }
        let leaks = all.iter().all(|one| one.t >= THRESHOLD);
        (all, leaks)
    }
}

struct Public {
    points: Vec<[u8; 32]>,
    key: Table,
}

/// Makes the parts of a combination out of the inputs and hands it on.
type Parts<'a> = fn(&'a Public, &Secrets, &mut dyn FnMut(&Combination));

fn operation<'a>(
    backend: Backend,
    public: &'a Public,
    name: &str,
    class: &'a str,
    fixed: Secrets,
    parts: Parts<'a>,
) -> Test<'a> {
    Test {
        name: format!("{:<9} {name}", backend.name()),
        class,
        fixed,
        varied: Box::new(Secrets::random),
        call: Box::new(move |secrets| {
            parts(public, secrets, &mut |what| {
                let mut out = [[0; 32]; ITEMS];
                let identity = combine(backend, what, &mut out);
                let _ = black_box((identity, out));
            });
        }),
    }
}

fn multiply(public: &Public, secrets: &Secrets, run: &mut dyn FnMut(&Combination)) {
    let variable = Some((
        Points::Encoded(&public.points),
        Scalars::Each(&secrets.scalars),
    ));
    run(&Combination {
        variable,
        ..Combination::default()
    });
}

fn multiply_by_one(public: &Public, secrets: &Secrets, run: &mut dyn FnMut(&Combination)) {
    let variable = Some((
        Points::Encoded(&public.points),
        Scalars::One(&secrets.scalars[0]),
    ));
    run(&Combination {
        variable,
        ..Combination::default()
    });
}

fn multiply_base(public: &Public, secrets: &Secrets, run: &mut dyn FnMut(&Combination)) {
    let fixed = Some((&public.key, Scalars::Each(&secrets.scalars)));
    run(&Combination {
        fixed,
        ..Combination::default()
    });
}

fn combine_all(public: &Public, secrets: &Secrets, run: &mut dyn FnMut(&Combination)) {
    run(&Combination {
        addend: Some(Points::Encoded(&public.points)),
        variable: Some((
            Points::Encoded(&public.points),
            Scalars::Each(&secrets.scalars),
        )),
        fixed: Some((&public.key, Scalars::Each(&secrets.others))),
        also_fixed: Some((Table::generator(), Scalars::Each(&secrets.scalars))),
        negate_variable: true,
    });
}

/// The secrets' bytes as input of the one-way map.
fn map(public: &Public, secrets: &Secrets, run: &mut dyn FnMut(&Combination)) {
    let inputs: [[u8; 64]; ITEMS] = std::array::from_fn(|item| {
        let mut input = [0; 64];
        input[..32].copy_from_slice(&secrets.scalars[item]);
        input[32..].copy_from_slice(&secrets.others[item]);
        input
    });
    run(&Combination {
        variable: Some((Points::Uniform(&inputs), Scalars::Each(&secrets.scalars))),
        fixed: Some((&public.key, Scalars::Each(&secrets.others))),
        ..Combination::default()
    });
}

/// The points are what is secret: the encodings of few and of many different ones, multiplied by a public scalar.
fn points_test<'a>(backend: Backend, public: &'a Public, pool: &'a [[u8; 32]]) -> Test<'a> {
    let mut test = operation(
        backend,
        public,
        "multiply",
        "one point",
        Secrets::fixed(pool[0]),
        |_, secrets, run| {
            let variable = Some((Points::Encoded(&secrets.scalars), Scalars::One(&[7; 32])));
            run(&Combination {
                variable,
                ..Combination::default()
            });
        },
    );
    test.varied = Box::new(|numbers| {
        let mut one = || pool[numbers.next() as usize % pool.len()];
        Secrets {
            scalars: std::array::from_fn(|_| one()),
            others: [[0; 32]; ITEMS],
        }
    });
    test
}

/// The sum by which the holder checks seals: its points are secret, its weights are not. `many` times the items, so that
/// both ways of summing are seen.
fn sum_test<'a>(
    backend: Backend,
    public: &'a Public,
    pool: &'a [[u8; 32]],
    many: usize,
) -> Test<'a> {
    let mut numbers = Numbers(17);
    let weight = |_| {
        let mut weight = numbers.scalar();
        weight[16..].fill(0);
        weight
    };
    let weights: Vec<[u8; 32]> = (0..many * ITEMS).map(weight).collect();
    let mut test = points_test(backend, public, pool);
    test.name = format!("{:<9} sum of {} points", backend.name(), many * ITEMS);
    test.call = Box::new(move |secrets| {
        let points = secrets.scalars.repeat(many);
        let _ = black_box(sum_products_vartime(backend, &points, &weights));
    });
    test
}

/// Decryption as the holder does it: a right guess, of which one item decrypts to the identity, against wrong ones. The
/// points are the secret; `pool` holds others, and the scalar is the holder's.
fn guess_test<'a>(backend: Backend, public: &'a Public, pool: &'a [[u8; 32]]) -> Test<'a> {
    const SECRET: [u8; 32] = [7; 32];
    let multiples = |points: &[[u8; 32]]| {
        let mut out = vec![[0; 32]; points.len()];
        let what = Combination {
            variable: Some((Points::Encoded(points), Scalars::One(&SECRET))),
            ..Combination::default()
        };
        combine(backend, &what, &mut out).expect("points");
        out
    };
    let mut right = Secrets {
        scalars: std::array::from_fn(|item| pool[item]),
        others: [[0; 32]; ITEMS],
    };
    right.scalars[1] = multiples(&public.points)[1];
    let mut test = operation(
        backend,
        public,
        "decrypt guesses",
        "one right",
        right,
        |public, secrets, run| {
            run(&Combination {
                addend: Some(Points::Encoded(&secrets.scalars)),
                variable: Some((Points::Encoded(&public.points), Scalars::One(&SECRET))),
                negate_variable: true,
                ..Combination::default()
            });
        },
    );
    test.varied = Box::new(|numbers| Secrets {
        scalars: std::array::from_fn(|_| pool[numbers.next() as usize % pool.len()]),
        others: [[0; 32]; ITEMS],
    });
    test
}

fn tests_of<'a>(backend: Backend, public: &'a Public, pool: &'a [[u8; 32]]) -> Vec<Test<'a>> {
    let power = |bit: usize| {
        let mut power = [0; 32];
        power[bit / 8] = 1 << (bit % 8);
        power
    };
    let some = Numbers(5).scalar();
    let special = [
        ("fixed", some),
        ("0", [0; 32]),
        ("1", Scalar::ONE.to_bytes()),
        ("q - 1", (-Scalar::ONE).to_bytes()),
        ("2^200", power(200)),
        ("2^8", power(8)),
        (
            "eights",
            Scalar::from_bytes_mod_order([0x88; 32]).to_bytes(),
        ),
    ];
    let mut tests = Vec::new();
    for (class, scalar) in special {
        for (name, parts) in [
            ("multiply", multiply as Parts<'a>),
            ("multiply the key", multiply_base),
        ] {
            tests.push(operation(
                backend,
                public,
                name,
                class,
                Secrets::fixed(scalar),
                parts,
            ));
        }
    }
    for (class, scalar) in &special[..4] {
        tests.push(operation(
            backend,
            public,
            "multiply by one",
            class,
            Secrets::fixed(*scalar),
            multiply_by_one,
        ));
        tests.push(operation(
            backend,
            public,
            "add, subtract, add key",
            class,
            Secrets::fixed(*scalar),
            combine_all,
        ));
    }
    tests.push(operation(
        backend,
        public,
        "map, multiply, add key",
        "fixed",
        Secrets::fixed(some),
        map,
    ));
    tests.push(operation(
        backend,
        public,
        "map, multiply, add key",
        "0",
        Secrets::fixed([0; 32]),
        map,
    ));
    tests.push(points_test(backend, public, pool));
    tests.push(guess_test(backend, public, pool));
    tests.push(sum_test(backend, public, pool, 1));
    tests.push(sum_test(backend, public, pool, 16));
    tests
}

/// Comparison of all items as the core compares seals and challenges: equal ones, or different ones.
fn comparison<'a>(name: &str, equal: fn(&[u8; 32], &[u8; 32]) -> bool) -> Test<'a> {
    let stored = Secrets::random(&mut Numbers(11));
    let fixed = stored.clone();
    Test {
        name: name.to_owned(),
        class: "equal",
        fixed,
        varied: Box::new(Secrets::random),
        call: Box::new(move |secrets| {
            for _ in 0..20 {
                for (left, right) in secrets.scalars.iter().zip(&stored.scalars) {
                    black_box(equal(black_box(left), black_box(right)));
                }
            }
        }),
    }
}

fn main() {
    let samples = std::env::args().nth(1).map_or(20_000, |samples| {
        samples.parse().expect("a number of samples")
    });
    let mut numbers = Numbers(1);
    let public = Public {
        points: (0..ITEMS).map(|_| numbers.point()).collect(),
        key: Table::new(&numbers.point()).expect("a valid point"),
    };
    let pool: Vec<_> = (0..512).map(|_| numbers.point()).collect();
    let backends = Backend::available();
    let mut tests = vec![comparison("constant-time comparison", |left, right| {
        left.ct_eq(right).into()
    })];
    tests.extend(
        backends
            .iter()
            .flat_map(|backend| tests_of(*backend, &public, &pool)),
    );
    // What must be caught: a comparison that stops at the first difference, and a sum in variable time.
    let mut leaking = vec![comparison("LEAKS: early exit", |left, right| {
        left.iter().zip(right).all(|(a, b)| a == b)
    })];
    let mut variable = operation(
        backends[0],
        &public,
        "",
        "2^8",
        Secrets::fixed([0; 32]),
        multiply,
    );
    variable
        .fixed
        .scalars
        .iter_mut()
        .for_each(|scalar| scalar[1] = 1);
    variable.name = "LEAKS: sum in variable time".to_owned();
    variable.call = Box::new(|secrets| {
        let _ = black_box(sum_products_vartime(
            backends[0],
            &public.points,
            &secrets.scalars,
        ));
    });
    leaking.push(variable);

    println!(
        "{samples} samples a test; threshold {THRESHOLD}; a test above it is repeated with twice the samples"
    );
    println!(
        "{:<36}{:<12}{:>12}   |t|",
        "operation", "class", "sees from"
    );
    let mut good = true;
    for (expected, tests) in [(false, tests), (true, leaking)] {
        for mut test in tests {
            let (all, leaks) = test.run(samples, &mut numbers);
            let texts: Vec<_> = all.iter().map(|one| format!("{:.2}", one.t)).collect();
            let verdict = match (leaks, expected) {
                (false, false) => "",
                (true, true) => "caught",
                (true, false) => "LEAKS",
                (false, true) => "NOT CAUGHT",
            };
            good &= leaks == expected;
            let sees = 100.0 * all[0].visible;
            println!(
                "{:<36}{:<12}{sees:>10.3} %   {} {verdict}",
                test.name,
                test.class,
                texts.join(" ")
            );
        }
    }
    if !good {
        println!("FAILED");
        std::process::exit(1);
    }
    println!("passed");
}
