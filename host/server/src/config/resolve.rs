//! Which value each key has, and who says so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;

use super::fault::{ConfigError, Fault};
use super::file::{self, Scope};
use super::keys::{self, Change, Key, Value};
use super::source::Source;

/// What arguments say. Every command that reads the configuration takes them.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Flags {
    /// The configuration (TOML; docs/configuration.md lists its keys). Variables and flags stand over it.
    #[arg(long, value_name = "FILE.toml", env = "REBOUND_CONFIG")]
    config: Option<PathBuf>,
    /// Where everything is kept; made when it is not there.
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// For development: no token, and loopback addresses only.
    #[arg(long)]
    dev: bool,
    /// What `now` is for a decision: system or event. The event's own time replays history, with --dev only.
    #[arg(long, value_name = "CLOCK")]
    clock: Option<String>,
    /// The deployment's currency (ISO 4217), until a policy says otherwise [default: CNY].
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Threads that run strategies [default: as many as there are processors].
    #[arg(long, value_name = "N")]
    compute_threads: Option<String>,
    /// Limits that differ from the defaults, in a file of their own: it stands over the configuration's own limits.
    #[arg(long, value_name = "FILE.toml")]
    limits: Option<PathBuf>,
    /// How long connections are still accepted after the signal to end, while /readyz answers 503 [default: 0].
    #[arg(long, value_name = "SECONDS")]
    shutdown_drain: Option<String>,
    /// How long accepted requests may go on after that [default: 25].
    #[arg(long, value_name = "SECONDS")]
    shutdown_grace: Option<String>,
    /// What is logged: error, warn, info, debug, or target=level pairs [default: info,sled=warn].
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
    /// How logs are written: text, json, or auto (text at a terminal, JSON lines anywhere else).
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Any other key: --set trace.share_bp=500. May be given many times; the last one counts.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// The variables of a process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment(pub(crate) BTreeMap<String, String>);

impl Environment {
    /// This process's.
    pub(crate) fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
        };
        Self(std::env::vars_os().filter_map(text).collect())
    }
}

/// What somebody said of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) value: Value,
    pub(crate) source: Source,
}

/// What was said, the later over the earlier.
#[derive(Debug, Clone, Default)]
pub(super) struct Layer {
    pub(super) said: BTreeMap<&'static str, Said>,
    pub(super) sections: BTreeMap<&'static str, toml::Value>,
}

/// The value of every key, and who says so.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    layer: Layer,
    /// Variables that look like ours and are none.
    pub(crate) strangers: Vec<String>,
}

/// Variables of ours that are no keys.
const OTHER_VARIABLES: &[&str] = &["REBOUND_CONFIG", "REBOUND_URL", "REBOUND_TOKEN", "REBOUND_SKIPS"];

impl Resolved {
    /// Reads the file, then the environment over it, then the arguments.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that does not stand by itself. What does not stand together is found by
    /// [`super::Settings::of`].
    pub(crate) fn read(flags: &Flags, environment: &Environment) -> Result<(Self, Vec<Fault>), ConfigError> {
        let (mut layer, mut faults) = (Layer::default(), Vec::new());
        if let Some(path) = &flags.config {
            file::read(path, Scope::Whole, &mut layer, &mut faults)?;
        }
        let strangers = read_environment(environment, &mut layer, &mut faults);
        // Named by a flag, so it stands over the environment.
        if let Some(path) = &flags.limits {
            file::read(path, Scope::Limits, &mut layer, &mut faults)?;
        }
        flags.read(&mut layer, &mut faults);
        Ok((Self { layer, strangers }, faults))
    }

    /// What a key says, and who.
    pub(crate) fn said(&self, key: &Key) -> Said {
        let said = self.layer.said.get(key.name.as_str()).cloned();
        said.unwrap_or_else(|| Said { value: key.default.clone(), source: Source::Default })
    }

    /// The number of a key of that kind.
    pub(crate) fn number(&self, name: &str) -> u64 {
        match self.named(name).value {
            Value::Number(number) => number,
            other => unreachable!("{name} is a number, not {other}: keys.rs says so"),
        }
    }

    /// The switch of a key of that kind.
    pub(crate) fn switch(&self, name: &str) -> bool {
        match self.named(name).value {
            Value::Switch(switch) => switch,
            other => unreachable!("{name} is a switch, not {other}: keys.rs says so"),
        }
    }

