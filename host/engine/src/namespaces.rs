//! Namespaces: what each may use and uses, and what its versions did. A partner at its quota slows only itself.
//!
//! Before a decision joins the queue for a compute thread, it takes a [`Pass`] for each bounded namespace that its
//! routes name: the right to run that namespace's calls on the thread that it will get. There are as many passes as the
//! namespace's share of the threads. A decision that finds none waits here, where it holds no thread and no place in
//! the queue, so that nobody else is slowed; past [`PASS_WAIT`] it goes on without, and the namespace's calls fall
//! back. Waiting in the queue or on a thread would do what the share is to prevent; falling back at once would cost a
//! partner its answers whenever two customers come at the same moment.
//!
//! Figures hold counts and sizes, never a line's text or an outcome's detail: those may tell of a customer.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use rebound_domain::ids::{Namespace, PluginRef};
use rebound_domain::manifest::Stage;
use rebound_domain::namespace::{Allowance, Quota, Quotas, Spread};
use rebound_domain::plan::StageTrace;
use rebound_domain::policy::Policy;
use rebound_sandbox::{Level, LogLine};
use tokio::sync::Notify;

use crate::Engine;
use crate::control::Control;
use crate::error::PublishError;
use crate::plugins::Publication;

/// How long a decision waits for a namespace's share: a quarter of the 100 ms that it has.
const PASS_WAIT: Duration = Duration::from_millis(25);

/// All namespaces.
pub(crate) struct Namespaces {
    quotas: ArcSwap<Quotas>,
    accounts: ArcSwap<BTreeMap<Namespace, Arc<Account>>>,
    /// Compute threads, of which each namespace has its share.
    thread_count: u32,
    started: Instant,
}

/// What one namespace uses.
#[derive(Default)]
struct Account {
    fuel: Mutex<Allowance>,
    log: Mutex<Allowance>,
    /// Passes that are taken.
    passes: AtomicU32,
    given_back: Notify,
    tally: Mutex<Tally>,
}

#[derive(Default)]
struct Tally {
    fuel: u64,
    log_bytes: u64,
    versions: BTreeMap<(PluginRef, Stage), VersionTally>,
}

#[derive(Default)]
struct VersionTally {
    outcomes: BTreeMap<String, u64>,
    fuel: Spread,
    micros: Spread,
    log: LogCounts,
}

/// Log lines by level, and those that were not kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogCounts {
    /// Of use while developing.
    pub debug: u64,
    /// Of interest.
    pub info: u64,
    /// Suspicious.
    pub warn: u64,
    /// Wrong.
    pub error: u64,
    /// Beyond what one call, or the namespace in a second, may log; their levels are not known.
    pub dropped: u64,
}

impl LogCounts {
    fn add(&mut self, other: &Self) {
        self.debug += other.debug;
        self.info += other.info;
        self.warn += other.warn;
        self.error += other.error;
        self.dropped += other.dropped;
    }
}

/// How values lie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SpreadSummary {
    /// All together.
    pub total: u64,
    /// What half of all calls do not exceed, up to an eighth too high.
    pub p50: u64,
    /// What 99 of 100 calls do not exceed, up to an eighth too high.
    pub p99: u64,
}

impl From<&Spread> for SpreadSummary {
    fn from(spread: &Spread) -> Self {
        Self { total: spread.sum(), p50: spread.percentile(50), p99: spread.percentile(99) }
    }
}

/// What one version did at one stage since the start, dry runs and decisions that were made again included: all of
/// that was run.
#[derive(Debug, Clone)]
pub struct VersionFigures {
    /// Which.
    pub plugin: PluginRef,
    /// At which stage.
    pub stage: Stage,
    /// Calls that ran.
    pub calls: u64,
    /// What became of them, and of those that did not run (over-quota, quarantined, not-loaded).
    pub outcomes: BTreeMap<String, u64>,
    /// Of the calls that ran.
    pub fuel: SpreadSummary,
    /// Wall clock of the calls that ran, microseconds.
    pub micros: SpreadSummary,
    /// What they logged.
    pub log: LogCounts,
}

