//! Two sizes of component, and what each may use.

use rebound_domain::limits::Limits;

/// How large a component may be, and how much a call of it may use. Each class has its own engine and its own
/// pool, so that a few large components cannot take the room of many small ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Rust, C and the like: a few hundred KiB of code, little memory.
    Standard,
    /// Components that carry an interpreter: Python, JavaScript.
    Large,
}

impl Class {
    /// The stable word: standard or large.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Class::Standard => "standard",
            Class::Large => "large",
        }
    }

    /// Size of a component in this class, bytes.
    #[must_use]
    pub fn component_bytes_max(self, limits: &Limits) -> u64 {
        match self {
            Class::Standard => limits.component_bytes,
            Class::Large => limits.component_bytes_large,
        }
    }

    /// Fuel per call in this class.
    #[must_use]
    pub fn fuel(self, limits: &Limits) -> u64 {
        match self {
            Class::Standard => limits.fuel,
            Class::Large => limits.fuel_large,
        }
    }

    /// Linear memories and tables of one instance together, bytes.
    #[must_use]
    pub fn memory_bytes_max(self, limits: &Limits) -> u64 {
        match self {
            Class::Standard => limits.memory_bytes,
            Class::Large => limits.memory_bytes_large,
        }
    }
}

impl std::fmt::Display for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}
