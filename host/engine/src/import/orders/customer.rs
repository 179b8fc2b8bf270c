//! Orders of a known customer: sealed with the customer's key, and counted in the profile.

use rebound_catalog::CustomerKey;
use rebound_domain::ids::{CustomerId, OrderId};
use rebound_storage::{Batch, Entry, Key};

use super::line::Line;
use super::{Imported, Landed};
use crate::Engine;
use crate::customer::CustomerFile;
use crate::error::Fault;
use crate::keys::{self, CustomerKeys};
use crate::records::{OrderIndex, encode};

impl Engine {
    pub(super) async fn try_land_customer(
        &self,
        customer: &CustomerId,
        lines: &[Line],
    ) -> Result<Landed, Fault> {
        let host = &self.shared.host_key;
        let owner = host.owner(customer);
        let ids: Vec<OrderId> = lines.iter().map(|line| line.order.id.clone()).collect();
        let indices: Vec<Key> = ids.iter().map(|id| keys::order_index(host, id)).collect();
        let mut wanted = indices.clone();
        wanted.extend(CustomerFile::keys(host, &CustomerKeys::new(&owner), &ids, []));
        let read = self.shared.storage.get(wanted).await?;
        let mut entries = read.value.into_iter();
        let claims: Vec<Option<Entry>> = entries.by_ref().take(indices.len()).collect();
        let (mut file, _) = CustomerFile::open(&self.shared, owner, &ids, entries.collect(), read.sequence)?;

        let mut landed = Landed { sequence: read.sequence, ..Landed::default() };
        let mut batch = Batch::new();
        for ((line, index), claim) in lines.iter().zip(indices).zip(claims) {
            let result = match file.orders.get_mut(&line.order.id) {
                Some(known) => line.update(known),
                // Known, and not this customer's.
                None if claim.is_some() => Err(line.conflict()),
                None => {
                    batch.expect_absent(index.clone());
                    batch.put(index, encode(&OrderIndex { owner: Some(owner) }));
                    file.profile.ordered(&line.order, self.shared.limits.purchases as usize);
                    file.orders.insert(line.order.id.clone(), line.order.clone());
                    landed.sales.push((Some(CustomerKey(owner)), line.order.clone()));
                    Ok(Imported::Created)
                }
            };
            landed.results.push((line.index, result));
        }
        // A new customer none of whose orders was taken stays unknown: an erased one must not come back empty.
        if !(file.is_new() && landed.sales.is_empty()) {
            file.write(&self.shared, &mut batch)?;
        }
        if !batch.is_empty() {
            self.shared.storage.commit(batch).await?;
        }
        Ok(landed)
    }
}
