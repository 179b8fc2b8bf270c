//! `rebound top`: how a service is doing, redrawn each second. It asks for `/metrics` and nothing else, so what it
//! shows is what any monitoring sees.

mod frame;
mod rates;

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use clap::Args;
use rebound_telemetry::Exposition;

use self::frame::Frame;
use self::rates::Reading;
use crate::client::{Client, ClientError, Remote};
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::output::{Output, harmless};

const EXAMPLES: &str = "Examples:
  rebound top
  rebound top --interval 5
  rebound top --once
  rebound top --once --json
  REBOUND_URL=http://10.0.0.5:8080 REBOUND_TOKEN=... rebound top

Rates and latencies are of the last interval; with --once, of the time between two readings one interval apart. --json
writes a document a line. It goes on when the service restarts. Ctrl-C ends it.";

/// Back to the upper left corner; what stood there is written over line by line, so nothing flickers.
const HOME: &str = "\u{1b}[H";
const CLEAR: &str = "\u{1b}[2J";
const CLEAR_LINE: &str = "\u{1b}[K";
const CLEAR_BELOW: &str = "\u{1b}[J";

/// Watch a service: events a second, latency, arms, fallbacks, quarantine.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Top {
    /// Seconds between two readings.
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=3600))]
    interval: u64,
    /// Show one frame and end.
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    remote: Remote,
}

impl Top {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let client = self.remote.client()?;
        let interval = Duration::from_secs(self.interval);
        let is_screen = output == Output::Text && !self.once && io::stdout().is_terminal();
        // A service that is not there at the start is a mistake; one that goes later may come back.
        let mut before = read(&client)?;
        if is_screen {
            draw(CLEAR)?;
        }
        loop {
            std::thread::sleep(interval);
            let now = match read(&client) {
                Ok(now) => now,
                Err(error) if self.once => return Err(error.into()),
                Err(error) => {
                    let told = harmless(&format!("no figures: {}", chain(&error)));
                    match is_screen {
                        true => screen(&told)?,
                        false => output.text(told)?,
                    }
                    continue;
                }
            };
            let frame = Frame::between(&before, &now);
            match is_screen {
                true => screen(&frame.text())?,
                false => output.text(frame.text())?,
            }
            output.json(&frame)?;
            if self.once {
                return Ok(Exit::Done);
            }
            before = now;
        }
    }
}

fn read(client: &Client) -> Result<Reading, ClientError> {
    let answer = client.get("/metrics")?;
    let text = String::from_utf8_lossy(&answer.body);
    let figures = Exposition::parse(&text).map_err(|error| client.misunderstood(answer.status, &error))?;
    Ok(Reading { at: Instant::now(), figures })
}

fn screen(text: &str) -> Result<(), Failure> {
    let lines: Vec<String> = text.lines().map(|line| format!("{line}{CLEAR_LINE}\r\n")).collect();
    draw(&format!("{HOME}{}{CLEAR_BELOW}", lines.concat()))
}

fn draw(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::Output)
}
