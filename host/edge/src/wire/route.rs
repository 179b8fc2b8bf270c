//! Which plugin versions serve a stage.

use rebound_domain::ids::PluginRef;
use rebound_domain::route as domain;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::read::{objects, optional_object, or_default};
use super::scalar::Count;
use crate::json::strict_value;

/// A stage's route. Empty: the stage contributes nothing.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Route {
    /// In the order they run; all of them run.
    #[serde(deserialize_with = "objects")]
    pub(crate) entries: Vec<RouteEntry>,
}

/// One plugin version in a route.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RouteEntry {
    /// `namespace/name@version`.
    #[schema(value_type = String, example = "rebound/upgrade@0.1.0")]
    plugin: PluginRef,
    /// What satisfies the plugin's config schema; an empty object when left out.
    #[serde(default = "empty", deserialize_with = "or_empty")]
    #[schema(value_type = Object, nullable)]
    config: Value,
    /// How many answers there is room for; 1 when left out.
    #[serde(default = "one_slot", deserialize_with = "or_one_slot")]
    #[schema(minimum = 1, nullable)]
    slots: Count,
    /// Whether the catalogue tells it margins; withheld when left out.
    #[serde(default, deserialize_with = "or_default")]
    #[schema(nullable)]
    margin: Access,
    /// What runs in its place when it fails; nothing when left out.
    #[serde(default, deserialize_with = "optional_object", skip_serializing_if = "Option::is_none")]
    fallback: Option<Fallback>,
}

/// What runs when a version fails.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fallback {
    /// `namespace/name@version`.
    #[schema(value_type = String)]
    plugin: PluginRef,
    /// What satisfies the plugin's config schema; an empty object when left out.
    #[serde(default = "empty", deserialize_with = "or_empty")]
    #[schema(value_type = Object, nullable)]
    config: Value,
}

/// Whether something is told.
#[derive(Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Access {
    #[default]
    Withheld,
    Granted,
}

fn empty() -> Value {
    Value::Object(serde_json::Map::new())
}

fn or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    Ok(match strict_value(deserializer)? {
        Value::Null => empty(),
        config => config,
    })
}

fn one_slot() -> Count {
    Count(1)
}

fn or_one_slot<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Count, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(one_slot))
}

/// The stored text was written from JSON, so it reads back.
fn config(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

impl From<RouteEntry> for domain::RouteEntry {
    fn from(entry: RouteEntry) -> Self {
        Self {
            plugin: entry.plugin,
            config: entry.config.to_string(),
            slots: entry.slots.0,
            margin: match entry.margin {
                Access::Withheld => domain::Access::Withheld,
                Access::Granted => domain::Access::Granted,
            },
            fallback: entry
                .fallback
                .map(|it| domain::Fallback { plugin: it.plugin, config: it.config.to_string() }),
        }
    }
}

impl From<domain::RouteEntry> for RouteEntry {
    fn from(entry: domain::RouteEntry) -> Self {
        Self {
            plugin: entry.plugin,
            config: config(&entry.config),
            slots: Count(entry.slots),
            margin: match entry.margin {
                domain::Access::Withheld => Access::Withheld,
                domain::Access::Granted => Access::Granted,
            },
            fallback: entry.fallback.map(|it| Fallback { config: config(&it.config), plugin: it.plugin }),
        }
    }
}

/// Entries as the domain holds them.
pub(crate) fn into_domain(entries: Vec<RouteEntry>) -> Vec<domain::RouteEntry> {
    entries.into_iter().map(Into::into).collect()
}

/// Entries as they cross the wire.
pub(crate) fn from_domain(entries: Vec<domain::RouteEntry>) -> Vec<RouteEntry> {
    entries.into_iter().map(Into::into).collect()
}
