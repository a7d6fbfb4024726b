//! Which arithmetic runs: chosen at run time from what the processor can do.

/// A way to compute. All give the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Backend {
    /// AVX-512 with 52-bit multiplication (IFMA): eight points at a time.
    Ifma,
    /// AVX2: four points at a time.
    Avx2,
    /// `curve25519-dalek`, one point at a time.
    Portable,
}

impl Backend {
    /// Every backend that this crate has, fastest first.
    pub const ALL: [Backend; 3] = [Backend::Ifma, Backend::Avx2, Backend::Portable];

    /// The backends that this processor can run, fastest first. Never empty: the portable one always runs.
    pub fn available() -> Vec<Backend> {
        Self::ALL
            .into_iter()
            .filter(|backend| backend.is_available())
            .collect()
    }

    /// The fastest backend that this processor can run.
    pub fn best() -> Backend {
        Self::available()[0]
    }

    /// Whether this processor can run it.
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Backend::Ifma => crate::ifma::Ifma::is_available(),
            #[cfg(target_arch = "x86_64")]
            Backend::Avx2 => crate::avx2::Avx2::is_available(),
            Backend::Portable => true,
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// Its name: `ifma`, `avx2` or `portable`.
    pub fn name(self) -> &'static str {
        match self {
            Backend::Ifma => "ifma",
            Backend::Avx2 => "avx2",
            Backend::Portable => "portable",
        }
    }

    /// The backend of that name, whether or not this processor can run it.
    pub fn from_name(name: &str) -> Option<Backend> {
        Self::ALL.into_iter().find(|backend| backend.name() == name)
    }
}
