//! Precomputed multiples of one fixed base: the generator, or a public key.

use std::borrow::Cow;
use std::sync::OnceLock;

use curve25519_dalek::constants::{RISTRETTO_BASEPOINT_COMPRESSED, RISTRETTO_BASEPOINT_TABLE};
use curve25519_dalek::ristretto::RistrettoBasepointTable;

use crate::portable;

/// The multiples of one base that make its multiplication fast. Each backend's own form is made at first use.
pub struct Table {
    encoding: [u8; 32],
    portable: OnceLock<Cow<'static, RistrettoBasepointTable>>,
}

impl Table {
    /// The table of the group's generator, shared by all.
    pub fn generator() -> &'static Table {
        static GENERATOR: OnceLock<Table> = OnceLock::new();
        GENERATOR.get_or_init(|| Table {
            encoding: RISTRETTO_BASEPOINT_COMPRESSED.to_bytes(),
            portable: OnceLock::from(Cow::Borrowed(RISTRETTO_BASEPOINT_TABLE)),
        })
    }

    /// The table of another base; none if the encoding is refused (see [`crate::InvalidKind`]).
    pub fn new(encoding: &[u8; 32]) -> Option<Table> {
        portable::decode_one(encoding)?;
        Some(Table {
            encoding: *encoding,
            portable: OnceLock::new(),
        })
    }

    /// The base.
    pub fn encoding(&self) -> &[u8; 32] {
        &self.encoding
    }

    pub(crate) fn portable(&self) -> &RistrettoBasepointTable {
        self.portable.get_or_init(|| {
            let base =
                portable::decode_one(&self.encoding).expect("a table is made of a valid encoding");
            Cow::Owned(RistrettoBasepointTable::create(&base))
        })
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("encoding", &self.encoding)
            .finish_non_exhaustive()
    }
}
