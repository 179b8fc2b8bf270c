//! Snapshots that were replaced, and the thread that frees them.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::snapshot::Snapshot;

/// While a reader still holds something, how often it is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Frees snapshots once nobody reads them. What a snapshot alone holds, thousands of nodes after a batch of changes, takes
/// about a millisecond to free; without this the writer would, or the last reader in the middle of a decision.
#[derive(Debug)]
pub struct Former {
    retired: Option<Sender<Snapshot>>,
    thread: Option<JoinHandle<()>>,
}

impl Default for Former {
    fn default() -> Self {
        Self::new()
    }
}

impl Former {
    /// Starts the thread. Where none can be started, snapshots are freed by who drops them last.
    #[must_use]
    pub fn new() -> Self {
        let (retired, inbox) = mpsc::channel();
        let free = move || {
            let mut held: Vec<Snapshot> = Vec::new();
            loop {
                // Asleep for as long as there is nothing to look at.
                let arrived = match held.is_empty() {
                    true => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
                    false => inbox.recv_timeout(LOOK_AGAIN),
                };
                match arrived {
                    Ok(snapshot) => held.push(snapshot),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
                held.extend(inbox.try_iter());
                free_unread(&mut held);
            }
        };
        let thread = thread::Builder::new().name("former-snapshots".into()).spawn(free).ok();
        Self { retired: thread.is_some().then_some(retired), thread }
    }

    /// Takes a snapshot that readers are no longer given.
    pub fn retire(&self, snapshot: Snapshot) {
        if let Some(retired) = &self.retired {
            // The thread ends with this value, not before.
            let _ = retired.send(snapshot);
        }
    }
}

/// One that a reader holds stays, so that no reader is the last to hold it.
fn free_unread(held: &mut Vec<Snapshot>) {
    held.retain(|snapshot| !snapshot.is_last());
}

impl Drop for Former {
    fn drop(&mut self) {
        self.retired = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;

    #[test]
    fn what_is_read_is_kept_so_that_no_reader_frees_it() {
        let (read, unread) = (Catalogue::new().snapshot(), Catalogue::new().snapshot());
        let mut held = vec![read.clone(), unread];
        free_unread(&mut held);
        assert_eq!((held.len(), read.is_last()), (1, false));
        drop(read);
        free_unread(&mut held);
        assert!(held.is_empty());
    }

    #[test]
    fn it_ends_with_its_owner_whoever_still_reads() {
        let former = Former::new();
        let snapshot = Catalogue::new().snapshot();
        former.retire(snapshot.clone());
        assert!(!snapshot.is_last());
        drop(former);
        assert!(snapshot.is_last());
    }
}
