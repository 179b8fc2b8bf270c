//! What lies in `examples/`, as the service gets it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// The files of `examples/`.
pub(crate) struct Samples {
    pub(crate) catalogue: String,
    pub(crate) customers: String,
    /// By time.
    pub(crate) orders: Vec<Dated>,
    /// By time.
    pub(crate) returns: Vec<Dated>,
    pub(crate) policy: Value,
    pub(crate) budgets: Vec<Setting>,
    pub(crate) routes: Vec<Setting>,
    pub(crate) experiments: Vec<Setting>,
}

/// A line and when it happened.
pub(crate) struct Dated {
    pub(crate) at: Timestamp,
    pub(crate) line: String,
}

/// A file of settings. Its name without the extension is the last part of the address it is put to.
pub(crate) struct Setting {
    pub(crate) name: String,
    pub(crate) body: Value,
}

impl Samples {
    pub(crate) fn read(dir: &Path) -> Result<Self> {
        Ok(Self {
            catalogue: text(&dir.join("catalogue.ndjson"))?,
            customers: text(&dir.join("customers.ndjson"))?,
            orders: dated(&dir.join("orders.ndjson"))?,
            returns: dated(&dir.join("returns.ndjson"))?,
            policy: json(&dir.join("policy.json"))?,
            budgets: settings(&dir.join("budgets"))?,
            routes: settings(&dir.join("routes"))?,
            experiments: settings(&dir.join("experiments"))?,
        })
    }

    /// The keys of every arm of every experiment.
    pub(crate) fn arms(&self) -> impl Iterator<Item = &str> {
        let arms = self.experiments.iter().filter_map(|experiment| experiment.body["arms"].as_array());
        arms.flatten().filter_map(|arm| arm["key"].as_str())
    }
}

fn text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

fn json(path: &Path) -> Result<Value> {
    serde_json::from_str(&text(path)?).with_context(|| format!("{} is no JSON", path.display()))
}

fn dated(path: &Path) -> Result<Vec<Dated>> {
    #[derive(Deserialize)]
    struct Date {
        #[serde(alias = "ordered_at", alias = "requested_at")]
        at: Timestamp,
    }
    let text = text(path)?;
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let Date { at } = serde_json::from_str(line)
            .with_context(|| format!("line {} of {} cannot be read", index + 1, path.display()))?;
        lines.push(Dated { at, line: line.to_owned() });
    }
    lines.sort_by_key(|line| line.at);
    Ok(lines)
}

fn settings(dir: &Path) -> Result<Vec<Setting>> {
    let entries = std::fs::read_dir(dir).with_context(|| format!("{} cannot be read", dir.display()))?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    let mut settings = Vec::new();
    for path in paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "json"))
    {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        settings.push(Setting { name, body: json(&path)? });
    }
    settings.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(settings)
}
