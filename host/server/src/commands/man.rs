//! `rebound man`: the manual page, made of what `--help` says, so that the two cannot differ.
//!
//! One page tells of every command: a section of its own for each, its examples set as they stand.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory as _};
use clap_mangen::Man as Page;
use serde_json::json;

use crate::Cli;
use crate::exit::{Exit, TABLE};
use crate::failure::Failure;
use crate::output::Output;

const EXAMPLES: &str = "Examples:
  rebound man | man -l -
  rebound man > /usr/local/share/man/man1/rebound.1
  rebound man --out ./rebound.1";

/// Write the manual page of all commands.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Man {
    /// Write it to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let page = page();
        match self.out {
            Some(path) => {
                write(&path, &page)?;
                output.json(&json!({ "written": path.display().to_string() }))?;
            }
            None => {
                output.text(&page)?;
                output.json(&json!({ "page": page }))?;
            }
        }
        Ok(Exit::Done)
    }
}

fn write(path: &Path, page: &str) -> Result<(), Failure> {
    fs::write(path, page).map_err(|source| Failure::File {
        path: path.to_path_buf(),
        verb: "written",
        source,
    })
}

fn page() -> String {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let page = Page::new(root.clone()).section("1").date("").manual("Rebound");
    let mut roff = part(|out| page.render_title(out));
    roff.push_str(&part(|out| page.render_name_section(out)));
    roff.push_str(&part(|out| page.render_synopsis_section(out)));
    roff.push_str(&part(|out| page.render_description_section(out)));
    roff.push_str(&part(|out| page.render_options_section(out)));
    roff.push_str(&after_help(&root));
    roff.push_str(".SH COMMANDS\n");
    commands(&root, &mut roff);
    roff.push_str(".SH EXIT STATUS\n");
    for line in TABLE.lines() {
        if let Some((code, meaning)) = line.trim().split_once('\t') {
            roff.push_str(&format!(".TP\n{code}\n{}\n", escaped(meaning)));
        }
    }
    roff
}

/// What one command says, those below it after it.
fn commands(command: &Command, roff: &mut String) {
    for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = command.get_bin_name().unwrap_or(command.get_name());
        roff.push_str(&format!(".SS {}\n", escaped(name)));
        let page = Page::new(command.clone());
        for section in [
            part(|out| page.render_description_section(out)),
            part(|out| page.render_synopsis_section(out)),
            part(|out| page.render_options_section(out)),
        ] {
            roff.push_str(&as_paragraphs(&section));
        }
        roff.push_str(&after_help(command));
        commands(command, roff);
    }
}

/// Under a command's heading there is no place for headings of the first rank.
fn as_paragraphs(section: &str) -> String {
    let lines = section.lines().map(|line| match line.strip_prefix(".SH ") {
        Some("DESCRIPTION") => ".PP".to_owned(),
        Some(heading) => format!(".PP\n.B {heading}\n.br"),
        None => line.to_owned(),
    });
    lines.map(|line| line + "\n").collect()
}

/// Examples and what stands around them, line by line: filling them would break every command in two.
fn after_help(command: &Command) -> String {
    let Some(text) = command.get_after_help() else { return String::new() };
    let lines: String = text.to_string().lines().map(|line| escaped(line) + "\n").collect();
    format!(".PP\n.nf\n{lines}.fi\n")
}

/// A line of text as roff prints it unchanged.
fn escaped(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-");
    match line.starts_with(['.', '\'']) {
        true => format!("\\&{line}"),
        false => line,
    }
}

fn part(render: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>) -> String {
    let mut bytes = Vec::new();
    render(&mut bytes).expect("a vector takes whatever is written");
    String::from_utf8(bytes).expect("our help is UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_tells_of_every_command_and_every_flag_that_help_shows() {
        fn check(command: &Command, page: &str) {
            for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
                let name = command.get_bin_name().unwrap();
                assert!(page.contains(&format!("\n.SS {}\n", escaped(name))), "nothing of {name}");
                for flag in command.get_arguments().filter(|flag| !flag.is_hide_set()) {
                    let Some(long) = flag.get_long() else { continue };
                    assert!(page.contains(&escaped(&format!("--{long}"))), "nothing of {name} --{long}");
                }
                check(command, page);
            }
        }
        let mut root = Cli::command().disable_help_subcommand(true);
        root.build();
        let page = page();
        check(&root, &page);
        assert!(page.starts_with(".ie ") || page.starts_with(".TH "), "{}", &page[..40]);
        assert!(page.contains("\n.TP\n16\nthe storage failed while serving\n"), "exit codes");
    }

    #[test]
    fn no_line_of_an_example_is_taken_for_a_request_to_roff() {
        assert_eq!(escaped(".config --x"), "\\&.config \\-\\-x");
        assert_eq!(escaped("'a\\b"), "\\&'a\\eb");
    }
}
