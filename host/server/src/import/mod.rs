//! `rebound import`: any file of products, orders, returns or customers into a running service.
//!
//! [`source`] and [`parquet`] read rows, [`map`] says how their columns become fields, [`convert`] does it for one
//! row, [`records`] puts rows of one order together, [`upload`] sends them in a [`piece`] after the other and tells
//! what was not taken, and [`resume`] keeps how far it came. Everything streams: what is held is a few pieces of
//! what is sent. `docs/import.md` is the manual.

mod convert;
mod decimal;
mod kind;
mod map;
mod parquet;
mod piece;
mod records;
mod rejects;
mod resume;
mod source;
mod tally;
mod upload;

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use csv::StringRecord;
use indicatif::ProgressBar;

use self::convert::Converter;
use self::kind::Kind;
use self::map::Map;
use self::parquet::ParquetRows;
use self::records::{Assembler, Held};
use self::rejects::Rejects;
use self::resume::{Keeper, Subject};
use self::source::{Format, Row, Source};
use self::tally::Tally;
use self::upload::Upload;
use crate::client::{Client, Remote};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

const EXAMPLES: &str = "Examples:
  rebound import catalog products.csv
  rebound import orders orders.ndjson.gz
  rebound import orders lines.csv.zst --columns examples/online-retail/orders.toml --rejects bad.csv
  rebound import orders orders.parquet --resume orders.state
  rebound import returns returns.csv
  generate-customers | rebound import customers - --json

A CSV names its columns as the API names its fields (sku,title,price...; an order is the rows that stand together
with the same id); any other file needs a map of columns. docs/import.md describes both.
Importing the same file again changes nothing. Import orders after the catalogue, returns after the orders.";

/// Import a catalogue, orders, past returns or customers from CSV, NDJSON or Parquet.
///
/// CSV and NDJSON may be compressed (gzip, zstd). Good lines are kept; bad ones are told by number, and the exit code
/// is then 1.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Import {
    /// What the file holds.
    kind: Kind,
    /// The file; - is standard input.
    file: PathBuf,
    /// A map of the file's columns (TOML).
    #[arg(long, value_name = "MAP.toml")]
    columns: Option<PathBuf>,
    /// Write the rows that are not taken to this file.
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Keep how far it came in this file; when it is there, go on from what it says.
    #[arg(long, value_name = "STATE")]
    resume: Option<PathBuf>,
    /// The file's format; told by its name and first bytes.
    #[arg(long)]
    format: Option<Format>,
    #[command(flatten)]
    remote: Remote,
}

