//! What the merchant says of customers: traits, consent, locale.

use rebound_domain::event::CustomerRequest;
use rebound_storage::{Batch, CommitError};

use super::{ATTEMPTS_MAX, Imported, LineResults, check};
use crate::Engine;
use crate::customer::CustomerFile;
use crate::error::Fault;

impl Engine {
    /// Takes in what the merchant says of customers; each line replaces what was said before.
    ///
    /// # Errors
    /// [`Fault`] when the storage fails; lines answered before it are kept.
    pub async fn import_customers(&self, customers: Vec<CustomerRequest>) -> Result<LineResults, Fault> {
        let engine = self.clone();
        let task = tokio::spawn(async move {
            let mut results = LineResults::with_capacity(customers.len());
            for customer in customers {
                match check::customer(&customer) {
                    Ok(()) => results.push(Ok(engine.describe_customer(&customer).await?)),
                    Err(error) => results.push(Err(error)),
                }
            }
            Ok(results)
        });
        task.await.map_err(|_| Fault::Lost("importing customers"))?
    }

    async fn describe_customer(&self, request: &CustomerRequest) -> Result<Imported, Fault> {
        for _ in 0..ATTEMPTS_MAX {
            let mut file = CustomerFile::read(&self.shared, &request.customer_id, &[]).await?;
            let before = file.profile.clone();
            file.profile.described(request);
            let imported = match file.is_new() {
                true => Imported::Created,
                false if file.profile == before => return Ok(Imported::Unchanged),
                false => Imported::Updated,
            };
            let mut batch = Batch::new();
            file.write(&self.shared, &mut batch);
            match self.shared.storage.commit(batch).await {
                Ok(_) => return Ok(imported),
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Fault::Busy)
    }
}
