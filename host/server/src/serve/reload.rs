//! SIGHUP: the configuration is read again. What can change changes, what cannot is named, and one that does not stand
//! changes nothing.

use std::io;

use rebound_edge::Observation;
use rebound_engine::Engine;
use tokio::signal::unix::{self, SignalKind};

use super::logging::Logs;
use crate::config::{Change, ConfigError, Environment, Flags, Key, Resolved, Settings};
use crate::failure::chain;

/// What a reload starts from, and what it changes.
pub(super) struct Reload {
    flags: Flags,
    /// As the process was started with; nobody changes it from outside.
    environment: Environment,
    resolved: Resolved,
    logs: Logs,
    running: Option<(Engine, Observation)>,
}

impl Reload {
    pub(super) fn new(flags: Flags, environment: Environment, resolved: Resolved, logs: Logs) -> Self {
        Self { flags, environment, resolved, logs, running: None }
    }

    /// Names what runs, and gives it what the start said.
    pub(super) fn applies_to(&mut self, engine: Engine, observation: Observation, settings: &Settings) {
        observation.set_access_log(settings.log_access);
        self.running = Some((engine, observation));
    }

    /// Waits for signals until it is dropped. From now on SIGHUP does not end the process.
    pub(super) fn run(mut self) -> io::Result<impl Future<Output = ()>> {
        let mut hangups = unix::signal(SignalKind::hangup())?;
        Ok(async move {
            while hangups.recv().await.is_some() {
                self.reload();
            }
        })
    }

    fn reload(&mut self) {
        for path in self.flags.files() {
            tracing::info!(path = %path.display(), "reading the configuration again");
        }
        let (settings, resolved) = match Settings::read(&self.flags, &self.environment) {
            Ok(read) => read,
            Err(ConfigError::Faults(faults)) => {
                faults.iter().for_each(|fault| tracing::error!("{fault}"));
                return tracing::error!(
                    faults = faults.len(),
                    "the configuration does not stand; nothing changes"
                );
            }
            Err(error) => {
                return tracing::error!(
                    error = chain(&error),
                    "the configuration stays as it is; nothing changes"
                );
            }
        };
        let changed: Vec<&Key> = changed(&self.resolved, &resolved).collect();
        for key in &changed {
            let (was, is) = (self.resolved.said(key).value, resolved.said(key).value);
            let (key_name, was, is) = (&key.name, key.shown(&was), key.shown(&is));
            match key.change {
                Change::Live => tracing::info!(key = key_name, was, is, "a key changes"),
                Change::Restart => {
                    tracing::warn!(
                        key = key_name,
                        was,
                        is,
                        "a key changes with the next start; until then it is what it was"
                    );
                }
            }
        }
        let live = changed.iter().filter(|key| key.change == Change::Live).count();
        if live > 0 {
            self.apply(&settings);
        }
        tracing::info!(changed = live, waiting = changed.len() - live, "the configuration was read again");
        self.resolved.take_live(&resolved);
    }

    fn apply(&self, settings: &Settings) {
        self.logs.set_filter(&settings.log_filter);
        if let Some((engine, observation)) = &self.running {
            observation.set_access_log(settings.log_access);
            observation.tracer().set_share_bp(settings.trace_share_bp);
            engine.tune(&settings.limits);
        }
    }
}

/// Every key whose value is another one.
fn changed<'a>(was: &'a Resolved, is: &'a Resolved) -> impl Iterator<Item = &'static Key> + 'a {
    was.all().map(|(key, _)| key).filter(|key| was.said(key).value != is.said(key).value)
}
