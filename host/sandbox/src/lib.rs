//! Strategies under wasmtime: loading, limits, linking, one call.
