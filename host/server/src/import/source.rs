//! The file: opened, decompressed, and read row by row. What is held is one row, whatever the length of the file.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;
use std::rc::Rc;

use csv::{ByteRecord, StringRecord};
use flate2::bufread::MultiGzDecoder;
use indicatif::ProgressBar;
use serde_json::Value;

use super::parquet::MAGIC;
use crate::failure::Failure;
use crate::output::{Output, Unit};

/// A row that goes on longer than this is an open quote, or no text at all.
pub(super) const ROW_BYTES_MAX: usize = 4 * 1024 * 1024;
/// As much of a file as is looked at to tell what it is.
const PEEK_BYTES: usize = 64;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Columns, named by the first row.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// Typed columns, read from their end: a file only.
    Parquet,
}

/// An open file.
pub(super) struct Source {
    pub(super) format: Format,
    reader: Box<dyn BufRead>,
    pub(super) progress: ProgressBar,
}

/// A row as it came.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Where it begins in the file, from 1.
    pub(super) line: u64,
    /// As it stands in the file.
    pub(super) raw: Raw,
    /// Its cells, in the order of the header; empty for JSON that nobody maps.
    pub(super) cells: StringRecord,
    /// What is wrong with it already.
    pub(super) fault: Option<String>,
}

/// A row's own bytes, for those who mend it.
#[derive(Debug, Clone)]
pub(super) enum Raw {
    /// Of a CSV.
    Record(ByteRecord),
    /// A JSON line, without its end.
    Line(Vec<u8>),
}

impl Source {
    /// Opens a file, or standard input for `-`. Compression is told by its first bytes, the format by its name,
    /// else by its first character.
    pub(super) fn open(path: &Path, format: Option<Format>, output: Output) -> Result<Self, Failure> {
        let failure = |source| Failure::File { path: path.to_path_buf(), verb: "read", source };
        let (file, size): (Box<dyn Read>, _) = match path.as_os_str() == "-" {
            true => (Box::new(io::stdin()), None),
            false => {
                let file = File::open(path).map_err(failure)?;
                let size = file.metadata().map_err(failure)?.len();
                (Box::new(file), Some(size))
            }
        };
        let is_file = size.is_some();
        let progress = output.progress(size, Unit::Bytes);
        let mut reader = peekable(progress.wrap_read(file)).map_err(failure)?;
        let start = reader.fill_buf().map_err(failure)?;
        let is_compressed = start.starts_with(&GZIP_MAGIC) || start.starts_with(&ZSTD_MAGIC);
        if start.starts_with(&GZIP_MAGIC) {
            reader = peekable(MultiGzDecoder::new(reader)).map_err(failure)?;
        } else if start.starts_with(&ZSTD_MAGIC) {
            // Frames that stand one after the other are one text, as with gzip's members.
            let decoder = zstd::stream::read::Decoder::with_buffer(reader).map_err(failure)?;
            reader = peekable(decoder).map_err(failure)?;
        }
        let start = reader.fill_buf().map_err(failure)?;
        let is_parquet = match format.or_else(|| format_of(path)) {
            Some(format) => format == Format::Parquet || (start.starts_with(MAGIC) && is_file),
            None => start.starts_with(MAGIC),
        };
        if is_parquet {
            return match is_file && !is_compressed {
                true => Ok(Self { format: Format::Parquet, reader, progress }),
                false => Err(Failure::Usage(format!(
                    "{}: Parquet is read from its end and compressed within; give the file itself, unpacked",
                    path.display()
                ))),
            };
        }
        let mark = if start.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        reader.consume(mark);
        let format = match format.or_else(|| format_of(path)) {
            Some(format) => format,
            None if reader.fill_buf().map_err(failure)?.trim_ascii_start().starts_with(b"{") => {
                Format::Ndjson
            }
            None => Format::Csv,
        };
        Ok(Self { format, reader, progress })
    }

