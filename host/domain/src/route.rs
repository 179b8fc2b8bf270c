//! Which plugin versions serve a stage.

use serde::{Deserialize, Serialize};

use crate::ids::PluginRef;

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
