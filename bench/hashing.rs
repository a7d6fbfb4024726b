//! Tries every number of given ranges against a list of SHA-256 digests; built and run by `bench/hashing.py`.
//!
//! Arguments: threads, digits, then one text for each range (what stands before the digits, a salt and the country
//! code). Standard input: one digest in hexadecimal a line. Standard output: seconds, hashes computed, and one line
//! `digest text` for each digest that was found.
//!
//! Nothing here is clever: sixteen messages side by side in arrays of words, which the compiler turns into vector
//! instructions of the machine for which it compiles. Graphics cards and the SHA-256 miners do this far faster.

use std::collections::HashSet;
use std::io::Read;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

const LANES: usize = 16;

/// One word of the hash function's state, for sixteen messages.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Words([u32; LANES]);

const FIRST: [u32; 8] = [
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];
const ROUND: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

#[inline(always)]
fn each(f: impl Fn(usize) -> u32) -> Words {
    let mut out = [0; LANES];
    for (lane, word) in out.iter_mut().enumerate() {
        *word = f(lane);
    }
    Words(out)
}

/// Sixteen rounds; with `SCHEDULE` the words are first replaced by the next sixteen of the message schedule.
#[inline(always)]
fn rounds<const SCHEDULE: bool>(
    constants: &[u32],
    w: &mut [Words; 16],
    s: [Words; 8],
) -> [Words; 8] {
    // Values, not places in an array, and names that move along instead of values: so they stay in registers.
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = s;
    macro_rules! round {
        ($at:literal, $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident) => {
            if SCHEDULE {
                let (old, near, past, far) = (
                    w[$at],
                    w[($at + 1) % 16],
                    w[($at + 9) % 16],
                    w[($at + 14) % 16],
                );
                w[$at] = each(|i| {
                    let (x, y) = (near.0[i], far.0[i]);
                    let small = x.rotate_right(7) ^ x.rotate_right(18) ^ (x >> 3);
                    let large = y.rotate_right(17) ^ y.rotate_right(19) ^ (y >> 10);
                    old.0[i]
                        .wrapping_add(small)
                        .wrapping_add(past.0[i])
                        .wrapping_add(large)
                });
            }
            let (constant, word) = (constants[$at], w[$at]);
            let first = each(|i| {
                let x = $e.0[i];
                let sum = x.rotate_right(6) ^ x.rotate_right(11) ^ x.rotate_right(25);
                let choice = (x & $f.0[i]) ^ (!x & $g.0[i]);
                $h.0[i]
                    .wrapping_add(word.0[i].wrapping_add(constant))
                    .wrapping_add(choice)
                    .wrapping_add(sum)
            });
            $d = each(|i| $d.0[i].wrapping_add(first.0[i]));
            $h = each(|i| {
                let x = $a.0[i];
                let sum = x.rotate_right(2) ^ x.rotate_right(13) ^ x.rotate_right(22);
                let majority = (x & $b.0[i]) ^ (x & $c.0[i]) ^ ($b.0[i] & $c.0[i]);
                first.0[i].wrapping_add(sum).wrapping_add(majority)
            });
        };
    }
    macro_rules! eight_rounds {
        ($($at:literal)*) => {
            eight_rounds!(@ $($at)*, a b c d e f g h);
        };
        (@ $at:literal $($rest:literal)*, $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident) => {
            round!($at, $a $b $c $d $e $f $g $h);
            eight_rounds!(@ $($rest)*, $h $a $b $c $d $e $f $g);
        };
        (@ , $($name:ident)*) => {};
    }
    eight_rounds!(0 1 2 3 4 5 6 7);
    eight_rounds!(8 9 10 11 12 13 14 15);
    [a, b, c, d, e, f, g, h]
}

/// The last states of sixteen messages of one block each: their digests, less `FIRST`.
#[inline(always)]
fn last_states(mut w: [Words; 16]) -> [Words; 8] {
    let first = FIRST.map(|word| Words([word; LANES]));
    let mut s = rounds::<false>(&ROUND[..16], &mut w, first);
    for constants in ROUND[16..].chunks_exact(16) {
        s = rounds::<true>(constants, &mut w, s);
    }
    s
}

/// The padded block of `text`, as big-endian words.
fn block(text: &[u8]) -> [u32; 16] {
    assert!(text.len() <= 55, "one block holds at most 55 bytes");
    let mut bytes = [0u8; 64];
    bytes[..text.len()].copy_from_slice(text);
    bytes[text.len()] = 0x80;
    bytes[56..].copy_from_slice(&(8 * text.len() as u64).to_be_bytes());
    std::array::from_fn(|i| u32::from_be_bytes(bytes[4 * i..4 * i + 4].try_into().unwrap()))
}

