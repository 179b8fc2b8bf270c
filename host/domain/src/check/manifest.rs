//! Whether a manifest stands, at publish.

use std::collections::HashSet;

use super::{At, InvalidOutput};
use crate::claims::Templates;
use crate::limits::Limits;
use crate::manifest::{Manifest, Persona, Template};
use crate::text::{quoted, unprintable};

/// A persona's name or role, and the summary, bytes.
const LABEL_BYTES_MAX: usize = 256;

/// Checks what a component says of itself: counts and sizes first, then that every template is well-formed in a
/// locale of its own, names only facts that the host keeps and holds no character that breaks or turns a line.
/// What the literals claim is checked apart.
///
/// # Errors
/// [`InvalidOutput`] naming the first value that does not stand.
pub fn manifest(limits: &Limits, manifest: &Manifest) -> Result<(), InvalidOutput> {
    label(At::answer("summary"), &manifest.summary)?;
    size(At::answer("config_schema"), &manifest.config_schema, limits.output_bytes)?;

    let at = At::answer("stages");
    if manifest.stages.is_empty() {
        return at.fails("is empty; export at least one stage");
    }
    let mut stages = HashSet::new();
    if let Some(twice) = manifest.stages.iter().find(|stage| !stages.insert(**stage)) {
        return at.fails(format!("holds {twice} twice; name each once"));
    }

    let at = At::answer("templates");
    count(at, manifest.templates.len(), limits.templates)?;
    for (index, template) in manifest.templates.iter().enumerate() {
        sized(limits, at.item(index), template)?;
    }
    let at = At::answer("personas");
    count(at, manifest.personas.len(), limits.templates)?;
    let mut personas = HashSet::new();
    for (index, persona) in manifest.personas.iter().enumerate() {
        let at = at.item(index);
        one_persona(limits, at, persona)?;
        if !personas.insert((&persona.key, &persona.locale)) {
            return at.fails(format!("declares {} a second time; keep one", quoted(&persona.key)));
        }
    }
    match Templates::new(manifest) {
        Ok(_) => Ok(()),
        Err(error) => At::answer("templates").item(error.index).fails(format!(
            "({}, {}) {}",
            quoted(&error.key),
            quoted(&error.locale),
            error.problem
        )),
    }
}

fn sized(limits: &Limits, at: At<'_>, template: &Template) -> Result<(), InvalidOutput> {
    key(limits, at.field("key"), &template.key)?;
    size(at.field("locale"), &template.locale, limits.word_bytes.into())?;
    size(at.field("text"), &template.text, limits.template_bytes.into())
}

fn one_persona(limits: &Limits, at: At<'_>, persona: &Persona) -> Result<(), InvalidOutput> {
    key(limits, at.field("key"), &persona.key)?;
    size(at.field("locale"), &persona.locale, limits.word_bytes.into())?;
    if !crate::claims::Locale::is_well_formed(&persona.locale) {
        return at.field("locale").fails(format!("is {}; write it as zh-CN or en", quoted(&persona.locale)));
    }
    label(at.field("name"), &persona.name)?;
    label(at.field("role"), &persona.role)
}

/// Keys are looked up, stored and shown to operators, so they are as plain as a file name.
fn key(limits: &Limits, at: At<'_>, key: &str) -> Result<(), InvalidOutput> {
    let is_plain = !key.is_empty()
        && key.len() <= limits.word_bytes as usize
        && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b));
    if is_plain {
        return Ok(());
    }
    let size_max = limits.word_bytes;
    at.fails(format!("is {}; give 1 to {size_max} characters of a-z, 0-9, '-', '_' and '.'", quoted(key)))
}

fn label(at: At<'_>, text: &str) -> Result<(), InvalidOutput> {
    size(at, text, LABEL_BYTES_MAX as u64)?;
    if text.trim().is_empty() {
        return at.fails("is empty; say it in a few words");
    }
    match unprintable(text) {
        Some(character) => at.fails(format!(
            "holds U+{:04X}, which breaks or turns a line; leave it out",
            u32::from(character)
        )),
        None => Ok(()),
    }
}

fn size(at: At<'_>, text: &str, size_max: u64) -> Result<(), InvalidOutput> {
    if text.len() as u64 > size_max {
        return at.fails(format!("has {} bytes, over the limit of {size_max}; shorten it", text.len()));
    }
    Ok(())
}

fn count(at: At<'_>, count: usize, count_max: u32) -> Result<(), InvalidOutput> {
    if count > count_max as usize {
        return at.fails(format!("holds {count} entries; send at most {count_max}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
