//! `rebound import`: any file of products, orders or customers into a running service.
//!
//! [`source`] reads rows, [`map`] says how their columns become fields, [`convert`] does it for one row,
//! [`records`] puts rows of one order together, and [`upload`] sends and tells what was not taken. Everything
//! streams: what is held is one piece of what is sent. `docs/import.md` is the manual.

mod convert;
mod decimal;
mod kind;
mod map;
mod records;
mod rejects;
mod source;
mod tally;
mod upload;

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use csv::StringRecord;

use self::convert::Converter;
use self::kind::Kind;
use self::map::Map;
use self::records::Assembler;
use self::rejects::Rejects;
use self::source::{Format, Row, Source};
use self::upload::Upload;
use crate::client::Remote;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

const EXAMPLES: &str = "Examples:
  rebound import catalog products.csv
  rebound import orders orders.ndjson.gz
  rebound import orders lines.csv.gz --columns examples/online-retail/orders.toml --rejects bad.csv
  generate-customers | rebound import customers - --json

A CSV names its columns as the API names its fields (sku,title,price...; an order is the rows that stand together
with the same id); any other file needs a map of columns. docs/import.md describes both.
Importing the same file again changes nothing.";

/// Import a catalogue, orders or customers from CSV or NDJSON, plain or .gz.
///
/// Good lines are kept; bad ones are told by number, and the exit code is then 1.
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
    /// The file's format; told by its name, else by its first character.
    #[arg(long)]
    format: Option<Format>,
    #[command(flatten)]
    remote: Remote,
}

impl Import {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        self.check_rejects()?;
        let map = self.columns.as_deref().map(|path| read_map(path, self.kind)).transpose()?;
        let client = self.remote.client()?;
        let source = Source::open(&self.file, self.format, output)?;
        let progress = source.progress.clone();
        let (rows, assembler, rejects) = self.plan(source, map)?;
        let upload = Upload::new(&client, self.kind, rejects);
        let result = self.stream(rows, assembler, upload);
        progress.finish_and_clear();
        let tally = result?;
        output.json(&tally)?;
        output.text(tally.text(self.kind))?;
        Ok(if tally.rejected == 0 { Exit::Done } else { Exit::No })
    }

    fn stream(
        &self,
        rows: Rows,
        mut assembler: Assembler,
        mut upload: Upload<'_>,
    ) -> Result<tally::Tally, Failure> {
        let mut taken = Ok(());
        for row in rows {
            let row = row.map_err(|source| self.unreadable(source))?;
            assembler.push(row, |outcome| {
                if taken.is_ok() {
                    taken = upload.take(outcome);
                }
            });
            taken?;
            taken = Ok(());
        }
        assembler.finish(|outcome| taken = upload.take(outcome));
        taken?;
        upload.finish()
    }

    /// Which rows there are, what becomes of them, and where the bad ones go.
    fn plan(&self, source: Source, map: Option<Map>) -> Result<(Rows, Assembler, Option<Rejects>), Failure> {
        match source.format {
            Format::Csv => {
                let mapped = map.as_ref().and_then(|map| map.delimiter);
                let delimiter = |path| mapped.unwrap_or_else(|| source::delimiter_of(path));
                let rows = source.csv(delimiter(&self.file)).map_err(|source| self.unreadable(source))?;
                let map = map.map_or_else(|| Map::of_header(self.kind, &rows.header), Ok);
                let converter = map.and_then(|map| Converter::new(self.kind, map, &rows.header));
                let assembler = Assembler::new(converter.map_err(|error| usage(&self.file, &error))?);
                // As an import of that file, with the same map, will split it.
                let rejects =
                    self.rejects.as_deref().map(|path| Rejects::csv(path, &rows.raw_header, delimiter(path)));
                Ok((Box::new(rows), assembler, rejects.transpose()?))
            }
            Format::Ndjson => {
                let rejects = self.rejects.as_deref().map(Rejects::lines).transpose()?;
                let Some(map) = map else {
                    return Ok((Box::new(source.lines(Vec::new())), Assembler::AsIs, rejects));
                };
                let mut columns: Vec<String> = map.columns().map(str::to_owned).collect();
                columns.sort_unstable();
                columns.dedup();
                let header = StringRecord::from(columns.clone());
                let converter =
                    Converter::new(self.kind, map, &header).map_err(|error| usage(&self.file, &error))?;
                Ok((Box::new(source.lines(columns)), Assembler::new(converter), rejects))
            }
        }
    }

    /// Making the file of rejects must not empty the file that is read.
    fn check_rejects(&self) -> Result<(), Failure> {
        let same = self.rejects.as_ref().is_some_and(|rejects| {
            matches!((rejects.canonicalize(), self.file.canonicalize()), (Ok(rejects), Ok(file)) if rejects == file)
        });
        match same {
            true => Err(Failure::Usage(
                "--rejects names the file that is imported; choose another one".to_owned(),
            )),
            false => Ok(()),
        }
    }

    fn unreadable(&self, source: io::Error) -> Failure {
        Failure::File { path: self.file.clone(), verb: "read", source }
    }
}

type Rows = Box<dyn Iterator<Item = io::Result<Row>>>;

fn read_map(path: &Path, kind: Kind) -> Result<Map, Failure> {
    let text = std::fs::read_to_string(path).map_err(|source| Failure::File {
        path: path.to_path_buf(),
        verb: "read",
        source,
    })?;
    Map::parse(&text, kind).map_err(|error| usage(path, &error))
}

fn usage(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Usage(format!("{}: {error}", path.display()))
}
