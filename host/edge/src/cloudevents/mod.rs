//! CloudEvents 1.0 coming in: structured, binary and batched, beside the plain body.
//!
//! Start reading at [`read`]. An `Envelope` is what the standard says of any event, however it came; an
//! [`EventType`] is what this host makes of one: which fields of the data its attributes stand for. What comes out is
//! an [`Event`], the same for each way of sending it, and so is what "the same body" is compared by.
//!
//! Written by hand: batches would be so anyway, and what is refused names its place and the remedy. Standards: CloudEvents 1.0.2, its JSON format and its HTTP
//! protocol binding.

mod batch;
mod binary;
mod envelope;
mod incoming;
mod kind;
mod structured;
#[cfg(test)]
mod tests;

pub(crate) use batch::EVENTS_MAX;
pub(crate) use incoming::{Event, Incoming, Part, is_binary, read};
pub(crate) use kind::{EventType, ORDER_PLACED, RECEIVED, RETURN_REQUESTED};
