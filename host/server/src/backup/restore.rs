//! `rebound restore`: makes a data directory from a backup and the keys that were kept apart from it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufReader, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use rebound_engine::{erasures_listed, slot_needed};
use rebound_storage::backup::{BackupReader, Header, Piece, ReadError};
use rebound_storage::{Revision, SledRestore};
use serde_json::json;

use super::{BackupFault, rate, sync_folder};
use crate::exit::{self, Exit};
use crate::failure::Failure;
use crate::output::{Output, Unit, harmless};
use crate::serve::StartFault;
use crate::serve::data_dir::{
    CUSTOMER_KEYS, ERASURES, HOST_KEY, KEY_FILES, STORAGE, UNFINISHED, read_host_key,
};

const EXAMPLES: &str = "Examples:
  rebound restore --from 2026-03-01.backup --keys /var/lib/rebound --data /var/lib/rebound-new
  rebound restore --from 2026-03-01.backup --keys /mnt/keys --data ./data --json

--keys names a directory with host.key, customer.keys and customer.erasures: the data directory that is replaced when it is
still there, else the newest copies. Everything is checked before the first byte is written. Restoring what a crash or a signal cut off starts
over; until it is done `rebound serve` refuses the directory.";

/// Memory for the new storage's pages while it is filled.
const CACHE_BYTES: u64 = 256 * 1024 * 1024;
/// Bytes of a slot in the file of customers' keys.
const SLOT_BYTES: u64 = 32;

/// Make a data directory from a backup, with no service running on it.
#[derive(Debug, Args)]
#[command(after_help = help())]
pub(crate) struct Restore {
    /// What `rebound backup` made.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Where host.key, customer.keys and customer.erasures are.
    #[arg(long, value_name = "DIR")]
    keys: PathBuf,
    /// The data directory to make: new, empty, or a restore that was cut off.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

fn help() -> String {
    format!("{EXAMPLES}\nExit codes:\n{}", exit::TABLE)
}

/// What the first reading of a backup tells.
struct Checked {
    header: Header,
    /// Slots that its customers need.
    slots: u64,
    bytes: u64,
}

impl Restore {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let started = Instant::now();
        self.check_target()?;
        let checked = self.check_backup(output)?;
        self.check_keys(&checked)?;
        let entries = self.fill(output, checked.bytes)?;
        let seconds = started.elapsed().as_secs_f64();
        output.json(&json!({
            "data": self.data, "bytes": checked.bytes, "changes": entries, "seconds": seconds,
            "created_at_ms": checked.header.created_at_ms, "host_version": checked.header.host_version,
        }))?;
        output.text(format!(
            "{}: {entries} changes applied, {}; start it with rebound serve --data",
            harmless(&self.data.to_string_lossy()),
            rate(checked.bytes, seconds)
        ))?;
        Ok(Exit::Done)
    }

