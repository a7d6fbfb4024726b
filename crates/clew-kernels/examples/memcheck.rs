//! Does a branch or an address depend on a secret? Secrets are declared uninitialised to valgrind, which then reports
//! every jump and every address that comes of one (Langley's ctgrind). Exact where a timing test is statistical, but
//! valgrind knows no AVX-512: it sees the AVX2 and portable backends.
//!
//! `make constant-time` runs it: `valgrind --suppressions=crates/clew-kernels/examples/memcheck.supp
//! target/release/examples/memcheck`. Exits with 1 if a secret is seen to steer, or a leak made on purpose is not.

#![allow(unsafe_code)]

use std::hint::black_box;

use clew_kernels::{Backend, Combination, Points, Scalars, Table, combine};
use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;
use curve25519_dalek::scalar::Scalar;
use subtle::ConstantTimeEq;

const RUNNING: usize = 0x1001;
const COUNT_ERRORS: usize = 0x1201;
const MAKE_UNDEFINED: usize = 0x4d43_0001;
const MAKE_DEFINED: usize = 0x4d43_0002;

/// A request to valgrind; 0 where the program does not run under it.
#[cfg(target_arch = "x86_64")]
fn request(what: usize, address: usize, length: usize) -> usize {
    let arguments = [what, address, length, 0, 0, 0];
    let mut result = 0usize;
    // SAFETY: the rotations add up to 128 bits and leave `rdi` as it was, and exchanging `rbx` with itself does nothing:
    // to a processor this is no operation. Valgrind knows the sequence, reads the six words at `rax`, and sets `rdx`.
    unsafe {
        std::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") arguments.as_ptr(),
            inout("rdx") result,
            options(nostack),
        );
    }
    result
}

#[cfg(not(target_arch = "x86_64"))]
fn request(_: usize, _: usize, _: usize) -> usize {
    0
}

fn secret(bytes: &mut [[u8; 32]]) {
    request(MAKE_UNDEFINED, bytes.as_ptr() as usize, size_of_val(bytes));
}

fn public(bytes: &mut [[u8; 32]]) {
    request(MAKE_DEFINED, bytes.as_ptr() as usize, size_of_val(bytes));
}

/// Reports of valgrind while the work ran.
fn reports(work: impl FnOnce()) -> usize {
    let before = request(COUNT_ERRORS, 0, 0);
    work();
    request(COUNT_ERRORS, 0, 0) - before
}

fn main() {
    if request(RUNNING, 0, 0) == 0 {
        eprintln!("this runs under valgrind: make constant-time");
        std::process::exit(2);
    }
    const ITEMS: usize = 19;
    let scalar = |number: u64| Scalar::from(number).invert().to_bytes();
    let points: Vec<_> = (3..3 + ITEMS as u64)
        .map(|number| {
            (RISTRETTO_BASEPOINT_POINT * Scalar::from(number))
                .compress()
                .to_bytes()
        })
        .collect();
    let uniform: Vec<[u8; 64]> = (0..ITEMS as u8).map(|item| [item; 64]).collect();
    let key = Table::new(&points[0]).expect("a valid encoding");
    let mut scalars: Vec<_> = (100..100 + ITEMS as u64).map(scalar).collect();
    scalars[3] = [0; 32];
    let mut good = true;
    let mut line = |name: String, count: usize, expected: bool| {
        good &= (count > 0) == expected;
        println!(
            "{name:<44}{count:>3} reports{}",
            if expected { " (made on purpose)" } else { "" }
        );
    };
    for backend in Backend::available() {
        let mut secrets = scalars.clone();
        let mut one = [scalars[1]];
        // A first call makes the tables.
        let mut out = vec![[0; 32]; ITEMS];
        let everything =
            |secrets: &[[u8; 32]], one: &[u8; 32], out: &mut [[u8; 32]], which: usize| {
                let each = Scalars::Each(secrets);
                let what = match which {
                    0 => Combination {
                        variable: Some((Points::Encoded(&points), each)),
                        ..Combination::default()
                    },
                    1 => Combination {
                        variable: Some((Points::Uniform(&uniform), Scalars::One(one))),
                        ..Combination::default()
                    },
                    2 => Combination {
                        fixed: Some((&key, each)),
                        ..Combination::default()
                    },
                    _ => Combination {
                        addend: Some(Points::Encoded(&points)),
                        variable: Some((Points::Encoded(&points), each)),
                        fixed: Some((&key, each)),
                        also_fixed: Some((Table::generator(), Scalars::One(one))),
                        negate_variable: true,
                    },
                };
                let _ = black_box(combine(backend, &what, out)).expect("valid points");
            };
        everything(&secrets, &one[0], &mut out, 2);
        let names = [
            "multiply",
            "map, multiply by one",
            "multiply the key",
            "add, subtract, add keys",
        ];
        for (which, name) in names.into_iter().enumerate() {
            secret(&mut secrets);
            secret(&mut one);
            let count = reports(|| everything(&secrets, &one[0], &mut out, which));
            public(&mut out);
            line(format!("{:<9} {name}", backend.name()), count, false);
        }
    }
    let (mut left, right) = ([scalars[0]], [scalars[1]]);
    secret(&mut left);
    let mut same = subtle::Choice::from(0);
    let count = reports(|| same = left[0].ct_eq(&right[0]));
    black_box(same.unwrap_u8());
    line("constant-time comparison".to_owned(), count, false);
    let count = reports(|| {
        black_box(
            left[0]
                .iter()
                .zip(&right[0])
                .all(|(left, right)| left == right),
        );
    });
    line("comparison that stops early".to_owned(), count, true);
    let table = [1u8; 256];
    let count = reports(|| {
        black_box(table[usize::from(black_box(left[0][0]))]);
    });
    line("look-up at a secret address".to_owned(), count, true);
    println!("{}", if good { "passed" } else { "FAILED" });
    std::process::exit(i32::from(!good));
}
