//! From a row's cells to the fields of what is imported. Pure: cells in, JSON out.

use std::collections::HashMap;

use csv::StringRecord;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use rebound_domain::money::Currency;
use serde_json::{Map as Object, Value};

use super::decimal::Decimal;
use super::kind::{Form, Kind, Need};
use super::map::{Condition, Map, MapError, Mapped, Money, Origin, Rule, Take, TimeForm};

/// A map, bound to the columns of one file.
#[derive(Debug)]
pub(super) struct Converter {
    pub(super) kind: Kind,
    map: Map,
    columns: HashMap<String, usize>,
}

/// What a row says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Converted {
    /// Fields of the whole record.
    pub(super) record: Object<String, Value>,
    /// Fields of the line, for orders.
    pub(super) line: Object<String, Value>,
    pub(super) roundings: Vec<Rounding>,
}

/// An amount that is not the one in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rounding {
    pub(super) field: &'static str,
    /// In major units, before.
    pub(super) amount: String,
    /// In minor units, after.
    pub(super) units: i64,
}

impl Converter {
    /// Binds a map to a header.
    pub(super) fn new(kind: Kind, map: Map, header: &StringRecord) -> Result<Self, MapError> {
        let columns: HashMap<String, usize> =
            header.iter().enumerate().map(|(index, name)| (name.to_owned(), index)).collect();
        if let Some(column) = map.columns().find(|column| !columns.contains_key(*column)) {
            let columns = header.iter().collect::<Vec<_>>().join(", ");
            return Err(MapError::NoColumn { column: column.to_owned(), columns });
        }
        Ok(Self { kind, map, columns })
    }

    /// Whether the map leaves a row out.
    pub(super) fn skips(&self, cells: &StringRecord) -> bool {
        let holds = |condition: &Condition| condition.holds(self.cell(cells, &condition.column));
        !self.map.keep.iter().all(holds) || self.map.skip.iter().any(holds)
    }

    /// The record that a row belongs to, even where the row is bad.
    pub(super) fn id(&self, cells: &StringRecord) -> Option<String> {
        let rule = &self.map.fields.iter().find(|mapped| mapped.field.name == self.kind.id())?.rule;
        Some(self.text(cells, rule)).filter(|id| !id.is_empty())
    }

    /// Reads a row. The error says what is wrong with it.
    pub(super) fn convert(&self, cells: &StringRecord) -> Result<Converted, String> {
        let mut roundings = Vec::new();
        let mut record = self.fields(cells, &self.map.fields, &mut roundings)?;
        let line = self.fields(cells, &self.map.lines, &mut roundings)?;
        if !self.map.options.is_empty() {
            let options = self.map.options.iter().map(|(name, rule)| (name.clone(), self.text(cells, rule)));
            let options: Object<_, _> = options
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name, value.into()))
                .collect();
            record.insert("options".to_owned(), options.into());
        }
        Ok(Converted { record, line, roundings })
    }

    fn fields(
        &self,
        cells: &StringRecord,
        mapped: &[Mapped],
        roundings: &mut Vec<Rounding>,
    ) -> Result<Object<String, Value>, String> {
        let mut fields = Object::new();
        for Mapped { field, rule } in mapped {
            let text = self.text(cells, rule);
            if text.is_empty() {
                match field.need {
                    Need::Required => return Err(format!("{} is empty; it must have a value", field.name)),
                    Need::Optional => continue,
                }
            }
            let value = match field.form {
                Form::Text => Ok(Value::String(text)),
                Form::Words => Ok(words(&text, &rule.split)),
                Form::Count { min } => count(&text, min),
                Form::Margin => margin(&text),
                Form::Currency => currency(&text).map(|currency| currency.as_str().into()),
                Form::Time => instant(&text, &self.map.time),
                Form::Money => self.amount(cells, &text, rule, |amount, units| {
                    roundings.push(Rounding { field: field.name, amount, units });
                }),
            };
            fields
                .insert(field.name.to_owned(), value.map_err(|problem| format!("{} {problem}", field.name))?);
        }
        Ok(fields)
    }

    fn amount(
        &self,
        cells: &StringRecord,
        text: &str,
        rule: &Rule,
        rounded: impl FnOnce(String, i64),
    ) -> Result<Value, String> {
        if self.map.money == Money::Minor && text.contains('.') {
            let shown = text.escape_debug();
            return Err(format!(
                "`{shown}` is no whole number of minor units; a map with money = \"decimal\" reads 12.50"
            ));
        }
        let no_amount = || format!("`{}` is no plain number such as 12.50", text.escape_debug());
        let mut amount = Decimal::parse(text).ok_or_else(no_amount)?;
        if let Some(column) = &rule.times {
            let factor = self.cell(cells, column);
            let factor: i64 = factor.parse().map_err(|_| {
                format!("is multiplied with {column}, and `{}` is no whole number", factor.escape_debug())
            })?;
            amount = amount.times(factor).ok_or("is larger than any price")?;
        }
        let digits = match (self.map.money, self.map.currency()) {
            (Money::Decimal, Some(rule)) => {
                let currency = currency(&self.text(cells, rule))
                    .map_err(|problem| format!("has a currency that {problem}"))?;
                u32::try_from(currency.exponent()).unwrap_or(0)
            }
            _ => 0,
        };
        let units = amount.minor_units(digits).ok_or("is larger than any price")?;
        if !units.was_exact {
            rounded(amount.to_string(), units.units);
        }
        Ok(units.units.into())
    }

    /// A rule's text for a row; empty when there is none.
    fn text(&self, cells: &StringRecord, rule: &Rule) -> String {
        let text = match &rule.from {
            Origin::Column(column) => self.cell(cells, column),
            Origin::Constant(constant) => constant,
        };
        rule.take.of(text)
    }

    fn cell<'a>(&self, cells: &'a StringRecord, column: &str) -> &'a str {
        self.columns.get(column).and_then(|index| cells.get(*index)).unwrap_or_default().trim()
    }
}

