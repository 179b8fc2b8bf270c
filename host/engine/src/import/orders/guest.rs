//! Orders of nobody known: each stands by itself, sealed with the host's key.

use std::collections::BTreeMap;

use rebound_domain::ids::OrderId;
use rebound_storage::{Batch, Entry, Key, Revision};

use super::line::Line;
use super::{Imported, Landed};
use crate::Engine;
use crate::error::{Damaged, Fault};
use crate::keys;
use crate::records::{OrderIndex, OrderRecord, encode, open, seal};

/// An order as it shall be.
struct Known {
    order: OrderRecord,
    /// Which write it was read from; none when it is new.
    revision: Option<Revision>,
    changed: bool,
}

impl Engine {
    pub(super) async fn try_land_guests(&self, lines: &[Line]) -> Result<Landed, Fault> {
        let host = &self.shared.host_key;
        let place = |id: &OrderId| keys::guest_order(host, id);
        let indices: Vec<Key> = lines.iter().map(|line| keys::order_index(host, &line.order.id)).collect();
        let mut wanted = indices.clone();
        wanted.extend(lines.iter().map(|line| place(&line.order.id)));
        let read = self.shared.storage.get(wanted).await?;
        let mut claims = read.value;
        let stored = claims.split_off(indices.len());

        let mut landed = Landed { sequence: read.sequence, ..Landed::default() };
        let mut batch = Batch::new();
        let mut orders: BTreeMap<OrderId, Known> = BTreeMap::new();
        for (((line, index), claim), stored) in lines.iter().zip(indices).zip(claims).zip(stored) {
            let id = &line.order.id;
            if let Some(Entry::Value { revision, bytes }) = stored
                && !orders.contains_key(id)
            {
                let order = self.open_guest_order(&place(id), &bytes)?;
                orders.insert(id.clone(), Known { order, revision: Some(revision), changed: false });
            }
            let result = match orders.get_mut(id) {
                Some(known) => {
                    let result = line.update(&mut known.order);
                    known.changed |= result == Ok(Imported::Updated);
                    result
                }
                // Known, and a customer's.
                None if claim.is_some() => Err(line.conflict()),
                None => {
                    batch.expect_absent(index.clone()).put(index, encode(&OrderIndex { owner: None }));
                    let order = line.order.clone();
                    orders.insert(id.clone(), Known { order, revision: None, changed: true });
                    landed.sales.push((None, line.order.clone()));
                    Ok(Imported::Created)
                }
            };
            landed.results.push((line.index, result));
        }
        for (id, known) in orders.into_iter().filter(|(_, known)| known.changed) {
            let key = place(&id);
            match known.revision {
                Some(revision) => batch.expect_revision(key.clone(), revision),
                None => batch.expect_absent(key.clone()),
            };
            let sealed = seal(&self.shared.record_seal, &key.owner, &known.order);
            batch.put(key, sealed);
        }
        if !batch.is_empty() {
            self.shared.storage.commit(batch).await?;
        }
        Ok(landed)
    }

    fn open_guest_order(&self, key: &Key, sealed: &[u8]) -> Result<OrderRecord, Damaged> {
        open(&self.shared.record_seal, "order", &key.owner, sealed)
    }
}
