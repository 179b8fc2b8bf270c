//! Wall clock: one thread moves every engine's epoch, and a call that reaches its deadline is judged by the CPU
//! time it really had.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use wasmtime::EngineWeak;

/// A call may take this many times its deadline on the wall clock when the host is what is slow.
const WALL_FACTOR: u32 = 4;
/// Epochs per deadline: a call is stopped at most a tenth late.
const TICKS_PER_DEADLINE: u32 = 10;
const TICK_MIN: Duration = Duration::from_millis(1);

/// How often the epoch moves for calls of this deadline.
pub(crate) fn tick(deadline: Duration) -> Duration {
    (deadline / TICKS_PER_DEADLINE).max(TICK_MIN)
}

/// Epochs that surely cover `span`: the one under way may end at once.
pub(crate) fn ticks(span: Duration, tick: Duration) -> u64 {
    let whole = span.as_nanos().div_ceil(tick.as_nanos().max(1));
    u64::try_from(whole).unwrap_or(u64::MAX).saturating_add(1)
}

/// Starts the thread that moves the epochs. It holds the engines weakly and ends, within one tick, when the last
/// of them is gone.
pub(crate) fn start(engines: Vec<EngineWeak>, tick: Duration) -> std::io::Result<()> {
    let run = move || {
        let mut is_used = true;
        while is_used {
            std::thread::sleep(tick);
            is_used = false;
            for engine in engines.iter().filter_map(EngineWeak::upgrade) {
                engine.increment_epoch();
                is_used = true;
            }
        }
    };
    std::thread::Builder::new().name("rebound-epoch".to_owned()).spawn(run).map(drop)
}

/// What one call has used so far.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    wall: Instant,
    cpu: Duration,
}

/// Time used, both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spent {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

impl Stopwatch {
    /// Starts for a call on this very thread, where it has to be read too.
    pub(crate) fn start() -> Self {
        Self { wall: Instant::now(), cpu: thread_cpu_time() }
    }

    pub(crate) fn spent(&self) -> Spent {
        Spent { wall: self.wall.elapsed(), cpu: thread_cpu_time().saturating_sub(self.cpu) }
    }

    /// Cheaper than [`Self::spent`]: no system call.
    pub(crate) fn wall(&self) -> Duration {
        self.wall.elapsed()
    }
}

/// What happens to a call whose deadline passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It had not had its time: it gets the rest.
    Extend(Duration),
    /// It had its time, or took so long that its answer is of no use to anyone.
    Stop,
}

/// The deadline counts in CPU time, so that an overloaded host is not taken for a slow strategy; the wall clock
/// bounds how often that is forgiven.
pub(crate) fn judge(deadline: Duration, spent: Spent) -> Verdict {
    if spent.cpu >= deadline || spent.wall >= deadline * WALL_FACTOR {
        return Verdict::Stop;
    }
    Verdict::Extend(deadline - spent.cpu)
}

fn thread_cpu_time() -> Duration {
    // The clock of a running thread cannot be negative.
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_deadline_counts_in_cpu_time_and_is_bounded_by_the_wall_clock() {
        for (cpu, wall, want) in [
            (50, 50, Verdict::Stop),
            (60, 200, Verdict::Stop),
            (49, 55, Verdict::Extend(ms(1))),
            (5, 55, Verdict::Extend(ms(45))),
            (0, 199, Verdict::Extend(ms(50))),
            (0, 200, Verdict::Stop),
        ] {
            assert_eq!(judge(ms(50), Spent { cpu: ms(cpu), wall: ms(wall) }), want, "{cpu} of {wall} ms");
        }
    }

    #[test]
    fn ticks_never_cover_less_than_the_span() {
        for (span, tick_ms, want) in [(50, 5, 11), (51, 5, 12), (1, 5, 2), (0, 1, 1)] {
            assert_eq!(ticks(ms(span), ms(tick_ms)), want, "{span} by {tick_ms}");
        }
        assert_eq!(tick(ms(50)), ms(5));
        assert_eq!(tick(ms(2)), ms(1), "never busier than once a millisecond");
    }

    #[test]
    fn only_this_threads_work_counts_as_cpu_time() {
        let stopwatch = Stopwatch::start();
        let spin = || (0..5_000_000_u64).fold(0, |sum, n| std::hint::black_box(sum ^ n));
        std::thread::spawn(spin).join().unwrap();
        let others = stopwatch.spent();
        spin();
        let own = stopwatch.spent();
        assert!(others.cpu < others.wall, "waiting costs wall clock only: {others:?}");
        assert!(own.cpu > others.cpu, "working costs CPU time: {own:?}");
    }
}
