//! The column map: how the columns of any file become the fields of what is imported. `docs/import.md` has the
//! format.

use std::collections::BTreeMap;
use std::fmt;

use jiff::tz::TimeZone;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::decimal::Decimal;
use super::kind::{Field, Form, Kind, Need};

/// What separates the parts of a list when the map does not say.
const SEPARATOR: &str = "|";

/// A checked map.
#[derive(Debug)]
pub(super) struct Map {
    /// None when the map does not say: the name of the file tells.
    pub(super) delimiter: Option<u8>,
    pub(super) money: Money,
    pub(super) time: TimeForm,
    /// All must hold for a row to be imported.
    pub(super) keep: Vec<Condition>,
    /// Any of them leaves a row out.
    pub(super) skip: Vec<Condition>,
    /// Of the record.
    pub(super) fields: Vec<Mapped>,
    /// Of each line of an order.
    pub(super) lines: Vec<Mapped>,
    /// A product's options by name: always plain text.
    pub(super) options: Vec<(String, Rule)>,
}

/// A field, and where it comes from.
#[derive(Debug, Clone)]
pub(super) struct Mapped {
    pub(super) field: Field,
    pub(super) rule: Rule,
}

/// How times are written.
#[derive(Debug, Clone, Default)]
pub(super) struct TimeForm {
    /// Of times that carry no offset.
    pub(super) zone: Option<TimeZone>,
    /// strptime's letters; RFC 3339 or a local ISO 8601 time without.
    pub(super) format: Option<String>,
}

/// How amounts are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Money {
    /// Whole minor units, as in the API.
    #[default]
    Minor,
    /// Decimal numbers in the currency's major unit: rounded half to even.
    Decimal,
}

/// Where a field comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) from: Origin,
    /// A column whose whole number the amount is multiplied with, before rounding.
    pub(super) times: Option<String>,
    pub(super) take: Take,
    /// What separates the parts of a list.
    pub(super) split: String,
}

/// Where the text comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// Of the row.
    Column(String),
    /// The same in every row.
    Constant(String),
}

impl Default for Origin {
    fn default() -> Self {
        Origin::Constant(String::new())
    }
}

/// Which part of the text counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Take {
    /// All of it.
    #[default]
    All,
    /// The first word of letters only, in lower case, full stops around it aside.
    FirstWord,
    /// The last such word.
    LastWord,
}

/// Something that holds for a row, or not. Everything that is given must hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Condition {
    pub(super) column: String,
    /// The text is one of these.
    pub(super) any: Option<Vec<String>>,
    /// The text is a decimal number, at least this.
    pub(super) min: Option<DecimalText>,
    /// The text is a decimal number, at most this.
    pub(super) max: Option<DecimalText>,
}

/// A decimal number as TOML writes one: `1`, or `"0.01"` where it must be exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DecimalText(pub(super) Decimal);

