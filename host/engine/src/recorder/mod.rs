//! What is kept of a decision so that it can be run again bit for bit.
//!
//! A strategy is a pure function, so its inputs and what the catalogue answered are enough: nothing is recorded of how
//! the answer came about. Every decision in which a call failed is kept, and a share of the others, chosen by a keyed
//! hash of the return id. A decision only notes what was asked ([`overheard`]); whether it is kept, what the catalogue
//! had answered and how it is stored is settled after the plan is durable, by [`crate::clerk`].
//!
//! A recording is the customer's: sealed with the customer's key, stored among the customer's records. What lists them
//! ([`ring`]) names nobody.

mod draft;
mod mask;
mod overheard;
mod recording;
mod replay;
mod ring;
mod shown;

pub(crate) use draft::{Capture, CapturedCall, Draft, Why};
pub(crate) use overheard::Overheard;
pub use recording::RecordingId;
pub(crate) use recording::{Ended, Given, written};
pub use replay::{Difference, Replay, ReplayError, Replayed};
pub(crate) use ring::Ring;
pub use shown::{Personal, RecordingError, RecordingSummary};
