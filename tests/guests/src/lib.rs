//! Hostile guests in one component: every stage does what the route's config says.
//!
//! The config is a word, or a word and a number: `spin`, `panic`, `offers 33`. See `guest.rs` for all of them.
//! What Rust cannot be talked into (a broken text, a list that lies about its length) is written by hand beside
//! the sandbox's tests. Outside wasm there is nothing here.

#[cfg(target_arch = "wasm32")]
mod guest;