impl Condition {
    fn holds(&self, text: &str) -> bool {
        let number = || Decimal::parse(text);
        self.any.as_ref().is_none_or(|any| any.iter().any(|one| one == text))
            && self.min.is_none_or(|min| number().is_some_and(|number| number >= min.0))
            && self.max.is_none_or(|max| number().is_some_and(|number| number <= max.0))
    }
}

impl Take {
    fn of(self, text: &str) -> String {
        let mut words = text
            .split_whitespace()
            .map(|word| word.trim_matches('.'))
            .filter(|word| !word.is_empty() && word.chars().all(char::is_alphabetic));
        match self {
            Take::All => text.to_owned(),
            Take::FirstWord => words.next().map(str::to_lowercase).unwrap_or_default(),
            Take::LastWord => words.next_back().map(str::to_lowercase).unwrap_or_default(),
        }
    }
}

fn words(text: &str, separator: &str) -> Value {
    text.split(separator).map(str::trim).filter(|word| !word.is_empty()).collect()
}

fn count(text: &str, min: u32) -> Result<Value, String> {
    match text.parse::<u32>() {
        Ok(count) if count >= min => Ok(count.into()),
        _ => Err(format!("`{}` is no whole number from {min} to {}", text.escape_debug(), u32::MAX)),
    }
}

fn margin(text: &str) -> Result<Value, String> {
    let margin: i32 =
        text.parse().map_err(|_| format!("`{}` is no whole number of basis points", text.escape_debug()))?;
    Ok(margin.into())
}

fn currency(code: &str) -> Result<Currency, String> {
    Currency::new(code).map_err(|_| format!("`{}` is no ISO 4217 code such as GBP", code.escape_debug()))
}

fn instant(text: &str, form: &TimeForm) -> Result<Value, String> {
    let shown = text.escape_debug();
    let local = match &form.format {
        Some(format) => {
            let parsed = BrokenDownTime::parse(format, text)
                .map_err(|_| format!("`{shown}` is not of the form {format}"))?;
            if let Ok(instant) = parsed.to_timestamp() {
                return Ok(instant.to_string().into());
            }
            let date = parsed.to_date().map_err(|_| format!("`{shown}` is no day of the calendar"))?;
            date.to_datetime(parsed.to_time().unwrap_or_default())
        }
        None => {
            if let Ok(instant) = text.parse::<Timestamp>() {
                return Ok(instant.to_string().into());
            }
            text.parse::<DateTime>().map_err(|_| {
                format!("`{shown}` is no time such as 2026-03-01T09:30:00Z or 2026-03-01 09:30; give the map a time_format")
            })?
        }
    };
    let zone =
        form.zone.as_ref().ok_or_else(|| format!("`{shown}` carries no offset; give the map a time_zone"))?;
    let instant = zone.to_timestamp(local).map_err(|_| format!("`{shown}` is no time of this calendar"))?;
    Ok(instant.to_string().into())
}

#[cfg(test)]
mod tests;
