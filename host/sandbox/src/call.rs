//! One call: what its store holds, and what the host charges for.

use std::sync::Arc;
use std::time::Duration;

use rebound_domain::catalog::Catalog;
use rebound_domain::limits::Limits;
use wasmtime::{StoreContextMut, UpdateDeadline};

use crate::deadline::{self, Spent, Stopwatch, Verdict};
use crate::limiter::Limiter;
use crate::outcome::{Level, LogLine};

/// Everything the host keeps for one call; the `T` of its `Store`.
pub(crate) struct Call {
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) limiter: Limiter,
    pub(crate) log: Log,
    /// The most results of one search, and the most products of one `get`.
    pub(crate) results_max: u32,
    /// The most products that one search excludes: what comes back, and what another search found.
    pub(crate) excluded_max: u32,
    /// The most categories and tags of one search.
    pub(crate) conditions_max: u32,
    pub(crate) stopwatch: Stopwatch,
    pub(crate) extensions: u32,
    /// Set when the deadline stopped the call.
    pub(crate) overran: Option<Spent>,
    pub(crate) deadline: Duration,
    pub(crate) tick: Duration,
}

impl Call {
    pub(crate) fn new(catalog: Arc<dyn Catalog>, limits: &Limits, memory_bytes_max: u64) -> Self {
        let deadline = Duration::from_millis(limits.deadline.0);
        Self {
            catalog,
            limiter: Limiter::new(memory_bytes_max),
            log: Log::new(limits),
            results_max: limits.candidates,
            excluded_max: limits.return_lines.saturating_add(limits.candidates),
            conditions_max: limits.list_items,
            stopwatch: Stopwatch::start(),
            extensions: 0,
            overran: None,
            deadline,
            tick: deadline::tick(deadline),
        }
    }

    /// The epoch reached the call's deadline.
    pub(crate) fn overdue(&mut self) -> UpdateDeadline {
        let spent = self.stopwatch.spent();
        match deadline::judge(self.deadline, spent) {
            Verdict::Extend(rest) => {
                self.extensions = self.extensions.saturating_add(1);
                UpdateDeadline::Continue(deadline::ticks(rest, self.tick))
            }
            Verdict::Stop => {
                self.overran = Some(spent);
                UpdateDeadline::Interrupt
            }
        }
    }
}

/// Lines a strategy wrote, as many and as much of each as is kept.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) lines: Vec<LogLine>,
    /// Lines written, kept or not.
    pub(crate) line_count: u32,
    line_count_max: u32,
    line_bytes_max: u32,
}

impl Log {
    fn new(limits: &Limits) -> Self {
        Self {
            lines: Vec::new(),
            line_count: 0,
            line_count_max: limits.log_lines,
            line_bytes_max: limits.log_line_bytes,
        }
    }

    /// The part of a message that is kept.
    pub(crate) fn cut<'a>(&self, message: &'a str) -> &'a str {
        &message[..message.floor_char_boundary(self.line_bytes_max as usize)]
    }

    /// Keeps a line that was [cut](Self::cut). The last line kept gives way to an error: a flood of chatter must
    /// not hide the panic that ended it.
    pub(crate) fn write(&mut self, level: Level, message: String) {
        self.line_count = self.line_count.saturating_add(1);
        let is_full = self.lines.len() >= self.line_count_max as usize;
        if is_full && level < Level::Error {
            return;
        }
        if is_full && self.lines.pop().is_none() {
            return;
        }
        self.lines.push(LogLine { level, message });
    }

    /// The last error, which is where a panic hook reports.
    pub(crate) fn last_error(&self) -> Option<String> {
        self.lines.iter().rfind(|line| line.level == Level::Error).map(|line| line.message.clone())
    }
}

/// Takes fuel for work that the host does on a call's behalf.
///
/// # Errors
/// [`wasmtime::Trap::OutOfFuel`] when there is not enough; what was left is gone then.
pub(crate) fn charge(store: &mut StoreContextMut<'_, Call>, price: u64) -> wasmtime::Result<()> {
    let fuel = store.get_fuel()?;
    store.set_fuel(fuel.saturating_sub(price))?;
    if fuel < price {
        return Err(wasmtime::Trap::OutOfFuel.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(lines: u32, bytes: u32) -> Log {
        Log::new(&Limits { log_lines: lines, log_line_bytes: bytes, ..Limits::default() })
    }

    fn kept(log: &Log) -> Vec<&str> {
        log.lines.iter().map(|line| line.message.as_str()).collect()
    }

    #[test]
    fn a_flood_keeps_its_first_lines_and_its_last_error() {
        let mut log = log(2, 16);
        for message in ["one", "two", "three"] {
            log.write(Level::Info, message.to_owned());
        }
        assert_eq!(kept(&log), ["one", "two"]);
        log.write(Level::Error, "panicked".to_owned());
        assert_eq!(kept(&log), ["one", "panicked"]);
        assert_eq!(log.last_error().as_deref(), Some("panicked"));
        assert_eq!(log.line_count, 4);
    }

    #[test]
    fn a_line_is_cut_between_characters() {
        let log = log(4, 4);
        for (message, want) in [("退货", "退"), ("abcd", "abcd"), ("abcde", "abcd"), ("", "")] {
            assert_eq!(log.cut(message), want);
        }
    }

    #[test]
    fn no_lines_means_no_lines() {
        let mut log = log(0, 16);
        log.write(Level::Error, "panicked".to_owned());
        assert!(log.lines.is_empty());
        assert_eq!(log.line_count, 1);
    }
}
