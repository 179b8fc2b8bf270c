//! Whether a text is a token, whose, and whether it may ask now.

use std::sync::{Arc, LazyLock};
use std::time;

use rebound_domain::access::{Caller, TokenFormError, TokenText};
use rebound_domain::time::Instant;
use rebound_storage::Batch;
use subtle::ConstantTimeEq as _;

use super::held::{Held, UseRecord};
use crate::Engine;
use crate::keys;
use crate::records::encode;

/// Why a token does not pass. No text says anything of a token whose secret is not right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is no token.
    #[error("the token is none of this deployment's: {0}")]
    Form(#[from] TokenFormError),
    /// It is none of ours.
    #[error("the token is none of this deployment's; list them with `rebound token list`")]
    Unknown,
    /// Another secret has taken its place.
    #[error("the token was rotated, and the time of its old secret is over; use the new one")]
    RotatedOut,
    /// It was revoked.
    #[error("the token was revoked; ask for a new one")]
    Revoked,
    /// Its time is over.
    #[error("the token has expired; ask for a new one")]
    Expired,
    /// It asks more often than it may.
    #[error(
        "the token may ask {per_second} times a second, and {burst} times at once; send the request again later"
    )]
    TooOften {
        /// Requests a second.
        per_second: u32,
        /// Requests at once.
        burst: u32,
        /// When there is room again.
        wait: time::Duration,
    },
}

impl Engine {
    /// Who has this token. Reads memory only; secrets are compared in a time that does not depend on them.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn authenticate(&self, text: &str, now: Instant) -> Result<Arc<Caller>, Refused> {
        let text: TokenText = text.parse()?;
        let held = self.shared.tokens.get(text.id()).ok_or(Refused::Unknown)?;
        let given = self.secret_mac(&text);
        let record = &held.record;
        if !bool::from(given.ct_eq(&record.secret)) {
            let previous = record.previous.as_ref();
            let previous = previous.filter(|previous| bool::from(given.ct_eq(&previous.secret)));
            if previous.ok_or(Refused::Unknown)?.until <= now {
                return Err(Refused::RotatedOut);
            }
        }
        if record.revoked_at.is_some() {
            return Err(Refused::Revoked);
        }
        if record.terms.has_expired(now) {
            return Err(Refused::Expired);
        }
        held.take(monotonic_micros()).map_err(|micros| {
            let rate = record.terms.rate;
            let wait = time::Duration::from_micros(micros);
            Refused::TooOften { per_second: rate.per_second, burst: rate.burst, wait }
        })?;
        if let Some(used) = held.used(now) {
            self.store_use(&held, used);
        }
        Ok(Arc::clone(&held.caller))
    }

    /// What the wall's clock says: what tokens expire by, whatever the clock of decisions.
    #[must_use]
    pub fn wall_now(&self) -> Instant {
        self.wall_clock()
    }

    /// A use that is not stored is stored an hour later: nobody waits for it.
    fn store_use(&self, held: &Held, used: UseRecord) {
        let mut batch = Batch::new();
        batch.put(keys::token_use(held.record.id), encode(&used));
        let storage = Arc::clone(&self.shared.storage);
        tokio::spawn(async move {
            if let Err(error) = storage.commit(batch).await {
                tracing::debug!(%error, "the use of a token is not stored");
            }
        });
    }
}

/// Since the first request of the process. The wall's clock may go back, and would let a token in more often.
fn monotonic_micros() -> u64 {
    static START: LazyLock<time::Instant> = LazyLock::new(time::Instant::now);
    u64::try_from(START.elapsed().as_micros()).unwrap_or(u64::MAX)
}
