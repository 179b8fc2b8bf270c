//! The rows of a Parquet file. A cell's text is what an exact CSV of the same data would say, so that maps, checks and
//! the file of rejects are the same for both.
//!
//! Columns are named by their paths (`options.size`). A list of plain values is one cell, its parts separated by `|`;
//! what is nested deeper is no column. Rows are decoded in batches, so that what is held does not grow with the file.

mod text;

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::Path;

use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use ::parquet::data_type::DataType;
use ::parquet::errors::ParquetError;
use ::parquet::file::reader::{FileReader as _, SerializedFileReader};
use ::parquet::schema::types::ColumnDescriptor;
use csv::StringRecord;
use indicatif::ProgressBar;

use self::text::Form;
use super::source::{ROW_BYTES_MAX, Raw, Row};

/// What a Parquet file begins and ends with.
pub(super) const MAGIC: &[u8] = b"PAR1";
/// Rows that are decoded together.
const BATCH_ROWS: usize = 1024;
/// What separates the parts of a list; a map's `split` says the same when it says nothing.
const SEPARATOR: char = '|';

/// The rows of a file.
pub(super) struct ParquetRows {
    file: SerializedFileReader<File>,
    pub(super) header: StringRecord,
    columns: Vec<Column>,
    /// The row group that is read next.
    group: usize,
    /// Of the row group that is read now, column by column.
    readers: Vec<ColumnReader>,
    /// Rows of it that are not decoded yet.
    left: usize,
    decoded: VecDeque<Row>,
    row: u64,
    progress: ProgressBar,
    row_bytes: f64,
}

struct Column {
    /// Among the leaves of the schema.
    leaf: usize,
    form: Form,
    is_list: bool,
    /// The level at which a value is there.
    level: i16,
}

/// A cell's text, or what is wrong with it.
type Cell = Result<String, String>;

impl ParquetRows {
    /// Opens a file. `wanted` tells which columns are read; all of them when it is empty.
    pub(super) fn open(path: &Path, wanted: &[String], progress: ProgressBar) -> io::Result<Self> {
        let file = SerializedFileReader::new(File::open(path)?).map_err(unreadable)?;
        let (mut header, mut columns) = (StringRecord::new(), Vec::new());
        for (leaf, descriptor) in file.metadata().file_metadata().schema_descr().columns().iter().enumerate()
        {
            let Some(name) = name(descriptor) else { continue };
            if !wanted.is_empty() && !wanted.contains(&name) {
                continue;
            }
            header.push_field(&name);
            columns.push(Column {
                leaf,
                form: Form::of(descriptor),
                is_list: descriptor.max_rep_level() > 0,
                level: descriptor.max_def_level(),
            });
        }
        let rows = file.metadata().file_metadata().num_rows().max(1);
        #[expect(clippy::cast_precision_loss, reason = "it moves a bar")]
        let row_bytes = progress.length().unwrap_or_default() as f64 / rows as f64;
        Ok(Self {
            file,
            header,
            columns,
            group: 0,
            readers: Vec::new(),
            left: 0,
            decoded: VecDeque::new(),
            row: 0,
            progress,
            row_bytes,
        })
    }

    /// Decodes the next rows; none are added at the end.
    fn decode(&mut self) -> Result<(), ParquetError> {
        while self.left == 0 {
            if self.group == self.file.num_row_groups() {
                return Ok(());
            }
            let group = self.file.get_row_group(self.group)?;
            self.group += 1;
            self.left = usize::try_from(group.metadata().num_rows())
                .map_err(|_| ParquetError::General("a row group has less than no rows".to_owned()))?;
            let reader = |column: &Column| group.get_column_reader(column.leaf);
            self.readers = self.columns.iter().map(reader).collect::<Result<_, _>>()?;
        }
        let count = self.left.min(BATCH_ROWS);
        self.left -= count;
        let mut rows: Vec<Row> = Vec::with_capacity(count);
        for index in 0..count as u64 {
            let raw = Raw::Record(csv::ByteRecord::new());
            rows.push(Row { line: self.row + index + 1, raw, cells: StringRecord::new(), fault: None });
        }
        for ((column, reader), name) in self.columns.iter().zip(&mut self.readers).zip(&self.header) {
            for (row, cell) in rows.iter_mut().zip(column.read(reader, count)?) {
                match cell {
                    Ok(text) => row.cells.push_field(&text),
                    Err(problem) => {
                        row.cells.push_field("");
                        row.fault.get_or_insert_with(|| format!("{name} {problem}"));
                    }
                }
            }
        }
        self.row += count as u64;
        for row in &mut rows {
            if row.cells.as_slice().len() > ROW_BYTES_MAX {
                row.fault = Some(format!("is over {ROW_BYTES_MAX} bytes; no product or order is so large"));
            }
            row.raw = Raw::Record(row.cells.as_byte_record().clone());
        }
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it moves a bar"
        )]
        self.progress.set_position((self.row as f64 * self.row_bytes) as u64);
        self.decoded.extend(rows);
        Ok(())
    }
}