impl Import {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        self.check_paths()?;
        let text = self.columns.as_deref().map(read_map).transpose()?;
        let parse =
            |(path, text): (&Path, &String)| Map::parse(text, self.kind).map_err(|error| usage(path, &error));
        let map = self.columns.as_deref().zip(text.as_ref()).map(parse).transpose()?;
        let client = self.remote.client()?;
        let source = Source::open(&self.file, self.format, output)?;
        let progress = source.progress.clone();
        let keeper = match &self.resume {
            Some(path) => {
                let format = format!("{:?}", source.format);
                let subject =
                    Subject::new(self.kind, client.url(), &[text.as_deref().unwrap_or_default(), &format]);
                Keeper::open(path, subject)?
            }
            None => Keeper::idle(),
        };
        let plan = self.plan(source, map, keeper.earlier().and_then(|earlier| earlier.rejects_bytes))?;
        let result = self.stream(plan, client, keeper, &progress);
        progress.finish_and_clear();
        let tally = result?;
        output.json(&tally)?;
        output.text(tally.text(self.kind))?;
        Ok(if tally.sums.rejected == 0 { Exit::Done } else { Exit::No })
    }

    fn stream(
        &self,
        (rows, mut assembler, rejects): (Rows, Assembler, Option<Rejects>),
        client: Client,
        mut keeper: Keeper,
        progress: &ProgressBar,
    ) -> Result<Tally, Failure> {
        let earlier = keeper.earlier().unwrap_or_default();
        let tally = Tally {
            sums: earlier.sums,
            errors_omitted: earlier.problems,
            resumed_rows: earlier.sums.rows,
            ..Tally::default()
        };
        let mut upload = Upload::new(client, self.kind, rejects, progress.clone(), tally);
        for row in rows {
            let row = row.map_err(|source| self.unreadable(source))?;
            let before = keeper.mark();
            if keeper.follow(&row)? {
                continue;
            }
            assembler.push(row, |outcome| upload.take(outcome));
            match assembler.held() {
                Held::None => upload.mark(keeper.mark(), &keeper)?,
                Held::Last => upload.mark(before, &keeper)?,
                Held::More => upload.go_on(&keeper)?,
            }
        }
        keeper.end()?;
        assembler.finish(|outcome| upload.take(outcome));
        upload.finish(keeper.mark(), &keeper)
    }

    /// Which rows there are, what becomes of them, and where the bad ones go.
    fn plan(
        &self,
        source: Source,
        map: Option<Map>,
        earlier: Option<u64>,
    ) -> Result<(Rows, Assembler, Option<Rejects>), Failure> {
        match source.format {
            Format::Csv => {
                let mapped = map.as_ref().and_then(|map| map.delimiter);
                let delimiter = |path| mapped.unwrap_or_else(|| source::delimiter_of(path));
                let rows = source.csv(delimiter(&self.file)).map_err(|source| self.unreadable(source))?;
                let map = map.map_or_else(|| Map::of_header(self.kind, &rows.header), Ok);
                let converter = map.and_then(|map| Converter::new(self.kind, map, &rows.header));
                let assembler = Assembler::new(converter.map_err(|error| usage(&self.file, &error))?);
                // As an import of that file, with the same map, will split it.
                let rejects = self
                    .rejects
                    .as_deref()
                    .map(|path| Rejects::csv(path, &rows.raw_header, delimiter(path), earlier));
                Ok((Box::new(rows), assembler, rejects.transpose()?))
            }
            Format::Parquet => {
                let delimiter = map.as_ref().and_then(|map| map.delimiter);
                let wanted = map.as_ref().map(columns_of).unwrap_or_default();
                let rows = ParquetRows::open(&self.file, &wanted, source.progress)
                    .map_err(|source| self.unreadable(source))?;
                let map = map.map_or_else(|| Map::of_header(self.kind, &rows.header), Ok);
                let converter = map.and_then(|map| Converter::new(self.kind, map, &rows.header));
                let assembler = Assembler::new(converter.map_err(|error| usage(&self.file, &error))?);
                // Whoever mends them has an editor for text: a CSV of the same columns.
                let rejects = self.rejects.as_deref().map(|path| {
                    let delimiter = delimiter.unwrap_or_else(|| source::delimiter_of(path));
                    Rejects::csv(path, rows.header.as_byte_record(), delimiter, earlier)
                });
                Ok((Box::new(rows), assembler, rejects.transpose()?))
            }
            Format::Ndjson => {
                let rejects =
                    self.rejects.as_deref().map(|path| Rejects::lines(path, earlier)).transpose()?;
                let Some(map) = map else {
                    return Ok((Box::new(source.lines(Vec::new())), Assembler::AsIs, rejects));
                };
                let columns = columns_of(&map);
                let header = StringRecord::from(columns.clone());
                let converter =
                    Converter::new(self.kind, map, &header).map_err(|error| usage(&self.file, &error))?;
                Ok((Box::new(source.lines(columns)), Assembler::new(converter), rejects))
            }
        }
    }

    /// Making one file must not empty another one that is needed.
    fn check_paths(&self) -> Result<(), Failure> {
        let same = |one: &Path, other: &Path| {
            one == other
                || matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
        };
        let written = [("--rejects", &self.rejects), ("--resume", &self.resume)];
        for (flag, path) in written.iter().filter_map(|(flag, path)| Some((flag, path.as_deref()?))) {
            if same(path, &self.file) {
                return Err(Failure::Usage(format!(
                    "{flag} names the file that is imported; choose another one"
                )));
            }
            if self.columns.as_deref().is_some_and(|columns| same(path, columns)) {
                return Err(Failure::Usage(format!("{flag} names the map of columns; choose another file")));
            }
        }
        match (&self.rejects, &self.resume) {
            (Some(rejects), Some(resume)) if same(rejects, resume) => Err(Failure::Usage(
                "--rejects and --resume name the same file; choose another one".to_owned(),
            )),
            _ => Ok(()),
        }
    }

    fn unreadable(&self, source: io::Error) -> Failure {
        Failure::File { path: self.file.clone(), verb: "read", source }
    }
}

type Rows = Box<dyn Iterator<Item = io::Result<Row>>>;

/// Every column that a map reads, once.
fn columns_of(map: &Map) -> Vec<String> {
    let mut columns: Vec<String> = map.columns().map(str::to_owned).collect();
    columns.sort_unstable();
    columns.dedup();
    columns
}

fn read_map(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|source| Failure::File {
        path: path.to_path_buf(),
        verb: "read",
        source,
    })
}

fn usage(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Usage(format!("{}: {error}", path.display()))
}
