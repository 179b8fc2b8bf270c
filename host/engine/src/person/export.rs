//! Everything that is held of a customer, as one document.

use std::collections::BTreeMap;

use rebound_domain::ids::CustomerId;
use rebound_storage::{Batch, Direction, Entry, KeyRange, SCAN_LIMIT_MAX};
use serde_json::{Map, Value, json};

use crate::Engine;
use crate::audit::Change;
use crate::customer::open_data_key;
use crate::error::{Damaged, Fault};
use crate::keys::CustomerKeys;
use crate::records::decode;

/// Most bytes of records in one document; what is beyond is left out, and the document says so.
const EXPORT_BYTES_MAX: usize = 32 * 1024 * 1024;

impl Engine {
    /// Everything held of a customer; none when nothing is, or is any more. `is_whole` is false in the document when it
    /// would have been larger than 32 MiB. That it was asked for is in the audit log before it is answered.
    ///
    /// # Errors
    /// [`Fault`] when the storage cannot answer, or does not take the entry: nobody sees a person's data unnoted.
    pub async fn export_customer(&self, customer: &CustomerId) -> Result<Option<Value>, Fault> {
        let owner = self.shared.host_key.owner(customer);
        let keys = CustomerKeys::new(&owner);
        let storage = &self.shared.storage;
        let read = storage.get(vec![keys.data_key()]).await?;
        storage.durable(read.sequence).await?;
        let Some(wrapped) = read.value.first().and_then(Option::as_ref).and_then(Entry::bytes) else {
            return Ok(None);
        };
        let seal = match open_data_key(&self.shared, &owner, wrapped) {
            Ok(seal) => seal,
            Err(Damaged::Keyless) => return Ok(None),
            Err(damaged) => return Err(damaged.into()),
        };
        let mut document = Document::default();
        let (mut range, mut size, mut is_whole, mut records) = (KeyRange::all(), 0, true, 0_u64);
        'pages: loop {
            let page = storage.scan(keys.owner(), range, SCAN_LIMIT_MAX, Direction::Forward).await?;
            storage.durable(page.sequence).await?;
            let Some((last, _)) = page.value.last() else { break };
            range = KeyRange::all().after(last.clone());
            for (key, entry) in &page.value {
                let Some(bytes) = entry.bytes() else { continue };
                size += bytes.len();
                if size > EXPORT_BYTES_MAX {
                    is_whole = false;
                    break 'pages;
                }
                let Some((kind, rest)) = parts(key) else { continue };
                let opened = match kind {
                    "key" => continue,
                    "exposure" => bytes.to_vec(),
                    // Left by an earlier person of the same id, it opens to nobody: a recording that was on its way.
                    _ => match seal.open(key, bytes) {
                        Ok(opened) => opened,
                        Err(_) => continue,
                    },
                };
                document.take(kind, rest, opened)?;
                records += 1;
            }
        }
        let after = json!({ "records": records, "is_whole": is_whole });
        let told = Change::new("customer.export", self.person(&owner), Value::Null, after);
        self.commit_audited(Batch::new(), told).await?;
        Ok(Some(document.finish(customer, is_whole)))
    }
}

/// A record's kind, and the rest of its key where that is text.
fn parts(key: &[u8]) -> Option<(&str, &str)> {
    let at = key.iter().position(|byte| *byte == b'/').unwrap_or(key.len());
    let kind = std::str::from_utf8(&key[..at]).ok()?;
    Some((kind, std::str::from_utf8(key.get(at + 1..).unwrap_or_default()).unwrap_or_default()))
}

#[derive(Default)]
struct Document {
    profile: Value,
    lists: BTreeMap<String, Vec<Value>>,
    states: Vec<Value>,
    exposures: Vec<Value>,
    /// Chunks by number, of each recording.
    recordings: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
}

impl Document {
    fn take(&mut self, kind: &str, rest: &str, opened: Vec<u8>) -> Result<(), Damaged> {
        match kind {
            "profile" => self.profile = decode("profile", &opened)?,
            "state" => self.states.push(match String::from_utf8(opened) {
                Ok(text) => json!({ "of": rest, "text": text }),
                Err(error) => {
                    let hex: String = error.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
                    json!({ "of": rest, "hex": hex })
                }
            }),
            "exposure" => {
                let record: Value = decode("exposure", &opened)?;
                self.exposures.push(json!({ "of": rest, "record": record }));
            }
            "recording" => {
                let (id, index) = rest.rsplit_once('/').unwrap_or((rest, "0"));
                let chunks = self.recordings.entry(id.to_owned()).or_default();
                chunks.insert(index.parse().unwrap_or(0), opened);
            }
            kind => self.lists.entry(format!("{kind}s")).or_default().push(decode("record", &opened)?),
        }
        Ok(())
    }

    fn finish(self, customer: &CustomerId, is_whole: bool) -> Value {
        let mut document = Map::new();
        document.insert("customer_id".to_owned(), json!(customer));
        document.insert("is_whole".to_owned(), json!(is_whole));
        document.insert("profile".to_owned(), self.profile);
        for kind in ["orders", "plans", "past_returns", "coupons", "holds"] {
            document.insert(kind.to_owned(), json!([]));
        }
        document.extend(self.lists.into_iter().map(|(kind, records)| (kind, Value::Array(records))));
        document.insert("states".to_owned(), Value::Array(self.states));
        document.insert("exposures".to_owned(), Value::Array(self.exposures));
        let recordings = self.recordings.into_iter().map(|(id, chunks)| {
            let bytes: Vec<u8> = chunks.into_values().flatten().collect();
            let record = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
            json!({ "id": id, "record": record })
        });
        document.insert("recordings".to_owned(), recordings.collect());
        Value::Object(document)
    }
}