/// What a namespace may use and uses.
#[derive(Debug, Clone)]
pub struct NamespaceStatus {
    /// Which.
    pub namespace: Namespace,
    /// Whether it is the operator's own.
    pub is_own: bool,
    /// What it may use.
    pub quota: Quota,
    /// How many compute threads its share is; none without a bound.
    pub threads_max: Option<u32>,
    /// Its published versions.
    pub publications: Vec<Publication>,
    /// Of their components together, bytes.
    pub bytes: u64,
    /// Fuel since the start.
    pub fuel: u64,
    /// Fuel that is left now; below zero what is owed. None without a bound.
    pub fuel_left: Option<i64>,
    /// Passes taken now; 0 without a bound.
    pub threads: u32,
    /// Bytes of log lines since the start, those kept.
    pub log_bytes: u64,
    /// Bytes of log lines that are left now. None without a bound.
    pub log_bytes_left: Option<i64>,
}

/// Why a call of a bounded namespace does not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OverQuota {
    Fuel { namespace: Namespace, per_second: u64 },
    Share { namespace: Namespace, threads: u32 },
}

impl fmt::Display for OverQuota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OverQuota::Fuel { namespace, per_second } => write!(
                f,
                "{namespace} has used its {per_second} fuel a second; its calls run again once that is paid back, or raise fuel_per_second of [namespaces.{namespace}]"
            ),
            OverQuota::Share { namespace, threads } => write!(
                f,
                "{namespace} is already running on all {threads} compute threads of its share; raise compute_share_bp of [namespaces.{namespace}]"
            ),
        }
    }
}

/// One namespace, as one decision meets it.
pub(crate) struct Pass {
    namespace: Namespace,
    account: Arc<Account>,
    quota: Quota,
    /// Compute threads of its share.
    threads: u32,
    right: Right,
    started: Instant,
}

/// Whether a decision may run a namespace's calls.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Right {
    /// Its share is all threads.
    Free,
    /// One of its passes, given back at the end.
    Taken,
    /// None was to be had.
    Missing,
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.right == Right::Taken {
            self.account.passes.fetch_sub(1, Ordering::AcqRel);
            self.account.given_back.notify_one();
        }
    }
}

impl Account {
    fn take_pass(&self, threads: u32) -> bool {
        let taken = |passes| (passes < threads).then_some(passes + 1);
        self.passes.fetch_update(Ordering::AcqRel, Ordering::Acquire, taken).is_ok()
    }

    async fn pass(&self, threads: u32) {
        loop {
            let given_back = self.given_back.notified();
            if self.take_pass(threads) {
                return;
            }
            given_back.await;
        }
    }
}

impl Namespaces {
    pub(crate) fn new(thread_count: u32) -> Self {
        let (quotas, accounts) = (ArcSwap::default(), ArcSwap::default());
        Self { quotas, accounts, thread_count, started: Instant::now() }
    }

    fn account(&self, namespace: &Namespace) -> Arc<Account> {
        if let Some(account) = self.accounts.load().get(namespace) {
            return Arc::clone(account);
        }
        let fresh = Arc::new(Account::default());
        self.accounts.rcu(|accounts| {
            let mut accounts = BTreeMap::clone(accounts);
            accounts.entry(namespace.clone()).or_insert_with(|| Arc::clone(&fresh));
            accounts
        });
        // Somebody else may have been quicker.
        Arc::clone(
            self.accounts.load().get(namespace).expect("it was there or is now, and none is taken out"),
        )
    }

    fn quota(&self, policy: &Policy, namespace: &Namespace) -> Quota {
        self.quotas.load().of(namespace, policy.owns_namespace(namespace))
    }

