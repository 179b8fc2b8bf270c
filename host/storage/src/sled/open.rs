//! Opening a directory: the lock, sled's settings, the format, and what a crash may have left unsynced.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use ::sled::{Config, Db};

use super::codec::{FORMAT, FORMAT_KEY, LAST_KEY};
use super::room::{RESERVE_BYTES, disk};
use crate::{OpenError, Revision};

/// sled moves a page over a quarter of a segment into a file of its own, **which it never syncs**. A page has up
/// to some 20 entries, whatever their size, so the default segment of 512 KiB has pages of plain 8 KiB values
/// overflow. 20 of our largest entries are 1.3 MiB, within a quarter of this. Part of the format: sled refuses to
/// open what was made with another size.
pub(super) const SEGMENT_BYTES: usize = 8 * 1024 * 1024;

/// sled panics below 256 bytes, and thrashes long before.
const CACHE_BYTES_MIN: u64 = 1024 * 1024;

/// How often and how far apart sled's lock is tried: a second in all.
const LOCK_TRIES: u32 = 100;
const LOCK_WAIT: Duration = Duration::from_millis(10);

/// An open directory, locked until dropped.
pub(super) struct Opened {
    pub(super) tree: Db,
    pub(super) last: Revision,
    /// Our own handle on the file that sled keeps everything in.
    pub(super) data_file: File,
    pub(super) lock: File,
}

/// Opens `directory`, making it when it is not there.
pub(super) fn open(directory: &Path, cache_bytes: u64) -> Result<Opened, OpenError> {
    let unusable = |path: &Path| {
        let path = path.to_path_buf();
        move |source| OpenError::Directory { path, source }
    };
    fs::create_dir_all(directory).map_err(unusable(directory))?;
    let lock = lock(directory)?;
    let config = Config::new()
        .path(directory)
        .segment_size(SEGMENT_BYTES)
        .cache_capacity(cache_bytes.max(CACHE_BYTES_MIN));
    let tree = open_tree(&config).map_err(backend(directory))?;
    let last = read_or_write_format(&tree, directory)?;
    // A process killed before it synced leaves what it wrote readable here; a reply may be built on it at once.
    sync_directory(directory).map_err(unusable(directory))?;
    let data_path = directory.join("db");
    let data_file = File::open(&data_path).map_err(unusable(&data_path))?;
    Ok(Opened { tree, last, data_file, lock })
}

/// With our own lock no other process holds sled's, but threads of an instance that this process has just dropped may, for
/// a moment.
fn open_tree(config: &Config) -> ::sled::Result<Db> {
    for _ in 0..LOCK_TRIES {
        match config.open() {
            Err(::sled::Error::Io(error)) if error.to_string().contains("could not acquire lock") => {
                thread::sleep(LOCK_WAIT);
            }
            opened => return opened,
        }
    }
    config.open()
}

/// sled's own lock only comes as text in an error.
fn lock(directory: &Path) -> Result<File, OpenError> {
    let path = directory.join("lock");
    let unusable = |path: PathBuf| move |source| OpenError::Directory { path, source };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(unusable(path.clone()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::AlreadyOpen { path: directory.to_path_buf() }),
        Err(TryLockError::Error(source)) => Err(unusable(path)(source)),
    }
}

fn read_or_write_format(tree: &Db, directory: &Path) -> Result<Revision, OpenError> {
    let path = || directory.to_path_buf();
    let read = |key: &[u8]| tree.get(key).map_err(backend(directory));
    if tree.is_empty() {
        tree.insert(FORMAT_KEY, &FORMAT.to_be_bytes()).map_err(backend(directory))?;
        tree.flush().map_err(backend(directory))?;
    }
    let format =
        read(FORMAT_KEY)?.and_then(|bytes| Some(u32::from_be_bytes(bytes.as_ref().try_into().ok()?)));
    match format {
        Some(FORMAT) => {}
        Some(found) if found > FORMAT => {
            return Err(OpenError::FormatTooNew { path: path(), found, known: FORMAT });
        }
        _ => return Err(OpenError::NotOurs { path: path() }),
    }
    match read(LAST_KEY)? {
        None => Ok(Revision::new(0)),
        Some(bytes) => match bytes.as_ref().try_into() {
            Ok(last) => Ok(Revision::new(u64::from_be_bytes(last))),
            Err(_) => Err(OpenError::NotOurs { path: path() }),
        },
    }
}

/// Syncs every file in `directory` and the names themselves; sled syncs neither names nor its settings.
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        File::open(entry?.path())?.sync_all()?;
    }
    File::open(directory)?.sync_all()?;
    match directory.canonicalize()?.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// What sled's refusal means to whoever opens or fills a directory.
pub(super) fn backend(directory: &Path) -> impl Fn(::sled::Error) -> OpenError {
    let path = directory.to_path_buf();
    move |error| match &error {
        ::sled::Error::Io(io)
            if matches!(io.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) =>
        {
            let free_bytes = disk(&path)().map_or(0, |space| space.free_bytes);
            OpenError::Full { path: path.clone(), free_bytes, reserve_bytes: RESERVE_BYTES }
        }
        _ => OpenError::Backend { path: path.clone(), source: error.into() },
    }
}
