//! What a file says, with the place of everything it says.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::SECTIONS;
use super::fault::{ConfigError, Fault};
use super::keys::{self, Key, Value};
use super::resolve::{Layer, Said, unknown};
use super::source::Source;

/// Which keys a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// All of them.
    Whole,
    /// Limits by their own names, and sections.
    Limits,
}

/// Reads a file. What stands in it goes to `layer`, what does not to `faults`.
pub(super) fn read(
    path: &Path,
    scope: Scope,
    layer: &mut Layer,
    faults: &mut Vec<Fault>,
) -> Result<(), ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.to_path_buf(), source })?;
    let (table, errors) = DeTable::parse_recoverable(&text);
    let mut reader = Reader { path, text: &text, layer, faults, broken: Vec::new() };
    for error in errors {
        reader.syntax(error.span().map_or(0, |span| span.start), error.message().to_owned());
    }
    match scope {
        Scope::Whole => reader.top("", table.get_ref()),
        Scope::Limits => reader.top("limits.", table.get_ref()),
    }
    Ok(())
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    layer: &'a mut Layer,
    faults: &'a mut Vec<Fault>,
    /// Lines that are no TOML: what is read of them was never meant.
    broken: Vec<usize>,
}

impl Reader<'_> {
    /// The file's own table: sections that are handed over whole stand here only.
    fn top(&mut self, prefix: &str, table: &DeTable<'_>) {
        let mut rest = table.clone();
        for section in SECTIONS {
            let Some((key, value)) = rest.remove_entry(section.name) else { continue };
            let value = owned(value.get_ref());
            match (section.check)(&value) {
                Ok(()) => drop(self.layer.sections.insert(section.name, value)),
                Err(problem) => self.fault(key.span().start, problem),
            }
        }
        self.table(prefix, &rest);
    }

    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            let at = key.span().start;
            let name = format!("{prefix}{}", key.get_ref());
            match (value.get_ref(), keys::find(&name)) {
                (_, Some(key)) => self.value(at, key, value),
                (DeValue::Table(inner), None) if is_section(&name) => self.table(&format!("{name}."), inner),
                (_, None) => self.fault(at, unknown(&name)),
            }
        }
    }

    fn value(&mut self, at: usize, key: &'static Key, value: &Spanned<DeValue<'_>>) {
        let value = match value.get_ref() {
            DeValue::String(text) => key.check(Value::Text(text.to_string())),
            DeValue::Boolean(switch) => key.check(Value::Switch(*switch)),
            DeValue::Integer(number) => match u64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => key.check(Value::Number(number)),
                Err(_) => Err(key.refuse(&number.to_string(), &format!("use {}", key.expected()))),
            },
            other => Err(key.refuse(other.type_str(), &format!("use {}", key.expected()))),
        };
        match value {
            Ok(value) => {
                let source = self.source(at);
                self.layer.said.insert(key.name.as_str(), Said { value, source });
            }
            Err(problem) => self.fault(at, problem),
        }
    }

    fn source(&self, at: usize) -> Source {
        let before = &self.text[..self.text.floor_char_boundary(at)];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Source::File { path: self.path.to_path_buf(), line, column }
    }

    fn syntax(&mut self, at: usize, problem: String) {
        let source = self.source(at);
        if let Source::File { line, .. } = source {
            self.broken.push(line);
        }
        self.faults.push(Fault { source, problem });
    }

    fn fault(&mut self, at: usize, problem: String) {
        let source = self.source(at);
        if !matches!(source, Source::File { line, .. } if self.broken.contains(&line)) {
            self.faults.push(Fault { source, problem });
        }
    }
}

/// Whether keys lie below this name.
fn is_section(name: &str) -> bool {
    keys::all().iter().any(|key| key.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

/// The value without its places.
fn owned(value: &DeValue<'_>) -> toml::Value {
    match value {
        DeValue::String(text) => toml::Value::String(text.to_string()),
        DeValue::Boolean(switch) => toml::Value::Boolean(*switch),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => toml::Value::Integer(number),
            Err(_) => toml::Value::String(number.to_string()),
        },
        DeValue::Float(number) => match number.as_str().parse() {
            Ok(number) => toml::Value::Float(number),
            Err(_) => toml::Value::String(number.to_string()),
        },
        DeValue::Datetime(time) => toml::Value::Datetime(*time),
        DeValue::Array(items) => toml::Value::Array(items.iter().map(|item| owned(item.get_ref())).collect()),
        DeValue::Table(table) => {
            let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
                let key: &std::borrow::Cow<'_, str> = key.get_ref();
                (key.to_string(), owned(value.get_ref()))
            };
            toml::Value::Table(table.iter().map(entry).collect())
        }
    }
}