    /// Meets the namespaces of these plugins, and waits for their passes, a little.
    pub(crate) async fn enter<'a>(
        &self,
        policy: &Policy,
        plugins: impl Iterator<Item = &'a PluginRef>,
    ) -> Vec<Pass> {
        let mut namespaces: Vec<Namespace> = plugins.map(|plugin| plugin.name.namespace()).collect();
        // In one order, so that no two decisions wait for each other's.
        namespaces.sort_unstable();
        namespaces.dedup();
        let patience = tokio::time::Instant::now() + PASS_WAIT;
        let mut passes = Vec::with_capacity(namespaces.len());
        for namespace in namespaces {
            let (quota, account) = (self.quota(policy, &namespace), self.account(&namespace));
            let (threads, started) = (quota.threads(self.thread_count), self.started);
            let mut pass = Pass { namespace, account, quota, threads, right: Right::Missing, started };
            if threads >= self.thread_count {
                pass.right = Right::Free;
            } else if pass.account.take_pass(threads) {
                pass.right = Right::Taken;
            } else if threads > 0 && pass.has_fuel() {
                let waited = tokio::time::timeout_at(patience, pass.account.pass(threads)).await;
                if waited.is_ok() {
                    pass.right = Right::Taken;
                }
            }
            passes.push(pass);
        }
        passes
    }

    /// What a namespace used that has used anything.
    fn known(&self, namespace: &Namespace) -> Option<Arc<Account>> {
        self.accounts.load().get(namespace).map(Arc::clone)
    }
}

