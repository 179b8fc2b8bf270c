//! From rows to records: one row is one product or customer, several rows that stand together are one order or return.

use serde_json::{Map as Object, Value};

use super::convert::{Converter, Rounding};
use super::kind::Kind;
use super::source::{Raw, Row};

/// Rows of one order or return that are held; the service takes fewer lines than this by far.
const GROUP_ROWS_MAX: usize = 10_000;

/// Something to send, and the rows it was made of.
#[derive(Debug)]
pub(super) struct Record {
    /// One line of NDJSON, without its end.
    pub(super) json: Vec<u8>,
    pub(super) rows: Vec<Row>,
    pub(super) roundings: Vec<(u64, Rounding)>,
}

/// What became of some rows.
#[derive(Debug)]
pub(super) enum Outcome {
    /// They are something to send.
    Ready(Record),
    /// The map leaves one row out.
    Skipped,
    /// They cannot be imported.
    Refused {
        /// What is wrong, by line.
        problems: Vec<(u64, String)>,
        /// Good ones too, when they belong to an order or return of which another row is bad.
        rows: Vec<Row>,
    },
}

/// Makes records of rows.
pub(super) enum Assembler {
    /// JSON lines are what they are.
    AsIs,
    /// Each row by itself.
    Rows(Box<Converter>),
    /// Rows of one order or return together.
    Groups(Box<Groups>),
}

/// Rows that were pushed and whose outcome is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// None: an import may stop here and go on later.
    None,
    /// The one that was pushed last, and it may stop before that.
    Last,
    /// Others too.
    More,
}

impl Assembler {
    pub(super) fn new(converter: Converter) -> Self {
        match converter.kind {
            Kind::Orders | Kind::Returns => {
                Self::Groups(Box::new(Groups { converter, current: None, refused: None, since: 0 }))
            }
            Kind::Catalog | Kind::Customers => Self::Rows(Box::new(converter)),
        }
    }

    /// Takes a row; what is finished by it goes to `done`.
    pub(super) fn push(&mut self, row: Row, mut done: impl FnMut(Outcome)) {
        match self {
            Self::AsIs => done(as_is(row)),
            Self::Rows(converter) => done(single(converter, row)),
            Self::Groups(groups) => groups.push(row, done),
        }
    }

    /// What is held after a push.
    pub(super) fn held(&self) -> Held {
        match self {
            Self::AsIs | Self::Rows(_) => Held::None,
            Self::Groups(groups) => match (&groups.current, &groups.refused) {
                (None, None) => Held::None,
                (Some(_), _) if groups.since == 1 => Held::Last,
                _ => Held::More,
            },
        }
    }

    /// Takes the end of the file.
    pub(super) fn finish(&mut self, mut done: impl FnMut(Outcome)) {
        if let Self::Groups(groups) = self
            && let Some(group) = groups.current.take()
        {
            done(group.finish());
        }
    }
}

fn refused(row: Row, problem: String) -> Outcome {
    Outcome::Refused { problems: vec![(row.line, problem)], rows: vec![row] }
}

fn as_is(mut row: Row) -> Outcome {
    match (row.fault.take(), &row.raw) {
        (None, Raw::Line(json)) => {
            Outcome::Ready(Record { json: json.clone(), rows: vec![row], roundings: Vec::new() })
        }
        (fault, _) => refused(row, fault.unwrap_or_else(|| "is no line of JSON".to_owned())),
    }
}

fn single(converter: &Converter, mut row: Row) -> Outcome {
    if let Some(fault) = row.fault.take() {
        return refused(row, fault);
    }
    if converter.skips(&row.cells) {
        return Outcome::Skipped;
    }
    match converter.convert(&row.cells) {
        Ok(converted) => Outcome::Ready(Record {
            json: to_json(&converted.record),
            roundings: converted.roundings.into_iter().map(|rounding| (row.line, rounding)).collect(),
            rows: vec![row],
        }),
        Err(problem) => refused(row, problem),
    }
}

fn to_json(fields: &Object<String, Value>) -> Vec<u8> {
    serde_json::to_vec(fields).expect("a JSON object has string keys")
}

/// Makes orders, or returns, of rows that stand together and carry the same id.
///
/// One with a bad row is refused whole: half an order would be a wrong one, and the mended file could not be
/// imported over it.
pub(super) struct Groups {
    converter: Converter,
    current: Option<Group>,
    /// The group that grew too long; more of its rows may follow.
    refused: Option<String>,
    /// Rows pushed since the current group began, its first included.
    since: u64,
}

#[derive(Debug)]
struct Group {
    kind: Kind,
    id: String,
    /// Of its first good row.
    head: Option<(u64, Object<String, Value>)>,
    lines: Vec<Value>,
    rows: Vec<Row>,
    roundings: Vec<(u64, Rounding)>,
    problems: Vec<(u64, String)>,
}