    /// New, empty, or what a restore began.
    fn check_target(&self) -> Result<(), Failure> {
        let entries = match fs::read_dir(&self.data) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(self.data_failed("read")(source)),
        };
        let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let names = names.collect::<io::Result<Vec<_>>>().map_err(self.data_failed("read"))?;
        let is_begun = names.iter().any(|name| name == UNFINISHED);
        match names.iter().find(|name| *name != "lost+found") {
            Some(name) if !is_begun => Err(Failure::Usage(format!(
                "{} is not empty (it holds {}); restore into an empty or a new directory",
                harmless(&self.data.to_string_lossy()),
                harmless(name)
            ))),
            _ => Ok(()),
        }
    }

    /// Reads all of it once, before anything is written.
    fn check_backup(&self, output: Output) -> Result<Checked, Failure> {
        let (file, size) = self.open()?;
        let bar = output.progress(Some(size), Unit::Bytes).with_message("checked");
        let (header, mut reader) = BackupReader::new(file).map_err(|source| self.unreadable(source))?;
        let mut slots = 0;
        loop {
            let piece = reader.next_piece().map_err(|source| self.unreadable(source))?;
            bar.set_position(reader.offset());
            match piece {
                Piece::Changes(changes) => {
                    let needed = changes.iter().filter_map(|(key, entry)| slot_needed(key, entry.as_ref()?));
                    slots = needed.map(|slot| slot.saturating_add(1)).fold(slots, u64::max);
                }
                Piece::End(_) => {
                    bar.finish_and_clear();
                    return Ok(Checked { header, slots, bytes: reader.offset() });
                }
            }
        }
    }

    /// With other keys nothing would open, and with older ones new customers would not.
    fn check_keys(&self, checked: &Checked) -> Result<(), Failure> {
        let path = self.keys.join(HOST_KEY);
        let host_key = read_host_key(&path).map_err(StartFault::from)?;
        if host_key.mark() != checked.header.key_mark {
            return Err(Failure::Backup(BackupFault::OtherKey { path }));
        }
        let path = self.keys.join(CUSTOMER_KEYS);
        let size = fs::metadata(&path).map_err(|source| Failure::file(&path, "read", source))?.len();
        let found = size / SLOT_BYTES;
        if found < checked.slots {
            return Err(Failure::Backup(BackupFault::SlotsOlder { path, found, needed: checked.slots }));
        }
        let path = self.keys.join(ERASURES);
        match erasures_listed(&path) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(Failure::Backup(BackupFault::NoErasures { path }))
            }
            Err(source) => Err(Failure::Backup(BackupFault::Erasures { path, source })),
        }
    }

    /// The mark of an unfinished restore is there before anything else is, and goes last.
    fn fill(&self, output: Output, size: u64) -> Result<u64, Failure> {
        let data = &self.data;
        let unfinished = data.join(UNFINISHED);
        DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(self.data_failed("made"))?;
        File::create(&unfinished)
            .and_then(|file| file.sync_all())
            .and_then(|()| sync_folder(data))
            .map_err(self.data_failed("written"))?;
        self.clear().map_err(self.data_failed("emptied"))?;
        let bar = output.progress(Some(size), Unit::Bytes).with_message("restored");
        let changes = self.fill_storage(|offset| bar.set_position(offset))?;
        for name in KEY_FILES {
            copy_private(&self.keys.join(name), &data.join(name)).map_err(self.data_failed("written"))?;
        }
        sync_folder(data)
            .and_then(|()| fs::remove_file(&unfinished))
            .and_then(|()| sync_folder(data))
            .map_err(self.data_failed("written"))?;
        bar.finish_and_clear();
        Ok(changes)
    }

    fn fill_storage(&self, progress: impl Fn(u64)) -> Result<u64, Failure> {
        let failed = |error| Failure::Backup(BackupFault::Open(error));
        let mut storage = SledRestore::create(&self.data.join(STORAGE), CACHE_BYTES).map_err(failed)?;
        let (file, _) = self.open()?;
        // Checked again: the file may have changed since.
        let (_, mut reader) = BackupReader::new(file).map_err(|source| self.unreadable(source))?;
        let mut count = 0_u64;
        loop {
            match reader.next_piece().map_err(|source| self.unreadable(source))? {
                Piece::Changes(changes) => {
                    storage.apply(&changes).map_err(failed)?;
                    count += u64::try_from(changes.len()).unwrap_or(u64::MAX);
                    progress(reader.offset());
                }
                Piece::End(totals) => {
                    storage.finish(Revision::new(totals.last)).map_err(failed)?;
                    return Ok(count);
                }
            }
        }
    }

    /// What a restore that was cut off left. Only its own names: the directory may be a mounted disk.
    fn clear(&self) -> io::Result<()> {
        let gone = |removed: io::Result<()>| match removed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        };
        gone(fs::remove_dir_all(self.data.join(STORAGE)))?;
        KEY_FILES.iter().try_for_each(|name| gone(fs::remove_file(self.data.join(name))))
    }

    fn open(&self) -> Result<(BufReader<File>, u64), Failure> {
        let failed = |source| Failure::file(&self.from, "read", source);
        let file = File::open(&self.from).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        Ok((BufReader::with_capacity(1024 * 1024, file), size))
    }

    fn unreadable(&self, source: ReadError) -> Failure {
        Failure::Backup(BackupFault::Read { path: self.from.clone(), source })
    }

    fn data_failed(&self, verb: &'static str) -> impl Fn(io::Error) -> Failure {
        let path = self.data.clone();
        move |source| Failure::file(&path, verb, source)
    }
}

/// Copies a key file so that only its owner reads it.
fn copy_private(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(&mut source, &mut file)?;
    file.flush()?;
    file.sync_all()
}