impl Pass {
    pub(crate) fn is_of(&self, plugin: &PluginRef) -> bool {
        let name = plugin.name.as_str();
        name.strip_prefix(self.namespace.as_str()).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Whether a call may run now.
    pub(crate) fn admit(&self) -> Result<(), OverQuota> {
        if let (Some(per_second), false) = (self.quota.fuel_per_second, self.has_fuel()) {
            return Err(OverQuota::Fuel { namespace: self.namespace.clone(), per_second });
        }
        match self.right {
            Right::Free | Right::Taken => Ok(()),
            Right::Missing => {
                Err(OverQuota::Share { namespace: self.namespace.clone(), threads: self.threads })
            }
        }
    }

    fn has_fuel(&self) -> bool {
        let Some(rate) = self.quota.fuel_per_second else { return true };
        lock(&self.account.fuel).is_open(rate, micros(self.started))
    }

    /// Charges what a call took.
    pub(crate) fn charge(&self, fuel: u64) {
        if let Some(rate) = self.quota.fuel_per_second {
            lock(&self.account.fuel).charge(rate, micros(self.started), fuel);
        }
    }

    /// Counts what a call logged, `line_count` lines in all, and drops the lines that are over the namespace's quota.
    pub(crate) fn hear(&self, lines: &mut Vec<LogLine>, line_count: u32) -> LogCounts {
        let mut counts = LogCounts::default();
        if line_count == 0 {
            return counts;
        }
        let mut bytes = 0;
        lines.retain(|line| {
            let size = line.message.len() as u64;
            if let Some(rate) = self.quota.log_bytes_per_second {
                let (mut allowance, now) = (lock(&self.account.log), micros(self.started));
                if !allowance.is_open(rate, now) {
                    return false;
                }
                allowance.charge(rate, now, size);
            }
            bytes += size;
            match line.level {
                Level::Debug => counts.debug += 1,
                Level::Info => counts.info += 1,
                Level::Warn => counts.warn += 1,
                Level::Error => counts.error += 1,
            }
            true
        });
        counts.dropped = u64::from(line_count).saturating_sub(lines.len() as u64);
        lock(&self.account.tally).log_bytes += bytes;
        counts
    }

    /// Takes a call, or one that did not run, into the figures.
    pub(crate) fn count(&self, call: &StageTrace, log: &LogCounts) {
        let mut tally = lock(&self.account.tally);
        tally.fuel += call.fuel;
        let version = tally.versions.entry((call.plugin.clone(), call.stage)).or_default();
        match version.outcomes.get_mut(&call.outcome) {
            Some(count) => *count += 1,
            None => drop(version.outcomes.insert(call.outcome.clone(), 1)),
        }
        version.log.add(log);
        // A call that did not run might not have used anything.
        if call.fuel_max > 0 {
            version.fuel.add(call.fuel);
            version.micros.add(call.micros);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing under these locks panics halfway through a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Microseconds since the start: a clock that never goes back.
fn micros(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// The published versions of a namespace: how many, and their bytes.
fn published(control: &Control, namespace: &Namespace) -> (u64, u64) {
    let of_it = control.plugins.iter().filter(|(plugin, _)| plugin.name.namespace() == *namespace);
    of_it.fold((0, 0), |(versions, bytes), (_, it)| (versions + 1, bytes + it.seat.component.size))
}

impl Engine {
    /// Sets what namespaces may use, from now on. Until it is called each has its default.
    pub fn set_quotas(&self, quotas: Quotas) {
        self.shared.namespaces.quotas.store(Arc::new(quotas));
    }

    /// Checks that one more version fits into its namespace's quota.
    pub(crate) fn check_quota(&self, plugin: &PluginRef, size: u64) -> Result<(), PublishError> {
        let control = self.control();
        let namespace = plugin.name.namespace();
        let quota = self.shared.namespaces.quota(&control.policy.value, &namespace);
        let (versions, bytes) = published(&control, &namespace);
        let over = |what, key, used: u64, quota: Option<u64>, more: u64| match quota {
            Some(quota) if used.saturating_add(more) > quota => Err(PublishError::OverQuota {
                plugin: Box::new(plugin.clone()),
                namespace: namespace.clone(),
                what,
                key,
                used,
                more,
                quota,
            }),
            _ => Ok(()),
        };
        over("versions", "versions", versions, quota.versions, 1)?;
        over("bytes of components", "bytes", bytes, quota.bytes, size)
    }

    /// What a namespace may use and uses. Every name has an answer: whether a namespace exists is nobody else's to know.
    #[must_use]
    pub fn namespace(&self, namespace: &Namespace) -> NamespaceStatus {
        let (control, namespaces) = (self.control(), &self.shared.namespaces);
        let is_own = control.policy.value.owns_namespace(namespace);
        let quota = namespaces.quota(&control.policy.value, namespace);
        let account = namespaces.known(namespace).unwrap_or_default();
        let now = micros(namespaces.started);
        let left = |allowance: &Mutex<Allowance>, rate: Option<u64>| {
            rate.map(|rate| lock(allowance).left(rate, now))
        };
        let publications = control.plugins.iter().filter(|(plugin, _)| plugin.name.namespace() == *namespace);
        let publications = publications.map(|(_, published)| published.publication(&control)).collect();
        let (fuel_left, log_bytes_left) =
            (left(&account.fuel, quota.fuel_per_second), left(&account.log, quota.log_bytes_per_second));
        let threads_max = quota.compute_share.map(|_| quota.threads(namespaces.thread_count));
        let threads = account.passes.load(Ordering::Acquire);
        let tally = lock(&account.tally);
        NamespaceStatus {
            namespace: namespace.clone(),
            is_own,
            quota,
            threads_max,
            publications,
            bytes: published(&control, namespace).1,
            fuel: tally.fuel,
            fuel_left,
            threads,
            log_bytes: tally.log_bytes,
            log_bytes_left,
        }
    }

    /// What a namespace's versions did since the start, by version and stage.
    #[must_use]
    pub fn namespace_figures(&self, namespace: &Namespace) -> Vec<VersionFigures> {
        let Some(account) = self.shared.namespaces.known(namespace) else { return Vec::new() };
        let tally = lock(&account.tally);
        let figures = |((plugin, stage), version): (&(PluginRef, Stage), &VersionTally)| VersionFigures {
            plugin: plugin.clone(),
            stage: *stage,
            calls: version.fuel.count(),
            outcomes: version.outcomes.clone(),
            fuel: (&version.fuel).into(),
            micros: (&version.micros).into(),
            log: version.log,
        };
        tally.versions.iter().map(figures).collect()
    }
}

#[cfg(test)]
mod tests {
    use rebound_domain::money::{BasisPoints, Currency};
    use rebound_domain::namespace::{Bound, QuotaSettings};

    use super::*;

    fn of(settings: QuotaSettings) -> (Namespaces, Policy) {
        let namespaces = Namespaces::new(2);
        namespaces.quotas.store(Arc::new(Quotas { partners: settings, named: BTreeMap::new() }));
        (namespaces, Policy::standard(Currency::new("CNY").unwrap()))
    }

    fn plugin(name: &str) -> PluginRef {
        format!("{name}/first@1.0.0").parse().unwrap()
    }

    fn half() -> QuotaSettings {
        QuotaSettings { compute_share_bp: Some(Bound::AtMost(5_000)), ..QuotaSettings::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_namespace_at_its_share_waits_and_then_falls_back() {
        let (namespaces, policy) = of(half());
        let acme = [plugin("acme")];
        let first = namespaces.enter(&policy, acme.iter()).await;
        assert_eq!(first[0].admit(), Ok(()));
        let began = tokio::time::Instant::now();
        let second = namespaces.enter(&policy, acme.iter()).await;
        assert_eq!(began.elapsed(), PASS_WAIT);
        let refused = OverQuota::Share { namespace: Namespace::new("acme").unwrap(), threads: 1 };
        assert_eq!(second[0].admit(), Err(refused));
        let began = tokio::time::Instant::now();
        let other = namespaces.enter(&policy, [plugin("other")].iter()).await;
        assert_eq!((other[0].admit(), began.elapsed()), (Ok(()), Duration::ZERO), "others do not wait");
        drop((first, second));
        let again = namespaces.enter(&policy, acme.iter()).await;
        assert_eq!(again[0].admit(), Ok(()), "what was not taken is not given back");
        let more = namespaces.enter(&policy, acme.iter()).await;
        assert!(more[0].admit().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_pass_that_is_given_back_goes_to_who_waits() {
        let (namespaces, policy) = of(half());
        let acme = [plugin("acme")];
        let first = namespaces.enter(&policy, acme.iter()).await;
        let began = tokio::time::Instant::now();
        let waits = namespaces.enter(&policy, acme.iter());
        let ends = async {
            tokio::time::advance(Duration::from_millis(5)).await;
            drop(first);
        };
        let (second, ()) = tokio::join!(waits, ends);
        assert_eq!(second[0].admit(), Ok(()));
        assert!(began.elapsed() < PASS_WAIT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_namespace_without_fuel_does_not_wait_for_a_thread() {
        let settings = QuotaSettings { fuel_per_second: Some(Bound::AtMost(10)), ..half() };
        let (namespaces, policy) = of(settings);
        let acme = [plugin("acme")];
        let first = namespaces.enter(&policy, acme.iter()).await;
        assert_eq!(first[0].admit(), Ok(()));
        first[0].charge(1_000_000_000);
        let began = tokio::time::Instant::now();
        let second = namespaces.enter(&policy, acme.iter()).await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert!(matches!(second[0].admit(), Err(OverQuota::Fuel { per_second: 10, .. })));
        assert!(first[0].admit().is_err(), "every call asks");
    }

    #[tokio::test]
    async fn lines_beyond_the_log_quota_are_counted_and_not_kept() {
        let settings =
            QuotaSettings { log_bytes_per_second: Some(Bound::AtMost(1)), ..QuotaSettings::default() };
        let (namespaces, policy) = of(settings);
        let passes = namespaces.enter(&policy, [plugin("acme")].iter()).await;
        let line = |level, message: &str| LogLine { level, message: message.to_owned() };
        let mut lines = vec![line(Level::Warn, &"x".repeat(1_000)), line(Level::Error, "more")];
        let counts = passes[0].hear(&mut lines, 5);
        assert_eq!(counts, LogCounts { warn: 1, dropped: 4, ..LogCounts::default() });
        assert_eq!(lines.len(), 1);
    }

    #[tokio::test]
    async fn a_pass_is_of_one_namespace_whole() {
        let (namespaces, policy) = of(half());
        let passes = namespaces.enter(&policy, [plugin("acme")].iter()).await;
        assert!(passes[0].is_of(&plugin("acme")));
        assert!(!passes[0].is_of(&plugin("acme-two")) && !passes[0].is_of(&plugin("ac")));
        assert_eq!(BasisPoints(5_000), passes[0].quota.compute_share.unwrap());
    }
}
