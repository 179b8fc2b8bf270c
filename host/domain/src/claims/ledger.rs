//! What the host knows, and when it is true enough to say.

use std::sync::Arc;

use super::{Fact, Unsaid, Value, Why, reason};
use crate::answer::{Benefit, Grant, Offer, Proposal, Subject};
use crate::catalog::Catalog;
use crate::coupon::{Coupon, Minted, Odds};
use crate::ids::ProductId;
use crate::money::Money;
use crate::product::Product;
use crate::situation::{ReturnLine, Situation};
use crate::time::{Duration, Instant, Zone};

/// A share from fewer returns than this says nothing (design D5).
const SWITCHED_RETURNS_MIN: u32 = 30;

/// The host's ledgers as one decision sees them. Subjects' indices refer to these offers and proposals.
#[derive(Clone, Copy)]
pub struct Ledger<'a> {
    /// The return and the customer.
    pub situation: &'a Situation,
    /// The catalogue at this moment.
    pub catalog: &'a dyn Catalog,
    /// Stock is said at or below this many units.
    pub low_stock: u32,
    /// The plan's offers.
    pub offers: &'a [Offer],
    /// The plan's proposals.
    pub proposals: &'a [Proposal],
    /// What became of each proposal.
    pub minted: &'a [Minted],
    /// Of the plan: what this customer may still use of coupons and credit of a fixed amount, those of this plan
    /// included.
    pub unused_benefits: Money,
    /// The merchant's clock.
    pub zone: &'a dyn Zone,
}

