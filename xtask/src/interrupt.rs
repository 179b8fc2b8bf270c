//! Ctrl-C and SIGTERM: heard once, asked about at every step, and handed on to the service.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result, ensure};

static REQUESTED: AtomicBool = AtomicBool::new(false);

type Action = Box<dyn FnMut() + Send>;

/// What else happens at an interrupt.
static ACTION: Mutex<Option<Action>> = Mutex::new(None);

/// From now on an interrupt no longer ends the process at once.
pub(crate) fn listen() -> Result<()> {
    ctrlc::set_handler(|| {
        REQUESTED.store(true, Ordering::SeqCst);
        if let Some(action) = &mut *action() {
            action();
        }
    })
    .context("the handler of Ctrl-C cannot be set")
}

/// Sets what an interrupt does beside being remembered; none for nothing. When one has come already it is done now.
pub(crate) fn on_request(new: Option<Action>) {
    let mut slot = action();
    *slot = new;
    if let Some(action) = slot.as_mut().filter(|_| requested()) {
        action();
    }
}

/// Whether an interrupt has come.
pub(crate) fn requested() -> bool {
    REQUESTED.load(Ordering::SeqCst)
}

/// Fails once an interrupt has come.
pub(crate) fn check() -> Result<()> {
    ensure!(!requested(), "interrupted");
    Ok(())
}

fn action() -> std::sync::MutexGuard<'static, Option<Action>> {
    ACTION.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
