//! UCI "Online Retail" as a stream: orders and return documents interleaved by time, sent through the real binary.
//!
//! [`data`] reads the files, [`drive`] sends the stream and measures, [`ledger`] recomputes
//! what every plan may say from the data alone, [`verify`] holds one against the other, [`report`] prints,
//! [`run`] does it all.

pub mod data;
pub mod drive;
pub mod ledger;
pub mod report;
pub mod run;
pub mod verify;
