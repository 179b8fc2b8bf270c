//! A storage with places to stop at: between two keys of one read, and before an answer that promises durability.

use std::sync::{Arc, Mutex};

use rebound_storage::{
    Batch, BoxFuture, Bytes, CommitError, Committed, Direction, Entry, Health, Key, KeyRange, Read, Reading,
    Sequence, Storage, StorageError, Unavailable,
};
use tokio::sync::{mpsc, watch};

/// What happens once, in the middle of a read.
type Act = BoxFuture<'static, ()>;

/// Another storage, with hooks.
pub(crate) struct Hooked {
    inner: Arc<dyn Storage>,
    /// Before which key of the next read of several, and what.
    act: Mutex<Option<(usize, Act)>>,
    /// Who waits for durability is told of here, and goes on once it is open.
    gate: Option<(mpsc::UnboundedSender<()>, watch::Receiver<bool>)>,
}

/// The test's side of a storage that makes nothing durable by itself.
pub(crate) struct Gate {
    waiting: mpsc::UnboundedReceiver<()>,
    open: watch::Sender<bool>,
}

impl Hooked {
    /// In place of a key's index: before the next commit lands.
    pub(crate) const AT_COMMIT: usize = usize::MAX;

    /// Lets `act` happen before the key at `index` of the next read of several keys.
    pub(crate) fn acting(inner: Arc<dyn Storage>, index: usize, act: Act) -> Arc<Self> {
        Arc::new(Self { inner, act: Mutex::new(Some((index, act))), gate: None })
    }

    /// Makes nothing durable before the gate is opened.
    pub(crate) fn gated(inner: Arc<dyn Storage>) -> (Arc<Self>, Gate) {
        let (arrive, waiting) = mpsc::unbounded_channel();
        let (open, opened) = watch::channel(false);
        let storage = Self { inner, act: Mutex::new(None), gate: Some((arrive, opened)) };
        (Arc::new(storage), Gate { waiting, open })
    }

    /// Whether the act has happened.
    pub(crate) fn has_acted(&self) -> bool {
        self.act.lock().unwrap().is_none()
    }

    fn take_act(&self, is_due: impl Fn(usize) -> bool) -> Option<Act> {
        let mut act = self.act.lock().unwrap();
        act.take_if(|(at, _)| is_due(*at)).map(|(_, act)| act)
    }

    async fn pass_gate(&self) {
        if let Some((arrive, opened)) = &self.gate {
            arrive.send(()).unwrap();
            opened.clone().wait_for(|open| *open).await.unwrap();
        }
    }
}

impl Gate {
    /// Runs `reply` and sees it wait for durability until the gate opens.
    pub(crate) async fn holds<T>(mut self, reply: impl Future<Output = T>) -> T {
        let mut reply = std::pin::pin!(reply);
        tokio::select! {
            biased;
            _ = &mut reply => panic!("a reply went out before it was durable"),
            waiting = self.waiting.recv() => waiting.unwrap(),
        }
        self.open.send(true).unwrap();
        reply.await
    }
}

impl Storage for Hooked {
    fn get(&self, keys: Vec<Key>) -> BoxFuture<'_, Reading<Vec<Option<Entry>>>> {
        Box::pin(async move {
            let (mut entries, count) = (Vec::new(), keys.len());
            for (index, key) in keys.into_iter().enumerate() {
                if let Some(act) = self.take_act(|at| at == index && count > 1) {
                    act.await;
                }
                entries.extend(self.inner.get(vec![key]).await?.value);
            }
            let revisions = entries.iter().flatten().filter_map(Entry::revision);
            let sequence = match self.gate {
                Some(_) => Sequence::new(revisions.map(|revision| revision.number()).max().unwrap_or(0)),
                None => Sequence::DURABLE,
            };
            Ok(Read { value: entries, sequence })
        })
    }

    fn scan(
        &self,
        owner: Bytes,
        range: KeyRange,
        limit: usize,
        direction: Direction,
    ) -> BoxFuture<'_, Reading<Vec<(Bytes, Entry)>>> {
        self.inner.scan(owner, range, limit, direction)
    }

    fn scan_all(&self, after: Option<Key>, limit: usize) -> BoxFuture<'_, Reading<Vec<(Key, Entry)>>> {
        self.inner.scan_all(after, limit)
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<Committed, CommitError>> {
        Box::pin(async move {
            if let Some(act) = self.take_act(|index| index == Self::AT_COMMIT) {
                act.await;
            }
            let committed = self.inner.commit(batch).await?;
            self.pass_gate().await;
            Ok(committed)
        })
    }

    fn durable(&self, sequence: Sequence) -> BoxFuture<'_, Result<(), StorageError>> {
        Box::pin(async move {
            if sequence > Sequence::DURABLE {
                self.pass_gate().await;
            }
            Ok(())
        })
    }

    fn health(&self) -> Health {
        self.inner.health()
    }

    fn failure(&self) -> BoxFuture<'_, Unavailable> {
        self.inner.failure()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        self.inner.close()
    }
}
