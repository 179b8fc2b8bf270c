//! A person's rights over what is held of them: to have it ([`mod@export`]) and to have it gone ([`mod@erase`]).

mod erase;
mod export;

pub use erase::Erased;
pub(crate) use erase::Eraser;
