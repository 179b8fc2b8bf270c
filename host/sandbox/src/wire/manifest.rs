//! What a component says of itself, as it is lifted.

use rebound_domain::check::InvalidOutput;
use rebound_domain::ids::{PluginName, PluginRef};
use rebound_domain::manifest::{self, Stage};
use wasmtime::component::{ComponentType, Lift};

use super::answer::{all, lifted};
use super::size::Size;

lifted! {
    struct Template {
        key: String,
        locale: String,
        text: String,
    }
    struct Persona {
        key: String,
        locale: String,
        name: String,
        role: String,
    }
    struct Manifest {
        name: String,
        version: String,
        summary: String,
        #[component(name = "config-schema")]
        config_schema: String,
        #[component(name = "state-version")]
        state_version: u32,
        templates: Vec<Template>,
        personas: Vec<Persona>,
    }
}

impl Manifest {
    /// The domain's, of a component that exports `stages`.
    pub(crate) fn parse(self, stages: &[Stage]) -> Result<manifest::Manifest, InvalidOutput> {
        let invalid = |field: &str, reason: String| InvalidOutput { field: field.to_owned(), reason };
        let name = PluginName::new(self.name)
            .map_err(|error| invalid("name", format!("does not stand: {error}")))?;
        let version = semver::Version::parse(&self.version).map_err(|error| {
            let shown = self.version.escape_debug();
            invalid("version", format!("`{shown}` is no semantic version ({error}); write it as 1.2.3"))
        })?;
        Ok(manifest::Manifest {
            plugin: PluginRef { name, version },
            summary: self.summary,
            config_schema: self.config_schema,
            state_version: self.state_version,
            templates: all(self.templates),
            personas: all(self.personas),
            stages: stages.to_vec(),
        })
    }
}

impl From<Template> for manifest::Template {
    fn from(Template { key, locale, text }: Template) -> Self {
        Self { key, locale, text }
    }
}

impl From<Persona> for manifest::Persona {
    fn from(Persona { key, locale, name, role }: Persona) -> Self {
        Self { key, locale, name, role }
    }
}
