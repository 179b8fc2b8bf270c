//! The real binary as these tests hold it: by its arguments, its output and its signals.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::harness::binary;

/// Far longer than anything takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// A command that ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    /// Standard output as the one JSON document it must be.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Standard output as JSON lines.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Checks the exit code and what standard error says.
    #[track_caller]
    pub(crate) fn expect(self, code: i32, says: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        for text in says {
            assert!(self.stderr.contains(text), "no `{text}` in {self:?}");
        }
        self
    }
}

/// Runs a command of the binary to its end.
pub(crate) fn rebound(arguments: &[&str]) -> Finished {
    finish(&mut command(arguments), "")
}

/// Runs a command of the binary to its end, with something on its standard input.
pub(crate) fn rebound_with_input(arguments: &[&str], input: &str) -> Finished {
    finish(&mut command(arguments), input)
}

/// Runs a command of the binary to its end, with these variables.
pub(crate) fn rebound_with(variables: &[(&str, &str)], arguments: &[&str]) -> Finished {
    finish(command(arguments).envs(variables.iter().copied()), "")
}

/// Starts a command of the binary, for those who talk to it line by line.
pub(crate) fn piped(arguments: &[&str]) -> Child {
    command(arguments).stderr(Stdio::null()).spawn().unwrap()
}

/// A command of the binary, untouched by the environment of whoever runs the tests.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for name in ["REBOUND_URL", "REBOUND_TOKEN", "RUST_LOG"] {
        command.env_remove(name);
    }
    command
}

/// Runs a command to its end; one that does not end is killed, and its test fails.
fn finish(command: &mut Command, input: &str) -> Finished {
    let mut child = command.spawn().unwrap();
    // A command that does not read its input closes it early; its output says why.
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let stdout = std::thread::spawn(move || text(&mut stdout));
    let (done, ended) = channel();
    let stderr = std::thread::spawn(move || {
        let text = text(&mut stderr);
        done.send(()).ok();
        text
    });
    let is_late = ended.recv_timeout(PATIENCE).is_err();
    if is_late {
        child.kill().unwrap();
    }
    let status = child.wait().unwrap();
    let finished =
        Finished { code: status.code(), stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() };
    assert!(!is_late, "the command did not end: {finished:?}");
    finished
}

fn text(reader: &mut impl std::io::Read) -> String {
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    text
}

/// A service that runs. Dropped, it is killed; when its test fails, it shows its log.
pub(crate) struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// Lines of standard error as they come, then all of them.
    log: Receiver<String>,
    logger: Option<JoinHandle<String>>,
    pub(crate) url: String,
    pub(crate) first_line: String,
}

impl Running {
    /// Starts a service on a free port, and returns once it says where it listens.
    #[track_caller]
    pub(crate) fn start(data: &Path, arguments: &[&str]) -> Self {
        let mut command = command(&["serve", "--listen", "127.0.0.1:0", "--data"]);
        let mut child = command.arg(data).args(arguments).stdin(Stdio::null()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (line, log) = channel();
        let logger = std::thread::spawn(move || {
            let mut all = String::new();
            for text in stderr.lines().map_while(Result::ok) {
                all.push_str(&text);
                all.push('\n');
                // Nobody may be waiting any more.
                line.send(text).ok();
            }
            all
        });
        let mut running =
            Self { child, stdout, log, logger: Some(logger), url: String::new(), first_line: String::new() };
        running.stdout.read_line(&mut running.first_line).unwrap();
        let first: Value = serde_json::from_str(&running.first_line)
            .unwrap_or_else(|error| panic!("{error}: the first line is {:?}", running.first_line));
        running.url = first["listening"].as_str().unwrap().to_owned();
        running
    }

    /// Starts a development server.
    #[track_caller]
    pub(crate) fn dev(data: &Path) -> Self {
        Self::start(data, &["--dev"])
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// Runs a command against this service.
    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        self.run_with_input(arguments, "")
    }

    /// Runs a command against this service, with something on its standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Finished {
        finish(command(arguments).env("REBOUND_URL", &self.url), input)
    }

    /// Runs a command against this service with a token.
    pub(crate) fn run_with_token(&self, arguments: &[&str], token: &str) -> Finished {
        finish(command(arguments).env("REBOUND_URL", &self.url).env("REBOUND_TOKEN", token), "")
    }

    /// Waits until the log has a line that says `text`.
    #[track_caller]
    pub(crate) fn wait_for_log(&self, text: &str) {
        while let Ok(line) = self.log.recv_timeout(PATIENCE) {
            if line.contains(text) {
                return;
            }
        }
        panic!("the log never said {text}");
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end; returns how it ended, what else was on standard output, and the log.
    pub(crate) fn wait(mut self) -> (ExitStatus, String, String) {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        let status = self.child.wait().unwrap();
        let log = self.logger.take().unwrap().join().unwrap();
        (status, rest, log)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
        if let Some(logger) = self.logger.take()
            && std::thread::panicking()
        {
            eprintln!("the service's log:\n{}", logger.join().unwrap_or_default());
        }
    }
}
