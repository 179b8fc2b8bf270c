//! Serving: an accept loop that outlives bad sockets, connections that are bounded in number and patience, and an
//! end that finishes what was accepted.
//!
//! HTTP/1.1 only; whoever needs TLS or HTTP/2 puts a proxy in front.

mod stall;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;

use self::stall::StallGuard;
use crate::app::Readiness;
use crate::strikes::Peer;

/// How connections are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServeOptions {
    /// Open at a time; more wait in the operating system's queue until one ends.
    pub connections_max: usize,
    /// From the moment a request may come to the end of its head: an idle connection ends after it, and so does
    /// one that sends its head byte by byte.
    pub head_timeout: Duration,
    /// Of a request's head, and of a connection's read buffer.
    pub head_bytes_max: usize,
    /// How long a client may take none of its answer.
    pub stall_timeout: Duration,
    /// How long connections are accepted after the service is told to end, so that whoever probes its readiness
    /// learns that it wants no traffic before it is gone.
    pub drain: Duration,
    /// How long requests may go on after that.
    pub grace: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            connections_max: 4096,
            head_timeout: Duration::from_secs(30),
            head_bytes_max: 64 * 1024,
            stall_timeout: Duration::from_secs(30),
            drain: Duration::ZERO,
            grace: Duration::from_secs(25),
        }
    }
}

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Every request that was accepted got its answer.
    Drained,
    /// The grace period was over before this many connections were.
    Cut {
        /// Connections.
        count: usize,
    },
}

/// Serves until `shutdown`, then lets what was accepted end: readiness goes off at once, after `options.drain` no
/// connection is accepted any more and idle ones are closed, and requests go on for at most `options.grace`.
///
/// Dropping the future cuts every connection.
pub async fn run(
    mut listener: TcpListener,
    app: Router,
    readiness: Readiness,
    options: ServeOptions,
    shutdown: impl Future<Output = ()>,
) -> Ended {
    let places = Arc::new(Semaphore::new(options.connections_max));
    let (ending, end) = watch::channel(());
    let mut connections = JoinSet::new();
    let stop = async {
        shutdown.await;
        readiness.withdraw();
        if !options.drain.is_zero() {
            sleep(options.drain).await;
        }
    };
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            (stream, peer, place) = accept(&mut listener, &places) => {
                connections.spawn(connection(stream, peer, app.clone(), options, end.clone(), place));
            }
            Some(_ended) = connections.join_next() => {}
        }
    }
    drop(listener);
    drop(end);
    ending.send_replace(());
    let drained = timeout(options.grace, async { while connections.join_next().await.is_some() {} }).await;
    match drained {
        Ok(()) => Ended::Drained,
        Err(_) => {
            let count = connections.len();
            connections.shutdown().await;
            Ended::Cut { count }
        }
    }
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &mut TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, Peer, OwnedSemaphorePermit) {
    let place = Arc::clone(places).acquire_owned().await.expect("the semaphore is never closed");
    // axum's listener logs what fails, waits where waiting helps (no file handles left), and goes on.
    let (stream, address) = Listener::accept(listener).await;
    (stream, Peer(address.ip()), place)
}

async fn connection(
    stream: TcpStream,
    peer: Peer,
    app: Router,
    options: ServeOptions,
    mut end: watch::Receiver<()>,
    _place: OwnedSemaphorePermit,
) {
    // Answers are written in one piece: waiting for more to send with them only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its send delay");
    }
    let app = app.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        request
    });
    let io = TokioIo::new(StallGuard::new(stream, options.stall_timeout));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(options.head_timeout)
        .max_buf_size(options.head_bytes_max)
        .serve_connection(io, TowerToHyperService::new(app));
    let mut connection = std::pin::pin!(connection);
    let served = tokio::select! {
        served = &mut connection => served,
        _ = end.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        // Clients that hang up, send no HTTP or fall silent: theirs to mend.
        tracing::debug!(%error, "a connection failed");
    }
}
