//! Tests of a strategy without a host: a [`Scene`] holds what a call sees, a [`Shop`] stands for the
//! catalogue, and the strategy's code is the one that the component runs. Every answer is held against
//! the host's rules: what a live host would refuse panics here, and says why.
//!
//! ```
//! use rebound_sdk::prelude::*;
//! use rebound_sdk::testing::{Item, Scene, assert_templates};
//!
//! rebound_sdk::templates! {
//!     IDEA = "idea" { "zh-CN": "看看{item}。", "en": "Have a look at {item}." }
//! }
//!
//! struct BestSeller;
//!
//! impl Strategy for BestSeller {
//!     const NAME: &'static str = "acme/best-seller";
//!     const VERSION: &'static str = "1.0.0";
//!     const SUMMARY: &'static str = "Offers the best seller.";
//!     const TEMPLATES: &'static [Template] = TEMPLATES;
//!     type Config = NoConfig;
//!     type State = ();
//! }
//!
//! impl Recommendation for BestSeller {
//!     fn recommend(call: &Call<'_, Self>, _segment: &Segment) -> Result<Recommendations, Failure> {
//!         let best = call.search(&Query { limit: 1, ..Query::default() });
//!         let offers = best.iter().map(|candidate| Offer {
//!             product: candidate.id,
//!             kind: "best-seller".to_string(),
//!             resolution: None,
//!             for_line: None,
//!             quantity: 1,
//!             score: 1.0,
//!             copy: vec![IDEA.about(Subject::Offered(0))],
//!             price_hold: None,
//!         });
//!         Ok(Recommendations { offers: offers.collect(), state: StateChange::Keep })
//!     }
//! }
//!
//! let mut scene = Scene::returning(&Item::new(1, "Wool coat", 10_000));
//! scene.shop.add(Item::new(2, "Silk scarf", 4_000).units_sold(90));
//! let answer = scene.recommend::<BestSeller>().unwrap();
//! assert_eq!(answer.offers[0].product, 2);
//! assert_templates::<BestSeller>(&["zh-CN", "en"]);
//! ```

mod check;
mod scene;
mod shop;
mod wording;

use std::cell::RefCell;

pub use crate::bindings::metadata::exports::rebound::strategy::metadata::Manifest;
use crate::log::Level;
pub use scene::Scene;
pub use shop::{Item, Shop};
pub use wording::assert_templates;

/// What the component answers when it is published.
pub fn describe<S: crate::Strategy>() -> Manifest {
    crate::export::manifest::<S>()
}

thread_local! {
    static LOG: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) };
}

/// The lines that strategies have written on this thread since the last call.
pub fn take_log() -> Vec<(Level, String)> {
    LOG.take()
}

pub(crate) fn keep_log(level: Level, message: &str) {
    LOG.with_borrow_mut(|log| log.push((level, message.to_string())));
}