impl Ledger<'_> {
    /// A fact about a subject.
    ///
    /// A return line and an offer speak of their product; a proposal of the gift
    /// that it became; the plan of the one line that
    /// comes back. With several lines, "the item" would be a guess, so the plan's facts are unknown then.
    ///
    /// # Errors
    /// [`Unsaid`] when it is unknown, or not true enough to say.
    pub fn value(&self, fact: Fact, about: Subject) -> Result<Value, Unsaid> {
        match fact {
            Fact::Item => self.product(about).map(|product| product.title.clone()).and_then(text),
            Fact::Brand => self.product(about).and_then(|product| product.brand.clone()).and_then(text),
            Fact::Reason => self.reason(about),
            Fact::Price => self.product(about).map(|product| Value::Money(product.price)),
            Fact::StockLeft => return self.stock_left(about),
            Fact::SwitchedShare => return self.switched_share(about),
            Fact::PriceHoldUntil => self.held_until(about).map(Value::Moment),
            Fact::CouponAmount => self.coupon(about).and_then(|coupon| amount(coupon.terms.benefit)),
            Fact::CouponMinSpend => {
                let min_spend = self.coupon(about).map(|coupon| coupon.terms.min_spend);
                min_spend.filter(|amount| *amount > Money::ZERO).map(Value::Money)
            }
            Fact::CouponExpires => self.coupon(about).map(|coupon| Value::Moment(coupon.expires_at)),
            Fact::CouponCode => self.coupon(about).and_then(|coupon| coupon.code).map(Value::Code),
            Fact::Odds => self.odds(about).map(Value::Odds),
            Fact::UnusedBenefits => {
                let has_some = about == Subject::Plan && self.unused_benefits > Money::ZERO;
                has_some.then_some(Value::Money(self.unused_benefits))
            }
            Fact::ReturnUntil => self.return_until(about).map(Value::Moment),
            Fact::RefundAmount => self.refund_amount(about),
            Fact::OrdersCount => self.history(about, self.situation.customer.orders),
            Fact::ReturnsCount => self.history(about, self.situation.customer.returns),
        }
        .ok_or(Unsaid { fact: Some(fact), why: Why::FactUnknown })
    }

    fn product(&self, about: Subject) -> Option<Arc<Product>> {
        match about {
            Subject::Plan => Some(Arc::clone(&self.only_line()?.product)),
            Subject::Returned(index) => Some(Arc::clone(&self.line(index)?.product)),
            Subject::Offered(index) => self.catalog.get(self.offer(index)?.product),
            Subject::Proposed(_) => match self.coupon(about)?.terms.benefit {
                Benefit::Gift(product) => self.catalog.get(product),
                _ => None,
            },
        }
    }

    fn reason(&self, about: Subject) -> Option<Value> {
        let line = match about {
            Subject::Plan => self.only_line()?,
            Subject::Returned(index) => self.line(index)?,
            Subject::Offered(index) => self.replaced_line(self.offer(index)?)?,
            Subject::Proposed(_) => return None,
        };
        let reason = line.reason.as_deref().filter(|reason| reason::is_telling(reason))?;
        Some(Value::Reason(reason.to_owned()))
    }

    /// Whether a sentence that names these facts may be said about a subject at all. A proposal is no coupon, and
    /// "you have won" is untrue of a surprise that ended in nothing, even without a figure in it: of one without a
    /// coupon only the odds may be told.
    ///
    /// # Errors
    /// [`Unsaid`] telling what became of the coupon.
    pub fn may_speak(&self, mut facts: impl Iterator<Item = Fact>, about: Subject) -> Result<(), Unsaid> {
        let Subject::Proposed(index) = about else { return Ok(()) };
        let why = match self.minted.get(index as usize) {
            Some(Minted::Coupon { .. }) => return Ok(()),
            Some(Minted::Nothing { .. } | Minted::Undrawn) if facts.any(|fact| fact == Fact::Odds) => {
                return Ok(());
            }
            Some(Minted::Nothing { .. }) => Why::NoPrize,
            Some(Minted::Undrawn | Minted::Refused(_)) | None => Why::NotMinted,
        };
        Err(Unsaid { fact: None, why })
    }

    /// The coupon a sentence is about.
    fn coupon(&self, about: Subject) -> Option<&Coupon> {
        let Subject::Proposed(index) = about else { return None };
        match self.minted.get(index as usize)? {
            Minted::Coupon { coupon, .. } => Some(coupon),
            Minted::Nothing { .. } | Minted::Undrawn | Minted::Refused(_) => None,
        }
    }

    /// The odds of a surprise that is drawn, or would be.
    fn odds(&self, about: Subject) -> Option<Odds> {
        let Subject::Proposed(index) = about else { return None };
        match &self.proposals.get(index as usize)?.grant {
            Grant::Surprise(prizes) => Some(Odds::of(prizes)),
            Grant::Fixed(_) => None,
        }
    }

    /// When the hold on an offer's price ends. The hold is made in the same commit as the plan.
    fn held_until(&self, about: Subject) -> Option<Instant> {
        let Subject::Offered(index) = about else { return None };
        let hold = self.offer(index)?.price_hold.filter(|hold| *hold > Duration(0))?;
        Some(self.situation.now + hold)
    }

    /// The end of the right to return, while it lies ahead.
    fn return_until(&self, about: Subject) -> Option<Instant> {
        let ends = self.situation.policy.window_ends.filter(|ends| *ends > self.situation.now);
        ends.filter(|_| about == Subject::Plan)
    }

    /// What the merchant reported as paid: for one line, or for all that comes back.
    fn refund_amount(&self, about: Subject) -> Option<Value> {
        let lines = &self.situation.event.lines;
        match about {
            Subject::Plan => Some(Value::Money(lines.iter().map(|line| line.paid).sum())),
            Subject::Returned(index) => Some(Value::Money(self.line(index)?.paid)),
            Subject::Offered(_) | Subject::Proposed(_) => None,
        }
    }

    /// A count of the customer's own history is about the customer, so only the plan as a whole speaks of it; zero is
    /// nothing to tell.
    fn history(&self, about: Subject, count: u32) -> Option<Value> {
        (about == Subject::Plan && count > 0).then_some(Value::Count(count))
    }

    fn stock_left(&self, about: Subject) -> Result<Value, Unsaid> {
        let unsaid = |why| Err(Unsaid { fact: Some(Fact::StockLeft), why });
        match self.product(about).and_then(|product| self.catalog.stock(product.id)) {
            None => unsaid(Why::FactUnknown),
            Some(0) => unsaid(Why::SoldOut),
            Some(stock) if stock > self.low_stock => unsaid(Why::NotLowStock),
            Some(stock) => Ok(Value::Count(stock)),
        }
    }

    fn switched_share(&self, about: Subject) -> Result<Value, Unsaid> {
        let unsaid = |why| Err(Unsaid { fact: Some(Fact::SwitchedShare), why });
        let Some((from, to)) = self.switch(about) else { return unsaid(Why::FactUnknown) };
        let Some(switched) = self.catalog.switched(from, to) else { return unsaid(Why::FactUnknown) };
        if switched.returns < SWITCHED_RETURNS_MIN {
            return unsaid(Why::TooFewReturns);
        }
        match switched.share().map(|share| share.0 / 100) {
            None => unsaid(Why::FactUnknown),
            Some(0) => unsaid(Why::ZeroShare),
            Some(percent) => Ok(Value::Percent(percent)),
        }
    }

    /// Only an offer has someone switch to it: from the product of the line it replaces.
    fn switch(&self, about: Subject) -> Option<(ProductId, ProductId)> {
        let Subject::Offered(index) = about else { return None };
        let offer = self.offer(index)?;
        Some((self.replaced_line(offer)?.product.id, offer.product))
    }

    /// The line an offer replaces; one that stands beside them all speaks of the only line there is.
    fn replaced_line(&self, offer: &Offer) -> Option<&ReturnLine> {
        offer.for_line.map_or_else(|| self.only_line(), |index| self.line(index))
    }

    fn only_line(&self) -> Option<&ReturnLine> {
        match self.situation.event.lines.as_slice() {
            [line] => Some(line),
            _ => None,
        }
    }

    fn line(&self, index: u32) -> Option<&ReturnLine> {
        self.situation.event.lines.get(index as usize)
    }

    fn offer(&self, index: u32) -> Option<&Offer> {
        self.offers.get(index as usize)
    }
}

/// What a coupon gives, where that is an amount or a share. A gift is told by its title, and what free shipping saves
/// is not known before there is a parcel.
fn amount(benefit: Benefit) -> Option<Value> {
    match benefit {
        Benefit::AmountOff(amount) | Benefit::StoreCredit(amount) => Some(Value::Money(amount)),
        Benefit::PercentOff(share) => Some(Value::Share(share)),
        Benefit::FreeShipping | Benefit::Gift(_) => None,
    }
}

/// An empty title names nothing.
fn text(text: String) -> Option<Value> {
    (!text.trim().is_empty()).then_some(Value::Text(text))
}
