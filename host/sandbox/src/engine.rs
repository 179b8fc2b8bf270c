//! How wasmtime is set up: what is compiled in, and the pool that instances come from.

use std::hash::{Hash, Hasher};

use rebound_domain::limits::Limits;
use sha2::{Digest as _, Sha256};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::class::Class;

/// What one instance may be made of. Python needs 38 core instances, QuickJS 3 memories.
pub(crate) const CORE_INSTANCES_MAX: u32 = 40;
pub(crate) const MEMORIES_MAX: u32 = 3;
pub(crate) const TABLES_MAX: u32 = 3;
/// Elements of one table. CPython's function table has about 10,000.
pub(crate) const TABLE_ELEMENTS_MAX: usize = 32_768;
/// Resource handles that one instance may hold: host memory beside its own. A strategy needs none, what
/// interpreters bring along needs a few.
pub(crate) const COMPONENT_HANDLES_MAX: usize = 1_024;
/// Size of what [`settings`] answers.
pub(crate) const SETTINGS_BYTES: usize = 32;
/// Stack of the guest's own frames. Compute threads have 2 MiB by Rust's default, this leaves the host plenty.
const STACK_BYTES: usize = 512 * 1024;
/// A slot's first bytes are reset by `memset` instead of being given back to the kernel: a small strategy then
/// never faults a page in again. Measured: 54 us a call without, 19 to 33 us with it.
const KEEP_RESIDENT_BYTES: usize = 128 * 1024;
const WASM_PAGE_BYTES: u64 = 64 * 1024;

/// The engine that calls of a class run on, its pool sized for `instance_count` instances at a time.
pub(crate) fn pooled(class: Class, limits: &Limits, instance_count: u32) -> wasmtime::Result<Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instance_count)
        .total_core_instances(instance_count.saturating_mul(CORE_INSTANCES_MAX))
        .total_memories(instance_count.saturating_mul(MEMORIES_MAX))
        .total_tables(instance_count.saturating_mul(TABLES_MAX))
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .max_memories_per_component(MEMORIES_MAX)
        .max_tables_per_component(TABLES_MAX)
        .max_memories_per_module(MEMORIES_MAX)
        .max_tables_per_module(TABLES_MAX)
        .table_elements(TABLE_ELEMENTS_MAX)
        .max_memory_size(memory_bytes(class, limits))
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .table_keep_resident(KEEP_RESIDENT_BYTES)
        .pagemap_scan(Enabled::Auto);
    let mut config = config();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config)
}

/// The engine that a component is compiled with: the same code comes out, but no pool is reserved, so it fits
/// into the compile child's memory limit.
pub(crate) fn compiling() -> wasmtime::Result<Engine> {
    Engine::new(&config())
}

/// Everything that shapes the compiled code; one for all, or an artefact would not load.
fn config() -> Config {
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .consume_fuel(true)
        .epoch_interruption(true)
        .max_wasm_stack(STACK_BYTES)
        // The same answer on every host: NaN bits are the one thing wasm leaves open beside relaxed SIMD.
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .shared_memory(false)
        // A panic reports itself through `log`; back traces and their tables would only make artefacts larger
        // and traps slower.
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .native_unwind_info(false);
    config
}

fn memory_bytes(class: Class, limits: &Limits) -> usize {
    let bytes = class.memory_bytes_max(limits).checked_next_multiple_of(WASM_PAGE_BYTES);
    bytes.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(usize::MAX)
}

/// wasmtime's own hash of everything that its compatibility depends on, its exact version included, by SHA-256.
pub(crate) fn settings(engine: &Engine) -> [u8; SETTINGS_BYTES] {
    struct Settings(Sha256);
    impl Hasher for Settings {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            // Only collections ask for it; nothing here is one.
            0
        }
    }
    let mut settings = Settings(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut settings);
    settings.0.finalize().into()
}