    /// The rows of a CSV, after its header.
    pub(super) fn csv(self, delimiter: u8) -> io::Result<CsvRows> {
        let since_row = Rc::new(Cell::new(0));
        let bounded = Bounded { inner: self.reader, since_row: Rc::clone(&since_row) };
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(bounded);
        let raw_header = reader.byte_headers().map_err(unreadable)?.clone();
        let header = lossy(&raw_header).0.iter().map(str::trim).collect();
        Ok(CsvRows { reader, since_row, raw_header, header })
    }

    /// The lines of an NDJSON file; the cells of each are those of `columns`.
    pub(super) fn lines(self, columns: Vec<String>) -> JsonLines {
        JsonLines { reader: self.reader, columns, line: 0 }
    }
}

/// A reader whose first bytes can be looked at, however they arrive.
fn peekable(mut reader: impl Read + 'static) -> io::Result<Box<dyn BufRead>> {
    let mut start = Vec::new();
    reader.by_ref().take(PEEK_BYTES as u64).read_to_end(&mut start)?;
    let rest = BufReader::with_capacity(64 * 1024, reader);
    // A chain shows what is left of its first part, which is all of `start`; an empty part is stepped over.
    Ok(Box::new(Cursor::new(start).chain(rest)))
}

/// What separates the cells of a CSV, as its name says.
pub(super) fn delimiter_of(path: &Path) -> u8 {
    match extension_of(path).as_deref() {
        Some("tsv" | "tab") => b'\t',
        _ => b',',
    }
}

/// In lower case; what stands before `.gz` or `.zst` when it is compressed.
fn extension_of(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let name = [".gz", ".zst", ".zstd"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    Some(name.rsplit_once('.')?.1.to_owned())
}

fn format_of(path: &Path) -> Option<Format> {
    match extension_of(path)?.as_str() {
        "csv" | "tsv" | "tab" | "txt" => Some(Format::Csv),
        "ndjson" | "jsonl" | "json" => Some(Format::Ndjson),
        "parquet" | "pq" => Some(Format::Parquet),
        _ => None,
    }
}

fn unreadable(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        kind => io::Error::other(format!("{kind:?}")),
    }
}

/// Fails when too much is read between two rows.
struct Bounded {
    inner: Box<dyn BufRead>,
    since_row: Rc<Cell<usize>>,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since_row.get() > ROW_BYTES_MAX {
            return Err(io::Error::other(format!(
                "a row is over {ROW_BYTES_MAX} bytes; look for a quote that is never closed"
            )));
        }
        let count = self.inner.read(buffer)?;
        self.since_row.set(self.since_row.get() + count);
        Ok(count)
    }
}

/// The rows of a CSV.
pub(super) struct CsvRows {
    reader: csv::Reader<Bounded>,
    since_row: Rc<Cell<usize>>,
    pub(super) raw_header: ByteRecord,
    pub(super) header: StringRecord,
}

impl Iterator for CsvRows {
    type Item = io::Result<Row>;

    fn next(&mut self) -> Option<io::Result<Row>> {
        let mut record = ByteRecord::new();
        self.since_row.set(0);
        match self.reader.read_byte_record(&mut record) {
            Ok(false) => None,
            Err(error) => {
                let line = self.reader.position().line();
                let error = unreadable(error);
                Some(Err(io::Error::new(error.kind(), format!("after line {line}, {error}"))))
            }
            Ok(true) => {
                let line = record.position().map_or(0, csv::Position::line);
                let (cells, is_utf8) = lossy(&record);
                let fault = if !is_utf8 {
                    Some("is not UTF-8; convert the file".to_owned())
                } else if record.len() != self.header.len() {
                    let (count, header) = (record.len(), self.header.len());
                    Some(format!(
                        "has {count} cells, the header has {header}; look for a stray quote or delimiter"
                    ))
                } else {
                    None
                };
                Some(Ok(Row { line, raw: Raw::Record(record), cells, fault }))
            }
        }
    }
}

fn lossy(record: &ByteRecord) -> (StringRecord, bool) {
    match StringRecord::from_byte_record(record.clone()) {
        Ok(record) => (record, true),
        Err(_) => (record.iter().map(String::from_utf8_lossy).collect(), false),
    }
}

