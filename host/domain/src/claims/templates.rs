//! A manifest's templates, compiled once per published version.

use std::collections::HashMap;

use super::{Locale, Problem, Template, TemplateError};
use crate::manifest::{Manifest, Persona};

/// A manifest's templates and personas, by key and closest locale.
#[derive(Debug, Clone)]
pub struct Templates {
    templates: HashMap<String, Vec<Template>>,
    personas: HashMap<String, Vec<(Locale, Persona)>>,
}

impl Templates {
    /// Parses all templates of a manifest.
    ///
    /// # Errors
    /// [`TemplateError`] naming the first template that cannot be published.
    pub fn new(manifest: &Manifest) -> Result<Self, TemplateError> {
        let mut templates: HashMap<String, Vec<Template>> = HashMap::new();
        for (index, declared) in manifest.templates.iter().enumerate() {
            let fails = |problem| TemplateError {
                index,
                key: declared.key.clone(),
                locale: declared.locale.clone(),
                problem,
            };
            let template = Template::parse(declared).map_err(fails)?;
            let locales = templates.entry(declared.key.clone()).or_default();
            if locales.iter().any(|earlier| earlier.locale == template.locale) {
                return Err(fails(Problem::Twice));
            }
            locales.push(template);
        }
        let mut personas: HashMap<String, Vec<(Locale, Persona)>> = HashMap::new();
        for persona in &manifest.personas {
            if let Some(locale) = Locale::new(&persona.locale) {
                personas.entry(persona.key.clone()).or_default().push((locale, persona.clone()));
            }
        }
        Ok(Self { templates, personas })
    }

    /// The template of this key in the locale closest to the wanted one; none when there is none in its language.
    #[must_use]
    pub fn closest(&self, key: &str, wanted: &Locale) -> Option<&Template> {
        wanted.closest(self.templates.get(key)?, |template| &template.locale)
    }

    /// The persona of this key in the locale closest to the wanted one.
    #[must_use]
    pub fn persona(&self, key: &str, wanted: &Locale) -> Option<&Persona> {
        wanted.closest(self.personas.get(key)?, |(locale, _)| locale).map(|(_, persona)| persona)
    }
}
