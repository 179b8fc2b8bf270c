//! The real binary as a child process that never outlives us.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal};
use serde::Deserialize;
use tempfile::TempDir;

use crate::interrupt;

/// How long the service may take to finish what it accepted.
const GRACE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(20);

/// `rebound serve` on a store that ends with it.
pub(crate) struct Service {
    child: Child,
    url: String,
    /// Kept open: the service may write to it.
    _stdout: BufReader<ChildStdout>,
    _store: TempDir,
}

#[derive(Deserialize)]
struct Listening {
    listening: String,
}

impl Service {
    /// Starts it without a token and with the clock of the events: the sample history happened when it happened.
    pub(crate) fn start(binary: &Path, listen: SocketAddr) -> Result<Self> {
        let store = tempfile::Builder::new().prefix("rebound-demo-").tempdir()?;
        let mut command = tethered(binary);
        command.args(["serve", "--dev", "--clock", "event", "--listen", &listen.to_string(), "--data"]);
        command.arg(store.path().join("data")).stdin(Stdio::null()).stdout(Stdio::piped());
        // Ctrl-C of the terminal reaches us alone; the service is told by `interrupt`, once.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        if std::env::var_os("RUST_LOG").is_none() {
            command.env("RUST_LOG", "warn");
        }
        let mut child = command.spawn().with_context(|| format!("{} cannot be started", binary.display()))?;
        let pid = pid(&child);
        interrupt::on_request(Some(Box::new(move || terminate(pid))));
        let mut stdout = BufReader::new(child.stdout.take().expect("standard output is piped"));
        let mut first = String::new();
        stdout.read_line(&mut first)?;
        let mut service = Self { child, url: String::new(), _stdout: stdout, _store: store };
        service.url = match serde_json::from_str::<Listening>(&first) {
            Ok(line) => line.listening,
            Err(_) if first.is_empty() => bail!("the service did not start: {}", service.end()?),
            Err(_) => bail!("the service said {first:?} in place of its address"),
        };
        Ok(service)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Ends it, after it has finished what it accepted.
    pub(crate) fn stop(&mut self) -> Result<()> {
        terminate(pid(&self.child));
        let status = self.end()?;
        ensure!(status.success(), "the service did not end cleanly: {status}");
        Ok(())
    }

    /// Waits until an interrupt ends it.
    pub(crate) fn wait(&mut self) -> Result<()> {
        let status = self.child.wait()?;
        ensure!(interrupt::requested(), "the service ended by itself: {status}");
        ensure!(status.success(), "the service did not end cleanly: {status}");
        Ok(())
    }

    /// Waits for an end that is near.
    fn end(&mut self) -> Result<std::process::ExitStatus> {
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(POLL);
        }
        bail!("the service did not end within {} s", GRACE.as_secs())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        interrupt::on_request(None);
        // It has ended already unless something went wrong; then nothing is left to be finished.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

fn terminate(pid: Pid) {
    // It may have ended by itself; its parent has not waited yet, so the number is still its own.
    let _ = rustix::process::kill_process(pid, Signal::TERM);
}

/// A command that runs a program tethered to us, where the system can do that.
fn tethered(program: &Path) -> Command {
    if !cfg!(target_os = "linux") {
        return Command::new(program);
    }
    // Not `current_exe`: a build may have replaced the file while this process runs.
    let mut command = Command::new("/proc/self/exe");
    command.arg("tether").arg(std::process::id().to_string()).arg(program);
    command
}

/// Asks the system for SIGTERM when the parent ends, SIGKILL included, and becomes the program.
#[derive(clap::Args)]
pub(crate) struct Tethered {
    /// The parent's process id.
    parent: u32,
    program: PathBuf,
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl Tethered {
    #[cfg(target_os = "linux")]
    pub(crate) fn run(&self) -> Result<()> {
        rustix::process::set_parent_process_death_signal(Some(Signal::TERM))?;
        let parent = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get().unsigned_abs());
        ensure!(parent == Some(self.parent), "the parent ended before {} started", self.program.display());
        let error =
            std::os::unix::process::CommandExt::exec(Command::new(&self.program).args(&self.arguments));
        Err(error).with_context(|| format!("{} cannot be started", self.program.display()))
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn run(&self) -> Result<()> {
        let Self { parent: _, program, arguments: _ } = self;
        bail!("{} can be tethered on Linux only", program.display())
    }
}
