//! Every distinct text of a number, read once, however many threads scan.
//!
//! There are millions of them, so a look-up is a walk through cold memory. Whole blocks are looked up at once, shard by
//! shard: a shard is small enough to stay near, is locked once, and holds all that a known text needs in one slot.

use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::columns::{Optional, Texts};
use crate::numbers::{Party, Reader};

/// What a record needs to know of a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Kind of the party (`spec/records.md`, section 2.1).
    pub kind: i8,
    /// Its key; none when withheld.
    pub key: Option<i64>,
}

/// Two canonical texts share a key; the import is refused (`spec/records.md`, section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedKey;

/// The texts of a block's numbers, in the order in which they are to be answered.
#[derive(Debug, Default)]
pub struct Batch {
    texts: Vec<u8>,
    ends: Vec<u32>,
    forms: Vec<u8>,
}

impl Batch {
    /// Asks for one more: UTF-8, at most [`crate::scan::LONGEST_NUMBER`] bytes.
    pub fn push(&mut self, raw: &[u8], form: u8) {
        self.texts.extend_from_slice(raw);
        self.ends.push(self.texts.len() as u32);
        self.forms.push(form);
    }

    /// Forgets them all.
    pub fn clear(&mut self) {
        self.texts.clear();
        self.ends.clear();
        self.forms.clear();
    }

    fn get(&self, index: usize) -> &[u8] {
        let begin = if index == 0 {
            0
        } else {
            self.ends[index - 1] as usize
        };
        &self.texts[begin..self.ends[index] as usize]
    }
}

/// What is needed again and again: 64 bytes, one line of the processor's cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Slot {
    key: i64,
    occurrences: u32,
    hash: u32,
    entry: u32,
    length: u16,
    form: u8,
    kind: i8,
    keyed: bool,
    /// The text, if it fits; else it is in the entry.
    raw: [u8; NEAR],
}

const NEAR: usize = 39;

impl Slot {
    fn end(&self) -> End {
        End {
            kind: self.kind,
            key: self.keyed.then_some(self.key),
        }
    }

    fn raw<'a>(&'a self, entries: &[Entry], texts: &'a [u8]) -> &'a [u8] {
        let length = self.length as usize;
        if length <= NEAR {
            &self.raw[..length]
        } else {
            slice(texts, entries[self.entry as usize].raw)
        }
    }
}

#[derive(Debug)]
struct Entry {
    raw: (u32, u16),
    form: u8,
    end: End,
    occurrences: u64,
    country: [u8; 2],
    suppressed: bool,
    possible: bool,
    valid: bool,
    reason: Option<&'static str>,
    /// In the shard's texts; only where it does not follow from the key.
    canonical: Option<(u32, u16)>,
    routing_prefix: Option<(u32, u16)>,
}

#[derive(Debug, Default)]
struct Shard {
    table: HashTable<Slot>,
    entries: Vec<Entry>,
    texts: Vec<u8>,
}

const SHARDS: usize = 256;
const E164: u8 = 1;

/// A column's number form: what it is called, and how it is read.
#[derive(Debug)]
pub struct Form {
    /// As the profile writes it.
    pub name: String,
    /// Reads one text.
    pub reader: Reader,
}

/// The distinct numbers of one file.
#[derive(Debug)]
pub struct Dictionary {
    forms: Vec<Form>,
    shards: Vec<Mutex<Shard>>,
    hasher: FixedState,
}

/// The columns of `NUMBERS`.
#[derive(Debug, Default)]
pub struct Numbers {
    /// The text in the file.
    pub raw: Texts,
    /// The form of its column.
    pub form: Texts,
    /// Kind of the party.
    pub kind: Vec<i8>,
    /// Its key.
    pub key: Optional<i64>,
    /// Its canonical text.
    pub canonical: Texts,
    /// ISO 3166-1 alpha-2.
    pub country: Texts,
    /// What was taken off.
    pub routing_prefix: Texts,
    /// Whether the caller asked that it be withheld: 0 or 1.
    pub suppressed: Vec<u8>,
    /// Whether such a number can exist: 0 or 1.
    pub possible: Vec<u8>,
    /// Whether the number plan has it: 0 or 1.
    pub valid: Vec<u8>,
    /// Why it is unknown.
    pub reason: Texts,
    /// In how many ends of units it stood.
    pub occurrences: Vec<i64>,
}

