//! The sample history in the order in which it happened, so that no decision sees the future: every order
//! placed before a day's returns is imported before them.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::Value;

use super::client::{Client, JSON};
use super::samples::{Dated, Samples};
use super::setup::import;
use crate::interrupt;

/// How many returns are under way at once.
const CONNECTIONS: usize = 4;

/// What the service answered.
pub(crate) struct Replay {
    /// In the order of the events.
    pub(crate) plans: Vec<Value>,
    /// How long each took, in no order.
    pub(crate) took: Vec<Duration>,
    /// What was answered in place of a plan.
    pub(crate) problems: Vec<String>,
    /// From the first return sent to the last plan received, imports left out.
    pub(crate) deciding: Duration,
}

/// Imports the orders and sends the returns.
pub(crate) fn run(client: &Client, samples: &Samples) -> Result<Replay> {
    let clients: Vec<Client> = (0..CONNECTIONS).map(|_| client.another()).collect();
    let progress = progress(samples.returns.len());
    let mut replay =
        Replay { plans: Vec::new(), took: Vec::new(), problems: Vec::new(), deciding: Duration::ZERO };
    let mut orders = samples.orders.as_slice();
    for day in samples.returns.chunk_by(|one, other| number(one.at) == number(other.at)) {
        interrupt::check()?;
        let before = orders.partition_point(|order| number(order.at) < number(day[0].at));
        let (past, rest) = orders.split_at(before);
        send_orders(client, past)?;
        orders = rest;
        send_returns(&clients, day, &mut replay, &progress)?;
    }
    send_orders(client, orders)?;
    progress.finish_and_clear();
    Ok(replay)
}

/// The day of the moment, UTC, counted from 1970-01-01.
fn number(at: Timestamp) -> i64 {
    at.as_second().div_euclid(24 * 60 * 60)
}

fn send_orders(client: &Client, orders: &[Dated]) -> Result<()> {
    let lines: String = orders.iter().map(|order| format!("{}\n", order.line)).collect();
    if lines.is_empty() { Ok(()) } else { import(client, "/v1/orders", &lines) }
}

/// Sends one day's returns over all connections at once.
fn send_returns(
    clients: &[Client],
    returns: &[Dated],
    replay: &mut Replay,
    progress: &ProgressBar,
) -> Result<()> {
    let waiting = Mutex::new(returns.iter().enumerate().collect::<VecDeque<_>>());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let work = |client: &Client| -> Result<Vec<_>> {
        let mut answers = Vec::new();
        while let Some((index, event)) = next() {
            answers.push((index, client.post("/v1/returns", JSON, event.line.as_bytes())?));
            progress.inc(1);
        }
        Ok(answers)
    };
    let started = Instant::now();
    let answers = std::thread::scope(|scope| {
        let workers: Vec<_> = clients.iter().map(|client| scope.spawn(|| work(client))).collect();
        let done = workers.into_iter().map(|worker| worker.join().expect("a worker passes its errors on"));
        done.collect::<Result<Vec<_>>>()
    })?;
    replay.deciding += started.elapsed();
    let mut answers: Vec<_> = answers.into_iter().flatten().collect();
    answers.sort_by_key(|(index, _)| *index);
    for (_, answer) in answers {
        match answer.status {
            200 | 201 => {
                replay.took.push(answer.took);
                replay.plans.push(answer.body);
            }
            _ => replay.problems.push(answer.problem()),
        }
    }
    Ok(())
}

fn progress(count: usize) -> ProgressBar {
    let template = "{prefix} [{bar:40}] {pos}/{len} {per_sec} {elapsed}";
    let style = ProgressStyle::with_template(template).expect("the template is well-formed");
    ProgressBar::new(count as u64).with_style(style.progress_chars("=> ")).with_prefix("sending returns")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_starts_at_midnight_utc() {
        let day = |text: &str| number(text.parse().unwrap());
        assert_eq!(day("2026-07-04T00:00:00Z"), day("2026-07-04T23:59:59.5Z"));
        assert_eq!(day("2026-07-05T00:00:00Z"), day("2026-07-04T00:00:00Z") + 1);
    }
}