/// What is looked for, as last states, with a bitmap of their first 20 bits: nearly every hash is done with at one look.
struct Wanted {
    bits: Vec<u64>,
    states: HashSet<[u32; 8]>,
}

impl Wanted {
    fn read(text: &str) -> Wanted {
        let mut wanted = Wanted {
            bits: vec![0; 1 << 14],
            states: HashSet::new(),
        };
        for line in text.lines() {
            let word = |i: usize| u32::from_str_radix(&line[8 * i..8 * i + 8], 16).unwrap();
            let state: [u32; 8] = std::array::from_fn(|i| word(i).wrapping_sub(FIRST[i]));
            wanted.bits[(state[0] >> 18) as usize] |= 1 << ((state[0] >> 12) & 63);
            wanted.states.insert(state);
        }
        wanted
    }

    #[inline(always)]
    fn may_hold(&self, first: u32) -> bool {
        (self.bits[(first >> 18) as usize] >> ((first >> 12) & 63)) & 1 == 1
    }
}

/// The four last digits of sixteen messages at a time, as what they add to the two words in which they stand.
struct LastDigits {
    place: usize,
    lots: Vec<[Words; 2]>,
}

impl LastDigits {
    /// For messages of `length` bytes.
    fn new(length: usize) -> LastDigits {
        let place = length - 4;
        let spread = |n: u64| {
            let digits = (n / 1000) << 24 | (n / 100 % 10) << 16 | (n / 10 % 10) << 8 | n % 10;
            digits << (32 - 8 * (place % 4))
        };
        let lot = |start: usize| {
            let word = |shift: u32| each(|lane| (spread((start + lane) as u64) >> shift) as u32);
            [word(32), word(0)]
        };
        LastDigits {
            place,
            lots: (0..10_000).step_by(LANES).map(lot).collect(),
        }
    }

    /// Hashes `before`, whose four last characters are zeros, with each four last digits in their place; calls
    /// `found` for each digest that is wanted.
    fn try_all(&self, before: &[u8], wanted: &Wanted, found: &mut dyn FnMut(&[u32; 8], usize)) {
        let base = block(before).map(|word| Words([word; LANES]));
        let word = self.place / 4;
        for (number, lot) in self.lots.iter().enumerate() {
            let mut w = base;
            for (at, digits) in lot.iter().enumerate() {
                let old = w[word + at];
                w[word + at] = each(|lane| old.0[lane] + digits.0[lane]);
            }
            let states = last_states(w);
            let hits = (0..LANES).fold(0, |hits, lane| {
                hits | u32::from(wanted.may_hold(states[0].0[lane])) << lane
            });
            for lane in (0..LANES).filter(|lane| hits >> lane & 1 == 1) {
                let state: [u32; 8] = std::array::from_fn(|i| states[i].0[lane]);
                if wanted.states.contains(&state) {
                    found(&state, number * LANES + lane);
                }
            }
        }
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let threads: usize = arguments.next().unwrap().parse().unwrap();
    let digits: usize = arguments.next().unwrap().parse().unwrap();
    let ranges: Vec<String> = arguments.collect();
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let wanted = Wanted::read(&text);
    let lasts: Vec<LastDigits> = ranges
        .iter()
        .map(|range| LastDigits::new(range.len() + digits))
        .collect();
    let lots = 10u64.pow(digits as u32 - 4);
    let (next, found) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let lot = next.fetch_add(1, Ordering::Relaxed);
                    let Some(before) = ranges.get((lot / lots) as usize) else {
                        break;
                    };
                    let high = format!("{before}{:0width$}", lot % lots, width = digits - 4);
                    let last = lasts.iter().find(|last| last.place == high.len()).unwrap();
                    last.try_all(
                        format!("{high}0000").as_bytes(),
                        &wanted,
                        &mut |state, four| {
                            let digest =
                                (0..8).map(|i| format!("{:08x}", state[i].wrapping_add(FIRST[i])));
                            let digest: String = digest.collect();
                            found
                                .lock()
                                .unwrap()
                                .push(format!("{digest} {high}{four:04}"));
                        },
                    );
                }
            });
        }
    });
    println!("{}", begin.elapsed().as_secs_f64());
    println!("{}", ranges.len() as u64 * lots * 10_000);
    for line in found.into_inner().unwrap() {
        println!("{line}");
    }
}
