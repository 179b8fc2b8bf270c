//! When a failing version is left out, for how long, and how it comes back: a state machine per version and stage.
//!
//! Values in, values out; time is an argument. [`Quarantine::admit`] asks before a call, [`Quarantine::settle`] tells
//! what became of it. A version trips by count AND rate: a count alone would punish traffic, a rate alone one bad call.
//! After a backoff it is tried with one call at a time; failing again doubles the backoff, passing often enough ends it.
//! An operator's hold stands above all of that, and only an operator ends it.

mod window;

use std::fmt;

use serde::{Deserialize, Serialize};

use self::window::Window;
use crate::limits::Limits;
use crate::money::BasisPoints;
use crate::time::{Duration, Instant};

/// A probe that was not heard of again for this long is given up, and another call may probe. Many times the longest
/// call, so that no two probes run while the first is alive.
pub const PROBE_LEASE: Duration = Duration(60_000);

/// When a version trips, and how it comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How far back calls count.
    pub window: Duration,
    /// Failures in the window, at least.
    pub failures_min: u32,
    /// Failures through calls in the window, at least.
    pub rate_min: BasisPoints,
    /// The first backoff.
    pub backoff: Duration,
    /// No backoff is longer.
    pub backoff_max: Duration,
    /// Probes in a row that must pass.
    pub probes: u32,
}

impl From<&Limits> for Rules {
    fn from(limits: &Limits) -> Self {
        Self {
            window: limits.quarantine_window,
            failures_min: limits.quarantine_failures,
            rate_min: BasisPoints(limits.quarantine_rate_bp),
            backoff: limits.quarantine_backoff,
            backoff_max: limits.quarantine_backoff_max,
            probes: limits.quarantine_probes,
        }
    }
}

/// What a call says about the version that ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It did its work, or had nothing to say.
    Passed,
    /// It failed, and is to blame.
    Failed,
    /// It did not do its work, and is not to blame: an overloaded host, a config that does not work. Counts for nothing.
    Spared,
}

/// What a version may do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It runs; hand the ticket back with the verdict.
    Admitted(Ticket),
    /// It does not.
    Refused(Refusal),
}

/// That a call was admitted, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ticket {
    /// As any other.
    Run,
    /// To find out whether the version works again.
    Probe,
}

/// Why a version is not called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// An operator holds it.
    Held(Hold),
    /// It failed too often.
    Open {
        /// When it is tried again.
        until: Instant,
        /// What failed last.
        last: Option<Failure>,
    },
    /// Another call is trying it right now, or it may not be tried by this one.
    Probing,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Held(hold) => write!(f, "held by {}: {}", hold.who, hold.reason),
            Refusal::Open { until, last } => {
                write!(f, "failed too often; tried again from {} ms since 1970", until.0)?;
                last.iter().try_for_each(|last| write!(f, "; last: {last}"))
            }
            Refusal::Probing => f.write_str("failed too often; another call is trying it"),
        }
    }
}

/// An operator's word that a version is not to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Who says so.
    pub who: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub at: Instant,
}

/// How a call failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The outcome's stable word.
    pub outcome: String,
    /// When.
    pub at: Instant,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.outcome)
    }
}

/// A change that is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It failed too often, or its probe failed.
    Tripped,
    /// It works again.
    Closed,
    /// An operator stopped it.
    Held,
    /// An operator let it go, with a clean slate.
    Released,
}

impl Change {
    /// The stable word of records and events.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Change::Tripped => "tripped",
            Change::Closed => "closed",
            Change::Held => "held",
            Change::Released => "released",
        }
    }
}

/// Whether a version runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It does.
    #[default]
    Closed,
    /// It does not, until then.
    Open {
        /// Since when.
        since: Instant,
        /// When it is tried again.
        until: Instant,
        /// How long that is.
        backoff: Duration,
    },
    /// One call at a time, to find out.
    HalfOpen {
        /// Since when it is left out.
        since: Instant,
        /// The backoff that ended; the next one is twice as long.
        backoff: Duration,
        /// Probes that passed in a row.
        passed: u32,
        /// When the probe under way began.
        #[serde(skip)]
        probing: Option<Instant>,
    },
}

/// One version at one stage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    /// Whether it runs, holds aside.
    pub state: State,
    /// The operator's hold, if there is one.
    pub hold: Option<Hold>,
    /// How often it tripped since it was first published, failed probes included.
    pub trips: u32,
    /// The latest failure that counted.
    pub last: Option<Failure>,
    /// What lately came of its calls. It need not survive a restart: a version that still fails trips again.
    #[serde(skip)]
    window: Window,
}

