//! Reading a backup, and finding out that it is not whole.

use std::io::{self, Read};

use super::file::{
    CHECK_BYTES, FILE_FORMAT, FRAME_BYTES_MAX, FRAME_HEAD_BYTES, HEADER, Header, JOURNAL, MAGIC, SCANNED,
    SUM_BYTES, Sum, TRAILER, Totals, decode_changes,
};
use crate::FORMAT;
use crate::tap::Change;

/// Why a file cannot be restored from.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system refuses.
    #[error("the backup cannot be read")]
    Read(#[source] io::Error),
    /// It begins with something else.
    #[error("this is no backup of Rebound; name a file that `rebound backup` wrote")]
    Foreign,
    /// It ends in the middle: whoever wrote it was cut off, or it was not copied whole.
    #[error("the backup ends after {offset} bytes, in the middle; make it again, or copy it again")]
    Truncated {
        /// Bytes that were there.
        offset: u64,
    },
    /// A checksum does not match, or bytes follow the end.
    #[error(
        "the backup is damaged before byte {offset}: its checksum does not match; use another copy of it"
    )]
    Damaged {
        /// The end of the part that is damaged.
        offset: u64,
    },
    /// Written by a newer version.
    #[error(
        "the backup has format {found} (written by rebound {host_version}), and this program knows {known}; restore it with that version"
    )]
    TooNew {
        /// The format found, of the file or of the storage in it.
        found: u32,
        /// The format known.
        known: u32,
        /// Who wrote it.
        host_version: String,
    },
    /// Written by a version whose storage looked otherwise. Opening migrates no backup.
    #[error(
        "the backup holds storage format {found} (written by rebound {host_version}), and this program writes {known}; restore it with that version, then start this one on the directory"
    )]
    TooOld {
        /// The storage format found.
        found: u32,
        /// The format known.
        known: u32,
        /// Who wrote it.
        host_version: String,
    },
}

/// A part of a backup, in the order in which parts are to be applied.
#[derive(Debug)]
pub enum Piece {
    /// What entries became.
    Changes(Vec<Change>),
    /// The end: everything was there, and as it was written.
    End(Totals),
}

/// Reads a backup piece by piece. Each piece was checked; only [`Piece::End`] says that the file is whole.
pub struct BackupReader<R> {
    from: R,
    sum: Sum,
    offset: u64,
    totals: Totals,
}

impl<R: Read> BackupReader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`ReadError`]: no backup, or one of another version.
    pub fn new(from: R) -> Result<(Header, Self), ReadError> {
        let mut reader = Self { from, sum: Sum::new(), offset: 0, totals: Totals::default() };
        let mut magic = [0; MAGIC.len()];
        match reader.fill(&mut magic) {
            Ok(()) if magic == *MAGIC => {}
            Err(error @ ReadError::Read(_)) => return Err(error),
            _ => return Err(ReadError::Foreign),
        }
        let (tag, payload) = reader.frame()?;
        let header = Header::decode(&payload).filter(|_| tag == HEADER).ok_or(reader.damaged())?;
        let Header { file_format, storage_format, .. } = header;
        let host_version = header.host_version.clone();
        if file_format > FILE_FORMAT {
            return Err(ReadError::TooNew { found: file_format, known: FILE_FORMAT, host_version });
        }
        if storage_format > FORMAT {
            return Err(ReadError::TooNew { found: storage_format, known: FORMAT, host_version });
        }
        if storage_format < FORMAT {
            return Err(ReadError::TooOld { found: storage_format, known: FORMAT, host_version });
        }
        Ok((header, reader))
    }

    /// The next piece; not to be asked for after [`Piece::End`].
    ///
    /// # Errors
    /// [`ReadError::Truncated`] and [`ReadError::Damaged`] with where.
    pub fn next_piece(&mut self) -> Result<Piece, ReadError> {
        let (tag, payload) = self.frame()?;
        let damaged = self.damaged();
        match tag {
            SCANNED | JOURNAL => {
                let changes = decode_changes(&payload).ok_or(damaged)?;
                let count = if tag == SCANNED { &mut self.totals.scanned } else { &mut self.totals.journal };
                *count += u64::try_from(changes.len()).expect("a count fits 64 bits");
                Ok(Piece::Changes(changes))
            }
            TRAILER => {
                let totals = Totals::decode(&payload).ok_or(damaged)?;
                let whole = self.sum.whole();
                let mut sum = [0; SUM_BYTES];
                self.fill(&mut sum)?;
                let counted = Totals { last: totals.last, ..self.totals };
                let is_end = self.from.read(&mut [0]).map_err(ReadError::Read)? == 0;
                if sum != whole || totals != counted || !is_end {
                    return Err(self.damaged());
                }
                Ok(Piece::End(totals))
            }
            _ => Err(damaged),
        }
    }

    /// Bytes read so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    fn frame(&mut self) -> Result<(u8, Vec<u8>), ReadError> {
        let mut head = [0; FRAME_HEAD_BYTES];
        self.fill(&mut head)?;
        let [tag, size @ ..] = head;
        let size = usize::try_from(u32::from_be_bytes(size)).unwrap_or(usize::MAX);
        if size > FRAME_BYTES_MAX {
            return Err(self.damaged());
        }
        let mut payload = vec![0; size];
        self.fill(&mut payload)?;
        let want = self.sum.check();
        let mut check = [0; CHECK_BYTES];
        self.fill(&mut check)?;
        if check != want {
            return Err(self.damaged());
        }
        Ok((tag, payload))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), ReadError> {
        let mut filled = 0;
        while filled < bytes.len() {
            match self.from.read(&mut bytes[filled..]) {
                Ok(0) => return Err(ReadError::Truncated { offset: self.offset }),
                Ok(count) => {
                    filled += count;
                    self.offset += u64::try_from(count).expect("a count fits 64 bits");
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(ReadError::Read(error)),
            }
        }
        self.sum.update(bytes);
        Ok(())
    }

    fn damaged(&self) -> ReadError {
        ReadError::Damaged { offset: self.offset }
    }
}