impl Iterator for ParquetRows {
    type Item = io::Result<Row>;

    fn next(&mut self) -> Option<io::Result<Row>> {
        if self.decoded.is_empty()
            && let Err(error) = self.decode()
        {
            // Nothing after it can be trusted, nor asked for.
            (self.left, self.group) = (0, self.file.num_row_groups());
            let after = self.row;
            return Some(Err(io::Error::other(format!("after row {after}, {error}"))));
        }
        self.decoded.pop_front().map(Ok)
    }
}

impl Column {
    fn read(&self, reader: &mut ColumnReader, count: usize) -> Result<Vec<Cell>, ParquetError> {
        let form = &self.form;
        match reader {
            ColumnReader::BoolColumnReader(reader) => {
                self.cells(reader, count, |value| Ok(value.to_string()))
            }
            ColumnReader::Int32ColumnReader(reader) => {
                self.cells(reader, count, |value| form.integer(i64::from(*value)))
            }
            ColumnReader::Int64ColumnReader(reader) => {
                self.cells(reader, count, |value| form.integer(*value))
            }
            ColumnReader::Int96ColumnReader(reader) => self.cells(reader, count, text::legacy_timestamp),
            // Rust prints the shortest decimal that reads back as the same float, without an exponent.
            ColumnReader::FloatColumnReader(reader) => {
                self.cells(reader, count, |value| Ok(value.to_string()))
            }
            ColumnReader::DoubleColumnReader(reader) => {
                self.cells(reader, count, |value| Ok(value.to_string()))
            }
            ColumnReader::ByteArrayColumnReader(reader) => {
                self.cells(reader, count, |value| form.bytes(value.data()))
            }
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                self.cells(reader, count, |value| form.bytes(value.data()))
            }
        }
    }

    /// The next cells; a value that is not there is an empty one.
    fn cells<T: DataType>(
        &self,
        reader: &mut ColumnReaderImpl<T>,
        count: usize,
        text: impl Fn(&T::T) -> Cell,
    ) -> Result<Vec<Cell>, ParquetError> {
        let (mut levels, mut starts, mut values) = (Vec::new(), Vec::new(), Vec::new());
        let mut records = 0;
        while records < count {
            let (read, _, _) =
                reader.read_records(count - records, Some(&mut levels), Some(&mut starts), &mut values)?;
            if read == 0 {
                let short = "a column has fewer rows than its row group";
                return Err(ParquetError::General(short.to_owned()));
            }
            records += read;
        }
        let mut values = values.iter();
        if self.level == 0 {
            return Ok(values.map(text).collect());
        }
        let mut cells: Vec<Cell> = Vec::with_capacity(count);
        for (index, level) in levels.iter().enumerate() {
            let begins = !self.is_list || starts.get(index).is_none_or(|start| *start == 0);
            if begins {
                cells.push(Ok(String::new()));
            }
            let value = if *level == self.level { values.next() } else { None };
            let (Some(value), Some(cell)) = (value, cells.last_mut()) else { continue };
            match (text(value), &mut *cell) {
                (Ok(part), Ok(whole)) => {
                    if !begins && !whole.is_empty() {
                        whole.push(SEPARATOR);
                    }
                    whole.push_str(&part);
                }
                (Err(problem), _) => *cell = Err(problem),
                (Ok(_), Err(_)) => {}
            }
        }
        Ok(cells)
    }
}

/// What a column is called; none for one that is nested deeper than a list of plain values.
fn name(descriptor: &ColumnDescriptor) -> Option<String> {
    let parts: Vec<&str> = descriptor.path().parts().iter().map(String::as_str).collect();
    match (descriptor.max_rep_level(), &parts[..]) {
        (0, parts) => Some(parts.join(".")),
        // As the standard writes a list, and as older writers did.
        (
            1,
            [list @ .., "list", "element" | "item" | "array_element"] | [list @ .., "bag", "array_element"],
        ) if !list.is_empty() => Some(list.join(".")),
        (1, [list @ .., "array"]) if !list.is_empty() => Some(list.join(".")),
        // A repeated value without a list around it.
        (1, [one]) => Some((*one).to_owned()),
        _ => None,
    }
}

fn unreadable(error: ParquetError) -> io::Error {
    io::Error::other(format!("is no Parquet file that can be read ({error})"))
}

#[cfg(test)]
mod tests;