impl Groups {
    fn push(&mut self, mut row: Row, mut done: impl FnMut(Outcome)) {
        self.since += 1;
        let fault = row.fault.take();
        if fault.is_none() && self.converter.skips(&row.cells) {
            return done(Outcome::Skipped);
        }
        let kind = self.converter.kind;
        let Some(id) = self.converter.id(&row.cells) else {
            let problem = || format!("{} is empty; it must have a value", kind.id());
            return done(refused(row, fault.unwrap_or_else(problem)));
        };
        if self.refused.as_ref() == Some(&id) {
            return done(refused(row, format!("belongs to {} {id}, which is too long", kind.one())));
        }
        self.refused = None;
        if self.current.as_ref().is_some_and(|group| group.id != id) {
            self.finish_current(&mut done);
        }
        if self.current.is_none() {
            self.since = 1;
        }
        let group = self.current.get_or_insert_with(|| Group::new(kind, id));
        let converted = fault.map_or_else(|| self.converter.convert(&row.cells), Err);
        match converted {
            Ok(converted) => {
                group.roundings.extend(converted.roundings.into_iter().map(|rounding| (row.line, rounding)));
                group.add(row.line, converted.record, converted.line);
            }
            Err(problem) => group.problems.push((row.line, problem)),
        }
        let line = row.line;
        group.rows.push(row);
        if group.rows.len() > GROUP_ROWS_MAX {
            let problem = format!(
                "{} {} has more than {GROUP_ROWS_MAX} rows; check the column of its id",
                kind.one(),
                group.id
            );
            group.problems.push((line, problem));
            self.refused = Some(group.id.clone());
            self.finish_current(&mut done);
        }
    }

    fn finish_current(&mut self, done: &mut impl FnMut(Outcome)) {
        if let Some(group) = self.current.take() {
            done(group.finish());
        }
    }
}

