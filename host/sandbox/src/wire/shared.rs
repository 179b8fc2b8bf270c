//! Types that cross in both directions.

use rebound_domain::answer;
use rebound_domain::ids::ProductId;
use rebound_domain::money::{BasisPoints, Money};
use wasmtime::component::{ComponentType, Lift, Lower};

#[derive(ComponentType, Lift, Lower, Clone, Copy)]
#[component(variant)]
pub(crate) enum Subject {
    #[component(name = "plan")]
    Plan,
    #[component(name = "returned")]
    Returned(u32),
    #[component(name = "offered")]
    Offered(u32),
    #[component(name = "proposed")]
    Proposed(u32),
}

impl From<answer::Subject> for Subject {
    fn from(subject: answer::Subject) -> Self {
        match subject {
            answer::Subject::Plan => Self::Plan,
            answer::Subject::Returned(index) => Self::Returned(index),
            answer::Subject::Offered(index) => Self::Offered(index),
            answer::Subject::Proposed(index) => Self::Proposed(index),
        }
    }
}

impl From<Subject> for answer::Subject {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::Plan => Self::Plan,
            Subject::Returned(index) => Self::Returned(index),
            Subject::Offered(index) => Self::Offered(index),
            Subject::Proposed(index) => Self::Proposed(index),
        }
    }
}

#[derive(ComponentType, Lift, Lower, Clone, Copy)]
#[component(variant)]
pub(crate) enum Benefit {
    #[component(name = "amount-off")]
    AmountOff(i64),
    #[component(name = "percent-off")]
    PercentOff(u32),
    #[component(name = "store-credit")]
    StoreCredit(i64),
    #[component(name = "free-shipping")]
    FreeShipping,
    #[component(name = "gift")]
    Gift(u32),
}

impl From<answer::Benefit> for Benefit {
    fn from(benefit: answer::Benefit) -> Self {
        match benefit {
            answer::Benefit::AmountOff(amount) => Self::AmountOff(amount.0),
            answer::Benefit::PercentOff(share) => Self::PercentOff(share.0),
            answer::Benefit::StoreCredit(amount) => Self::StoreCredit(amount.0),
            answer::Benefit::FreeShipping => Self::FreeShipping,
            answer::Benefit::Gift(product) => Self::Gift(product.0),
        }
    }
}

impl From<Benefit> for answer::Benefit {
    fn from(benefit: Benefit) -> Self {
        match benefit {
            Benefit::AmountOff(amount) => Self::AmountOff(Money(amount)),
            Benefit::PercentOff(share) => Self::PercentOff(BasisPoints(share)),
            Benefit::StoreCredit(amount) => Self::StoreCredit(Money(amount)),
            Benefit::FreeShipping => Self::FreeShipping,
            Benefit::Gift(product) => Self::Gift(ProductId(product)),
        }
    }
}