impl Dictionary {
    /// An empty dictionary for these forms.
    #[must_use]
    pub fn new(forms: Vec<Form>) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        // A fixed seed keeps the order of the stored table the same on every run.
        Self {
            forms,
            shards,
            hasher: FixedState::with_seed(0x00C1_E44E),
        }
    }

    /// The parties that the texts of `batch` name, in their order; counts them.
    #[must_use]
    pub fn look_up(&self, batch: &Batch) -> Vec<End> {
        let count = batch.ends.len();
        let mut hashes = Vec::with_capacity(count);
        let mut sizes = [0_u32; SHARDS + 1];
        for index in 0..count {
            let hash = self.hasher.hash_one((batch.get(index), batch.forms[index]));
            sizes[shard_of(hash) + 1] += 1;
            hashes.push(hash);
        }
        for shard in 0..SHARDS {
            sizes[shard + 1] += sizes[shard];
        }
        let begins = sizes;
        let mut order = vec![0_u32; count];
        for (index, hash) in hashes.iter().enumerate() {
            let place = &mut sizes[shard_of(*hash)];
            order[*place as usize] = index as u32;
            *place += 1;
        }
        let mut ends = vec![End { kind: 0, key: None }; count];
        for number in 0..SHARDS {
            let asked = &order[begins[number] as usize..begins[number + 1] as usize];
            if asked.is_empty() {
                continue;
            }
            let mut shard = lock(&self.shards[number]);
            for &index in asked {
                let index = index as usize;
                ends[index] = self.one(
                    &mut shard,
                    batch.get(index),
                    batch.forms[index],
                    hashes[index],
                );
            }
        }
        ends
    }

    fn one(&self, shard: &mut Shard, raw: &[u8], form: u8, hash: u64) -> End {
        let Shard {
            table,
            entries,
            texts,
        } = shard;
        let found = table.find_mut(hash, |slot| {
            slot.hash == hash as u32 && slot.form == form && slot.raw(entries, texts) == raw
        });
        if let Some(slot) = found {
            slot.occurrences = slot.occurrences.checked_add(1).unwrap_or_else(|| {
                entries[slot.entry as usize].occurrences += u64::from(u32::MAX);
                1
            });
            return slot.end();
        }
        let party = self.forms[form as usize]
            .reader
            .read(&String::from_utf8_lossy(raw));
        let entry = entry(raw, form, &party, texts);
        let end = entry.end;
        let mut near = [0; NEAR];
        if raw.len() <= NEAR {
            near[..raw.len()].copy_from_slice(raw);
        }
        let slot = Slot {
            key: end.key.unwrap_or_default(),
            occurrences: 1,
            hash: hash as u32,
            entry: entries.len() as u32,
            length: raw.len() as u16,
            form,
            kind: end.kind,
            keyed: end.key.is_some(),
            raw: near,
        };
        entries.push(entry);
        // The table has only the hash's lower half again, and asks for the whole of it when it grows.
        let Shard {
            table,
            entries,
            texts,
        } = shard;
        table.insert_unique(hash, slot, |slot| {
            self.hasher.hash_one((slot.raw(entries, texts), slot.form))
        });
        end
    }

    /// Everything that was looked up, always in the same order; empties the dictionary.
    pub fn take(&self) -> Result<Vec<Numbers>, SharedKey> {
        let mut all = Vec::new();
        let mut seen: HashTable<(i64, u32, u32)> = HashTable::new();
        let mut shards = Vec::new();
        for shard in &self.shards {
            let mut shard = std::mem::take(&mut *lock(shard));
            let Shard {
                table,
                entries,
                texts,
            } = &mut shard;
            for slot in std::mem::take(table) {
                entries[slot.entry as usize].occurrences += u64::from(slot.occurrences);
            }
            entries.sort_unstable_by(|one, two| {
                (slice(texts, one.raw), one.form).cmp(&(slice(texts, two.raw), two.form))
            });
            shards.push(shard);
        }
        for (number, shard) in shards.iter().enumerate() {
            for (index, entry) in shard.entries.iter().enumerate() {
                let (Some(key), Some(canonical)) = (entry.end.key, entry.canonical) else {
                    continue;
                };
                let same = |other: &(i64, u32, u32)| other.0 == key;
                match seen.find(self.hasher.hash_one(key), same) {
                    Some(&(_, shard_of, index_of)) => {
                        let other = &shards[shard_of as usize];
                        let text = other.entries[index_of as usize]
                            .canonical
                            .map(|at| slice(&other.texts, at));
                        if text != Some(slice(&shard.texts, canonical)) {
                            return Err(SharedKey);
                        }
                    }
                    None => {
                        let value = (key, number as u32, index as u32);
                        seen.insert_unique(self.hasher.hash_one(key), value, |value| {
                            self.hasher.hash_one(value.0)
                        });
                    }
                }
            }
        }
        for (number, shard) in shards.into_iter().enumerate() {
            if number % 32 == 0 {
                all.push(Numbers::default());
            }
            if let Some(numbers) = all.last_mut() {
                self.write(&shard, numbers);
            }
        }
        Ok(all)
    }

    fn write(&self, shard: &Shard, numbers: &mut Numbers) {
        let mut digits = Vec::with_capacity(16);
        for entry in &shard.entries {
            numbers.raw.push(Some(slice(&shard.texts, entry.raw)));
            numbers
                .form
                .push(Some(self.forms[entry.form as usize].name.as_bytes()));
            numbers.kind.push(entry.end.kind);
            numbers.key.push(entry.end.key);
            match (entry.canonical, entry.end.key) {
                (Some(at), _) => numbers.canonical.push(Some(slice(&shard.texts, at))),
                (None, Some(key)) => {
                    digits.clear();
                    digits.push(b'+');
                    digits.extend_from_slice(key.to_string().as_bytes());
                    numbers.canonical.push(Some(&digits));
                }
                (None, None) => numbers.canonical.push(None),
            }
            numbers
                .country
                .push((entry.country != [0; 2]).then_some(&entry.country[..]));
            numbers
                .routing_prefix
                .push(entry.routing_prefix.map(|at| slice(&shard.texts, at)));
            numbers.suppressed.push(u8::from(entry.suppressed));
            numbers.possible.push(u8::from(entry.possible));
            numbers.valid.push(u8::from(entry.valid));
            numbers.reason.push(entry.reason.map(str::as_bytes));
            numbers.occurrences.push(entry.occurrences as i64);
        }
    }
}

fn shard_of(hash: u64) -> usize {
    (hash >> 48) as usize % SHARDS
}

fn entry(raw: &[u8], form: u8, party: &Party, texts: &mut Vec<u8>) -> Entry {
    let canonical = party.canonical.as_deref().filter(|_| party.kind != E164);
    Entry {
        raw: keep(texts, raw),
        form,
        end: End {
            kind: party.kind as i8,
            key: party.key,
        },
        occurrences: 0,
        country: party.country.unwrap_or_default(),
        suppressed: party.suppressed,
        possible: party.possible,
        valid: party.valid,
        reason: party.reason,
        canonical: canonical.map(|text| keep(texts, text.as_bytes())),
        routing_prefix: party
            .routing_prefix
            .as_deref()
            .map(|text| keep(texts, text.as_bytes())),
    }
}

fn keep(texts: &mut Vec<u8>, text: &[u8]) -> (u32, u16) {
    let begin = texts.len() as u32;
    texts.extend_from_slice(text);
    (begin, text.len() as u16)
}

fn slice(texts: &[u8], (begin, length): (u32, u16)) -> &[u8] {
    &texts[begin as usize..begin as usize + length as usize]
}

/// A thread that panicked left no half-written entry behind that matters: the whole scan ends with it.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
