//! Why the service does not come up, or ended badly, and with which exit code.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use rebound_engine::StartError as EngineError;
use rebound_sandbox::StartError as SandboxError;
use rebound_storage::{OpenError, StorageError, Unavailable};

use super::data_dir::DataError;
use crate::exit::Exit;

/// Why the service does not come up, or ended badly.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartFault {
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}; {}", remedy(source))]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The directory or a key file.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The storage does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The sandbox does not start.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The engine does not start.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The operating system gives no threads or signals.
    #[error("the operating system refuses what a service needs")]
    Runtime(#[source] io::Error),
    /// The storage gave up.
    #[error(
        "the service ended because its storage failed; restart it, and look at the disk if it fails again"
    )]
    StorageFailed(#[source] Unavailable),
    /// The last writes are not durable.
    #[error("the storage could not be closed in order; what was answered is safe")]
    Close(#[source] StorageError),
    /// Requests took longer than the grace period.
    #[error("{count} connections were cut when the grace period of {} s was over; raise --shutdown-grace", grace.as_secs())]
    Cut {
        /// How many.
        count: usize,
        /// How long they had.
        grace: Duration,
    },
}

fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::AddrInUse => {
            "stop what listens there, or choose another port with --listen (port 0 takes a free one)"
        }
        io::ErrorKind::AddrNotAvailable => "choose an address of this machine with --listen",
        io::ErrorKind::PermissionDenied => "choose a port from 1024 with --listen, or grant the privilege",
        _ => "choose another address with --listen",
    }
}

impl StartFault {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            StartFault::Listen { .. } => Exit::Address,
            StartFault::Open(OpenError::AlreadyOpen { .. }) => Exit::Locked,
            StartFault::Open(OpenError::FormatTooNew { .. }) => Exit::Newer,
            StartFault::Open(OpenError::Full { .. }) => Exit::Full,
            StartFault::Open(_) | StartFault::Data(_) => Exit::Data,
            StartFault::Sandbox(SandboxError::Cache { .. }) => Exit::Data,
            StartFault::Sandbox(_) | StartFault::Runtime(_) => Exit::Resources,
            StartFault::Engine(EngineError::Plugin { .. }) => Exit::Plugin,
            StartFault::Engine(EngineError::Threads(_)) => Exit::Resources,
            StartFault::Engine(EngineError::Fault(_)) => Exit::Data,
            StartFault::StorageFailed(_) | StartFault::Close(_) => Exit::StorageFailed,
            StartFault::Cut { .. } => Exit::Cut,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn everything_that_somebody_would_do_something_different_about_has_its_own_code() {
        let path = || PathBuf::from("data");
        let source = || io::Error::from(io::ErrorKind::Other);
        let address = "127.0.0.1:80".parse().unwrap();
        let plugin = "a/b@1.0.0".parse().unwrap();
        let reason = "disk full".to_owned();
        let faults: [(StartFault, Exit); 11] = [
            (StartFault::Listen { address, source: source() }, Exit::Address),
            (OpenError::AlreadyOpen { path: path() }.into(), Exit::Locked),
            (OpenError::FormatTooNew { path: path(), found: 2, known: 1 }.into(), Exit::Newer),
            (OpenError::Full { path: path(), free_bytes: 1, reserve_bytes: 2 }.into(), Exit::Full),
            (OpenError::NotOurs { path: path() }.into(), Exit::Data),
            (DataError::KeyMissing { dir: path() }.into(), Exit::Data),
            (SandboxError::Cache { dir: path(), source: source() }.into(), Exit::Data),
            (SandboxError::Thread(source()).into(), Exit::Resources),
            (EngineError::Plugin { plugin, source: source().into() }.into(), Exit::Plugin),
            (StartFault::StorageFailed(Unavailable::Failed { reason }), Exit::StorageFailed),
            (StartFault::Cut { count: 1, grace: Duration::ZERO }, Exit::Cut),
        ];
        for (fault, exit) in faults {
            assert_eq!(fault.exit(), exit, "{fault}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_listened_on_comes_with_the_way_out() {
        for (kind, want) in [
            (io::ErrorKind::AddrInUse, "choose another port"),
            (io::ErrorKind::AddrNotAvailable, "an address of this machine"),
            (io::ErrorKind::PermissionDenied, "a port from 1024"),
        ] {
            let fault = StartFault::Listen { address: "127.0.0.1:80".parse().unwrap(), source: kind.into() };
            assert!(fault.to_string().contains(want), "{fault}");
        }
    }
}
