use std::path::PathBuf;
use std::sync::Arc;

use ::parquet::basic::Compression;
use ::parquet::column::writer::ColumnWriter;
use ::parquet::data_type::ByteArray;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;

use super::*;

const SCHEMA: &str = "message products {
    required binary sku (STRING);
    optional int64 price (DECIMAL(18, 2));
    optional double weight;
    optional int64 added (TIMESTAMP(MILLIS, true));
    optional group tags (LIST) { repeated group list { optional binary element (STRING); } }
    optional group option { optional binary size (STRING); }
    repeated group deep { repeated int32 number; }
}";

fn texts(values: &[&str]) -> Vec<ByteArray> {
    values.iter().map(|value| ByteArray::from(*value)).collect()
}

/// Three rows: everything, nothing but the sku, and a list of its own kinds of nothing.
fn write(path: &Path, compression: Compression, groups: usize) {
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let file = File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, properties).unwrap();
    for _ in 0..groups {
        let mut group = writer.next_row_group().unwrap();
        let mut index = 0;
        while let Some(mut column) = group.next_column().unwrap() {
            match (index, column.untyped()) {
                (0, ColumnWriter::ByteArrayColumnWriter(column)) => {
                    column.write_batch(&texts(&["A", "B", "C"]), None, None).unwrap()
                }
                (1, ColumnWriter::Int64ColumnWriter(column)) => {
                    column.write_batch(&[990, -5], Some(&[1, 0, 1]), None).unwrap()
                }
                (2, ColumnWriter::DoubleColumnWriter(column)) => {
                    column.write_batch(&[0.1, f64::NAN], Some(&[1, 0, 1]), None).unwrap()
                }
                (3, ColumnWriter::Int64ColumnWriter(column)) => {
                    column.write_batch(&[1_000, 2_500], Some(&[1, 0, 1]), None).unwrap()
                }
                // A: two tags; B: no list; C: a list that holds nothing, then one text.
                (4, ColumnWriter::ByteArrayColumnWriter(column)) => column
                    .write_batch(
                        &texts(&["new", "gift", "last"]),
                        Some(&[3, 3, 0, 2, 3]),
                        Some(&[0, 1, 0, 0, 1]),
                    )
                    .unwrap(),
                (5, ColumnWriter::ByteArrayColumnWriter(column)) => {
                    column.write_batch(&texts(&["M"]), Some(&[2, 0, 1]), None).unwrap()
                }
                (6, ColumnWriter::Int32ColumnWriter(column)) => {
                    column.write_batch(&[], Some(&[0, 0, 0]), Some(&[0, 0, 0])).unwrap()
                }
                (index, _) => panic!("column {index} has another type"),
            };
            column.close().unwrap();
            index += 1;
        }
        group.close().unwrap();
    }
    writer.close().unwrap();
}

fn file(compression: Compression, groups: usize) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("products.parquet");
    write(&path, compression, groups);
    (dir, path)
}

fn open(path: &Path, wanted: &[&str]) -> ParquetRows {
    let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
    ParquetRows::open(path, &wanted, ProgressBar::hidden()).unwrap()
}

#[test]
fn every_type_becomes_the_text_that_an_exact_csv_would_have() {
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::ZSTD(Default::default()),
        Compression::LZ4_RAW,
    ] {
        let (_dir, path) = file(compression, 1);
        let rows = open(&path, &[]);
        assert_eq!(rows.header, vec!["sku", "price", "weight", "added", "tags", "option.size"]);
        let rows: Vec<Row> = rows.map(|row| row.unwrap()).collect();
        let cells: Vec<Vec<&str>> = rows.iter().map(|row| row.cells.iter().collect()).collect();
        assert_eq!(cells[0], ["A", "9.90", "0.1", "1970-01-01T00:00:01Z", "new|gift", "M"]);
        assert_eq!(cells[1], ["B", "", "", "", "", ""]);
        assert_eq!(cells[2], ["C", "-0.05", "NaN", "1970-01-01T00:00:02.5Z", "last", ""]);
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 2, 3]);
    }
}

#[test]
fn rows_go_on_over_row_groups_and_only_wanted_columns_are_read() {
    let (_dir, path) = file(Compression::SNAPPY, 3);
    let rows = open(&path, &["option.size", "sku"]);
    assert_eq!(rows.header, vec!["sku", "option.size"]);
    let rows: Vec<Row> = rows.map(|row| row.unwrap()).collect();
    assert_eq!(rows.len(), 9);
    assert_eq!((rows[8].line, &rows[8].cells[0]), (9, "C"));
    assert!(matches!(&rows[3].raw, Raw::Record(record) if &record[1] == b"M"));
}

#[test]
fn a_file_that_is_cut_or_none_is_refused_and_not_half_read() {
    let (_dir, path) = file(Compression::SNAPPY, 1);
    let bytes = std::fs::read(&path).unwrap();
    for cut in [0, 4, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        let refused = ParquetRows::open(&path, &[], ProgressBar::hidden()).err().unwrap();
        assert!(refused.to_string().contains("no Parquet file"), "{refused}");
    }
    // A page that was damaged on the way.
    let mut damaged = bytes.clone();
    damaged[8..24].fill(0xff);
    std::fs::write(&path, damaged).unwrap();
    let failed = open(&path, &[]).find_map(Result::err).expect("a damaged page is noticed");
    assert!(failed.to_string().starts_with("after row 0, "), "{failed}");
}
