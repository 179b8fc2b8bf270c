//! Compiling a component, in a child process with limits of its own.
//!
//! Compiling is the one thing a component can make expensive before any of it runs: 80 to 200 ms for Rust, 20
//! CPU-seconds and 0.5 GB for Python. The child keeps that from the host's memory. It bounds resources and is no
//! privilege boundary.

use std::ffi::OsString;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rebound_domain::limits::Limits;
use rustix::process::{Resource, Rlimit, Signal, setrlimit};
use wasmtime::Engine;

use crate::artefact::Artefact;
use crate::engine;

/// Who compiles.
#[derive(Debug, Clone)]
pub enum Compiler {
    /// A child process per component, whose main is [`compile_child`]: it is called with `arguments`, then its
    /// memory limit in bytes and its CPU limit in seconds. It reads the component from standard input and writes
    /// the artefact to standard output.
    Child {
        /// What to run.
        program: PathBuf,
        /// What to tell it first.
        arguments: Vec<OsString>,
        /// All that it finds in its environment: variables and values.
        environment: Vec<(OsString, OsString)>,
    },
    /// This process, without limits: for tests, and for tools that compile what they trust.
    InProcess,
}

/// Why a component was not compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// wasmtime does not accept it.
    #[error("the component does not compile: {0}")]
    Refused(String),
    /// It took more memory than the child may have: the child was killed, or gave up.
    #[error("compiling did not fit into {memory_bytes} bytes ({status}); make the component smaller")]
    Memory {
        /// The child's limit.
        memory_bytes: u64,
        /// How the child ended.
        status: ExitStatus,
    },
    /// It took longer than it may.
    #[error("compiling took longer than {} ms; make the component smaller", limit.as_millis())]
    Time {
        /// The child's limit.
        limit: Duration,
    },
    /// It became larger than what may be kept and loaded.
    #[error("compiled, the component is larger than {artefact_bytes_max} bytes; make it smaller")]
    Artefact {
        /// The limit.
        artefact_bytes_max: u64,
    },
    /// The child could not be started or talked to, or failed on its own account. No fault of the component's.
    #[error("the compile process {} could not be used", program.display())]
    Child {
        /// What was run.
        program: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// The wall clock runs this much longer than the CPU limit, for hosts that are busy.
const WALL_FACTOR: u32 = 3;
/// As much of the child's complaint as is passed on.
const COMPLAINT_BYTES_MAX: u64 = 4 * 1024;
/// The child's own word that the component, not the child, is at fault.
const EXIT_REFUSED: u8 = 65;
const EXIT_INTERNAL: u8 = 70;
/// The component does not even fit into the child's memory as it is.
const EXIT_NO_ROOM: u8 = 71;

impl Compiler {
    /// Makes an artefact of a component. Blocks; the caller sees to it that one compiles at a time.
    pub(crate) fn compile(&self, limits: &Limits, component: &[u8]) -> Result<Artefact, CompileError> {
        match self {
            Compiler::InProcess => in_process(component).map(Artefact::compiled),
            Compiler::Child { program, arguments, environment } => {
                let in_child = Command::new(program)
                    .args(arguments)
                    .arg(limits.compile_memory_bytes.to_string())
                    .arg(limits.compile_time.0.div_ceil(1000).to_string())
                    .env_clear()
                    .envs(environment.iter().map(|(name, value)| (name, value)))
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
                    .and_then(|child| converse(child, component, limits));
                let ended =
                    in_child.map_err(|source| CompileError::Child { program: program.clone(), source })?;
                ended.judge(program, limits).map(Artefact::compiled)
            }
        }
    }
}

fn in_process(component: &[u8]) -> Result<Vec<u8>, CompileError> {
    precompile(&engine::compiling().map_err(refused)?, component)
}

fn precompile(engine: &Engine, component: &[u8]) -> Result<Vec<u8>, CompileError> {
    engine.precompile_component(component).map_err(refused)
}

#[expect(clippy::needless_pass_by_value, reason = "map_err hands it over")]
fn refused(error: wasmtime::Error) -> CompileError {
    CompileError::Refused(format!("{error:#}"))
}

/// What a child left behind.
struct Ended {
    status: ExitStatus,
    artefact: Vec<u8>,
    complaint: String,
    timed_out: bool,
}

impl Ended {
    fn judge(self, program: &Path, limits: &Limits) -> Result<Vec<u8>, CompileError> {
        use std::os::unix::process::ExitStatusExt as _;
        let complaint = self.complaint.trim_end();
        let host_fault = |reason: &str| CompileError::Child {
            program: program.to_path_buf(),
            source: io::Error::other(format!("{reason} ({}): {complaint}", self.status)),
        };
        if self.artefact.len() as u64 > limits.artefact_bytes {
            return Err(CompileError::Artefact { artefact_bytes_max: limits.artefact_bytes });
        }
        match (self.status.code(), self.status.signal()) {
            (Some(0), _) => match self.artefact.strip_prefix(settings().map_err(refused)?.as_slice()) {
                Some(artefact) => Ok(artefact.to_vec()),
                None => Err(host_fault("it is of another build than this process")),
            },
            (Some(code), _) if code == i32::from(EXIT_REFUSED) => {
                Err(CompileError::Refused(complaint.to_owned()))
            }
            (Some(code), _) if code != i32::from(EXIT_NO_ROOM) => Err(host_fault("it failed")),
            (_, Some(signal)) if self.timed_out || signal == Signal::XCPU.as_raw() => {
                Err(CompileError::Time { limit: Duration::from_millis(limits.compile_time.0) })
            }
            // Rust aborts when an allocation fails, and the system kills what takes too much.
            _ => {
                tracing::warn!(status = %self.status, complaint, "the compile process had no room");
                Err(CompileError::Memory { memory_bytes: limits.compile_memory_bytes, status: self.status })
            }
        }
    }
}

/// Hands the component over and waits for the end, which a watchdog hastens when time is up. Neither side can
/// make the other wait: each pipe has a thread of its own.
fn converse(mut child: Child, component: &[u8], limits: &Limits) -> io::Result<Ended> {
    let (Some(mut stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::Error::other("its pipes are missing"));
    };
    let wall = Duration::from_millis(limits.compile_time.0) * WALL_FACTOR;
    let child = Mutex::new(child);
    let (done, is_done) = channel::<()>();
    thread::scope(|scope| {
        let watchdog = scope.spawn({
            let child = &child;
            move || watch(child, &is_done, wall)
        });
        // A child that dies early closes its end; its status says why, so a broken pipe here is no news.
        scope.spawn(move || stdin.write_all(component).ok());
        let complaint = scope.spawn(move || {
            let mut complaint = Vec::new();
            stderr.take(COMPLAINT_BYTES_MAX).read_to_end(&mut complaint).ok();
            String::from_utf8_lossy(&complaint).into_owned()
        });
        // One byte more than may be kept tells that there is more; the child then ends on a broken pipe.
        let mut artefact = Vec::new();
        let read = stdout.take(limits.artefact_bytes.saturating_add(1)).read_to_end(&mut artefact);
        let status = wait(&child);
        drop(done);
        let timed_out = watchdog.join().unwrap_or(false);
        let complaint = complaint.join().unwrap_or_default();
        read?;
        Ok(Ended { status: status?, artefact, complaint, timed_out })
    })
}

/// Waits without keeping the child locked, so that the watchdog can still end one that closed its pipes and
/// lingers.
fn wait(child: &Mutex<Child>) -> io::Result<ExitStatus> {
    loop {
        if let Some(status) = child.lock().unwrap_or_else(PoisonError::into_inner).try_wait()? {
            return Ok(status);
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Ends the child when `wall` passes before word comes that it is done. Returns whether it had to.
fn watch(child: &Mutex<Child>, is_done: &Receiver<()>, wall: Duration) -> bool {
    match is_done.recv_timeout(wall) {
        Ok(()) | Err(RecvTimeoutError::Disconnected) => false,
        Err(RecvTimeoutError::Timeout) => {
            // It may have ended by itself just now; then there is nothing to kill.
            child.lock().unwrap_or_else(PoisonError::into_inner).kill().is_ok()
        }
    }
}

/// The child's main: takes its limits, reads a component from standard input, writes to standard output what its
/// compiler is, then the artefact. Returns the exit code: 0 done, 65 the component does not compile, 71 it does not fit, 70 anything else; the reason goes
/// to standard error.
///
/// The two arguments are those that [`Compiler::Child`] adds: memory in bytes, CPU time in seconds.
#[must_use]
pub fn compile_child(memory_bytes: u64, cpu_seconds: u64) -> u8 {
    let limited = limit(Resource::As, memory_bytes, memory_bytes)
        // At the first limit comes SIGXCPU, which tells what happened; where both are the same, Linux sends SIGKILL.
        .and_then(|()| limit(Resource::Cpu, cpu_seconds, cpu_seconds.saturating_add(1)));
    let component = limited.and_then(|()| {
        let mut component = Vec::new();
        io::stdin().lock().read_to_end(&mut component).map(|_| component)
    });
    let component = match component {
        Ok(component) => component,
        Err(error) if error.kind() == io::ErrorKind::OutOfMemory => return complain(EXIT_NO_ROOM, &error),
        Err(error) => return complain(EXIT_INTERNAL, &error),
    };
    let engine = match engine::compiling() {
        Ok(engine) => engine,
        Err(error) => return complain(EXIT_INTERNAL, &format!("{error:#}")),
    };
    let artefact = match precompile(&engine, &component) {
        Ok(artefact) => artefact,
        Err(error) => return complain(EXIT_REFUSED, &error),
    };
    let mut stdout = io::stdout().lock();
    match stdout.write_all(&engine::settings(&engine)).and_then(|()| stdout.write_all(&artefact)) {
        Ok(()) => 0,
        Err(error) => complain(EXIT_INTERNAL, &error),
    }
}

/// What this process's own compiler is. A child of another build (the binary was replaced while this process
/// runs) says something else, and its code is not loaded.
fn settings() -> wasmtime::Result<[u8; engine::SETTINGS_BYTES]> {
    Ok(engine::settings(&engine::compiling()?))
}

fn limit(resource: Resource, current: u64, maximum: u64) -> io::Result<()> {
    Ok(setrlimit(resource, Rlimit { current: Some(current), maximum: Some(maximum) })?)
}

fn complain(code: u8, reason: &dyn std::fmt::Display) -> u8 {
    // Whoever started this reads the exit code too.
    writeln!(io::stderr().lock(), "{reason}").ok();
    code
}
