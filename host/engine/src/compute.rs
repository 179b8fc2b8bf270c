//! A fixed pool of threads for strategies, behind a bounded queue.
//!
//! Strategies are synchronous and take tens of microseconds to tens of milliseconds; on the async threads they
//! would stall every connection. Past the bound a job is refused at once: a queue that grows helps nobody.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::error::Fault;

type Job = Box<dyn FnOnce() + Send>;

/// The pool. Threads end, after the jobs already queued, when it is dropped.
#[derive(Debug)]
pub(crate) struct ComputePool {
    queue: Option<SyncSender<Job>>,
    waiting: Arc<AtomicUsize>,
    threads: Vec<JoinHandle<()>>,
}

impl ComputePool {
    /// Starts `threads` threads behind a queue of `queue_count_max` jobs.
    pub(crate) fn start(threads: NonZeroUsize, queue_count_max: usize) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel::<Job>(queue_count_max);
        let jobs = Arc::new(Mutex::new(jobs));
        let spawn = |index| {
            let jobs = Arc::clone(&jobs);
            std::thread::Builder::new().name(format!("compute-{index}")).spawn(move || work(&jobs))
        };
        let threads = (0..threads.get()).map(spawn).collect::<std::io::Result<_>>()?;
        Ok(Self { queue: Some(queue), waiting: Arc::default(), threads })
    }

    /// Jobs that wait for a thread.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Runs `job` on one of the threads.
    ///
    /// # Errors
    /// [`Fault::Busy`] when the queue is full; [`Fault::Lost`] when the job panicked.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let (answer, answered) = oneshot::channel();
        // Nobody may be waiting any more: the answer is then dropped.
        let waiting = Waiting::count(&self.waiting);
        let job = Box::new(move || {
            drop(waiting);
            drop(answer.send(job()));
        });
        let queue = self.queue.as_ref().expect("the queue lives as long as the pool");
        queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Fault::Busy,
            TrySendError::Disconnected(_) => Fault::Lost("compute threads"),
        })?;
        answered.await.map_err(|_| Fault::Lost("a compute job"))
    }
}

/// A job that waits for a thread, counted for as long as it does.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn count(waiting: &Arc<AtomicUsize>) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(waiting))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // A bug in one decision must not take a thread from all others; its sender hears of the loss.
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).is_err() {
            tracing::error!("a compute job panicked; its request is answered with an error");
        }
    }
}

impl Drop for ComputePool {
    fn drop(&mut self) {
        drop(self.queue.take());
        for thread in self.threads.drain(..) {
            // A compute thread catches panics, so joining cannot fail.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: NonZeroUsize = NonZeroUsize::MIN;

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_serves_what_it_took() {
        let pool = Arc::new(ComputePool::start(ONE, 1).unwrap());
        let (started, wait_started) = std::sync::mpsc::channel();
        let (release, gate) = std::sync::mpsc::channel::<()>();
        let running = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move {
                pool.run(move || {
                    started.send(()).unwrap();
                    gate.recv().unwrap();
                    1
                })
                .await
            }
        });
        tokio::task::spawn_blocking(move || wait_started.recv().unwrap()).await.unwrap();
        let mut queued = Box::pin(pool.run(|| 2));
        assert!(
            std::future::poll_fn(|cx| std::task::Poll::Ready(queued.as_mut().poll(cx).is_pending())).await
        );
        assert!(matches!(pool.run(|| 3).await, Err(Fault::Busy)));
        assert_eq!(pool.waiting(), 1, "neither what runs nor what was refused");
        release.send(()).unwrap();
        assert_eq!(running.await.unwrap().unwrap(), 1);
        assert_eq!(queued.await.unwrap(), 2);
        assert_eq!(pool.waiting(), 0);
    }

    #[tokio::test]
    async fn a_panicking_job_is_lost_alone() {
        let pool = ComputePool::start(ONE, 4).unwrap();
        let lost = pool.run(|| -> u8 { panic!("a bug") }).await;
        assert!(matches!(lost, Err(Fault::Lost(_))));
        assert_eq!(pool.run(|| 5).await.unwrap(), 5);
    }
}
