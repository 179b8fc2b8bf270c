//! A file of return events: one, an array, or one a line. What is held is one event, unless the file is one.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer as _, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::failure::Failure;

/// Events of a file, not read yet.
pub(super) struct Events {
    pub(super) shape: Shape,
    lines: bool,
    reader: Box<dyn BufRead>,
}

/// Whether a file is one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// It is.
    One,
    /// It may hold any number.
    Many,
}

/// An event, as it came.
#[derive(Debug)]
pub(super) struct Event {
    /// Its line, or its place in the array; from 1.
    pub(super) number: u64,
    /// What is wrong with it already, else its text.
    pub(super) json: Result<Box<RawValue>, String>,
}

impl Events {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let reader: Box<dyn BufRead> = match path.as_os_str() == "-" {
            true => Box::new(BufReader::new(io::stdin())),
            false => Box::new(BufReader::new(File::open(path).map_err(|source| unreadable(path, source))?)),
        };
        if path.extension().is_some_and(|extension| extension == "ndjson" || extension == "jsonl") {
            return Ok(Self { shape: Shape::Many, lines: true, reader });
        }
        Self::of(reader).map_err(|source| unreadable(path, source))
    }

    /// The first line tells: an opening bracket, an event of its own, or the start of one.
    fn of(mut reader: Box<dyn BufRead>) -> io::Result<Self> {
        let mut start = Vec::new();
        while start.trim_ascii().is_empty() && reader.read_until(b'\n', &mut start)? > 0 {}
        let is_array = start.trim_ascii_start().starts_with(b"[");
        let is_event = serde_json::from_slice::<&RawValue>(&start).is_ok();
        let has_more = is_event
            && loop {
                let buffer = reader.fill_buf()?;
                match buffer.iter().position(|byte| !byte.is_ascii_whitespace()) {
                    Some(_) => break true,
                    None if buffer.is_empty() => break false,
                    None => {
                        let count = buffer.len();
                        // Blank lines count too, but nothing stands behind these.
                        start.extend_from_slice(buffer);
                        reader.consume(count);
                    }
                }
            };
        let (shape, lines) = match (is_array, has_more) {
            (true, _) => (Shape::Many, false),
            (false, true) => (Shape::Many, true),
            (false, false) => (Shape::One, false),
        };
        Ok(Self { shape, lines, reader: Box::new(Cursor::new(start).chain(reader)) })
    }

    /// Hands over every event. An event that is no JSON is handed over as such, where the next can be told apart.
    pub(super) fn each(
        self,
        path: &Path,
        mut take: impl FnMut(Event) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let is_array = self.shape == Shape::Many && !self.lines;
        if self.lines {
            each_line(self.reader, path, take)
        } else if is_array {
            each_element(self.reader, path, &mut take)
        } else {
            let event: Box<RawValue> =
                serde_json::from_reader(self.reader).map_err(|error| invalid(path, &error))?;
            take(Event { number: 1, json: Ok(event) })
        }
    }
}

fn unreadable(path: &Path, source: io::Error) -> Failure {
    Failure::File { path: path.to_path_buf(), verb: "read", source }
}

fn invalid(path: &Path, error: &dyn fmt::Display) -> Failure {
    Failure::Usage(format!("{} is no JSON: {error}", path.display()))
}

