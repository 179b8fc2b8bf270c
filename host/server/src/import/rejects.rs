//! The rows that were not taken, written as they stood: mend them, then import that file.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use csv::ByteRecord;

use super::source::{Raw, Row};
use crate::failure::Failure;

/// A file of rows that were not taken. Made even when all are: an empty one says so.
pub(super) struct Rejects {
    path: PathBuf,
    writer: Writer,
}

enum Writer {
    Csv(Box<csv::Writer<File>>),
    Lines(BufWriter<File>),
}

impl Rejects {
    /// For rows of a CSV with this header.
    pub(super) fn csv(path: &Path, header: &ByteRecord, delimiter: u8) -> Result<Self, Failure> {
        let file = File::create(path).map_err(|source| unwritable(path, source))?;
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(file);
        writer.write_byte_record(header).map_err(|error| unwritable(path, error.into()))?;
        Ok(Self { path: path.to_path_buf(), writer: Writer::Csv(Box::new(writer)) })
    }

    /// For lines of JSON.
    pub(super) fn lines(path: &Path) -> Result<Self, Failure> {
        let file = File::create(path).map_err(|source| unwritable(path, source))?;
        Ok(Self { path: path.to_path_buf(), writer: Writer::Lines(BufWriter::new(file)) })
    }

    pub(super) fn write(&mut self, rows: &[Row]) -> Result<(), Failure> {
        for row in rows {
            let written = match (&mut self.writer, &row.raw) {
                (Writer::Csv(writer), Raw::Record(record)) => {
                    writer.write_byte_record(record).map_err(io::Error::from)
                }
                (Writer::Lines(writer), Raw::Line(line)) => {
                    writer.write_all(line).and_then(|()| writer.write_all(b"\n"))
                }
                // A file has one format.
                (Writer::Csv(_), Raw::Line(_)) | (Writer::Lines(_), Raw::Record(_)) => Ok(()),
            };
            written.map_err(|source| unwritable(&self.path, source))?;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<(), Failure> {
        let flushed = match self.writer {
            Writer::Csv(mut writer) => writer.flush(),
            Writer::Lines(mut writer) => writer.flush(),
        };
        flushed.map_err(|source| unwritable(&self.path, source))
    }
}

fn unwritable(path: &Path, source: io::Error) -> Failure {
    Failure::File { path: path.to_path_buf(), verb: "written", source }
}
