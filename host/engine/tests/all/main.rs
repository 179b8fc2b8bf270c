//! The use cases over storage in memory and a real sandbox.

mod control;
mod decide;
mod house;
mod imports;
mod restart;