/// Why a map does not stand.
#[derive(Debug, thiserror::Error)]
pub(super) enum MapError {
    /// Not of the format.
    #[error("{0}")]
    Format(String),
    /// Made for something else.
    #[error("the map is for {map}, the command imports {command}; use the other one")]
    Kind { map: Kind, command: Kind },
    /// A field that does not exist.
    #[error("{section}.{name} is no field of {kind}; it has {fields}")]
    UnknownField { section: &'static str, name: String, kind: Kind, fields: String },
    /// A field without which nothing can be imported.
    #[error("{section}.{name} is missing; {kind} need it")]
    MissingField { section: &'static str, name: &'static str, kind: Kind },
    /// A setting that cannot be.
    #[error("{key} {problem}")]
    Setting { key: String, problem: String },
    /// A header that names what no field is called.
    #[error("column {column} is no field of {kind}, which has {fields}; map the columns with --columns")]
    UnknownColumn { column: String, kind: Kind, fields: String },
    /// A map that names what the file does not have.
    #[error("the file has no column {column}; it has {columns}")]
    NoColumn { column: String, columns: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MapFile {
    import: Kind,
    delimiter: Option<char>,
    #[serde(default)]
    money: Money,
    time_zone: Option<String>,
    time_format: Option<String>,
    #[serde(default)]
    keep: Vec<Condition>,
    #[serde(default)]
    skip: Vec<Condition>,
    #[serde(default)]
    fields: BTreeMap<String, RuleFile>,
    #[serde(default)]
    lines: BTreeMap<String, RuleFile>,
    #[serde(default)]
    options: BTreeMap<String, RuleFile>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleTable {
    column: Option<String>,
    constant: Option<String>,
    times: Option<String>,
    #[serde(default)]
    take: Take,
    split: Option<String>,
}

/// A column's name alone, or a table.
struct RuleFile(RuleTable);

impl Map {
    /// Reads and checks a map.
    pub(super) fn parse(text: &str, kind: Kind) -> Result<Self, MapError> {
        let file: MapFile = toml::from_str(text)
            .map_err(|error| MapError::Format(error.to_string().trim_end().to_owned()))?;
        if file.import != kind {
            return Err(MapError::Kind { map: file.import, command: kind });
        }
        if kind != Kind::Catalog && !file.options.is_empty() {
            return Err(setting("options", "belongs to catalog maps only; leave it out"));
        }
        for condition in file.keep.iter().chain(&file.skip) {
            condition.check()?;
        }
        let options = file.options.into_iter().map(|(name, rule)| {
            let rule = rule.check(&format!("options.{name}"), Form::Text)?;
            Ok((name, rule))
        });
        let map = Self {
            delimiter: file.delimiter.map(delimiter).transpose()?,
            money: file.money,
            time: TimeForm { zone: file.time_zone.map(zone).transpose()?, format: file.time_format },
            keep: file.keep,
            skip: file.skip,
            fields: mapped("fields", kind, kind.fields(), file.fields)?,
            lines: mapped("lines", kind, kind.line_fields(), file.lines)?,
            options: options.collect::<Result<_, _>>()?,
        };
        let needs_currency = map.money == Money::Decimal
            && map.fields.iter().chain(&map.lines).any(|mapped| mapped.field.form == Form::Money);
        if needs_currency && map.currency().is_none() {
            return Err(setting(
                "money",
                "is decimal, which needs fields.currency: its minor unit decides the digits",
            ));
        }
        Ok(map)
    }

    /// The map of a file whose columns are called as the fields are; `option.NAME` is an option.
    pub(super) fn of_header(kind: Kind, header: &csv::StringRecord) -> Result<Self, MapError> {
        let mut map = Self {
            delimiter: None,
            money: Money::Minor,
            time: TimeForm::default(),
            keep: Vec::new(),
            skip: Vec::new(),
            fields: Vec::new(),
            lines: Vec::new(),
            options: Vec::new(),
        };
        for column in header {
            let rule = || Rule {
                from: Origin::Column(column.to_owned()),
                split: SEPARATOR.to_owned(),
                ..Rule::default()
            };
            let find = |fields: &'static [Field]| fields.iter().copied().find(|field| field.name == column);
            match (find(kind.fields()), find(kind.line_fields()), column.strip_prefix("option.")) {
                (Some(field), _, _) => map.fields.push(Mapped { field, rule: rule() }),
                (_, Some(field), _) => map.lines.push(Mapped { field, rule: rule() }),
                (_, _, Some(name)) if kind == Kind::Catalog && !name.is_empty() => {
                    map.options.push((name.to_owned(), rule()));
                }
                _ => {
                    let fields = names(kind.fields().iter().chain(kind.line_fields()));
                    return Err(MapError::UnknownColumn {
                        column: column.escape_debug().to_string(),
                        kind,
                        fields,
                    });
                }
            }
        }
        complete("header", kind, kind.fields(), &map.fields)?;
        complete("header", kind, kind.line_fields(), &map.lines)?;
        Ok(map)
    }

    /// Where the record's currency comes from.
    pub(super) fn currency(&self) -> Option<&Rule> {
        self.fields.iter().find(|mapped| mapped.field.form == Form::Currency).map(|mapped| &mapped.rule)
    }

    /// Every column that the map reads.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        let rules = self.fields.iter().chain(&self.lines).map(|mapped| &mapped.rule);
        let rules = rules.chain(self.options.iter().map(|(_, rule)| rule));
        let of_rules = rules.flat_map(|rule| {
            let column = match &rule.from {
                Origin::Column(column) => Some(column.as_str()),
                Origin::Constant(_) => None,
            };
            column.into_iter().chain(rule.times.as_deref())
        });
        of_rules.chain(self.keep.iter().chain(&self.skip).map(|condition| condition.column.as_str()))
    }
}

fn mapped(
    section: &'static str,
    kind: Kind,
    known: &'static [Field],
    rules: BTreeMap<String, RuleFile>,
) -> Result<Vec<Mapped>, MapError> {
    let mapped = rules.into_iter().map(|(name, rule)| {
        let field = known.iter().find(|field| field.name == name).ok_or_else(|| {
            let fields = if known.is_empty() { "no such section".to_owned() } else { names(known.iter()) };
            MapError::UnknownField { section, name: name.clone(), kind, fields }
        })?;
        Ok(Mapped { field: *field, rule: rule.check(&format!("{section}.{name}"), field.form)? })
    });
    let mut mapped = mapped.collect::<Result<Vec<_>, _>>()?;
    // What is wrong with a row is told by its first bad field: first as the fields are documented.
    mapped.sort_by_key(|mapped| known.iter().position(|field| field.name == mapped.field.name));
    complete(section, kind, known, &mapped)?;
    Ok(mapped)
}

fn complete(
    section: &'static str,
    kind: Kind,
    known: &'static [Field],
    mapped: &[Mapped],
) -> Result<(), MapError> {
    let is_missing = |field: &&Field| {
        field.need == Need::Required && !mapped.iter().any(|mapped| mapped.field.name == field.name)
    };
    match known.iter().find(is_missing) {
        Some(field) => Err(MapError::MissingField { section, name: field.name, kind }),
        None => Ok(()),
    }
}

fn names<'a>(fields: impl Iterator<Item = &'a Field>) -> String {
    fields.map(|field| field.name).collect::<Vec<_>>().join(", ")
}

fn setting(key: &str, problem: &str) -> MapError {
    MapError::Setting { key: key.to_owned(), problem: problem.to_owned() }
}

fn delimiter(delimiter: char) -> Result<u8, MapError> {
    match u8::try_from(delimiter) {
        Ok(byte) if byte.is_ascii() && !b"\"\r\n".contains(&byte) => Ok(byte),
        _ => Err(setting(
            "delimiter",
            "is not one ASCII character beside quote and line end; use \",\", \";\" or \"\\t\"",
        )),
    }
}

fn zone(name: String) -> Result<TimeZone, MapError> {
    TimeZone::get(&name).map_err(|_| {
        setting(
            "time_zone",
            &format!("`{}` is no time zone; use an IANA name such as Europe/London", name.escape_debug()),
        )
    })
}

impl Condition {
    fn check(&self) -> Result<(), MapError> {
        match (&self.any, self.min, self.max) {
            (None, None, None) => Err(setting(
                "a condition",
                &format!("on {} asks nothing; give it any, min or max", self.column),
            )),
            _ => Ok(()),
        }
    }
}

impl RuleFile {
    fn check(self, key: &str, form: Form) -> Result<Rule, MapError> {
        let RuleTable { column, constant, times, take, split } = self.0;
        let from = match (column, constant) {
            (Some(column), None) => Origin::Column(column),
            (None, Some(constant)) => Origin::Constant(constant),
            _ => return Err(setting(key, "takes either column or constant")),
        };
        if times.is_some() && form != Form::Money {
            return Err(setting(key, "is no amount, so times means nothing; leave it out"));
        }
        if take != Take::All && form != Form::Text {
            return Err(setting(key, "is no text, so take means nothing; leave it out"));
        }
        match &split {
            Some(_) if form != Form::Words => {
                return Err(setting(key, "is no list, so split means nothing; leave it out"));
            }
            Some(split) if split.is_empty() => {
                return Err(setting(key, "splits at nothing; give split a separator"));
            }
            _ => {}
        }
        Ok(Rule { from, times, take, split: split.unwrap_or_else(|| SEPARATOR.to_owned()) })
    }
}

impl<'de> Deserialize<'de> for RuleFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ColumnOrTable;
        impl<'de> Visitor<'de> for ColumnOrTable {
            type Value = RuleFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a column, or a table with column or constant")
            }

            fn visit_str<E>(self, column: &str) -> Result<RuleFile, E> {
                Ok(RuleFile(RuleTable { column: Some(column.to_owned()), ..RuleTable::default() }))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RuleFile, A::Error> {
                RuleTable::deserialize(MapAccessDeserializer::new(map)).map(RuleFile)
            }
        }
        deserializer.deserialize_any(ColumnOrTable)
    }
}

impl<'de> Deserialize<'de> for DecimalText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Exact;
        impl Visitor<'_> for Exact {
            type Value = DecimalText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, or a decimal one in quotes such as \"0.01\"")
            }

            fn visit_i64<E>(self, number: i64) -> Result<DecimalText, E> {
                Ok(DecimalText(Decimal::from_integer(number)))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<DecimalText, E> {
                let unexpected = serde::de::Unexpected::Str(text);
                Decimal::parse(text).map(DecimalText).ok_or_else(|| E::invalid_value(unexpected, &self))
            }
        }
        deserializer.deserialize_any(Exact)
    }
}

#[cfg(test)]
mod tests;
