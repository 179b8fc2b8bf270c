//! The rows that were not taken, written as they stood: mend them, then import that file.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write as _};
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
    /// For rows of a CSV with this header; after its first `earlier` bytes, which an earlier run wrote.
    pub(super) fn csv(
        path: &Path,
        header: &ByteRecord,
        delimiter: u8,
        earlier: Option<u64>,
    ) -> Result<Self, Failure> {
        let file = open(path, earlier)?;
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(file);
        if earlier.is_none() {
            writer.write_byte_record(header).map_err(|error| unwritable(path, error.into()))?;
        }
        Ok(Self { path: path.to_path_buf(), writer: Writer::Csv(Box::new(writer)) })
    }

    /// For lines of JSON; after its first `earlier` bytes, which an earlier run wrote.
    pub(super) fn lines(path: &Path, earlier: Option<u64>) -> Result<Self, Failure> {
        let file = open(path, earlier)?;
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

    /// Writes out what is held. How many bytes the file has then.
    pub(super) fn flush(&mut self) -> Result<u64, Failure> {
        let size = match &mut self.writer {
            Writer::Csv(writer) => writer.flush().and_then(|()| writer.get_ref().metadata()),
            Writer::Lines(writer) => writer.flush().and_then(|()| writer.get_ref().metadata()),
        };
        size.map(|metadata| metadata.len()).map_err(|source| unwritable(&self.path, source))
    }
}

/// A new file, or the one that an earlier run left, without what it wrote and did not get to keep.
fn open(path: &Path, earlier: Option<u64>) -> Result<File, Failure> {
    let Some(size) = earlier else {
        return File::create(path).map_err(|source| unwritable(path, source));
    };
    let cut = || {
        let mut file = OpenOptions::new().write(true).open(path)?;
        if file.metadata()?.len() < size {
            return Err(io::Error::other(
                "it is shorter than the earlier run left it; give --rejects a new file",
            ));
        }
        file.set_len(size)?;
        file.seek(SeekFrom::End(0))?;
        Ok(file)
    };
    cut().map_err(|source| unwritable(path, source))
}

fn unwritable(path: &Path, source: io::Error) -> Failure {
    Failure::File { path: path.to_path_buf(), verb: "written", source }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A killed import may have written rows that its state does not speak of; they are written once more.
    #[test]
    fn what_an_earlier_run_did_not_get_to_keep_is_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bad.csv");
        fs::write(&path, "a,b\n1,2\n3,4\n").unwrap();
        let header = ByteRecord::from(vec!["a", "b"]);
        let mut rejects = Rejects::csv(&path, &header, b',', Some(8)).unwrap();
        let raw = Raw::Record(ByteRecord::from(vec!["5", "6"]));
        rejects.write(&[Row { line: 3, raw, cells: csv::StringRecord::new(), fault: None }]).unwrap();
        assert_eq!(rejects.flush().unwrap(), 12);
        assert_eq!(fs::read_to_string(&path).unwrap(), "a,b\n1,2\n5,6\n");
        let shorter = Rejects::csv(&path, &header, b',', Some(13)).err().unwrap();
        assert!(shorter.to_string().contains("bad.csv cannot be written"), "{shorter}");
        assert_eq!(fs::read_to_string(&path).unwrap().len(), 12, "and it is left as it was");
    }
}
