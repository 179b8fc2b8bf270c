//! `rebound completions`: what a shell needs to complete our commands.

use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};
use serde_json::json;

use crate::Cli;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

const EXAMPLES: &str = "Examples:
  rebound completions bash > /usr/share/bash-completion/completions/rebound
  rebound completions zsh > ~/.zfunc/_rebound
  rebound completions fish > ~/.config/fish/completions/rebound.fish
  source <(rebound completions bash)";

/// Write a script that completes commands and flags in a shell.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Completions {
    /// Which shell.
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let script = script(self.shell);
        output.text(&script)?;
        output.json(&json!({ "shell": self.shell.to_string(), "script": script }))?;
        Ok(Exit::Done)
    }
}

fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "rebound", &mut script);
    String::from_utf8(script).expect("our commands are named in UTF-8")
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_shell_completes_every_command_that_help_shows() {
        let command = Cli::command();
        let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
        let names: Vec<&str> = shown.map(clap::Command::get_name).collect();
        assert!(names.contains(&"import"), "{names:?}");
        for shell in Shell::value_variants() {
            let script = script(*shell);
            for name in &names {
                assert!(script.contains(name), "{shell} does not complete {name}");
            }
        }
    }
}