fn each_line(
    mut reader: impl BufRead,
    path: &Path,
    mut take: impl FnMut(Event) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut number = 0;
    let mut line = Vec::new();
    loop {
        line.clear();
        number += 1;
        if reader.read_until(b'\n', &mut line).map_err(|source| unreadable(path, source))? == 0 {
            return Ok(());
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let json = serde_json::from_slice(&line).map_err(|error| format!("is no JSON: {error}"));
        take(Event { number, json })?;
    }
}

/// Hands over the elements of an array one by one, without holding the array.
fn each_element(
    reader: impl Read,
    path: &Path,
    take: &mut impl FnMut(Event) -> Result<(), Failure>,
) -> Result<(), Failure> {
    struct Elements<'a, F> {
        take: &'a mut F,
        result: &'a mut Result<(), Failure>,
    }

    impl<'de, F: FnMut(Event) -> Result<(), Failure>> Visitor<'de> for Elements<'_, F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array of events")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
            let mut number = 0;
            while let Some(json) = elements.next_element::<Box<RawValue>>()? {
                number += 1;
                if let Err(failure) = (self.take)(Event { number, json: Ok(json) }) {
                    *self.result = Err(failure);
                    return Err(serde::de::Error::custom("stopped"));
                }
            }
            Ok(())
        }
    }

    impl<'de, F: FnMut(Event) -> Result<(), Failure>> DeserializeSeed<'de> for Elements<'_, F> {
        type Value = ();

        fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
            deserializer.deserialize_seq(self)
        }
    }

    let mut result = Ok(());
    let mut deserializer = serde_json::Deserializer::from_reader(reader);
    let read = deserializer
        .deserialize_seq(Elements { take, result: &mut result })
        .and_then(|()| deserializer.end());
    result?;
    read.map_err(|error| invalid(path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want_shape: Shape, want: &[(u64, &str)]) {
        let events = Events::of(Box::new(Cursor::new(text.to_owned()))).unwrap();
        assert_eq!(events.shape, want_shape, "{text:?}");
        let mut seen = Vec::new();
        let result = events.each(Path::new("f"), |event| {
            seen.push((event.number, event.json.map_or("bad".to_owned(), |json| json.get().to_owned())));
            Ok(())
        });
        result.unwrap();
        let seen: Vec<_> = seen.iter().map(|(number, text)| (*number, text.as_str())).collect();
        assert_eq!(seen, want, "{text:?}");
    }

    #[test]
    fn one_event_an_array_and_lines_are_told_apart() {
        check("{\"a\":1}", Shape::One, &[(1, "{\"a\":1}")]);
        check("\n{\n \"a\":1\n}\n", Shape::One, &[(1, "{\n \"a\":1\n}")]);
        check("{\"a\":1}\n \n\n", Shape::One, &[(1, "{\"a\":1}")]);
        check("[{\"a\":1}, {\"a\":2}]", Shape::Many, &[(1, "{\"a\":1}"), (2, "{\"a\":2}")]);
        check("[\n{\"a\":1}\n,{\"a\":2}]", Shape::Many, &[(1, "{\"a\":1}"), (2, "{\"a\":2}")]);
        check("[]", Shape::Many, &[]);
        check("{\"a\":1}\n\n{\"a\":2}", Shape::Many, &[(1, "{\"a\":1}"), (3, "{\"a\":2}")]);
        check(
            "{\"a\":1}\nnot json\n{\"a\":3}\n",
            Shape::Many,
            &[(1, "{\"a\":1}"), (2, "bad"), (3, "{\"a\":3}")],
        );
    }

    #[test]
    fn a_file_that_says_so_is_lines_whatever_the_first_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.ndjson");
        std::fs::write(&path, "oops\n{}\n").unwrap();
        let mut seen = Vec::new();
        let events = Events::open(&path).unwrap();
        assert_eq!(events.shape, Shape::Many);
        let result = events.each(&path, |event| {
            seen.push((event.number, event.json.is_ok()));
            Ok(())
        });
        result.unwrap();
        assert_eq!(seen, [(1, false), (2, true)]);
    }

    #[test]
    fn a_broken_file_says_where() {
        for text in ["", "{\"a\":", "[{\"a\":1}, {\"a\"", "[{}] x"] {
            let events = Events::of(Box::new(Cursor::new(text))).unwrap();
            let failure = events.each(Path::new("events.json"), |_| Ok(())).unwrap_err();
            assert!(failure.to_string().contains("events.json is no JSON"), "{failure}");
        }
    }

    #[test]
    fn what_stops_an_array_is_told_as_it_is() {
        let events = Events::of(Box::new(Cursor::new("[{}, {}]"))).unwrap();
        let failure = events.each(Path::new("f"), |_| Err(Failure::Usage("enough".to_owned()))).unwrap_err();
        assert_eq!(failure.to_string(), "enough");
    }
}
