//! Which plugin versions serve a stage.

use serde::{Deserialize, Serialize};

use crate::ids::{PluginName, PluginRef};
use crate::manifest::Stage;

/// Room that one entry can be given; an answer holds no more by default, and a page shows fewer.
pub const SLOTS_MAX: u32 = 32;

/// Size of one entry's config, bytes. It is handed to the strategy with every event.
pub const CONFIG_BYTES_MAX: usize = 16 * 1024;

/// One plugin version in a route, with what it gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteEntry {
    /// Which version.
    pub plugin: PluginRef,
    /// JSON text that satisfies the plugin's schema.
    pub config: String,
    /// How many answers there is room for.
    pub slots: u32,
    /// Whether the catalogue tells it margins.
    pub margin: Access,
    /// What runs in its place when it fails.
    pub fallback: Option<Fallback>,
}

/// What runs when a version fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fallback {
    /// Which version.
    pub plugin: PluginRef,
    /// Its config.
    pub config: String,
}

/// Whether something is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// It is not.
    #[default]
    Withheld,
    /// It is.
    Granted,
}

/// Why a route's entries do not stand, as the rest of a sentence about [`RouteError::field`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// More than the stage runs.
    #[error("hold {count} entries; a {stage} route holds at most {}", .stage.entries_max())]
    TooMany {
        /// Of which stage.
        stage: Stage,
        /// How many there are.
        count: usize,
    },
    /// No room, or too much.
    #[error("is {slots}; give 1 to {SLOTS_MAX}")]
    Slots {
        /// Which entry.
        index: usize,
        /// Its slots.
        slots: u32,
    },
    /// A config too large to hand over with every event.
    #[error("has {size} bytes, over the limit of {CONFIG_BYTES_MAX}; shorten it")]
    ConfigSize {
        /// Which entry.
        index: usize,
        /// The part of the entry.
        part: Part,
        /// Its size in bytes.
        size: usize,
    },
    /// The same plugin in two places of one list. Its versions share state, so one customer would have two truths.
    #[error("is {plugin}, which an earlier entry runs; a plugin runs once per list")]
    PluginTwice {
        /// The later entry.
        index: usize,
        /// The part of the entry.
        part: Part,
        /// Which plugin.
        plugin: PluginName,
    },
    /// A fallback that fails the same way.
    #[error("is {plugin} itself; fall back to another version or plugin")]
    OwnFallback {
        /// Which entry.
        index: usize,
        /// Which version.
        plugin: PluginRef,
    },
}

/// Which version of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The one that runs.
    Entry,
    /// The one that stands in.
    Fallback,
}

impl RouteError {
    /// The path within the list: `[1].fallback.plugin`; empty for the list itself.
    #[must_use]
    pub fn field(&self) -> String {
        let path = |index: usize, part, field| match part {
            Part::Entry => format!("[{index}].{field}"),
            Part::Fallback => format!("[{index}].fallback.{field}"),
        };
        match *self {
            Self::TooMany { .. } => String::new(),
            Self::Slots { index, .. } => path(index, Part::Entry, "slots"),
            Self::ConfigSize { index, part, .. } => path(index, part, "config"),
            Self::PluginTwice { index, part, .. } => path(index, part, "plugin"),
            Self::OwnFallback { index, .. } => path(index, Part::Fallback, "plugin"),
        }
    }
}

/// Checks a stage's list of entries by itself; whether the versions exist and accept their configs is asked of
/// the published plugins. An empty list stands: the stage contributes nothing.
///
/// # Errors
/// [`RouteError`] naming the first entry that does not stand.
pub fn check_entries(stage: Stage, entries: &[RouteEntry]) -> Result<(), RouteError> {
    if entries.len() > stage.entries_max() {
        return Err(RouteError::TooMany { stage, count: entries.len() });
    }
    for (index, entry) in entries.iter().enumerate() {
        if !(1..=SLOTS_MAX).contains(&entry.slots) {
            return Err(RouteError::Slots { index, slots: entry.slots });
        }
        let earlier = || entries[..index].iter().flat_map(RouteEntry::versions);
        for (part, plugin, config) in entry.versions() {
            if config.len() > CONFIG_BYTES_MAX {
                return Err(RouteError::ConfigSize { index, part, size: config.len() });
            }
            if earlier().any(|(_, earlier, _)| earlier.name == plugin.name) {
                return Err(RouteError::PluginTwice { index, part, plugin: plugin.name.clone() });
            }
        }
        if entry.fallback.as_ref().is_some_and(|fallback| fallback.plugin == entry.plugin) {
            return Err(RouteError::OwnFallback { index, plugin: entry.plugin.clone() });
        }
    }
    Ok(())
}

impl RouteEntry {
    fn versions(&self) -> impl Iterator<Item = (Part, &PluginRef, &str)> {
        let entry = (Part::Entry, &self.plugin, self.config.as_str());
        let fallback = self.fallback.as_ref();
        let fallback = fallback.map(|fallback| (Part::Fallback, &fallback.plugin, fallback.config.as_str()));
        std::iter::once(entry).chain(fallback)
    }
}

#[cfg(test)]
mod tests;
