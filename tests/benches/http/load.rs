//! Connections that send one request after the other and wait for every answer. One thread, no client library: what
//! the load generator takes of the machine is the same for every contestant, and little.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::workload::Workload;

/// Where requests go.
#[derive(Clone)]
pub(crate) struct Target {
    address: SocketAddr,
    path: &'static str,
}

impl Target {
    pub(crate) fn new(url: &str, path: &'static str) -> Result<Self> {
        let address = url.strip_prefix("http://").with_context(|| format!("{url} is no address"))?;
        Ok(Self { address: address.parse()?, path })
    }
}

/// One contestant's figures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    /// Answers a second.
    pub(crate) rate: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

impl Measured {
    /// What `took` came to over `span`.
    pub(crate) fn new(mut took: Vec<Duration>, span: Duration) -> Self {
        took.sort_unstable();
        let at = |percent: usize| took.get(took.len() * percent / 100).copied().unwrap_or_default();
        Self { rate: took.len() as f64 / span.as_secs_f64(), p50: at(50), p99: at(99) }
    }

    /// The median of every figure by itself.
    pub(crate) fn median(rounds: Vec<Self>) -> Self {
        fn middle<T: Copy>(mut values: Vec<T>, order: impl FnMut(&T, &T) -> std::cmp::Ordering) -> T {
            values.sort_by(order);
            values[values.len() / 2]
        }
        Self {
            rate: middle(rounds.iter().map(|round| round.rate).collect(), f64::total_cmp),
            p50: middle(rounds.iter().map(|round| round.p50).collect(), Ord::cmp),
            p99: middle(rounds.iter().map(|round| round.p99).collect(), Ord::cmp),
        }
    }
}

/// Keeps `connections` busy for `span`.
pub(crate) fn run(
    target: &Target,
    connections: usize,
    span: Duration,
    workload: &Arc<Workload>,
) -> Result<Measured> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let started = Instant::now();
        let mut clients = JoinSet::new();
        for _ in 0..connections {
            clients.spawn(connection(target.clone(), started + span, Arc::clone(workload)));
        }
        let mut took = Vec::new();
        while let Some(client) = clients.join_next().await {
            took.extend(client??);
        }
        Ok(Measured::new(took, started.elapsed()))
    })
}

async fn connection(target: Target, until: Instant, workload: Arc<Workload>) -> Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(target.address).await?;
    stream.set_nodelay(true)?;
    let mut answer = Vec::with_capacity(32 * 1024);
    let mut took = Vec::new();
    while Instant::now() < until {
        let body = workload.body(&workload.next());
        let request = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            target.path,
            target.address,
            body.len()
        );
        let started = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        read_answer(&mut stream, &mut answer).await?;
        took.push(started.elapsed());
        ensure!(answer.starts_with(b"HTTP/1.1 20"), "no success: {}", String::from_utf8_lossy(&answer));
    }
    Ok(took)
}

/// Reads one answer with a content-length, which is what both contestants send.
async fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> Result<()> {
    answer.clear();
    let mut size = None;
    while size.is_none_or(|size| answer.len() < size) {
        if stream.read_buf(answer).await? == 0 {
            bail!("the connection ended in the middle of an answer");
        }
        if size.is_none() {
            size =
                answer.windows(4).position(|window| window == b"\r\n\r\n").map(|end| whole(answer, end + 4));
        }
    }
    Ok(())
}

/// The size of head and body.
fn whole(answer: &[u8], head: usize) -> usize {
    let text = String::from_utf8_lossy(&answer[..head]);
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    head + length.unwrap_or(0)
}
