//! Key files: made once, readable by their owner only.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rebound_engine::random;

/// Far more than any key; a file that is no key is not read into memory.
const SECRET_BYTES_MAX: u64 = 1024;

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    /// The system refuses.
    #[error("{} cannot be {verb}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What was tried.
        verb: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Others can read it.
    #[error("{} is open to others (mode {mode:03o}); it is a secret: chmod 600 it, and replace it if others may have read it", path.display())]
    Loose {
        /// Which.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Not what was written.
    #[error("{} does not hold {SECRET_DIGITS} hex digits; restore it from a backup", path.display())]
    Form {
        /// Which.
        path: PathBuf,
    },
}

/// A secret of 32 bytes.
pub(super) struct Secret {
    pub(super) bytes: [u8; 32],
    pub(super) origin: Origin,
}

/// Where a secret comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// It was made now.
    Made,
    /// It was read.
    Read,
}

const SECRET_DIGITS: usize = 64;

impl Secret {
    /// Reads the file, or makes it when there is none. Whoever makes it first wins.
    pub(super) fn read_or_make(path: &Path) -> Result<Self, SecretError> {
        let failed = |verb| move |source| SecretError::File { path: path.to_path_buf(), verb, source };
        match read(path)? {
            Some(bytes) => return Ok(Self { bytes, origin: Origin::Read }),
            None => make(path, &random()).map_err(failed("written"))?,
        }
        // Read back: another process may have been first, and what counts is what the file says.
        let bytes = read(path)?.ok_or_else(|| failed("read")(io::ErrorKind::NotFound.into()))?;
        Ok(Self { bytes, origin: Origin::Made })
    }

    /// Reads the file; none when it is not there.
    pub(super) fn read(path: &Path) -> Result<Option<[u8; 32]>, SecretError> {
        read(path)
    }

    pub(super) fn to_hex(&self) -> String {
        to_hex(&self.bytes)
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read(path: &Path) -> Result<Option<[u8; 32]>, SecretError> {
    let failed = |source| SecretError::File { path: path.to_path_buf(), verb: "read", source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SecretError::Loose { path: path.to_path_buf(), mode });
    }
    let mut text = Vec::new();
    file.take(SECRET_BYTES_MAX).read_to_end(&mut text).map_err(failed)?;
    from_hex(text.trim_ascii()).map(Some).ok_or_else(|| SecretError::Form { path: path.to_path_buf() })
}

fn from_hex(text: &[u8]) -> Option<[u8; 32]> {
    let digit = |digit: &u8| char::from(*digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits: Vec<u8> = text.iter().map(digit).collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    (digits.len() == SECRET_DIGITS).then(|| bytes.try_into().ok())?
}

/// Writes under another name first, so that no crash leaves half a key under its own.
fn make(path: &Path, bytes: &[u8; 32]) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", to_hex(&random::<8>())));
    let draft = PathBuf::from(name);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = writeln!(file, "{}", to_hex(bytes)).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    fs::remove_file(&draft)?;
    linked?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("host.key");
        let made = Secret::read_or_make(&path).unwrap();
        assert_eq!(made.origin, Origin::Made);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let read = Secret::read_or_make(&path).unwrap();
        assert_eq!((read.bytes, read.origin), (made.bytes, Origin::Read));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn whoever_makes_a_secret_first_wins() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("host.key");
        make(&path, &[1; 32]).unwrap();
        make(&path, &[2; 32]).unwrap();
        assert_eq!(read(&path).unwrap(), Some([1; 32]));
    }

    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("host.key");
        make(&path, &[1; 32]).unwrap();
        for mode in [0o640, 0o604, 0o620, 0o601] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains(&format!("mode {mode:o}")) && error.contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_no_secret_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("host.key");
        for text in ["", "0123", &"0".repeat(63), &"g".repeat(64), &"0".repeat(66)] {
            make(&path, &[1; 32]).unwrap();
            fs::write(&path, text).unwrap();
            assert!(matches!(read(&path), Err(SecretError::Form { .. })), "{text}");
        }
    }
}
