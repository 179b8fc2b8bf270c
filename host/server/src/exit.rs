//! How the process ends: one code per thing that somebody would do something different about.

use std::process::ExitCode;

macro_rules! exits {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $word:literal, $meaning:literal;)*) => {
        /// How the process ends. Codes never change their meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Exit {
            $($(#[$doc])* $name,)*
        }

        impl Exit {
            pub(crate) fn code(self) -> u8 {
                match self { $(Exit::$name => $code,)* }
            }

            /// The stable word that `--json` answers carry.
            pub(crate) fn word(self) -> &'static str {
                match self { $(Exit::$name => $word,)* }
            }
        }

        /// The table that `rebound serve --help` ends with.
        pub(crate) const TABLE: &str = concat!($("  ", stringify!($code), "\t", $meaning, "\n",)*);
    };
}

exits! {
    /// All was done.
    Done = 0, "done", "done";
    /// The service said no, or some lines were bad.
    No = 1, "no", "the answer is no, or some lines were bad";
    /// The arguments, or the files they name.
    Usage = 2, "usage", "wrong arguments, or a file they name cannot be used";
    /// A client got no answer.
    Unreachable = 3, "unreachable", "the service cannot be reached or failed to answer (clients)";
    /// The address is taken or not ours.
    Address = 10, "address", "the address cannot be listened on: it is in use, or not this machine's";
    /// Another process has the data directory.
    Locked = 11, "data_locked", "the data directory is open in another process";
    /// A newer version wrote the data.
    Newer = 12, "data_newer", "the data was written by a newer version";
    /// A configuration file does not stand.
    Config = 13, "config", "a configuration key is unknown or its value does not stand";
    /// A published version does not load.
    Plugin = 14, "plugin", "a published plugin cannot be loaded any more";
    /// Permissions, disk, foreign or damaged files.
    Data = 15, "data_unusable", "the data directory or a key file cannot be used, or is readable by others";
    /// The storage gave up while serving.
    StorageFailed = 16, "storage_failed", "the storage failed while serving";
    /// No threads, no memory for the pools.
    Resources = 17, "resources", "the operating system gives too few resources";
    /// The grace period was too short.
    Cut = 18, "cut", "the grace period ended before every request did";
    /// Somebody has to make room.
    Full = 19, "disk_full", "the disk that was to be written to is full";
    /// Records do not hang together.
    Unsound = 20, "unsound", "`rebound doctor` found something";
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_codes_in_the_manual_is_the_one_in_help() {
        let manual = include_str!("../../../docs/operating.md");
        for line in TABLE.lines() {
            let (code, meaning) = line.trim().split_once('\t').unwrap();
            let row = format!("| {code} | {meaning} |");
            assert!(manual.contains(&row), "docs/operating.md has no row: {row}");
        }
    }
}
