//! UCI "Online Retail" as a stream: orders and return documents interleaved by time, sent through the real binary.
//!
//! [`data`] reads the files, [`prices`] tells what a product cost by then, [`stream`] puts all in order, [`drive`] sends
//! it and measures. [`sent`] holds what went out against the outcomes, [`ledger`] recomputes what a plan may say from the
//! data alone, [`verify`] holds every plan against it. [`report`] prints, [`run`] does it all.

pub mod data;
pub mod drive;
pub mod ledger;
mod plan;
pub mod prices;
mod promise;
pub mod report;
pub mod run;
pub mod sent;
mod sentence;
pub mod stream;
pub mod verify;
