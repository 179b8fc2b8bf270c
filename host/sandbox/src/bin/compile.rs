//! The compile child by itself, for tests and benches of this crate; `rebound` has the same main in a hidden
//! subcommand.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut limits = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    match (limits.next(), limits.next(), limits.next()) {
        (Some(Ok(memory_bytes)), Some(Ok(cpu_seconds)), None) => {
            ExitCode::from(rebound_sandbox::compile_child(memory_bytes, cpu_seconds))
        }
        _ => ExitCode::from(2),
    }
}
