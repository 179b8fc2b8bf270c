//! Machine code that this host made.

use wasmtime::Engine;
use wasmtime::component::Component;

/// A compiled component that may be loaded. There are two ways to one: our own compiler has just made it, or the
/// cache's keyed digest proves that it did so earlier.
pub(crate) struct Artefact {
    bytes: Vec<u8>,
    /// Where the code begins.
    offset: usize,
}

impl Artefact {
    /// What [`crate::Compiler`] has made.
    pub(crate) fn compiled(bytes: Vec<u8>) -> Self {
        Self { bytes, offset: 0 }
    }

    /// What [`crate::cache`] has kept, after `offset` bytes of header, and has checked.
    pub(crate) fn checked(bytes: Vec<u8>, offset: usize) -> Self {
        Self { bytes, offset }
    }

    /// Makes it runnable. wasmtime checks once more that version and settings fit.
    pub(crate) fn load(&self, engine: &Engine) -> wasmtime::Result<Component> {
        // SAFETY: `deserialize` runs whatever code it is given. These bytes were made by wasmtime's compiler, in
        // this process or in a child that it started, and have been in this process's memory since they came
        // from there or since their keyed digest was checked.
        #[expect(unsafe_code, reason = "the one audited exception: loading what this host compiled")]
        unsafe {
            Component::deserialize(engine, self)
        }
    }
}

impl AsRef<[u8]> for Artefact {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[self.offset..]
    }
}
