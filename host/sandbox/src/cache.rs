//! Compiled components on disk, so that a start does not compile them again.
//!
//! An artefact is machine code that will be run, so nothing is loaded that this host did not write itself: each
//! file carries a keyed digest of its content, of the component it was made from, of the exact wasmtime and of
//! the engine's settings. The file is read into memory once, and what was checked there is what is loaded: there
//! is no moment at which the file could be exchanged in between.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use hmac::{Hmac, KeyInit as _, Mac as _};
use rebound_domain::ids::Digest;
use sha2::Sha256;
use wasmtime::Engine;

use crate::artefact::Artefact;
use crate::engine::{SETTINGS_BYTES, settings};

/// Where artefacts are kept, and the key that marks them as our own.
#[derive(Clone)]
pub struct CacheOptions {
    /// Made if missing, and closed to everyone but its owner.
    pub dir: PathBuf,
    /// Known to this host only. With another key every artefact is compiled again.
    pub key: [u8; 32],
}

impl std::fmt::Debug for CacheOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CacheOptions").field("dir", &self.dir).finish_non_exhaustive()
    }
}

const TAG_BYTES: usize = 32;
/// How the name of a file begins that is still being written.
const DRAFT: &str = ".draft-";

/// What the cache holds for a component.
pub(crate) enum Found {
    /// An artefact of this host, this wasmtime and these settings.
    Artefact(Artefact),
    /// Nothing.
    Missing,
    /// An artefact of another wasmtime or of other settings.
    Stale,
    /// Something that this host did not write, or that was changed since.
    Tampered,
}

pub(crate) struct Cache {
    dir: PathBuf,
    key: [u8; 32],
    /// Digest of the exact wasmtime and of everything that shapes the code it makes.
    settings: [u8; SETTINGS_BYTES],
}

impl Cache {
    pub(crate) fn open(options: CacheOptions, engine: &Engine) -> std::io::Result<Self> {
        let CacheOptions { dir, key } = options;
        DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
        fs::set_permissions(&dir, Permissions::from_mode(0o700))?;
        sweep(&dir);
        Ok(Self { dir, key, settings: settings(engine) })
    }

    /// Reads and checks what is kept for a component. A file that cannot be read counts as missing.
    pub(crate) fn find(&self, component: Digest) -> Found {
        let Ok(file) = fs::read(self.path(component)) else { return Found::Missing };
        let Some((tag, rest)) = file.split_at_checked(TAG_BYTES) else { return Found::Tampered };
        let Some((settings, artefact)) = rest.split_at_checked(SETTINGS_BYTES) else {
            return Found::Tampered;
        };
        // First whether it is ours at all, under the settings it names; only then whether those are today's.
        if self.mac(component, settings, artefact).verify_slice(tag).is_err() {
            return Found::Tampered;
        }
        if *settings != self.settings {
            return Found::Stale;
        }
        Found::Artefact(Artefact::checked(file, TAG_BYTES + SETTINGS_BYTES))
    }

    /// Keeps an artefact, in one step: a reader sees the old file or the new one.
    pub(crate) fn keep(&self, component: Digest, artefact: &Artefact) -> std::io::Result<()> {
        static UNIQUE: AtomicU64 = AtomicU64::new(0);
        let unique = UNIQUE.fetch_add(1, Ordering::Relaxed);
        let draft = self.dir.join(format!("{DRAFT}{}-{unique}", std::process::id()));
        let tag = self.mac(component, &self.settings, artefact.as_ref()).finalize().into_bytes();
        let written = new_file(&draft).and_then(|mut file| {
            file.write_all(&tag)?;
            file.write_all(&self.settings)?;
            file.write_all(artefact.as_ref())
        });
        let kept = written.and_then(|()| fs::rename(&draft, self.path(component)));
        if kept.is_err() {
            // The draft is of no use; a leftover would only take room.
            fs::remove_file(&draft).ok();
        }
        kept
    }

    fn path(&self, component: Digest) -> PathBuf {
        let name: String = component.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        self.dir.join(name)
    }

    /// All parts but the last have a fixed size, so that no two inputs read the same.
    fn mac(&self, component: Digest, settings: &[u8], artefact: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any size");
        mac.update(b"rebound artefact 1\0");
        mac.update(component.as_bytes());
        mac.update(settings);
        mac.update(artefact);
        mac
    }
}

/// Removes what a process left that ended while it wrote. One data folder has one process, so nobody else is
/// writing; and a file that cannot be removed only takes room.
fn sweep(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(DRAFT.as_bytes()) {
            fs::remove_file(entry.path()).ok();
        }
    }
}

fn new_file(path: &Path) -> std::io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
}
