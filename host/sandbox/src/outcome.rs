//! What became of one call, and what it used.

use std::fmt;

use rebound_domain::check::InvalidOutput;

/// One call: how it ended, what it used, what the strategy logged.
#[derive(Debug, Clone, PartialEq)]
pub struct Report<T> {
    /// How it ended.
    pub outcome: Outcome<T>,
    /// What it used, however it ended.
    pub usage: Usage,
    /// What the strategy told its developer. At most `limits.log_lines`, each cut to `limits.log_line_bytes`.
    pub log: Vec<LogLine>,
}

/// What one call used. All but `micros` and `extensions` are the same whenever the inputs are the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Fuel, host calls included.
    pub fuel: u64,
    /// Fuel it might have used.
    pub fuel_max: u64,
    /// Wall clock, microseconds, from making the instance to the checked answer.
    pub micros: u64,
    /// Peak of linear memories and tables together, bytes.
    pub memory_bytes: u64,
    /// What they might have been together, bytes.
    pub memory_bytes_max: u64,
    /// Size of the answer as the guest handed it over, bytes; 0 without one.
    pub output_bytes: u64,
    /// Lines logged, those past the limit too.
    pub log_lines: u32,
    /// How often the deadline was moved because the host, not the strategy, was slow.
    pub extensions: u32,
}

/// A line for the strategy's developer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// How much it matters.
    pub level: Level,
    /// The guest's own text: untrusted, escape it wherever it is shown.
    pub message: String,
}

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Of use while developing.
    Debug,
    /// Of interest.
    Info,
    /// Suspicious.
    Warn,
    /// Wrong; a panic is reported so.
    Error,
}

impl Level {
    /// The contract's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }
}

/// How a call ended. Everything but a value means that the stage falls back.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<T> {
    /// An answer that passed every check.
    Value(T),
    /// The strategy has nothing to say for this event; no fault of anyone's.
    Declined(String),
    /// The strategy says that the route's config does not work.
    InvalidConfig(String),
    /// The strategy says that it failed.
    Internal(String),
    /// There was an answer, and it does not stand.
    InvalidOutput(InvalidOutput),
    /// The call was cut short.
    Trap(Trap),
    /// The component could not be instantiated, or its export is not of the contract's type.
    Link(String),
}

impl<T> Outcome<T> {
    /// The stable word that plans and metrics carry.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Value(_) => "value",
            Outcome::Declined(_) => "declined",
            Outcome::InvalidConfig(_) => "invalid-config",
            Outcome::Internal(_) => "internal",
            Outcome::InvalidOutput(_) => "invalid-output",
            Outcome::Trap(trap) => trap.word(),
            Outcome::Link(_) => "link-error",
        }
    }

    /// What went wrong, for the operator; none for a value.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        match self {
            Outcome::Value(_) => None,
            Outcome::Declined(reason) | Outcome::InvalidConfig(reason) | Outcome::Internal(reason) => {
                Some(reason.clone())
            }
            Outcome::InvalidOutput(invalid) => Some(invalid.to_string()),
            Outcome::Trap(trap) => Some(trap.to_string()),
            Outcome::Link(reason) => Some(reason.clone()),
        }
    }

    /// The same end with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Outcome<U> {
        self.and_then(|value| Outcome::Value(change(value)))
    }

    /// The same end, unless there is a value: then whatever `next` makes of it.
    pub fn and_then<U>(self, next: impl FnOnce(T) -> Outcome<U>) -> Outcome<U> {
        match self {
            Outcome::Value(value) => next(value),
            Outcome::Declined(reason) => Outcome::Declined(reason),
            Outcome::InvalidConfig(reason) => Outcome::InvalidConfig(reason),
            Outcome::Internal(reason) => Outcome::Internal(reason),
            Outcome::InvalidOutput(invalid) => Outcome::InvalidOutput(invalid),
            Outcome::Trap(trap) => Outcome::Trap(trap),
            Outcome::Link(reason) => Outcome::Link(reason),
        }
    }
}

/// Why a call was cut short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trap {
    /// It used all its fuel.
    OutOfFuel,
    /// It ran past its deadline.
    Deadline {
        /// CPU time the call had used, microseconds.
        cpu_micros: u64,
        /// Wall clock the call had used, microseconds. Far more than the CPU time means that the host was
        /// overloaded, and that the strategy is not to blame.
        wall_micros: u64,
        /// CPU time the call might have used, microseconds.
        deadline_micros: u64,
    },
    /// It recursed too deep.
    Stack,
    /// It gave up: a panic, an abort. The message is the last error it logged, if any.
    Unreachable(Option<String>),
    /// It needed more memory than it may have.
    Memory,
    /// Its answer, or what it passed to the host, is larger than it may be.
    Output,
    /// Anything else, such as a broken text or a list that reaches past its memory.
    Other(String),
}

impl Trap {
    /// Whether the host, not the strategy, is to blame: the deadline passed before the call had its CPU time. Its
    /// thread was not given any, because the machine had more to do than it can.
    #[must_use]
    pub fn is_overload(&self) -> bool {
        matches!(self, Trap::Deadline { cpu_micros, deadline_micros, .. } if cpu_micros < deadline_micros)
    }

    /// The stable word that plans and metrics carry.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Trap::OutOfFuel => "out-of-fuel",
            Trap::Deadline { .. } => "deadline",
            Trap::Stack => "stack",
            Trap::Unreachable(_) => "unreachable",
            Trap::Memory => "memory",
            Trap::Output => "output-too-large",
            Trap::Other(_) => "trap",
        }
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trap::OutOfFuel => f.write_str("all fuel was used"),
            Trap::Deadline { cpu_micros, wall_micros, .. } => {
                write!(f, "the deadline passed after {cpu_micros} us of CPU time in {wall_micros} us")
            }
            Trap::Stack => f.write_str("the call stack was exhausted"),
            Trap::Unreachable(Some(message)) => write!(f, "the strategy panicked: {message}"),
            Trap::Unreachable(None) => f.write_str("the strategy aborted without a message"),
            Trap::Memory => f.write_str("the memory limit was reached"),
            Trap::Output => f.write_str("more was handed over than the output limit allows"),
            Trap::Other(reason) => f.write_str(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_deadline_without_its_cpu_time_is_the_hosts_fault() {
        let deadline =
            |cpu_micros| Trap::Deadline { cpu_micros, wall_micros: 200_000, deadline_micros: 50_000 };
        for (cpu_micros, want) in [(0, true), (49_999, true), (50_000, false), (200_000, false)] {
            assert_eq!(deadline(cpu_micros).is_overload(), want, "{cpu_micros} us");
        }
        for trap in [Trap::OutOfFuel, Trap::Stack, Trap::Unreachable(None), Trap::Memory, Trap::Output] {
            assert!(!trap.is_overload(), "{trap}");
        }
    }
}
