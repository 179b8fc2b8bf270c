//! Bytes offered as a component: refused with a reason, or a strategy with at least one stage. The compile child
//! stays out of it: what is looked at here is looked at in the service's own process.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rebound_domain::limits::Limits;
use rebound_sandbox::{CacheOptions, Class, Compiler, Sandbox, SandboxOptions};

static SANDBOX: LazyLock<(Sandbox, tempfile::TempDir)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("there is room for an empty folder");
    let cache = CacheOptions { dir: dir.path().to_owned(), key: [7; 32] };
    let limits = Limits::default();
    let options = SandboxOptions { limits, cache, compiler: Compiler::InProcess, concurrency: 1 };
    (Sandbox::start(options).expect("the pool fits"), dir)
});

fuzz_target!(|bytes: &[u8]| {
    match SANDBOX.0.inspect(Class::Standard, bytes) {
        Ok(exports) => assert!(!exports.stages.is_empty(), "a component without a stage is refused"),
        Err(refused) => assert!(!refused.to_string().is_empty()),
    }
});
