//! The data directory: what lies in it, and who may look.
//!
//! `host.key` seals every record and marks compiled components as our own; `customer.keys` is what erasing
//! a customer overwrites, `customer.erasures` who was erased; `admin.token` is what clients send;
//! `storage/` holds the records, `cache/` compiled components, which can be thrown away.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rebound_engine::{HostKey, KeySlots};

use super::secret::{Origin, Secret, SecretError};
use crate::output::harmless;

pub(crate) const HOST_KEY: &str = "host.key";
const ADMIN_TOKEN: &str = "admin.token";
pub(crate) const CUSTOMER_KEYS: &str = "customer.keys";
/// Who was erased; the engine makes it beside the file above.
pub(crate) const ERASURES: &str = "customer.erasures";
/// What opens the records, and so is in no backup: kept apart, and put back by a restore.
pub(crate) const KEY_FILES: [&str; 3] = [HOST_KEY, CUSTOMER_KEYS, ERASURES];
/// Stands where a restore has begun and not ended.
pub(crate) const UNFINISHED: &str = "restore.unfinished";
pub(crate) const STORAGE: &str = "storage";
const CACHE: &str = "cache";

/// A directory that is ours, and closed to others.
pub(super) struct DataDir {
    dir: PathBuf,
}

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataError {
    /// The system refuses.
    #[error("the data directory {} cannot be {verb}", dir.display())]
    Dir {
        /// Which.
        dir: PathBuf,
        /// What was tried.
        verb: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It holds something else: closing it to others could break that.
    #[error("{} holds other files (such as {file}) and no Rebound data; choose an empty or a new directory", dir.display())]
    Foreign {
        /// Which.
        dir: PathBuf,
        /// One of them.
        file: String,
    },
    /// Nothing was ever stored in it.
    #[error("{} holds no records; name a data directory of `rebound serve`", dir.display())]
    NoRecords {
        /// Which.
        dir: PathBuf,
    },
    /// Half of the records may be there.
    #[error("{} holds a restore that did not end; run `rebound restore` again, which starts over", dir.display())]
    Unfinished {
        /// Which.
        dir: PathBuf,
    },
    /// The records are there, what unseals them is not.
    #[error("{} holds records but no {HOST_KEY}, and nothing opens them without it; restore it from a backup", dir.display())]
    KeyMissing {
        /// Which.
        dir: PathBuf,
    },
    /// The records are there, what customers' keys are wrapped by is not.
    #[error("{} holds records but no {CUSTOMER_KEYS}, and no customer's record opens without it; put the file back, or start with a new directory if the records come from a build that had none", dir.display())]
    SlotsMissing {
        /// Which.
        dir: PathBuf,
    },
    /// The records are there, and what customers' keys are wrapped by cannot be read.
    #[error("{}, or {ERASURES} beside it, cannot be opened", path.display())]
    Slots {
        /// The first of the two.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A key file.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

/// The host's secret in a file that must be there.
pub(crate) fn read_host_key(path: &Path) -> Result<HostKey, DataError> {
    let bytes = Secret::read(path)?
        .ok_or_else(|| DataError::KeyMissing { dir: path.parent().unwrap_or(path).to_path_buf() })?;
    Ok(HostKey::new(bytes))
}

/// The keys of a directory that was served before, for who reads it and serves nothing.
pub(crate) fn existing_keys(dir: &Path) -> Result<(HostKey, KeySlots), DataError> {
    let entries = fs::read_dir(dir);
    let failed = |source| DataError::Dir { dir: dir.to_path_buf(), verb: "read", source };
    drop(entries.map_err(failed)?);
    if dir.join(UNFINISHED).exists() {
        return Err(DataError::Unfinished { dir: dir.to_path_buf() });
    }
    if !dir.join(STORAGE).is_dir() {
        return Err(DataError::NoRecords { dir: dir.to_path_buf() });
    }
    let host_key = read_host_key(&dir.join(HOST_KEY))?;
    let data = DataDir { dir: dir.to_path_buf() };
    Ok((host_key, data.key_slots()?))
}

impl DataDir {
    /// Makes the directory, or checks that it is ours, and closes it to others.
    pub(super) fn open(dir: &Path) -> Result<Self, DataError> {
        let failed = |verb| move |source| DataError::Dir { dir: dir.to_path_buf(), verb, source };
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed("made"))?;
        let entries = fs::read_dir(dir).and_then(|entries| {
            entries
                .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
                .collect::<io::Result<Vec<_>>>()
        });
        let entries = entries.map_err(failed("read"))?;
        if entries.iter().any(|name| name == UNFINISHED) {
            return Err(DataError::Unfinished { dir: dir.to_path_buf() });
        }
        if !entries.iter().any(|name| name == HOST_KEY) {
            if entries.iter().any(|name| name == STORAGE) {
                return Err(DataError::KeyMissing { dir: dir.to_path_buf() });
            }
            // A draft of a key is what a crash of the first start leaves; lost+found marks a fresh disk.
            let is_ours = |name: &String| name.starts_with(HOST_KEY) || name == "lost+found";
            if let Some(file) = entries.iter().find(|name| !is_ours(name)) {
                return Err(DataError::Foreign { dir: dir.to_path_buf(), file: file.clone() });
            }
        }
        let mode = fs::metadata(dir).map_err(failed("read"))?.permissions().mode();
        if mode & 0o077 != 0 {
            fs::set_permissions(dir, Permissions::from_mode(0o700)).map_err(failed("closed to others"))?;
        }
        let data = Self { dir: dir.to_path_buf() };
        // The key comes first: whatever else lies here was written with it.
        data.host_key()?;
        Ok(data)
    }

    /// The host's secret.
    pub(super) fn host_key(&self) -> Result<HostKey, DataError> {
        Ok(HostKey::new(Secret::read_or_make(&self.dir.join(HOST_KEY))?.bytes))
    }

    /// What clients send. Made, and shown this once, at the first start that needs it.
    pub(super) fn admin_token(&self) -> Result<String, DataError> {
        let path = self.dir.join(ADMIN_TOKEN);
        let secret = Secret::read_or_make(&path)?;
        let token = secret.to_hex();
        if secret.origin == Origin::Made {
            // Not through the log: a filter would drop it, and whatever collects logs would keep it.
            let shown = format!("the admin token, shown this once and kept in {}: {token}", path.display());
            // Without standard error the file still tells.
            writeln!(io::stderr().lock(), "{}", harmless(&shown)).ok();
        }
        Ok(token)
    }

    /// What erasing a customer overwrites.
    pub(super) fn key_slots(&self) -> Result<KeySlots, DataError> {
        let path = self.dir.join(CUSTOMER_KEYS);
        if !path.exists() && self.storage().exists() {
            return Err(DataError::SlotsMissing { dir: self.dir.clone() });
        }
        KeySlots::open(&path).map_err(|source| DataError::Slots { path, source })
    }

    pub(super) fn storage(&self) -> PathBuf {
        self.dir.join(STORAGE)
    }

    pub(super) fn cache(&self) -> PathBuf {
        self.dir.join(CACHE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_directory_is_private_and_opens_again() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("a/b");
        let first = DataDir::open(&dir).unwrap();
        assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
        let token = first.admin_token().unwrap();
        fs::set_permissions(&dir, Permissions::from_mode(0o755)).unwrap();
        let second = DataDir::open(&dir).unwrap();
        assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(second.admin_token().unwrap(), token);
        assert_eq!(second.host_key().unwrap().derive("a"), first.host_key().unwrap().derive("a"));
    }

    #[test]
    fn a_directory_of_others_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("thesis.tex"), "").unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        let error = DataDir::open(dir.path()).err().unwrap();
        assert!(matches!(&error, DataError::Foreign { file, .. } if file == "thesis.tex"), "{error}");
        assert_eq!(fs::metadata(dir.path()).unwrap().permissions().mode() & 0o777, 0o755);
    }

    #[test]
    fn records_without_their_key_are_not_given_another() {
        let dir = tempfile::tempdir().unwrap();
        DataDir::open(dir.path()).unwrap();
        fs::create_dir(dir.path().join(STORAGE)).unwrap();
        fs::remove_file(dir.path().join(HOST_KEY)).unwrap();
        assert!(matches!(DataDir::open(dir.path()), Err(DataError::KeyMissing { .. })));
    }

    #[test]
    fn a_crash_while_the_key_is_made_is_no_obstacle() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("host.key.0011223344556677"), "12").unwrap();
        DataDir::open(dir.path()).unwrap();
    }
}
