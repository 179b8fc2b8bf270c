//! Every key there is.

use std::fmt;
use std::net::ToSocketAddrs;
use std::num::NonZeroUsize;
use std::sync::LazyLock;
use std::thread::available_parallelism;

use rebound_domain::limits::Limits;
use rebound_domain::money::Currency;

/// A key, and everything that follows from it.
pub(crate) struct Key {
    /// Dotted, as a file without sections would write it.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// What it is when nobody says anything.
    pub(crate) default: Value,
    pub(crate) change: Change,
    /// Whether nobody is shown its value.
    pub(crate) secret: bool,
    /// A second variable that is read when `REBOUND_*` is not set.
    pub(crate) env_also: Option<&'static str>,
}

/// When a changed value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// From a reload on.
    Live,
    /// From the next start on.
    Restart,
}

/// What a key takes.
pub(crate) enum Kind {
    /// A text that is held against this.
    Text(fn(&str) -> Result<(), String>),
    /// One of these.
    Word(&'static [&'static str]),
    /// A whole number within these, both included.
    Number(u64, u64),
    /// true or false.
    Switch,
}

/// What a key says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Number(u64),
    Switch(bool),
    Unset,
}

impl fmt::Display for Value {
    /// As a TOML file writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => write!(f, "{}", toml::Value::String(text.clone())),
            Value::Number(number) => write!(f, "{number}"),
            Value::Switch(switch) => write!(f, "{switch}"),
            Value::Unset => f.write_str("unset"),
        }
    }
}

impl Key {
    fn new(name: &str, kind: Kind, default: Value) -> Self {
        Self { name: name.to_owned(), kind, default, change: Change::Restart, secret: false, env_also: None }
    }

    fn live(self) -> Self {
        Self { change: Change::Live, ..self }
    }

    /// The variable of the environment.
    pub(crate) fn env(&self) -> String {
        format!("REBOUND_{}", self.name.replace('.', "_").to_uppercase())
    }

    /// What an argument or a variable says.
    pub(crate) fn parse(&self, text: &str) -> Result<Value, String> {
        match self.kind {
            Kind::Number(..) => {
                let digits = text.replace('_', "");
                let number =
                    digits.parse().map_err(|_| self.refuse(text, &format!("use {}", self.expected())))?;
                self.check(Value::Number(number))
            }
            Kind::Switch => match text {
                "true" => Ok(Value::Switch(true)),
                "false" => Ok(Value::Switch(false)),
                _ => Err(self.refuse(text, &format!("use {}", self.expected()))),
            },
            Kind::Text(_) | Kind::Word(_) => self.check(Value::Text(text.to_owned())),
        }
    }

    /// Holds a value against the key's kind.
    pub(crate) fn check(&self, value: Value) -> Result<Value, String> {
        match (&self.kind, &value) {
            (Kind::Text(check), Value::Text(text)) => {
                check(text).map_err(|problem| self.refuse(text, &problem))?;
            }
            (Kind::Word(words), Value::Text(text)) => {
                if !words.contains(&text.as_str()) {
                    return Err(self.refuse(text, &format!("use {}", self.expected())));
                }
            }
            (Kind::Number(min, max), Value::Number(number)) => {
                if !(min..=max).contains(&number) {
                    return Err(self.refuse(&number.to_string(), &format!("use {}", self.expected())));
                }
            }
            (Kind::Switch, Value::Switch(_)) => {}
            (_, Value::Text(text)) => {
                let problem = format!("it is a text; use {}, without quotes", self.expected());
                return Err(self.refuse(text, &problem));
            }
            (_, value) => return Err(self.refuse(&value.to_string(), &format!("use {}", self.expected()))),
        }
        Ok(value)
    }

    /// Says why a value does not stand, without the value when it is a secret.
    pub(crate) fn refuse(&self, value: &str, problem: &str) -> String {
        match self.secret {
            true => format!("{} does not stand: {problem}", self.name),
            false => format!("{} = {} does not stand: {problem}", self.name, value.escape_debug()),
        }
    }

    /// What would stand.
    pub(crate) fn expected(&self) -> String {
        match &self.kind {
            Kind::Text(_) => "a text".to_owned(),
            Kind::Word(words) => words.join(" or "),
            Kind::Number(min, u64::MAX) => format!("a whole number from {min}"),
            Kind::Number(min, max) => format!("{min} to {max}"),
            Kind::Switch => "true or false".to_owned(),
        }
    }

    /// As it may be shown.
    pub(crate) fn shown(&self, value: &Value) -> String {
        match (self.secret, value) {
            (true, Value::Unset) | (false, _) => value.to_string(),
            (true, _) => "***".to_owned(),
        }
    }
}

/// The key of this name.
pub(crate) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// Every key, in the order they are shown.
pub(crate) fn all() -> &'static [Key] {
    &KEYS
}

