//! Says which backends the tests ran by this processor's own instructions, and which only by a model of them. Cargo hides
//! what a test prints, so `make rust` runs this at its end.

use clew_kernels::Backend;

fn main() {
    let (ran, rest): (Vec<_>, Vec<_>) = Backend::ALL
        .into_iter()
        .partition(|backend| backend.is_available());
    let names = |backends: &[Backend]| {
        let names: Vec<_> = backends.iter().map(|backend| backend.name()).collect();
        names.join(", ")
    };
    println!("Backends tested on this processor: {}", names(&ran));
    // The second run of `make rust`: there ifma is modelled on x86-64, and portable is dalek's serial code anywhere.
    let (modelled, absent): (Vec<_>, Vec<_>) = rest
        .into_iter()
        .partition(|backend| cfg!(target_arch = "x86_64") && *backend == Backend::Ifma);
    if !modelled.is_empty() {
        let names = names(&modelled);
        println!("NOT ON THIS PROCESSOR, only by a model of its instructions: {names}");
    }
    if !absent.is_empty() {
        println!(
            "NOT TESTED, this processor cannot run it: {}",
            names(&absent)
        );
    }
    println!("Of portable, curve25519-dalek's serial code: tested");
    println!(
        "Of portable, curve25519-dalek's AVX2 code: {}",
        dalek_avx2()
    );
}

#[cfg(target_arch = "x86_64")]
fn dalek_avx2() -> &'static str {
    if is_x86_feature_detected!("avx2") {
        "tested"
    } else {
        "NOT TESTED, this processor cannot run it"
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn dalek_avx2() -> &'static str {
    "there is none for this processor"
}
