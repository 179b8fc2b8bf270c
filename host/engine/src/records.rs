//! What is stored: JSON, so that a later version can read what an earlier one wrote. Everything that tells of a
//! customer is sealed first.

use rebound_catalog::{Catalogue, CustomerKey, Sale};
use rebound_domain::event::{OrderRequest, ProductRequest};
use rebound_domain::ids::{Digest, OrderId, ProductId, ReturnId};
use rebound_domain::manifest::Manifest;
use rebound_domain::money::Money;
use rebound_domain::plan::{Assignment, Plan};
use rebound_domain::situation::{Order, OrderLine};
use rebound_domain::time::Instant;
use rebound_sandbox::Class;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::Damaged;
use crate::identity::Seal;

/// SHA-256 of a request's canonical body (RFC 8785): what "the same body" means.
pub type BodyDigest = [u8; 32];

/// Which body an event had, and which return it became; sealed with the customer's key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct EventRecord {
    /// Keyed, so that a guessed body cannot be confirmed from the storage.
    pub(crate) body: [u8; 32],
    pub(crate) return_id: ReturnId,
}

/// What stands in an event's place once its customer was erased: the event must not be taken for a new one.
pub(crate) const ERASED_EVENT: &[u8] = b"erased";

/// Whose plan a return has; nobody's once its customer was erased.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReturnRecord {
    pub(crate) owner: [u8; 16],
    /// Whether it was imported, and so has no plan.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_past: bool,
}

/// A return from before this host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PastReturn {
    pub(crate) return_id: ReturnId,
    pub(crate) requested_at: Instant,
    /// Product, units, paid, the order it was bought in.
    pub(crate) lines: Vec<(ProductId, u32, Money, Option<OrderId>)>,
}

/// Whose order an order id names.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OrderIndex {
    /// None for an order of nobody known.
    pub(crate) owner: Option<[u8; 16]>,
}

/// A decided return.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PlanRecord {
    pub(crate) requested_at: Instant,
    /// What came back: switched shares are learned from it again at start.
    pub(crate) products: Vec<ProductId>,
    pub(crate) plan: Plan,
}

/// An order, with how much of it came back since.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct OrderRecord {
    pub(crate) id: OrderId,
    pub(crate) ordered_at: Instant,
    pub(crate) delivered_at: Option<Instant>,
    /// Product, units, units returned, paid. Tuples, so that the longest order allowed stays a small value.
    pub(crate) lines: Vec<(ProductId, u32, u32, Money)>,
    pub(crate) discount: Money,
    pub(crate) coupon: Option<String>,
}

impl OrderRecord {
    pub(crate) fn new(request: &OrderRequest, products: &[ProductId]) -> Self {
        let lines = request.lines.iter().zip(products);
        Self {
            id: request.id.clone(),
            ordered_at: request.ordered_at,
            delivered_at: request.delivered_at,
            lines: lines.map(|(line, product)| (*product, line.quantity, 0, line.paid)).collect(),
            discount: request.discount.unwrap_or_default(),
            coupon: request.coupon.clone(),
        }
    }

    /// Whether both say that the same things were bought at the same time.
    pub(crate) fn same_sale(&self, other: &Self) -> bool {
        let sold = |order: &Self| -> Vec<_> {
            order.lines.iter().map(|(product, quantity, _, paid)| (*product, *quantity, *paid)).collect()
        };
        self.ordered_at == other.ordered_at && sold(self) == sold(other)
    }

    /// Lets the catalogue learn from the order.
    pub(crate) fn teach(&self, customer: Option<CustomerKey>, catalogue: &mut Catalogue) {
        let lines: Vec<_> = self.lines.iter().map(|(product, quantity, ..)| (*product, *quantity)).collect();
        catalogue.order(&Sale { customer, at: self.ordered_at, lines: &lines });
    }

    /// Marks units as returned, as many as there are.
    pub(crate) fn take_back(&mut self, product: ProductId, mut quantity: u32) {
        for (_, bought, returned, _) in self.lines.iter_mut().filter(|(id, ..)| *id == product) {
            let taken = quantity.min(bought.saturating_sub(*returned));
            *returned += taken;
            quantity -= taken;
        }
    }

    pub(crate) fn to_order(&self) -> Order {
        let line = |&(product, quantity, returned, paid): &_| OrderLine { product, quantity, returned, paid };
        Order {
            id: self.id.clone(),
            ordered_at: Some(self.ordered_at),
            delivered_at: self.delivered_at,
            lines: self.lines.iter().map(line).collect(),
            discount: self.discount,
            coupon: self.coupon.clone(),
        }
    }
}

/// A product and the number the host gave it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ProductRecord {
    pub(crate) id: ProductId,
    pub(crate) product: ProductRequest,
}

/// A published version.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PluginRecord {
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    pub(crate) class: ClassWord,
    pub(crate) published_at: Instant,
    pub(crate) manifest: Manifest,
}

/// [`Class`] as it is stored.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ClassWord {
    Standard,
    Large,
}

impl From<Class> for ClassWord {
    fn from(class: Class) -> Self {
        match class {
            Class::Standard => Self::Standard,
            Class::Large => Self::Large,
        }
    }
}

impl From<ClassWord> for Class {
    fn from(class: ClassWord) -> Self {
        match class {
            ClassWord::Standard => Self::Standard,
            ClassWord::Large => Self::Large,
        }
    }
}

/// That a customer was shown an arm: once per unit and phase.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ExposureRecord {
    pub(crate) at: Instant,
    pub(crate) assignment: Assignment,
    /// The components of the arm's versions.
    pub(crate) digests: Vec<Digest>,
}

pub(crate) fn encode(record: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(record).expect("a record has string keys and finite numbers only")
}

pub(crate) fn decode<T: DeserializeOwned>(what: &'static str, bytes: &[u8]) -> Result<T, Damaged> {
    serde_json::from_slice(bytes).map_err(|source| Damaged::Unreadable { what, source })
}

pub(crate) fn seal(seal: &Seal, place: &[u8], record: &impl Serialize) -> Vec<u8> {
    seal.seal(place, &encode(record))
}

pub(crate) fn open<T: DeserializeOwned>(
    seal: &Seal,
    what: &'static str,
    place: &[u8],
    sealed: &[u8],
) -> Result<T, Damaged> {
    let bytes = seal.open(place, sealed).map_err(|source| Damaged::Sealed { what, source })?;
    decode(what, &bytes)
}
