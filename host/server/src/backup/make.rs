//! `rebound backup`: takes a backup from a service and checks it while it comes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use indicatif::ProgressBar;
use rebound_engine::random;
use rebound_storage::backup::{BackupReader, Piece, ReadError, Totals};
use serde_json::json;

use super::{BackupFault, rate, sync_folder};
use crate::client::Remote;
use crate::exit::{self, Exit};
use crate::failure::Failure;
use crate::output::{Output, Unit, harmless};

const EXAMPLES: &str = "Examples:
  rebound backup --to rebound-2026-03-01.backup
  rebound backup --to /mnt/backups/$(date +%F).backup --token-file /var/lib/rebound/admin.token --json

The service goes on deciding meanwhile. The file holds the storage and no keys: keep host.key, customer.keys and
customer.erasures of the data directory apart from it, and the newest of them only (docs/backup.md). Under its name there is never half a
backup: what is cut off leaves NAME.partial-*, which can be deleted.";

/// Make a backup of a service that is running.
#[derive(Debug, Args)]
#[command(after_help = help())]
pub(crate) struct Backup {
    /// The file to make; it must not exist.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    #[command(flatten)]
    remote: Remote,
}

fn help() -> String {
    format!("{EXAMPLES}\nExit codes:\n{}", exit::TABLE)
}

impl Backup {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let to = self.to;
        let file_failed = |verb| {
            let path = &to;
            move |source: io::Error| match source.kind() {
                io::ErrorKind::AlreadyExists => Failure::Backup(BackupFault::Exists { path: path.clone() }),
                _ => Failure::file(path, verb, source),
            }
        };
        if fs::symlink_metadata(&to).is_ok() {
            return Err(file_failed("made")(io::ErrorKind::AlreadyExists.into()));
        }
        // Before anything is asked of the service: a folder that cannot be written is found first.
        let draft = Draft::create(&to).map_err(file_failed("made"))?;
        let body = self.remote.client()?.post_for_stream("/v1/backups")?;
        let started = Instant::now();
        let bar = output.progress(None, Unit::Bytes);
        let (totals, bytes) = match take(body, &draft, &bar) {
            Ok(taken) => taken,
            Err(Taken::Written(source)) => return Err(file_failed("written")(source)),
            Err(Taken::Received(source)) => {
                return Err(Failure::Backup(BackupFault::Received { path: to, source }));
            }
        };
        draft.publish(&to).map_err(file_failed("made"))?;
        bar.finish_and_clear();
        let seconds = started.elapsed().as_secs_f64();
        let Totals { scanned, journal, .. } = totals;
        output.json(&json!({
            "file": to, "bytes": bytes, "entries": scanned, "changes_meanwhile": journal,
            "seconds": seconds,
        }))?;
        output.text(format!(
            "{}: {scanned} entries and {journal} changes made meanwhile, {}",
            harmless(&to.to_string_lossy()),
            rate(bytes, seconds)
        ))?;
        Ok(Exit::Done)
    }
}

/// A file under another name. Dropped, it is deleted.
struct Draft {
    path: PathBuf,
    file: File,
}

impl Draft {
    fn create(to: &Path) -> io::Result<Self> {
        let mark: String = random::<8>().iter().map(|byte| format!("{byte:02x}")).collect();
        let mut path = to.as_os_str().to_owned();
        path.push(format!(".partial-{mark}"));
        let path = PathBuf::from(path);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Self { path, file })
    }

    /// Gives it its name, once it is durable; never over another file.
    fn publish(self, to: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        fs::hard_link(&self.path, to)?;
        fs::remove_file(&self.path)?;
        to.parent().map_or(Ok(()), sync_folder)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Published, or never to be.
        fs::remove_file(&self.path).ok();
    }
}

/// What went wrong: on this side, or on the other.
enum Taken {
    Written(io::Error),
    Received(ReadError),
}

/// Writes what comes, and reads it as a restore would. Only what is whole is taken.
fn take(body: impl Read, draft: &Draft, bar: &ProgressBar) -> Result<(Totals, u64), Taken> {
    let mut tee = Tee { from: body, to: io::BufWriter::new(&draft.file), failed: None };
    let read = read_to_end(&mut tee, bar);
    if let Some(failed) = tee.failed.take() {
        return Err(Taken::Written(failed));
    }
    let read = read.map_err(Taken::Received)?;
    tee.to.flush().map_err(Taken::Written)?;
    Ok(read)
}

fn read_to_end(from: impl Read, bar: &ProgressBar) -> Result<(Totals, u64), ReadError> {
    let (_, mut reader) = BackupReader::new(from)?;
    loop {
        let piece = reader.next_piece()?;
        bar.set_position(reader.offset());
        if let Piece::End(totals) = piece {
            return Ok((totals, reader.offset()));
        }
    }
}

/// Reads, and writes what was read.
struct Tee<'a, R> {
    from: R,
    to: io::BufWriter<&'a File>,
    failed: Option<io::Error>,
}

impl<R: Read> Read for Tee<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(bytes)?;
        if let Err(error) = self.to.write_all(&bytes[..count]) {
            self.failed = Some(error);
            return Err(io::ErrorKind::Other.into());
        }
        Ok(count)
    }
}
