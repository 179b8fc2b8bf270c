//! Published plugin versions.

use std::collections::BTreeSet;

use rebound_domain::ids::Namespace;
use rebound_engine::Publication;
use rebound_sandbox::Class;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::claims::{Standing, Violation};
use super::scalar::{Instant, Stage};

/// How to publish.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PublishParams {
    /// The size class; standard when left out.
    #[serde(default)]
    #[param(inline)]
    pub(crate) class: PluginClass,
    /// The namespace that the component is to be in. What it calls itself is known only once it was compiled; with this, a token
    /// that may not publish there is refused before, and so is a component that turns out to be of another one.
    #[param(value_type = Option<String>)]
    pub(crate) namespace: Option<Namespace>,
}

/// How large a component may be, and how much a call of it may use.
#[derive(Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PluginClass {
    /// Rust, C and the like.
    #[default]
    Standard,
    /// Components that carry an interpreter: Python, JavaScript.
    Large,
}

/// A published version.
#[derive(Serialize, ToSchema)]
pub(crate) struct Plugin {
    /// `namespace/name@version`.
    plugin: String,
    /// SHA-256 of the component.
    digest: String,
    /// Of the component.
    size_bytes: u64,
    /// Its size class.
    class: PluginClass,
    /// When.
    published_at: Instant,
    /// One sentence for the operator.
    summary: String,
    /// Which stages it can serve.
    stages: Vec<Stage>,
    /// Versions with the same number share state.
    state_version: u32,
    /// JSON Schema that a route's config must satisfy.
    #[schema(value_type = Object)]
    config_schema: Value,
    /// The locales of its templates.
    locales: BTreeSet<String>,
    /// Whether its texts may be said: not-needed, approved or pending.
    approval: Standing,
    /// What its texts say and must not: none but for a version that was published while the policy only reports.
    violations: Vec<Violation>,
}

/// Every published version, by name and version.
#[derive(Serialize, ToSchema)]
pub(crate) struct PluginList {
    /// By name and version.
    pub(crate) plugins: Vec<Plugin>,
}

impl From<PluginClass> for Class {
    fn from(class: PluginClass) -> Self {
        match class {
            PluginClass::Standard => Self::Standard,
            PluginClass::Large => Self::Large,
        }
    }
}

impl From<Publication> for Plugin {
    fn from(publication: Publication) -> Self {
        let manifest = &publication.manifest;
        Self {
            plugin: publication.plugin.to_string(),
            digest: publication.digest.to_string(),
            size_bytes: publication.size,
            class: match publication.class {
                Class::Standard => PluginClass::Standard,
                Class::Large => PluginClass::Large,
            },
            published_at: publication.published_at.into(),
            summary: manifest.summary.clone(),
            stages: manifest.stages.iter().copied().map(Into::into).collect(),
            state_version: manifest.state_version,
            // It was compiled as a schema before it was published.
            config_schema: serde_json::from_str(&manifest.config_schema).unwrap_or(Value::Bool(true)),
            locales: manifest.templates.iter().map(|template| template.locale.clone()).collect(),
            approval: publication.standing.into(),
            violations: publication.violations.iter().map(Into::into).collect(),
        }
    }
}
