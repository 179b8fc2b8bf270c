//! Logs on standard error: for people at a terminal, as JSON lines anywhere else, or as the configuration says.

use std::io::{self, IsTerminal};

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Registry, fmt, reload};

use crate::config::{LogFormat, Settings};

/// The process's log, whose filter can change.
pub(super) struct Logs {
    filter: reload::Handle<EnvFilter, Registry>,
}

impl Logs {
    /// From now on what is told is written.
    pub(super) fn start(settings: &Settings) -> Self {
        let (filter, handle) = reload::Layer::new(filter(&settings.log_filter));
        let logs = tracing_subscriber::registry().with(filter);
        let is_json = match settings.log_format {
            LogFormat::Auto => !io::stderr().is_terminal(),
            LogFormat::Text => false,
            LogFormat::Json => true,
        };
        match is_json {
            true => logs.with(fmt::layer().json().flatten_event(true).with_writer(io::stderr)).init(),
            // Without a terminal nobody sees colours, only their codes.
            false => {
                logs.with(fmt::layer().with_ansi(io::stderr().is_terminal()).with_writer(io::stderr)).init()
            }
        }
        Self { filter: handle }
    }

    /// From now on this counts.
    pub(super) fn set_filter(&self, text: &str) {
        if let Err(error) = self.filter.reload(filter(text)) {
            tracing::warn!(%error, "the log's filter stays as it is");
        }
    }
}

fn filter(text: &str) -> EnvFilter {
    EnvFilter::try_new(text).expect("the configuration is checked, this filter included")
}
