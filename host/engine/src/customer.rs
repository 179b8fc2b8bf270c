//! One customer's records, read together and written together.
//!
//! The profile is the guard: whatever writes for a customer expects the profile it read, so that two writers of
//! one customer conflict and one of them reads again.

use std::collections::BTreeMap;

use rebound_domain::ids::OrderId;
use rebound_storage::{Batch, Bytes, Entry, Key, Revision, Sequence};

use crate::engine::Shared;
use crate::error::Damaged;
use crate::identity::{HostKey, Owner, Seal, random};
use crate::keys::CustomerKeys;
use crate::profile::Profile;
use crate::records::{OrderRecord, open, seal};

/// A sealed value and which write of it was read.
pub(crate) type Sealed = (Revision, Bytes);

/// A customer's records as they were read, and as they shall be.
pub(crate) struct CustomerFile {
    pub(crate) owner: Owner,
    pub(crate) keys: CustomerKeys,
    pub(crate) seal: Seal,
    pub(crate) profile: Profile,
    pub(crate) orders: BTreeMap<OrderId, OrderRecord>,
    /// What must be durable before a reply built on this file, when no commit of its own follows.
    pub(crate) sequence: Sequence,
    /// The customer's key, when it is made here.
    new_data_key: Option<[u8; 32]>,
    profile_read: Option<(Revision, Profile)>,
    orders_read: BTreeMap<OrderId, (Revision, OrderRecord)>,
}

impl CustomerFile {
    /// The keys that [`CustomerFile::open`] takes the entries of, in its order: the guard before everything that it
    /// guards, so that whoever writes in between is noticed; the customer's key after everything that it opens, so
    /// that whatever was found has its key.
    pub(crate) fn keys(
        host: &HostKey,
        keys: &CustomerKeys,
        orders: &[OrderId],
        others: impl IntoIterator<Item = Key>,
    ) -> Vec<Key> {
        let orders = orders.iter().map(|id| keys.order(host, id));
        let last = [keys.data_key()];
        [keys.profile()].into_iter().chain(orders).chain(others).chain(last).collect()
    }

    /// Opens what was read under [`CustomerFile::keys`]; what stands under its `others` comes back as it was read.
    ///
    /// # Errors
    /// [`Damaged::KeyLost`] when something sealed was found without the customer's key: somebody wrote in between,
    /// and a key made here would open nothing. [`Damaged::Keyless`] when the key was erased.
    pub(crate) fn open(
        shared: &Shared,
        owner: Owner,
        orders: &[OrderId],
        entries: Vec<Option<Entry>>,
        sequence: Sequence,
    ) -> Result<(Self, Vec<Option<Sealed>>), Damaged> {
        let keys = CustomerKeys::new(&owner);
        let mut values = entries.into_iter().map(|entry| match entry {
            Some(Entry::Value { revision, bytes }) => Some((revision, bytes)),
            Some(Entry::Counter(_)) | None => None,
        });
        let data_key = values.next_back().flatten();
        let mut values: Vec<Option<Sealed>> = values.collect();
        let (new_data_key, seal) = match data_key {
            Some((_, sealed)) => (None, open_data_key(shared, &owner, &sealed)?),
            None if values.iter().any(Option::is_some) => return Err(Damaged::KeyLost),
            None => {
                let data_key = random();
                (Some(data_key), Seal::new(&data_key))
            }
        };
        let others = values.split_off(1 + orders.len());
        let mut values = values.into_iter();
        let profile_read = match values.next().flatten() {
            Some((revision, sealed)) => {
                Some((revision, open(&seal, "profile", &keys.profile().key, &sealed)?))
            }
            None => None,
        };
        let mut orders_read = BTreeMap::new();
        for (id, value) in orders.iter().zip(values) {
            if let Some((revision, sealed)) = value {
                let place = keys.order(&shared.host_key, id).key;
                orders_read.insert(id.clone(), (revision, open(&seal, "order", &place, &sealed)?));
            }
        }
        let file = Self {
            owner,
            keys,
            seal,
            sequence,
            profile: profile_read
                .as_ref()
                .map(|(_, profile): &(_, Profile)| profile.clone())
                .unwrap_or_default(),
            orders: orders_read
                .iter()
                .map(|(id, (_, order)): (_, &(_, OrderRecord))| (id.clone(), order.clone()))
                .collect(),
            new_data_key,
            profile_read,
            orders_read,
        };
        Ok((file, others))
    }

    /// Whether nothing was known of this customer.
    pub(crate) fn is_new(&self) -> bool {
        self.profile_read.is_none()
    }

    /// Whether the storage has no key of this customer's: nothing of theirs opens.
    pub(crate) fn has_no_key(&self) -> bool {
        self.new_data_key.is_some()
    }

    /// Adds what changed to a batch, with the expectations that guard it. Nothing when nothing changed.
    ///
    /// # Errors
    /// [`Damaged::Slots`] when there is no slot for a new customer's key.
    pub(crate) fn write(&self, shared: &Shared, batch: &mut Batch) -> Result<(), Damaged> {
        let changed_orders = self
            .orders
            .iter()
            .filter(|(id, order)| self.orders_read.get(*id).is_none_or(|(_, read)| read != *order));
        let mut any = self.profile_read.as_ref().is_none_or(|(_, read)| *read != self.profile);
        for (id, order) in changed_orders {
            any = true;
            let key = self.keys.order(&shared.host_key, id);
            match self.orders_read.get(id) {
                Some((revision, _)) => batch.expect_revision(key.clone(), *revision),
                None => batch.expect_absent(key.clone()),
            };
            let sealed = seal(&self.seal, &key.key, order);
            batch.put(key, sealed);
        }
        if any { self.guard(shared, batch) } else { Ok(()) }
    }

    /// Writes the profile, expecting it as it was read; a new customer's key with it.
    fn guard(&self, shared: &Shared, batch: &mut Batch) -> Result<(), Damaged> {
        let key = self.keys.profile();
        match &self.profile_read {
            Some((revision, _)) => batch.expect_revision(key.clone(), *revision),
            None => batch.expect_absent(key.clone()),
        };
        let sealed = self.seal.seal(&key.key, &self.profile.bounded());
        batch.put(key, sealed);
        if let Some(data_key) = &self.new_data_key {
            let key = self.keys.data_key();
            let wrapped = shared.key_ring.wrap(&self.owner, data_key);
            let wrapped = wrapped.map_err(|source| Damaged::Slots { source })?;
            batch.expect_absent(key.clone()).put(key, wrapped);
        }
        Ok(())
    }
}

/// Opens a customer's key; [`Damaged::Keyless`] when the customer was erased.
pub(crate) fn open_data_key(shared: &Shared, owner: &Owner, sealed: &[u8]) -> Result<Seal, Damaged> {
    shared.key_ring.open(owner, sealed)
}
