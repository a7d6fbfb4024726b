//! The holder's four keys of one trace (PROTOCOL 2, spec core 7).

use clew_kernels::{Backend, Table};

use crate::scalars::SecretScalar;
use crate::{Encoding, Error};

/// What a key of the holder is for. A proof for one role says nothing about another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// `X = x G`: the entries of the snapshot are encrypted under it.
    Encryption,
    /// `M = m G`: seals are made with it.
    Seal,
    /// `J = j G`: gives names.
    Name,
    /// `K = k G`: finds and opens rows.
    Row,
}

impl Role {
    /// All four, in the order in which they are written everywhere.
    pub const ALL: [Role; 4] = [Role::Encryption, Role::Seal, Role::Name, Role::Row];

    /// Its name in transcripts and errors.
    pub fn name(self) -> &'static str {
        match self {
            Role::Encryption => "encryption key",
            Role::Seal => "seal key",
            Role::Name => "name key",
            Role::Row => "row key",
        }
    }
}

/// The holder's secrets of one trace; wiped when dropped, which is how a trace is closed.
#[derive(Debug)]
pub struct HolderSecrets {
    /// `x`
    pub encryption: SecretScalar,
    /// `m`
    pub seal: SecretScalar,
    /// `j`
    pub name: SecretScalar,
    /// `k`
    pub row: SecretScalar,
}

impl HolderSecrets {
    /// Four secrets from 32 bytes of randomness that serve this trace and nothing else.
    ///
    /// # Errors
    /// As [`SecretScalar::expand`].
    pub fn expand(seed: &[u8; 32]) -> Result<Self, Error> {
        let draw = |role: Role| SecretScalar::expand(seed, role.name());
        Ok(Self {
            encryption: draw(Role::Encryption)?,
            seal: draw(Role::Seal)?,
            name: draw(Role::Name)?,
            row: draw(Role::Row)?,
        })
    }

    /// The secret of a role.
    pub fn get(&self, role: Role) -> &SecretScalar {
        match role {
            Role::Encryption => &self.encryption,
            Role::Seal => &self.seal,
            Role::Name => &self.name,
            Role::Row => &self.row,
        }
    }

    /// The keys to publish.
    pub fn public(&self, backend: Backend) -> HolderKeys {
        let encodings = Role::ALL.map(|role| self.get(role).public(backend));
        HolderKeys::new(&encodings).expect("a secret is not zero, so its key is a point")
    }
}

/// The holder's published keys of one trace, each with the table that makes its multiples fast.
#[derive(Debug)]
pub struct HolderKeys {
    /// `X`
    pub encryption: Table,
    /// `M`
    pub seal: Table,
    /// `J`
    pub name: Table,
    /// `K`
    pub row: Table,
}

impl HolderKeys {
    /// The keys `X`, `M`, `J`, `K` of these encodings.
    ///
    /// # Errors
    /// The first, by position, that is not the encoding of a point, or is the identity.
    pub fn new(encodings: &[Encoding; 4]) -> Result<Self, Error> {
        let table = |index: usize| public_key(&encodings[index], Role::ALL[index].name(), index);
        Ok(Self {
            encryption: table(0)?,
            seal: table(1)?,
            name: table(2)?,
            row: table(3)?,
        })
    }

    /// The key of a role.
    pub fn get(&self, role: Role) -> &Table {
        match role {
            Role::Encryption => &self.encryption,
            Role::Seal => &self.seal,
            Role::Name => &self.name,
            Role::Row => &self.row,
        }
    }

    /// The encodings of `X`, `M`, `J`, `K`.
    pub fn encodings(&self) -> [Encoding; 4] {
        Role::ALL.map(|role| *self.get(role).encoding())
    }
}

/// The table of a published key.
pub(crate) fn public_key(
    encoding: &Encoding,
    what: &'static str,
    index: usize,
) -> Result<Table, Error> {
    Table::new(encoding).ok_or(if *encoding == [0; 32] {
        Error::Identity { what, index }
    } else {
        Error::NotCanonical { what, index }
    })
}
