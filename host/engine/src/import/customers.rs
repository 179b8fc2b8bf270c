//! What the merchant says of customers: traits, consent, locale.

use rebound_domain::event::CustomerRequest;
use rebound_storage::{Batch, CommitError, Sequence};

use super::{ATTEMPTS_MAX, Imported, LineResults, check};
use crate::Engine;
use crate::customer::CustomerFile;
use crate::error::{Damaged, Fault, LineError};
use crate::keys::CustomerKeys;

impl Engine {
    /// Takes in what the merchant says of customers; each line replaces what was said before.
    ///
    /// # Errors
    /// [`Fault`] when the storage fails; lines answered before it are kept.
    pub async fn import_customers(&self, customers: Vec<CustomerRequest>) -> Result<LineResults, Fault> {
        let engine = self.clone();
        let task = tokio::spawn(async move {
            let mut results = LineResults::with_capacity(customers.len());
            let mut sequence = Sequence::default();
            for customer in customers {
                match check::customer(&customer) {
                    Ok(()) => match engine.describe_customer(&customer).await {
                        Ok((imported, read)) => {
                            sequence = sequence.max(read);
                            results.push(Ok(imported));
                        }
                        // One customer's trouble, and no reason to leave out all others.
                        Err(Fault::Damaged(Damaged::Keyless)) => results.push(Err(LineError::Unopened)),
                        Err(fault) => return Err(fault),
                    },
                    Err(error) => results.push(Err(error)),
                }
            }
            engine.shared.storage.durable(sequence).await?;
            Ok(results)
        });
        task.await.map_err(|_| Fault::Lost("importing customers"))?
    }

    /// Answers with what must be durable before the result is told, too.
    async fn describe_customer(&self, request: &CustomerRequest) -> Result<(Imported, Sequence), Fault> {
        let host = &self.shared.host_key;
        let owner = host.owner(&request.customer_id);
        let mut last = Fault::Busy;
        for _ in 0..ATTEMPTS_MAX {
            let keys = CustomerFile::keys(host, &CustomerKeys::new(&owner), &[], []);
            let read = self.shared.storage.get(keys).await?;
            let mut file = match CustomerFile::open(&self.shared, owner, &[], read.value, read.sequence) {
                Ok((file, _)) => file,
                // Somebody made or erased this customer between two of the reads.
                Err(damaged @ (Damaged::Keyless | Damaged::KeyLost)) => {
                    last = damaged.into();
                    continue;
                }
                Err(damaged) => return Err(damaged.into()),
            };
            let before = file.profile.clone();
            file.profile.described(request);
            let imported = match file.is_new() {
                true => Imported::Created,
                false if file.profile == before => return Ok((Imported::Unchanged, file.sequence)),
                false => Imported::Updated,
            };
            let mut batch = Batch::new();
            file.write(&self.shared, &mut batch)?;
            match self.shared.storage.commit(batch).await {
                Ok(_) => return Ok((imported, file.sequence)),
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(last.at_last())
    }
}
