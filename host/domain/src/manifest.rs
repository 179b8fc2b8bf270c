//! What a component says of itself, and which stages it can serve.

use serde::{Deserialize, Serialize};

use crate::ids::PluginRef;

/// The five stages, in the order they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Who is this.
    Segmentation,
    /// What to take instead.
    Recommendation,
    /// Which coupon.
    Coupon,
    /// What to share.
    Sharing,
    /// How far the return is.
    Progress,
}

impl Stage {
    /// All, in the order they run.
    pub const ALL: [Stage; 5] =
        [Stage::Segmentation, Stage::Recommendation, Stage::Coupon, Stage::Sharing, Stage::Progress];

    /// The contract's word, which is also the interface's name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Stage::Segmentation => "segmentation",
            Stage::Recommendation => "recommendation",
            Stage::Coupon => "coupon",
            Stage::Sharing => "sharing",
            Stage::Progress => "progress",
        }
    }

    /// Reads the contract's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.word() == word)
    }

    /// How many entries a route of this stage may hold: one customer has one segment and one progress.
    #[must_use]
    pub fn entries_max(self) -> usize {
        match self {
            Stage::Segmentation | Stage::Progress => 1,
            Stage::Recommendation | Stage::Coupon | Stage::Sharing => 8,
        }
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// A sentence a customer may read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// What strategies call it by.
    pub key: String,
    /// BCP 47.
    pub locale: String,
    /// Literals and `{facts}`.
    pub text: String,
}

/// Someone who tells the progress; always marked as an assistant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Persona {
    /// What strategies call it by.
    pub key: String,
    /// BCP 47.
    pub locale: String,
    /// Its name.
    pub name: String,
    /// What it does.
    pub role: String,
}

/// What a component says of itself, checked at publish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Name and version.
    pub plugin: PluginRef,
    /// One sentence for the operator.
    pub summary: String,
    /// JSON Schema that a route's config must satisfy.
    pub config_schema: String,
    /// Versions with the same number share state.
    pub state_version: u32,
    /// Every sentence a customer may read.
    pub templates: Vec<Template>,
    /// Who may tell the progress.
    pub personas: Vec<Persona>,
    /// Which stages the component exports, in order.
    pub stages: Vec<Stage>,
}
