//! What goes to standard output: text for people, or JSON and nothing else.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::failure::Failure;

/// Who reads the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// A person.
    Text,
    /// A program: JSON only.
    Json,
}

impl Output {
    /// Writes lines for people; nothing in JSON.
    pub(crate) fn text(self, text: impl AsRef<str>) -> Result<(), Failure> {
        match self {
            Output::Text => write_line(text.as_ref().trim_end_matches('\n').as_bytes()),
            Output::Json => Ok(()),
        }
    }

    /// Writes one JSON document on a line of its own; nothing for people.
    pub(crate) fn json(self, document: &impl Serialize) -> Result<(), Failure> {
        match self {
            Output::Text => Ok(()),
            Output::Json => {
                let bytes = serde_json::to_vec(document).expect("what is printed has string keys");
                write_line(&bytes)
            }
        }
    }

    /// Writes a JSON document as it came; nothing for people.
    pub(crate) fn raw_json(self, document: &[u8]) -> Result<(), Failure> {
        match self {
            Output::Text => Ok(()),
            Output::Json => write_line(document),
        }
    }

    /// A bar for `size` steps, or a spinner when nobody knows how many. Only people at a terminal see it.
    pub(crate) fn progress(self, size: Option<u64>, unit: Unit) -> ProgressBar {
        let target = match self == Output::Text && io::stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let template = match (size, unit) {
            (Some(_), Unit::Bytes) => "{bar:32} {bytes}/{total_bytes} {msg} {eta} left",
            (Some(_), Unit::Items) => "{bar:32} {pos}/{len} {msg} {eta} left",
            (None, Unit::Bytes) => "{spinner} {bytes} {msg}",
            (None, Unit::Items) => "{spinner} {pos} {msg}",
        };
        let style = ProgressStyle::with_template(template).expect("a constant template that a test draws");
        ProgressBar::with_draw_target(size, target).with_style(style)
    }
}

/// What a bar counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Bytes of a file.
    Bytes,
    /// Whatever is done one by one.
    Items,
}

fn write_line(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written =
        stdout.write_all(bytes).and_then(|()| stdout.write_all(b"\n")).and_then(|()| stdout.flush());
    written.map_err(Failure::Output)
}

/// Text of others without anything that steers a terminal.
pub(crate) fn harmless(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_control() {
            true => safe.extend(character.escape_default()),
            false => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bar_has_a_template_that_can_be_drawn() {
        for size in [None, Some(10)] {
            for unit in [Unit::Bytes, Unit::Items] {
                let bar = Output::Text.progress(size, unit);
                bar.inc(3);
                assert_eq!(bar.position(), 3);
            }
        }
    }

    #[test]
    fn text_of_others_cannot_steer_a_terminal() {
        assert_eq!(harmless("red\u{1b}[31m\n退货"), "red\\u{1b}[31m\\n退货");
    }
}