/// The lines of an NDJSON file.
pub(super) struct JsonLines {
    reader: Box<dyn BufRead>,
    columns: Vec<String>,
    line: u64,
}

impl Iterator for JsonLines {
    type Item = io::Result<Row>;

    fn next(&mut self) -> Option<io::Result<Row>> {
        loop {
            self.line += 1;
            let line = self.line;
            let (raw, fault) = match self.read_line() {
                Err(error) => return Some(Err(error)),
                Ok(None) => return None,
                Ok(Some(Line::Whole(raw))) => (raw, None),
                Ok(Some(Line::TooLong(start))) => {
                    (start, Some(format!("is over {ROW_BYTES_MAX} bytes; look for a missing line end")))
                }
            };
            if fault.is_none() && raw.trim_ascii().is_empty() {
                continue;
            }
            let (cells, fault) = match fault {
                Some(fault) => (StringRecord::new(), Some(fault)),
                None if self.columns.is_empty() => (StringRecord::new(), None),
                None => match self.cells(&raw) {
                    Ok(cells) => (cells, None),
                    Err(fault) => (StringRecord::new(), Some(fault)),
                },
            };
            return Some(Ok(Row { line, raw: Raw::Line(raw), cells, fault }));
        }
    }
}

enum Line {
    Whole(Vec<u8>),
    /// Its start.
    TooLong(Vec<u8>),
}

impl JsonLines {
    fn read_line(&mut self) -> io::Result<Option<Line>> {
        let mut line = Vec::new();
        let count = self.reader.by_ref().take(ROW_BYTES_MAX as u64 + 1).read_until(b'\n', &mut line)?;
        if count == 0 {
            return Ok(None);
        }
        if line.last() == Some(&b'\n') {
            line.pop();
            line.pop_if(|byte| *byte == b'\r');
        } else if count > ROW_BYTES_MAX {
            self.reader.skip_until(b'\n')?;
            line.truncate(1024);
            return Ok(Some(Line::TooLong(line)));
        }
        Ok(Some(Line::Whole(line)))
    }

