//! A manifest's templates, compiled once per published version.

use std::collections::{BTreeSet, HashMap};

use super::{Locale, Part, Problem, Template, TemplateError, Violation, literal};
use crate::ids::{ConstantKey, Digest};
use crate::manifest::{Manifest, Persona};

/// A manifest's templates and personas, by key and closest locale.
#[derive(Debug, Clone)]
pub struct Templates {
    templates: HashMap<String, Vec<Template>>,
    personas: HashMap<String, Vec<Introduction>>,
    /// Everything that the words of all of them say and must not, in the order they are declared.
    violations: Vec<Violation>,
    /// Of every text a customer may read.
    texts: Digest,
    /// Whether there is no such text.
    is_silent: bool,
    /// Whether each is in a language that the host has lists of words for.
    is_listed: bool,
}

/// A persona in one locale, and what its name and role say that they must not.
#[derive(Debug, Clone)]
struct Introduction {
    locale: Locale,
    persona: Persona,
    violations: Vec<Violation>,
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
        let mut personas: HashMap<String, Vec<Introduction>> = HashMap::new();
        for persona in &manifest.personas {
            if let Some(locale) = Locale::new(&persona.locale) {
                let violations = [&persona.name, &persona.role].into_iter().flat_map(|label| {
                    let parts = [Part::Literal(label.clone())];
                    literal::check(&persona.key, &persona.locale, &locale, &parts)
                });
                let violations = violations.collect();
                let introduction = Introduction { locale, persona: persona.clone(), violations };
                personas.entry(persona.key.clone()).or_default().push(introduction);
            }
        }
        let declared = manifest.templates.iter().filter_map(|declared| {
            let locale = Locale::new(&declared.locale)?;
            templates.get(&declared.key)?.iter().find(|template| template.locale == locale)
        });
        let introduced = manifest.personas.iter().filter_map(|declared| {
            personas.get(&declared.key)?.iter().find(|introduction| introduction.persona == *declared)
        });
        let violations = declared
            .flat_map(|template| &template.violations)
            .chain(introduced.flat_map(|introduction| &introduction.violations))
            .cloned()
            .collect();
        let locales = templates.values().flatten().map(|template| &template.locale);
        let is_listed =
            locales.chain(personas.values().flatten().map(|it| &it.locale)).all(literal::is_listed);
        let is_silent = templates.is_empty() && personas.is_empty();
        Ok(Self { violations, texts: texts(manifest), is_silent, is_listed, templates, personas })
    }

    /// Everything that the words of templates and personas say and must not, in the order they are declared.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// The digest of every text a customer may read, keys and locales included, whatever their order: two versions
    /// with the same texts have the same.
    #[must_use]
    pub fn texts(&self) -> Digest {
        self.texts
    }

    /// Whether there is nothing a customer may read.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.is_silent
    }

    /// Whether every text is in a language that the host has lists of words for.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.is_listed
    }

    /// The constants that templates name, each once.
    #[must_use]
    pub fn constants(&self) -> BTreeSet<&ConstantKey> {
        let parts = self.templates.values().flatten().flat_map(|template| &template.parts);
        parts
            .filter_map(|part| match part {
                Part::Constant(key) => Some(key),
                Part::Literal(_) | Part::Fact(_) => None,
            })
            .collect()
    }

    /// The template of this key in the locale closest to the wanted one; none when there is none in its language.
    #[must_use]
    pub fn closest(&self, key: &str, wanted: &Locale) -> Option<&Template> {
        wanted.closest(self.templates.get(key)?, |template| &template.locale)
    }

    /// The persona of this key in the locale closest to the wanted one.
    #[must_use]
    pub fn persona(&self, key: &str, wanted: &Locale) -> Option<&Persona> {
        self.introduction(key, wanted).map(|introduction| &introduction.persona)
    }

    /// What that persona's name and role say that they must not.
    pub(crate) fn persona_violations(&self, key: &str, wanted: &Locale) -> &[Violation] {
        self.introduction(key, wanted).map_or(&[], |introduction| &introduction.violations)
    }

    fn introduction(&self, key: &str, wanted: &Locale) -> Option<&Introduction> {
        wanted.closest(self.personas.get(key)?, |introduction| &introduction.locale)
    }
}

/// Each field is written with its size before it, so that no two lists of texts are written alike.
fn texts(manifest: &Manifest) -> Digest {
    let templates = manifest.templates.iter().map(|it| ["template", &it.key, &it.locale, &it.text, ""]);
    let personas = manifest.personas.iter().map(|it| ["persona", &it.key, &it.locale, &it.name, &it.role]);
    let mut texts: Vec<[&str; 5]> = templates.chain(personas).collect();
    texts.sort_unstable();
    let mut bytes = Vec::new();
    for field in texts.iter().flatten() {
        bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
        bytes.extend_from_slice(field.as_bytes());
    }
    Digest::of(&bytes)
}
