//! The real binary, started for a run.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use serde_json::Value;

/// The real binary without a token, on a port of its own. It ends with this value.
pub struct Service {
    child: Child,
    /// Where it listens.
    pub url: String,
}

impl Service {
    /// Starts it on a data folder.
    ///
    /// # Errors
    /// When it does not say where it listens.
    pub fn start(binary: &Path, data: &Path, arguments: &[&str]) -> Result<Self> {
        let mut child = Command::new(binary)
            .args(["serve", "--dev", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(arguments)
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let stdout = child.stdout.take().context("the service has no standard output")?;
        let mut service = Self { child, url: String::new() };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let first: Value =
            serde_json::from_str(&line).with_context(|| format!("the service said {line:?} first"))?;
        service.url =
            first["listening"].as_str().with_context(|| format!("no address in {line:?}"))?.to_owned();
        Ok(service)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Killing a process that has ended already is no harm.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
