//! Serving, over real sockets: bounds, patience, and an end that finishes what was accepted.

use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use rebound_edge::{Ended, Readiness, ServeOptions, run};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

struct Server {
    address: std::net::SocketAddr,
    readiness: Readiness,
    end: oneshot::Sender<()>,
    ended: JoinHandle<Ended>,
}

impl Server {
    async fn start(app: Router, options: ServeOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let readiness = Readiness::default();
        let (end, shutdown) = oneshot::channel::<()>();
        let shutdown = async move { drop(shutdown.await) };
        let ended = tokio::spawn(run(listener, app, readiness.clone(), options, shutdown));
        Self { address, readiness, end, ended }
    }

    async fn connect(&self) -> TcpStream {
        server_connect(self.address).await
    }
}

async fn server_connect(address: std::net::SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

async fn send(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
}

/// Everything until the other end closes, in whatever way.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _closed = stream.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap()
}

async fn until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        let mut byte = [0];
        assert_eq!(stream.read(&mut byte).await.unwrap(), 1, "closed after {text:?}");
        text.push(char::from(byte[0]));
    }
    text
}

/// A route that says when a request has come and waits for leave to answer.
fn held() -> (Router, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (came, comes) = mpsc::channel(8);
    let (leave, wait) = mpsc::channel(8);
    let wait = std::sync::Arc::new(tokio::sync::Mutex::new(wait));
    let app = Router::new().route("/quick", get(|| async { "quick" })).route(
        "/held",
        get(move || {
            let (came, wait) = (came.clone(), wait.clone());
            async move {
                came.send(()).await.unwrap();
                wait.lock().await.recv().await;
                "answered"
            }
        }),
    );
    (app, comes, leave)
}

const HELD: &str = "GET /held HTTP/1.1\r\nhost: localhost\r\n\r\n";

#[tokio::test]
async fn what_was_accepted_is_answered_and_nothing_new_is_accepted() {
    let (app, mut comes, leave) = held();
    let server = Server::start(app, ServeOptions::default()).await;
    let (mut asking, mut idle) = (server.connect().await, server.connect().await);
    send(&mut asking, HELD).await;
    comes.recv().await.unwrap();
    assert!(server.readiness.is_ready());
    server.end.send(()).unwrap();
    // An idle connection is closed; with it, the end is known to have begun.
    assert_eq!(rest(&mut idle).await, "");
    assert!(!server.readiness.is_ready());
    assert!(TcpStream::connect(server.address).await.is_err());
    leave.send(()).await.unwrap();
    let answer = rest(&mut asking).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.ends_with("answered"), "{answer}");
    assert_eq!(server.ended.await.unwrap(), Ended::Drained);
}

/// Once readiness went off and the listener with it, a prober saw a refused connection and never the 503 that says why.
#[tokio::test]
async fn while_it_drains_a_prober_still_hears_that_no_traffic_is_wanted() {
    let options = |drain| ServeOptions { drain, ..ServeOptions::default() };
    let server = Server::start(held().0, options(Duration::from_secs(3600))).await;
    let mut idle = server.connect().await;
    server.end.send(()).unwrap();
    while server.readiness.is_ready() {
        tokio::task::yield_now().await;
    }
    for stream in [&mut server_connect(server.address).await, &mut idle] {
        send(stream, "GET /nothing HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
        let head = until(stream, "\r\n").await;
        assert_eq!(head, "HTTP/1.1 404 Not Found\r\n");
    }
    server.ended.abort();

    let server = Server::start(held().0, options(Duration::from_millis(5))).await;
    server.end.send(()).unwrap();
    assert_eq!(server.ended.await.unwrap(), Ended::Drained);
}

#[tokio::test]
async fn a_request_that_outlasts_the_grace_is_cut_and_counted() {
    let (app, mut comes, _leave) = held();
    let options = ServeOptions { grace: Duration::from_millis(10), ..ServeOptions::default() };
    let server = Server::start(app, options).await;
    let mut asking = server.connect().await;
    send(&mut asking, HELD).await;
    comes.recv().await.unwrap();
    server.end.send(()).unwrap();
    assert_eq!(server.ended.await.unwrap(), Ended::Cut { count: 1 });
    assert_eq!(rest(&mut asking).await, "");
}

#[tokio::test]
async fn a_connection_past_the_bound_is_served_once_another_ends() {
    let (app, mut comes, leave) = held();
    let options = ServeOptions { connections_max: 1, ..ServeOptions::default() };
    let server = Server::start(app, options).await;
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    send(&mut first, HELD).await;
    comes.recv().await.unwrap();
    send(&mut second, HELD).await;
    leave.send(()).await.unwrap();
    until(&mut first, "answered").await;
    // The first connection still has its place: nothing came of the second, whose request has long arrived by the time
    // that the first has been answered ten times more.
    for _ in 0..10 {
        send(&mut first, "GET /quick HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
        until(&mut first, "quick").await;
    }
    assert!(comes.try_recv().is_err());
    drop(first);
    comes.recv().await.unwrap();
    leave.send(()).await.unwrap();
    until(&mut second, "answered").await;
}

#[tokio::test]
async fn a_head_that_never_ends_loses_its_connection() {
    let options = ServeOptions { head_timeout: Duration::from_millis(20), ..ServeOptions::default() };
    let server = Server::start(held().0, options).await;
    let mut slow = server.connect().await;
    send(&mut slow, "GET /held HTTP/1.1\r\nhost:").await;
    rest(&mut slow).await;
}

#[tokio::test]
async fn a_head_over_the_bound_is_refused() {
    let options = ServeOptions { head_bytes_max: 8 * 1024, ..ServeOptions::default() };
    let server = Server::start(held().0, options).await;
    let mut stream = server.connect().await;
    send(&mut stream, &format!("GET /held HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "x".repeat(10_000)))
        .await;
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn bytes_that_are_no_request_end_their_connection_alone() {
    let app = Router::new().route("/echo", post(|body: String| async move { body }));
    let server = Server::start(app, ServeOptions::default()).await;
    let (mut broken, mut sound) = (server.connect().await, server.connect().await);
    send(&mut broken, "\u{16}\u{3}\u{1} this is no HTTP\r\n\r\n").await;
    assert!(rest(&mut broken).await.starts_with("HTTP/1.1 400 "));
    send(
        &mut sound,
        "POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello",
    )
    .await;
    assert!(rest(&mut sound).await.ends_with("hello"));
}