static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
    let text = |text: &str| Value::Text(text.to_owned());
    let mut keys = vec![
        // The service.
        Key::new("data", Kind::Text(not_empty), Value::Unset),
        Key::new("listen", Kind::Text(address), text("127.0.0.1:8080")),
        Key::new("dev", Kind::Switch, Value::Switch(false)),
        Key::new("clock", Kind::Word(&["system", "event"]), text("system")),
        Key::new("currency", Kind::Text(currency), text("CNY")),
        Key::new("compute_threads", Kind::Number(1, 1_024), Value::Number(processors())),
        // Seconds.
        Key::new("shutdown.drain", Kind::Number(0, DAY), Value::Number(0)),
        Key::new("shutdown.grace", Kind::Number(0, DAY), Value::Number(25)),
        // Connections and their patience, seconds.
        Key::new("http.connections", Kind::Number(1, 1_000_000), Value::Number(4_096)),
        Key::new("http.head_bytes", Kind::Number(8 * 1_024, 1_024 * 1_024), Value::Number(64 * 1_024)),
        Key::new("http.head_timeout", Kind::Number(1, DAY), Value::Number(30)),
        Key::new("http.body_timeout", Kind::Number(1, DAY), Value::Number(30)),
        Key::new("http.idle_timeout", Kind::Number(1, DAY), Value::Number(30)),
        Key::new("http.stall_timeout", Kind::Number(1, DAY), Value::Number(30)),
        // Logs.
        Key {
            env_also: Some("RUST_LOG"),
            ..Key::new("log.filter", Kind::Text(filter), text("info,sled=warn")).live()
        },
        Key::new("log.format", Kind::Word(&["auto", "text", "json"]), text("auto")),
        Key::new("log.access", Kind::Switch, Value::Switch(false)).live(),
        // Spans and figures for a collector. Nothing is sent and nothing followed without an endpoint.
        Key::new("otlp.endpoint", Kind::Text(collector), Value::Unset),
        Key { secret: true, ..Key::new("otlp.headers", Kind::Text(headers), Value::Unset) },
        Key::new("otlp.service", Kind::Text(not_empty), text("rebound")),
        Key::new("otlp.timeout", Kind::Number(1, 60), Value::Number(10)),
        Key::new("otlp.metrics_interval", Kind::Number(0, DAY), Value::Number(60)),
        Key::new("trace.share_bp", Kind::Number(0, 10_000), Value::Number(100)).live(),
        Key::new("trace.queue", Kind::Number(64, 1_000_000), Value::Number(8_192)),
    ];
    keys.extend(limits());
    keys
});

const DAY: u64 = 24 * 60 * 60;

/// Limits that the engine reads anew for each decision.
const LIVE_LIMITS: &[&str] = &[
    "record_share_bp",
    "recording_bytes",
    "quarantine_window",
    "quarantine_failures",
    "quarantine_rate_bp",
    "quarantine_backoff",
    "quarantine_backoff_max",
    "quarantine_probes",
];

/// The limits, by their own names. Their ranges depend on each other, so they are held against them together.
fn limits() -> impl Iterator<Item = Key> {
    let limits = serde_json::to_value(Limits::default()).expect("limits are numbers");
    let fields: Vec<_> = limits
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, default)| (name.clone(), default.as_u64()))
        .collect();
    fields.into_iter().map(|(name, default)| {
        let value = default.map_or(Value::Unset, Value::Number);
        let key = Key::new(&format!("limits.{name}"), Kind::Number(0, u64::MAX), value);
        if LIVE_LIMITS.contains(&name.as_str()) { key.live() } else { key }
    })
}

fn processors() -> u64 {
    available_parallelism().unwrap_or(NonZeroUsize::MIN).get() as u64
}

fn not_empty(text: &str) -> Result<(), String> {
    if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(()) }
}

fn address(text: &str) -> Result<(), String> {
    match text.to_socket_addrs().ok().and_then(|mut addresses| addresses.next()) {
        Some(_) => Ok(()),
        None => Err(format!("{} is no address with a port; write 127.0.0.1:8080", text.escape_debug())),
    }
}

fn currency(text: &str) -> Result<(), String> {
    Currency::new(text).map(drop).map_err(|error| error.to_string())
}

fn filter(text: &str) -> Result<(), String> {
    let parsed = tracing_subscriber::EnvFilter::try_new(text);
    parsed.map(drop).map_err(|error| format!("{error}; write info, or target=level pairs"))
}

fn collector(text: &str) -> Result<(), String> {
    let uri = text.parse::<ureq::http::Uri>().ok();
    let uri = uri.filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.query().is_none());
    let authority = uri.as_ref().and_then(|uri| uri.authority());
    match authority {
        Some(authority) if authority.as_str().contains('@') => {
            Err("an address holds no credentials; put them into otlp.headers".to_owned())
        }
        Some(_) => Ok(()),
        None => Err("write http://host:4318, where a collector takes OTLP over HTTP".to_owned()),
    }
}

/// As OpenTelemetry's own variables write them: `name=value,name=value`.
fn headers(text: &str) -> Result<(), String> {
    split_headers(text).map(drop).ok_or_else(|| "write name=value, and a comma between two".to_owned())
}

/// The headers that a text names.
pub(super) fn split_headers(text: &str) -> Option<Vec<(String, String)>> {
    let header = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        let stands = ureq::http::HeaderName::try_from(name).is_ok()
            && ureq::http::HeaderValue::try_from(value).is_ok();
        stands.then(|| (name.to_owned(), value.to_owned()))
    };
    text.split(',').map(header).collect()
}