    fn cells(&self, raw: &[u8]) -> Result<StringRecord, String> {
        let object: serde_json::Map<String, Value> =
            serde_json::from_slice(raw).map_err(|error| format!("is no JSON object ({error})"))?;
        let cell = |column: &String| match object.get(column) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(Value::Number(number)) => Ok(number.to_string()),
            Some(Value::Bool(flag)) => Ok(flag.to_string()),
            Some(_) => Err(format!("{column} is neither text nor number, which a map cannot read")),
        };
        let cells: Result<Vec<String>, String> = self.columns.iter().map(cell).collect();
        Ok(cells?.into())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        (dir, path)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 1).unwrap()
    }

    fn open(name: &str, bytes: &[u8]) -> Source {
        let (_dir, path) = file(name, bytes);
        Source::open(&path, None, Output::Json).unwrap()
    }

    #[test]
    fn the_format_is_told_by_the_name_else_by_the_first_character() {
        for (name, bytes, want) in [
            ("a.csv", &b"{"[..], Format::Csv),
            ("a.CSV.gz", b"{", Format::Csv),
            ("a.ndjson", b"a,b", Format::Ndjson),
            ("a.jsonl.gz", b"a,b", Format::Ndjson),
            ("a", b"a,b", Format::Csv),
            ("a", b" {\"a\":1}", Format::Ndjson),
            ("a", b"\xef\xbb\xbf{\"a\":1}", Format::Ndjson),
            ("a", b"", Format::Csv),
            ("a.csv.zst", b"{", Format::Csv),
            ("a.jsonl.zstd", b"a,b", Format::Ndjson),
            ("a.parquet", b"a,b", Format::Parquet),
            ("a", b"PAR1", Format::Parquet),
            ("a.csv", b"PAR1", Format::Parquet),
        ] {
            assert_eq!(open(name, bytes).format, want, "{name} {bytes:?}");
        }
    }

    #[test]
    fn the_name_tells_what_separates_cells() {
        for (name, want) in [
            ("feed.tsv", b'\t'),
            ("feed.TSV.gz", b'\t'),
            ("feed.tab", b'\t'),
            ("feed.csv", b','),
            ("feed.txt", b','),
            ("tsv", b','),
            ("-", b','),
        ] {
            assert_eq!(delimiter_of(Path::new(name)), want, "{name}");
        }
    }

    #[test]
    fn compressed_rows_are_read_as_plain_ones_in_several_members_too() {
        let plain = b"\xef\xbb\xbfsku,title\nA,\"a\nb\"\nB,c\n";
        let mut members = gzip(&plain[..12]);
        members.extend(gzip(&plain[12..]));
        let frames = [zstd(&plain[..12]), zstd(&plain[12..])].concat();
        for bytes in [plain.to_vec(), gzip(plain), members, zstd(plain), frames] {
            let rows = open("feed.csv", &bytes).csv(b',').unwrap();
            assert_eq!(rows.header, vec!["sku", "title"]);
            let rows: Vec<_> =
                rows.map(|row| row.unwrap()).map(|row| (row.line, row.cells[1].to_owned())).collect();
            assert_eq!(rows, [(2, "a\nb".to_owned()), (4, "c".to_owned())]);
        }
    }

    #[test]
    fn parquet_that_cannot_be_read_from_its_end_is_refused() {
        for bytes in [gzip(b"PAR1..."), zstd(b"PAR1...")] {
            let (_dir, path) = file("feed", &bytes);
            let refused = Source::open(&path, None, Output::Json).err().unwrap();
            assert!(refused.to_string().contains("unpacked"), "{refused}");
        }
    }

    #[test]
    fn a_row_of_another_shape_or_no_utf8_is_faulty_alone() {
        let rows = open("feed.csv", b"sku,title\nA,a,b\nB\nC,\xff\nD,d\n").csv(b',').unwrap();
        let faults: Vec<_> =
            rows.map(|row| row.unwrap()).map(|row| (row.line, row.fault.unwrap_or_default())).collect();
        assert!(faults[0].1.starts_with("has 3 cells, the header has 2"), "{faults:?}");
        assert!(faults[1].1.starts_with("has 1 cells"), "{faults:?}");
        assert!(faults[2].1.starts_with("is not UTF-8"), "{faults:?}");
        assert_eq!(faults[3], (5, String::new()));
    }

    #[test]
    fn a_quote_that_is_never_closed_ends_the_reading() {
        let mut bytes = b"sku,title\nA,\"".to_vec();
        bytes.resize(ROW_BYTES_MAX * 2, b'x');
        let error = open("feed.csv", &bytes).csv(b',').unwrap().next().unwrap().unwrap_err();
        assert!(error.to_string().contains("a quote that is never closed"), "{error}");
    }

    #[test]
    fn json_lines_become_cells_and_bad_ones_are_faulty_alone() {
        let text = b"{\"a\":\"x\",\"b\":1.50,\"c\":true}\r\n\nnot json\n{\"a\":[1]}\n{\"b\":null}";
        let rows = open("feed.ndjson", text).lines(vec!["a".to_owned(), "b".to_owned()]);
        let rows: Vec<Row> = rows.map(|row| row.unwrap()).collect();
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 3, 4, 5]);
        assert_eq!(rows[0].cells, vec!["x", "1.5"]);
        assert!(rows[1].fault.as_ref().unwrap().starts_with("is no JSON object"));
        assert!(rows[2].fault.as_ref().unwrap().starts_with("a is neither"));
        assert_eq!(rows[3].cells, vec!["", ""]);
    }

    #[test]
    fn a_json_line_that_is_too_long_is_faulty_alone() {
        let mut bytes = vec![b'x'; ROW_BYTES_MAX + 5];
        bytes.extend(b"\n{}\n");
        let rows: Vec<Row> = open("feed.ndjson", &bytes).lines(Vec::new()).map(|row| row.unwrap()).collect();
        assert!(rows[0].fault.as_ref().unwrap().contains("missing line end"));
        assert_eq!((rows[1].line, &rows[1].fault), (2, &None));
    }
}