    /// The text of a key of that kind; none when it is unset.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.named(name).value {
            Value::Text(text) => Some(text),
            Value::Unset => None,
            other => unreachable!("{name} is a text, not {other}: keys.rs says so"),
        }
    }

    /// Who says what a key is.
    pub(crate) fn source(&self, name: &str) -> Source {
        self.named(name).source
    }

    /// A section that is handed over whole; its check has passed.
    pub(crate) fn section(&self, name: &str) -> Option<&toml::Value> {
        self.layer.sections.get(name)
    }

    /// Takes over the keys that can change while the service runs; the others are what they were at the start.
    pub(crate) fn take_live(&mut self, newer: &Self) {
        for key in keys::all().iter().filter(|key| key.change == Change::Live) {
            match newer.layer.said.get(key.name.as_str()) {
                Some(said) => drop(self.layer.said.insert(key.name.as_str(), said.clone())),
                None => drop(self.layer.said.remove(key.name.as_str())),
            }
        }
    }

    /// Every key, with its value and who says so.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static Key, Said)> {
        keys::all().iter().map(|key| (key, self.said(key)))
    }

    fn named(&self, name: &str) -> Said {
        self.said(keys::find(name).expect("the table of keys has every key that is asked for"))
    }
}

fn read_environment(environment: &Environment, layer: &mut Layer, faults: &mut Vec<Fault>) -> Vec<String> {
    let mut ours: Vec<String> = Vec::new();
    for key in keys::all() {
        let own = key.env();
        // An empty variable is how a compose file says nothing.
        let value = |name: &str| environment.0.get(name).filter(|value| !value.is_empty());
        let said = [Some(own.as_str()), key.env_also]
            .into_iter()
            .flatten()
            .find_map(|name| Some((name, value(name)?)));
        if let Some((name, text)) = said {
            say(layer, faults, key, text, Source::Env(name.to_owned()));
        }
        ours.push(own);
    }
    let is_stranger = |name: &&String| {
        name.starts_with("REBOUND_") && !ours.contains(name) && !OTHER_VARIABLES.contains(&name.as_str())
    };
    // No fault: an orchestrator names variables after a service that is called rebound.
    let strangers = environment.0.keys().filter(is_stranger);
    let told =
        |name: &String| format!("{name} is no variable of the configuration{}", meant(name, ours.iter()));
    strangers.map(told).collect()
}

impl Flags {
    fn read(&self, layer: &mut Layer, faults: &mut Vec<Fault>) {
        let named = [
            ("data", "--data", &self.data),
            ("listen", "--listen", &self.listen),
            ("clock", "--clock", &self.clock),
            ("currency", "--currency", &self.currency),
            ("compute_threads", "--compute-threads", &self.compute_threads),
            ("shutdown.drain", "--shutdown-drain", &self.shutdown_drain),
            ("shutdown.grace", "--shutdown-grace", &self.shutdown_grace),
            ("log.filter", "--log", &self.log),
            ("log.format", "--log-format", &self.log_format),
        ];
        for pair in &self.set {
            let source = Source::Flag("--set".to_owned());
            match pair.split_once('=').map(|(name, value)| (keys::find(name.trim()), name, value)) {
                Some((Some(key), name, value)) => {
                    let source = Source::Flag(format!("--set {}", name.trim()));
                    say(layer, faults, key, value.trim(), source);
                }
                Some((None, name, _)) => faults.push(Fault { source, problem: unknown(name.trim()) }),
                None => {
                    let problem = format!("{} has no value; write KEY=VALUE", pair.escape_debug());
                    faults.push(Fault { source, problem });
                }
            }
        }
        let dev = self.dev.then(|| "true".to_owned());
        let named = named.into_iter().chain(std::iter::once(("dev", "--dev", &dev)));
        for (name, flag, text) in named {
            let Some(text) = text else { continue };
            let key = keys::find(name).expect("a flag's key is in the table");
            say(layer, faults, key, text, Source::Flag(flag.to_owned()));
        }
    }

    /// The files that are read, for those who say what to look at.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        self.config.iter().chain(&self.limits).map(PathBuf::as_path)
    }
}

fn say(layer: &mut Layer, faults: &mut Vec<Fault>, key: &'static Key, text: &str, source: Source) {
    match key.parse(text) {
        Ok(value) => drop(layer.said.insert(key.name.as_str(), Said { value, source })),
        Err(problem) => faults.push(Fault { source, problem }),
    }
}

/// What is said of a key that there is none of.
pub(super) fn unknown(name: &str) -> String {
    let mut known: Vec<String> = keys::all().iter().map(|key| key.name.clone()).collect();
    // A table's name is meant as often as a key's.
    known.extend(keys::all().iter().filter_map(|key| Some(key.name.rsplit_once('.')?.0.to_owned())));
    format!("{} is no key of the configuration{}", name.escape_debug(), meant(name, known.iter()))
}

/// Names what was probably meant; nothing when nothing is near.
fn meant<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> String {
    let near = known.map(|known| (strsim::damerau_levenshtein(name, known), known)).min();
    // A third of it mistyped is still a typing error.
    match near.filter(|(distance, known)| distance * 3 <= known.len()) {
        Some((_, known)) => format!("; did you mean {known}?"),
        None => String::new(),
    }
}
