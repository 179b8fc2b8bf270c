//! Logs on standard error: for people at a terminal, as JSON lines anywhere else.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::failure::Failure;

pub(super) fn start(filter: &str) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        Failure::Usage(format!(
            "--log {} is no filter ({error}); write info, or target=level pairs",
            filter.escape_debug()
        ))
    })?;
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match io::stderr().is_terminal() {
        true => logs.init(),
        false => logs.json().flatten_event(true).init(),
    }
    Ok(())
}
