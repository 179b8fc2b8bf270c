//! Holds a pass against the ledger: every plan, and that a second pass changes nothing.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::data::OnlineRetail;
use super::drive::{Imported, Pass};
use super::ledger::Ledger;
use super::plan;
use super::promise::Promises;
use super::stream::Step;

/// The experiment that the run puts on recommendation.
#[derive(Debug, Clone)]
pub struct Split {
    /// Its key.
    pub experiment: &'static str,
    /// As the service answered it.
    pub seed: String,
    /// With their weights in basis points, in order.
    pub arms: Vec<(&'static str, u32)>,
}

/// What all plans together came to.
#[derive(Debug, Default)]
pub struct Summary {
    /// Plans read.
    pub plans: usize,
    /// Plans by arm.
    pub plans_per_arm: BTreeMap<String, usize>,
    /// Customers by arm: what the split is judged by.
    pub customers_per_arm: BTreeMap<String, usize>,
    /// Plans by segment.
    pub segments: BTreeMap<String, usize>,
    /// Offers by arm.
    pub offers: BTreeMap<String, usize>,
    /// Plans with at least one offer, by arm.
    pub plans_with_offers: BTreeMap<String, usize>,
    /// Facts said, by name.
    pub facts: BTreeMap<String, usize>,
    /// Lines dropped, by reason and fact.
    pub dropped: BTreeMap<String, usize>,
    /// Fuel of every call, by stage and plugin.
    pub fuel: BTreeMap<String, Vec<u64>>,
    /// Microseconds of every call, by stage and plugin.
    pub micros: BTreeMap<String, Vec<u64>>,
    /// Calls that failed or stood in for one that did.
    pub fallbacks: usize,
    /// Plans of the upgrade arm for which the rule finds a product.
    pub upgrade_possible: usize,
    /// Those that show one.
    pub upgrade_shown: usize,
    /// Coupons and price holds.
    pub promises: Promises,
}

/// Checks every plan of a pass and sums them up.
///
/// # Errors
/// The first plan that says something the data does not, with what it says and what is so.
pub fn plans(data: &OnlineRetail, steps: &[Step<'_>], pass: &Pass<'_>, split: &Split) -> Result<Summary> {
    let mut ledger = Ledger::new(data);
    let mut summary = Summary::default();
    let mut arm_of: BTreeMap<&str, String> = BTreeMap::new();
    let mut replies = pass.replies.iter();
    for step in steps {
        match step {
            // The ledger knows prices from the documents alone, by the rule and not by what was sent.
            Step::Listing(_) => {}
            Step::Order(order) => ledger.ordered(order),
            Step::Return(document) => {
                ledger.asked(document);
                let reply = replies.next().context("a return without a reply")?;
                ensure!(reply.document.id == document.id, "replies are out of order");
                let plan: Value = serde_json::from_slice(&reply.body)?;
                let arm = plan::check(&ledger, &mut summary, document, &plan, split)
                    .with_context(|| format!("plan of {}: {plan:#}", document.id))?;
                let known = arm_of.entry(&document.customer).or_insert_with(|| arm.clone());
                ensure!(*known == arm, "{} was in {known} and is now in {arm}", document.customer);
                ledger.returned(document);
                summary.promises.returned(document);
            }
        }
    }
    for arm in arm_of.into_values() {
        *summary.customers_per_arm.entry(arm).or_default() += 1;
    }
    Ok(summary)
}

/// Checks that the second pass changed nothing and answered the same bytes. It says every price of the year once more,
/// so prices go back and come again; what the catalogue says at its end is the caller's to check.
///
/// # Errors
/// The first answer that differs.
pub fn repeats(first: &Pass<'_>, second: &Pass<'_>) -> Result<()> {
    ensure!(second.products.created == 0, "the second pass created products: {:?}", second.products);
    let orders = Imported { unchanged: first.orders.created, ..Imported::default() };
    ensure!(second.orders == orders, "the second pass changed orders: {:?}", second.orders);
    ensure!(first.replies.len() == second.replies.len(), "the second pass has another number of replies");
    for (made, stored) in first.replies.iter().zip(&second.replies) {
        let id = &made.document.id;
        ensure!((made.status, stored.status) == (201, 200), "{id}: {} then {}", made.status, stored.status);
        ensure!(made.body == stored.body, "{id} was answered with other bytes the second time");
    }
    Ok(())
}