impl Quarantine {
    /// Whether every call runs as usual; the hot path asks nothing more.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.state == State::Closed && self.hold.is_none()
    }

    /// Whether a call may run now; takes the probe when one is due.
    pub fn admit(&mut self, now: Instant) -> Admission {
        if let Some(hold) = &self.hold {
            return Admission::Refused(Refusal::Held(hold.clone()));
        }
        match &mut self.state {
            State::Closed => Admission::Admitted(Ticket::Run),
            State::Open { since, until, backoff } if is_due(now, *until, *backoff) => {
                let (since, backoff) = (*since, *backoff);
                self.state = State::HalfOpen { since, backoff, passed: 0, probing: Some(now) };
                Admission::Admitted(Ticket::Probe)
            }
            State::Open { until, .. } => {
                Admission::Refused(Refusal::Open { until: *until, last: self.last.clone() })
            }
            State::HalfOpen { probing, .. } if probing.is_some_and(|since| is_leased(now, since)) => {
                Admission::Refused(Refusal::Probing)
            }
            State::HalfOpen { probing, .. } => {
                *probing = Some(now);
                Admission::Admitted(Ticket::Probe)
            }
        }
    }

    /// What [`Self::admit`] would say to a call that must not probe, such as a dry run's.
    #[must_use]
    pub fn peek(&self, now: Instant) -> Admission {
        match self.clone().admit(now) {
            Admission::Admitted(Ticket::Probe) => Admission::Refused(Refusal::Probing),
            admission => admission,
        }
    }

    /// Takes in what became of an admitted call; answers what changed.
    pub fn settle(
        &mut self,
        rules: &Rules,
        now: Instant,
        ticket: Ticket,
        verdict: Verdict,
        outcome: &str,
    ) -> Option<Change> {
        if verdict == Verdict::Failed {
            self.last = Some(Failure { outcome: outcome.to_owned(), at: now });
        }
        match (&mut self.state, ticket) {
            (State::Closed, Ticket::Run) => {
                if verdict == Verdict::Spared {
                    return None;
                }
                self.window.count(rules.window, now, verdict == Verdict::Failed);
                let (calls, failures) = self.window.sums(rules.window, now);
                let rate = u64::from(failures) * 10_000 >= u64::from(calls) * u64::from(rules.rate_min.0);
                (verdict == Verdict::Failed && failures >= rules.failures_min && rate)
                    .then(|| self.open(now, now, rules.backoff))
            }
            (State::HalfOpen { since, backoff, passed, probing }, Ticket::Probe) => {
                *probing = None;
                match verdict {
                    Verdict::Spared => None,
                    Verdict::Passed => {
                        *passed = passed.saturating_add(1);
                        (*passed >= rules.probes).then(|| {
                            self.close();
                            Change::Closed
                        })
                    }
                    Verdict::Failed => {
                        let (since, backoff) = (*since, Duration(backoff.0.saturating_mul(2)));
                        Some(self.open(now, since, Duration(backoff.0.min(rules.backoff_max.0))))
                    }
                }
            }
            // A call that began before the version tripped, or before an operator released it, decides nothing.
            _ => None,
        }
    }

    /// An operator stops the version until [`Self::release`].
    pub fn hold(&mut self, hold: Hold) -> Change {
        self.hold = Some(hold);
        Change::Held
    }

    /// An operator lets the version run again at once, with a clean slate: its backoff and window are forgotten too.
    pub fn release(&mut self) -> Change {
        self.hold = None;
        self.close();
        Change::Released
    }

    /// Calls and failures that count now.
    #[must_use]
    pub fn recent(&self, rules: &Rules, now: Instant) -> (u32, u32) {
        self.window.sums(rules.window, now)
    }

    fn open(&mut self, now: Instant, since: Instant, backoff: Duration) -> Change {
        self.trips = self.trips.saturating_add(1);
        self.state = State::Open { since, until: now + backoff, backoff };
        Change::Tripped
    }

    fn close(&mut self) {
        self.state = State::Closed;
        self.window = Window::default();
    }
}

/// Whether a backoff is over. A clock that was set back must not make it longer than it is.
fn is_due(now: Instant, until: Instant, backoff: Duration) -> bool {
    now >= until || until.since(now) > backoff
}

/// Whether a probe is still waited for; one from the future was begun before the clock was set back.
fn is_leased(now: Instant, since: Instant) -> bool {
    now >= since && now.since(since) < PROBE_LEASE
}

#[cfg(test)]
mod tests;