impl Group {
    fn new(kind: Kind, id: String) -> Self {
        Self {
            kind,
            id,
            head: None,
            lines: Vec::new(),
            rows: Vec::new(),
            roundings: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn add(&mut self, line: u64, record: Object<String, Value>, item: Object<String, Value>) {
        self.lines.push(Value::Object(item));
        let Some((first, head)) = &self.head else {
            self.head = Some((line, record));
            return;
        };
        // Rows are written one after the other, so their times may differ; the group's is its first row's.
        let differs = |name: &&String| !name.ends_with("_at") && head.get(*name) != record.get(*name);
        if let Some(name) = head.keys().chain(record.keys()).find(differs) {
            let one = self.kind.one();
            let problem = format!("{name} is another than in line {first}; rows of one {one} must agree");
            self.problems.push((line, problem));
        }
    }

    fn finish(self) -> Outcome {
        let Self { kind, id, head, lines, rows, roundings, mut problems } = self;
        let Some((_, mut head)) = head.filter(|_| problems.is_empty()) else {
            for (_, problem) in &mut problems {
                problem.push_str(&format!("; {} {id} is left out whole", kind.one()));
            }
            return Outcome::Refused { problems, rows };
        };
        head.insert("lines".to_owned(), lines.into());
        Outcome::Ready(Record { json: to_json(&head), rows, roundings })
    }
}

#[cfg(test)]
mod tests {
    use csv::StringRecord;

    use super::super::map::Map;
    use super::*;

    const HEADER: [&str; 6] = ["id", "customer_id", "ordered_at", "sku", "quantity", "paid"];

    fn assemble(rows: &[[&str; 6]]) -> Vec<Outcome> {
        let header = StringRecord::from(HEADER.to_vec());
        let mut map = Map::of_header(Kind::Orders, &header).unwrap();
        map.skip = vec![toml::from_str("column = 'sku'\nany = ['POST']").unwrap()];
        let mut assembler = Assembler::new(Converter::new(Kind::Orders, map, &header).unwrap());
        let mut outcomes = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let cells = StringRecord::from(row.to_vec());
            let raw = Raw::Record(cells.as_byte_record().clone());
            // A star in the last cell stands for a row of another shape.
            let fault = row[5].starts_with('*').then(|| "has 5 cells".to_owned());
            assembler
                .push(Row { line: index as u64 + 2, raw, cells, fault }, |outcome| outcomes.push(outcome));
        }
        assembler.finish(|outcome| outcomes.push(outcome));
        outcomes
    }

    fn shown(outcome: &Outcome) -> String {
        match outcome {
            Outcome::Ready(record) => {
                let order: Value = serde_json::from_slice(&record.json).unwrap();
                let skus: Vec<_> = order["lines"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|line| line["sku"].as_str().unwrap())
                    .collect();
                format!("{}: {}", order["id"].as_str().unwrap(), skus.join(" "))
            }
            Outcome::Skipped => "skipped".to_owned(),
            Outcome::Refused { problems, rows } => {
                let lines: Vec<_> = rows.iter().map(|row| row.line.to_string()).collect();
                format!("refused {}: {problems:?}", lines.join(" "))
            }
        }
    }

    #[track_caller]
    fn check(rows: &[[&str; 6]], want: &[&str]) {
        let shown: Vec<_> = assemble(rows).iter().map(shown).collect();
        assert_eq!(shown, want);
    }

    const T: &str = "2026-01-01T00:00:00Z";

    #[test]
    fn rows_that_stand_together_are_one_order() {
        check(
            &[
                ["1", "c", T, "A", "1", "5"],
                ["1", "c", "2026-01-01T00:01:00Z", "B", "1", "5"],
                ["1", "c", T, "POST", "1", "5"],
                ["2", "", T, "A", "1", "5"],
                ["1", "c", T, "C", "1", "5"],
            ],
            &["skipped", "1: A B", "2: A", "1: C"],
        );
    }

    #[test]
    fn an_order_with_a_bad_row_is_refused_whole_and_its_neighbours_are_not() {
        check(
            &[
                ["1", "c", T, "A", "1", "5"],
                ["2", "c", T, "A", "1", "5"],
                ["2", "c", T, "B", "0", "5"],
                ["2", "c", T, "C", "1", "5"],
                ["3", "c", T, "A", "1", "5"],
            ],
            &[
                "1: A",
                "refused 3 4 5: [(4, \"quantity `0` is no whole number from 1 to 4294967295; order 2 is left out whole\")]",
                "3: A",
            ],
        );
    }

    #[test]
    fn a_row_of_another_shape_taints_the_order_it_names() {
        check(
            &[["1", "c", T, "A", "1", "5"], ["1", "c", T, "B", "1", "*"], ["", "c", T, "B", "1", "*"]],
            &[
                "refused 4: [(4, \"has 5 cells\")]",
                "refused 2 3: [(3, \"has 5 cells; order 1 is left out whole\")]",
            ],
        );
    }

    #[test]
    fn rows_of_one_order_must_agree_on_whose_it_is() {
        let outcomes = assemble(&[["1", "c", T, "A", "1", "5"], ["1", "", T, "B", "1", "5"]]);
        assert!(
            shown(&outcomes[0]).contains("customer_id is another than in line 2"),
            "{}",
            shown(&outcomes[0])
        );
    }

    #[test]
    fn an_order_without_end_is_refused_and_not_held() {
        let mut rows = vec![["1", "c", T, "A", "1", "5"]; GROUP_ROWS_MAX + 3];
        rows.push(["2", "c", T, "A", "1", "5"]);
        let outcomes = assemble(&rows);
        let sizes: Vec<_> = outcomes
            .iter()
            .map(|outcome| match outcome {
                Outcome::Refused { rows, .. } => rows.len(),
                _ => 0,
            })
            .collect();
        assert_eq!(sizes, [GROUP_ROWS_MAX + 1, 1, 1, 0]);
        assert_eq!(shown(&outcomes[3]), "2: A");
    }

    /// An import that goes on later begins with a row that nothing before it belongs to.
    #[test]
    fn what_is_held_is_told_after_every_row() {
        let header = StringRecord::from(HEADER.to_vec());
        let mut map = Map::of_header(Kind::Orders, &header).unwrap();
        map.skip = vec![toml::from_str("column = 'sku'\nany = ['POST']").unwrap()];
        let mut assembler = Assembler::new(Converter::new(Kind::Orders, map, &header).unwrap());
        let mut held = |row: [&str; 6]| {
            let cells = StringRecord::from(row.to_vec());
            let raw = Raw::Record(cells.as_byte_record().clone());
            assembler.push(Row { line: 1, raw, cells, fault: None }, |_| ());
            assembler.held()
        };
        assert_eq!(held(["1", "c", T, "POST", "1", "5"]), Held::None);
        assert_eq!(held(["1", "c", T, "A", "1", "5"]), Held::Last);
        assert_eq!(held(["1", "c", T, "POST", "1", "5"]), Held::More);
        assert_eq!(held(["", "c", T, "A", "1", "5"]), Held::More);
        assert_eq!(held(["2", "c", T, "A", "1", "5"]), Held::Last);
        for _ in 1..GROUP_ROWS_MAX {
            assert_eq!(held(["2", "c", T, "A", "1", "5"]), Held::More);
        }
        // Too long, and nothing may begin within it.
        assert_eq!(held(["2", "c", T, "A", "1", "5"]), Held::More);
        assert_eq!(held(["2", "c", T, "A", "1", "5"]), Held::More);
        assert_eq!(held(["3", "c", T, "A", "1", "5"]), Held::Last);
    }
}
