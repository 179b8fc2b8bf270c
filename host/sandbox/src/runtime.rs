//! What all plugins of one class share: the engine, the imports, the room in the pool.

use std::sync::{Condvar, Mutex, PoisonError};

use rebound_domain::limits::Limits;
use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::call::Call;
use crate::class::Class;
use crate::{engine, host};

pub(crate) struct Runtime {
    pub(crate) class: Class,
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<Call>,
    pub(crate) limits: Limits,
    pub(crate) slots: Slots,
}

impl Runtime {
    pub(crate) fn start(class: Class, limits: Limits, instance_count: u32) -> wasmtime::Result<Self> {
        let engine = engine::pooled(class, &limits, instance_count)?;
        let linker = host::linker(&engine)?;
        Ok(Self { class, engine, linker, limits, slots: Slots::new(instance_count) })
    }
}

/// Room for instances. A call that finds none waits for one to end, which every call does by its deadline:
/// a full pool must not look like a component that does not link.
pub(crate) struct Slots {
    free: Mutex<u32>,
    freed: Condvar,
}

/// Room for one instance.
pub(crate) struct Slot<'a>(&'a Slots);

impl Slots {
    fn new(count: u32) -> Self {
        Self { free: Mutex::new(count), freed: Condvar::new() }
    }

    pub(crate) fn take(&self) -> Slot<'_> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self.freed.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Slot(self)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}
