//! What a plan promises and the host keeps: coupons and price holds, whatever becomes of the strategy that asked for
//! them.
//!
//! Promises are made in the plan's own batch ([`make()`]), are ended when their time comes ([`mod@due`]), and holds are
//! asked for at checkout ([`mod@holds`]).

mod due;
mod holds;
mod make;
mod secrets;

use rebound_domain::coupon::Coupon;
use rebound_domain::ids::{PluginRef, ProductId, ReturnId, Sku};
use rebound_domain::money::Money;
use rebound_domain::time::Instant;
use serde::{Deserialize, Serialize};

pub(crate) use due::DueRecord;
pub use holds::{Hold, HoldQuery};
pub(crate) use make::make;
pub(crate) use secrets::PlanSecrets;

/// A coupon, sealed with its customer's key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CouponRecord {
    pub(crate) coupon: Coupon,
    pub(crate) state: CouponState,
    /// Which return it was given for.
    pub(crate) return_id: ReturnId,
    /// Who proposed it.
    pub(crate) plugin: PluginRef,
    pub(crate) minted_at: Instant,
}

impl CouponRecord {
    /// Its terms without the return it was given for, for when its customer is erased.
    pub(crate) fn unlinked(self) -> Self {
        Self { return_id: ReturnId::new("erased").expect("a word is a return id"), ..self }
    }
}

/// Where in its life a coupon is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CouponState {
    /// It waits to be earned; its code is not told.
    Promised,
    /// It can be used in its time.
    Issued,
    /// Its time is over; its budget has its charge back.
    Expired,
}

/// Whose coupon a code names; nobody's once its customer was erased.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CouponIndex {
    pub(crate) owner: [u8; 16],
}

/// A price hold, sealed with its customer's key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct HoldRecord {
    pub(crate) recommendation_id: String,
    pub(crate) product: ProductId,
    pub(crate) sku: Sku,
    /// Per unit.
    pub(crate) price: Money,
    pub(crate) quantity: u32,
    pub(crate) until: Instant,
    pub(crate) return_id: ReturnId,
}
