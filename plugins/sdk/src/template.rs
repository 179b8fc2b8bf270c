//! Every sentence a customer may read, declared beside the code that picks it.

use crate::bindings::metadata::exports::rebound::strategy::metadata;
use crate::types::{Sentence, Subject};

/// One sentence in every locale it exists in; `{name}` stands for a fact that the host fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// What a [`Sentence`] names.
    pub key: &'static str,
    /// BCP 47 locale and text; `{{` and `}}` are braces.
    pub texts: &'static [(&'static str, &'static str)],
}

impl Template {
    /// This sentence, its facts taken from `subject`.
    pub fn about(&self, subject: Subject) -> Sentence {
        Sentence { template: self.key.to_string(), about: subject }
    }
}

/// Who tells the progress. The host marks it as an assistant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Persona {
    /// What a step names.
    pub key: &'static str,
    /// BCP 47 locale, name and role.
    pub names: &'static [(&'static str, &'static str, &'static str)],
}

/// Declares one constant per sentence and `TEMPLATES`, the table of them all, so that a key cannot
/// be misspelt where it is used.
///
/// ```
/// use rebound_sdk::types::Subject;
///
/// rebound_sdk::templates! {
///     THANKS = "thanks" {
///         "zh-CN": "谢谢你告诉我们关于{item}的情况。",
///         "en": "Thank you for telling us about {item}.",
///     }
/// }
/// assert_eq!(THANKS.about(Subject::Returned(0)).template, "thanks");
/// assert_eq!(TEMPLATES.len(), 1);
/// ```
#[macro_export]
macro_rules! templates {
    ($($name:ident = $key:literal { $($locale:literal: $text:literal),+ $(,)? })+) => {
        $(pub(crate) const $name: $crate::Template =
            $crate::Template { key: $key, texts: &[$(($locale, $text)),+] };)+
        pub(crate) const TEMPLATES: &[$crate::Template] = &[$($name),+];
    };
}

pub(crate) fn declared(templates: &[Template]) -> Vec<metadata::Template> {
    let texts = templates.iter().flat_map(|template| {
        template.texts.iter().map(|(locale, text)| metadata::Template {
            key: template.key.to_string(),
            locale: locale.to_string(),
            text: text.to_string(),
        })
    });
    texts.collect()
}

pub(crate) fn personas(personas: &[Persona]) -> Vec<metadata::Persona> {
    let names = personas.iter().flat_map(|persona| {
        persona.names.iter().map(|(locale, name, role)| metadata::Persona {
            key: persona.key.to_string(),
            locale: locale.to_string(),
            name: name.to_string(),
            role: role.to_string(),
        })
    });
    names.collect()
}
