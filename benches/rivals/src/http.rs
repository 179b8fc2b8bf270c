//! The same recommendation over HTTP, each contestant in a process of its own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use recommend::recommend;

use crate::Contestants;
use crate::calls::same;
use crate::load::{self, Measured, Target};
use crate::question::question;
use crate::shop;
use crate::workload::Workload;

/// Connections at once.
const LEVELS: [usize; 3] = [1, 8, 64];
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(1);
const WARM_UP: Duration = Duration::from_millis(500);

/// A contestant under one load.
pub(crate) struct Row {
    what: &'static str,
    at_once: usize,
    measured: Measured,
}

pub(crate) fn run(contestants: &Contestants) -> Result<Vec<Row>> {
    let question = question(&shop::situation());
    let right = recommend(&question);
    let body = serde_json::to_string(&question)?;
    let workload = Arc::new(Workload::new(body.clone()));
    let component = contestants.wasi_http.to_str().context("the component's path is no text")?;
    let serve = ["wasmtime", "--", "--addr=127.0.0.1:0", "-O", "pooling-allocator=y", "-S", "cli"];
    let reuse = "--max-instance-reuse-count=1000000000";
    let mut node = Command::new("node");
    node.arg(&contestants.node);
    let servers = [
        ("native Rust behind axum", Server::start(ours(contestants, &["native"])?)?),
        (
            "Rebound's sandbox behind axum, a fresh instance each",
            Server::start(ours(contestants, &["rebound"])?)?,
        ),
        (
            "`wasmtime serve` 48, a fresh instance each",
            Server::start(ours(contestants, &[&serve[..], &[component]].concat())?)?,
        ),
        (
            "`wasmtime serve` 48, instances kept",
            Server::start(ours(contestants, &[&serve[..], &[reuse, component]].concat())?)?,
        ),
        ("Node, an HTTP function", Server::start(node)?),
    ];
    for (what, server) in &servers {
        let answer = once(&server.url, &body)?;
        let answer = serde_json::from_slice(&answer).with_context(|| format!("{what} answered no answer"))?;
        same(what, &answer, &right)?;
    }
    let mut rows = Vec::new();
    for at_once in LEVELS {
        let targets: Vec<Target> =
            servers.iter().map(|(_, server)| Target::new(&server.url, "/")).collect::<Result<_>>()?;
        let mut rounds = vec![Vec::new(); servers.len()];
        for target in &targets {
            load::run(target, at_once, WARM_UP, &workload)?;
        }
        for _ in 0..ROUNDS {
            for (target, rounds) in targets.iter().zip(&mut rounds) {
                rounds.push(load::run(target, at_once, ROUND, &workload)?);
            }
        }
        for ((what, _), rounds) in servers.iter().zip(rounds) {
            rows.push(Row { what, at_once, measured: Measured::median(rounds) });
        }
    }
    Ok(rows)
}

/// The body of one answer.
fn once(url: &str, body: &str) -> Result<Vec<u8>> {
    let address = url.strip_prefix("http://").context("no address")?;
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "POST / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end =
        answer.windows(4).position(|window| window == b"\r\n\r\n").context("an answer without a head")?;
    Ok(answer.split_off(end + 4))
}

/// This binary again, as a server.
fn ours(contestants: &Contestants, serve: &[&str]) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    let Contestants { affinity, extism, wasi_http, node } = contestants;
    for (option, path) in
        [("--affinity", affinity), ("--extism", extism), ("--wasi-http", wasi_http), ("--node", node)]
    {
        command.arg(option).arg(path);
    }
    command.args(serve);
    Ok(command)
}

/// A server in a process of its own. It ends with this value.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// Starts it and reads where it listens: ours and Node say so on standard output, `wasmtime serve` on standard
    /// error.
    fn start(mut command: Command) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context("a rival")?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (tell, told) = std::sync::mpsc::channel();
        let outputs: [Option<Box<dyn std::io::Read + Send>>; 2] =
            [stdout.map(|it| Box::new(it) as _), stderr.map(|it| Box::new(it) as _)];
        for output in outputs.into_iter().flatten() {
            let tell = tell.clone();
            // Reads to the end, or the server would one day wait for somebody to.
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    // Nobody listens once the address is known.
                    let _ = tell.send(line);
                }
            });
        }
        drop(tell);
        let mut said = Vec::new();
        for line in told.iter() {
            if let Some(at) = line.find("http://") {
                return Ok(Self { child, url: line[at..].trim_end_matches('/').to_owned() });
            }
            said.push(line);
        }
        let status = child.wait()?;
        anyhow::bail!("a rival ended with {status} before it listened: {}", said.join("\n"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Killing a process that has ended already is no harm.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Row {
    pub(crate) fn print(&self, json: bool) {
        let Self { what, at_once, measured: Measured { rate, p50, p99 } } = self;
        let (rate, p50, p99) = (rate.round(), p50.as_micros(), p99.as_micros());
        match json {
            true => println!(
                "{}",
                serde_json::json!({"what": what, "at_once": at_once, "a_second": rate, "p50_us": p50, "p99_us": p99})
            ),
            false => println!("| {what} | {at_once} | {rate} | {p50} | {p99} |"),
        }
    }
}
