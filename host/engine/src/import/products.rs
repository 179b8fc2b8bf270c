//! Products: every sku gets a number once, and keeps it.

use std::sync::Arc;

use rebound_catalog::Item;
use rebound_domain::event::ProductRequest;
use rebound_domain::ids::ProductId;
use rebound_domain::product::{Attribute, Product};
use rebound_storage::{Batch, Entry, Read, Sequence};

use super::{Imported, LineResults, check};
use crate::Engine;
use crate::error::{Damaged, Fault};
use crate::keys;
use crate::records::{ProductRecord, decode, encode};

/// Products per batch. At 2 KiB each this is half of what a batch may hold; the largest allowed product is below
/// the share that the size check leaves.
const BATCH_COUNT: usize = 200;
/// Bytes per batch; a batch is at most 1 MiB.
const BATCH_BYTES: usize = 768 * 1024;

impl Engine {
    /// Takes in products; a known sku is updated and keeps its number.
    ///
    /// # Errors
    /// [`Fault`] when the storage fails; lines answered before it are kept.
    pub async fn import_products(&self, products: Vec<ProductRequest>) -> Result<LineResults, Fault> {
        let engine = self.clone();
        let task = tokio::spawn(async move { engine.import_products_now(products).await });
        task.await.map_err(|_| Fault::Lost("importing products"))?
    }

    async fn import_products_now(&self, products: Vec<ProductRequest>) -> Result<LineResults, Fault> {
        // Numbers are given out one batch after the other.
        let _writing = self.shared.catalog_writer.lock().await;
        let currency = self.control().policy.value.currency;
        let mut results = LineResults::with_capacity(products.len());
        let mut pending = Pending::default();
        let mut sequence = Sequence::default();
        for product in products {
            let size = match check::product(&product, currency) {
                Ok(size) => size,
                Err(error) => {
                    results.push(Err(error));
                    continue;
                }
            };
            if pending.is_full() || pending.holds(&product) {
                sequence = sequence.max(self.land(&mut pending, &mut results).await?);
            }
            pending.push(product, size, results.len());
            results.push(Ok(Imported::Unchanged));
        }
        sequence = sequence.max(self.land(&mut pending, &mut results).await?);
        self.shared.storage.durable(sequence).await?;
        Ok(results)
    }

    /// Answers with what must be durable before the results are told.
    async fn land(&self, pending: &mut Pending, results: &mut LineResults) -> Result<Sequence, Fault> {
        let Pending { products, .. } = std::mem::take(pending);
        if products.is_empty() {
            return Ok(Sequence::default());
        }
        let keys =
            products.iter().map(|(_, product)| keys::product(&product.sku)).chain([keys::next_product()]);
        let Read { value: mut known, sequence } = self.shared.storage.get(keys.collect()).await?;
        let next = known.pop().flatten();
        let mut next_id: u32 = match &next {
            Some(entry) => decode("next product id", value(entry)?)?,
            None => 0,
        };
        let first_free = next_id;
        let mut batch = Batch::new();
        let mut changed = Vec::new();
        for ((index, product), entry) in products.into_iter().zip(known) {
            let key = keys::product(&product.sku);
            let id = match &entry {
                Some(entry) => {
                    let record: ProductRecord = decode("product", value(entry)?)?;
                    if record.product == product {
                        continue;
                    }
                    results[index] = Ok(Imported::Updated);
                    record.id
                }
                None => {
                    results[index] = Ok(Imported::Created);
                    next_id += 1;
                    ProductId(next_id - 1)
                }
            };
            let record = ProductRecord { id, product };
            batch.put(key, encode(&record));
            changed.push(record);
        }
        if changed.is_empty() {
            return Ok(sequence);
        }
        if next_id != first_free {
            let key = keys::next_product();
            match next.as_ref().and_then(Entry::revision) {
                Some(revision) => batch.expect_revision(key.clone(), revision),
                None => batch.expect_absent(key.clone()),
            };
            batch.put(key, encode(&next_id));
        }
        self.shared.storage.commit(batch).await?;
        self.shared.shelf.change(|catalogue| {
            changed.into_iter().for_each(|record| catalogue.upsert(item(record)));
        });
        Ok(sequence)
    }
}

/// Products that will land in one batch: each sku once.
#[derive(Default)]
struct Pending {
    /// With the index of their line.
    products: Vec<(usize, ProductRequest)>,
    bytes: usize,
}

impl Pending {
    fn is_full(&self) -> bool {
        self.products.len() >= BATCH_COUNT || self.bytes >= BATCH_BYTES
    }

    fn holds(&self, product: &ProductRequest) -> bool {
        self.products.iter().any(|(_, pending)| pending.sku == product.sku)
    }

    fn push(&mut self, product: ProductRequest, bytes: usize, index: usize) {
        self.bytes += bytes;
        self.products.push((index, product));
    }
}

fn value(entry: &Entry) -> Result<&[u8], Damaged> {
    entry.bytes().map(|bytes| bytes.as_ref()).ok_or(Damaged::Missing { what: "product" })
}

/// The product as the catalogue holds it.
pub(crate) fn item(record: ProductRecord) -> Item {
    let ProductRecord { id, product } = record;
    let options = product.options.into_iter().map(|(key, value)| Attribute { key, value }).collect();
    let (stock, margin) = (product.stock, product.margin);
    let product = Product {
        id,
        sku: product.sku,
        title: product.title,
        category: product.category,
        brand: product.brand,
        price: product.price,
        tags: product.tags,
        style: product.style,
        options,
        extra: Vec::new(),
    };
    Item { product: Arc::new(product), stock, margin }
}
