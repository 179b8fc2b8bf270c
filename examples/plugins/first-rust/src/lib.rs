//! A first strategy: whoever returns a product gets the same style in another size or color.
//!
//! It shows all there is: a configuration with defaults, sentences in two languages, a look into the
//! catalogue, something remembered for the customer, and tests that need no host.

use rebound_sdk::prelude::*;

rebound_sdk::config! {
    /// Shown to the operator, who sets it on the route.
    pub struct Config {
        /// The most variants in one answer.
        #[schemars(range(min = 1, max = 8))]
        pub offers_max: u32 = 2,
    }
}

// The only texts a customer can see. The host fills {item} and {price}, from its own books.
templates! {
    VARIANT = "first.variant" {
        "zh-CN": "同款另有：{item}，现价{price}。",
        "en": "The same style, different: {item}, now at {price}.",
    }
    AGAIN = "first.again" {
        "zh-CN": "欢迎回来，我们再找找合适的。",
        "en": "Welcome back, let us find what fits.",
    }
}

struct FirstRust;

impl Strategy for FirstRust {
    const NAME: &'static str = "examples/first-rust";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = env!("CARGO_PKG_DESCRIPTION");
    const TEMPLATES: &'static [Template] = TEMPLATES;
    type Config = Config;
    /// How many returns of this customer it has seen.
    type State = u32;
}

impl Recommendation for FirstRust {
    fn recommend(call: &Call<'_, Self>, _segment: &Segment) -> Result<Recommendations, Failure> {
        let seen = call.state()?.unwrap_or(0);
        let line = call.dearest_lines()[0]; // The contract: at least one line comes back.
        let variants = call.search(&Query {
            style_of: Some(call.context.event.lines[line].product.id),
            in_stock: true,
            limit: call.context.slots.min(call.config.offers_max),
            ..Query::default()
        });
        let offers = (0..).zip(&variants).map(|(index, variant)| {
            let about = Subject::Offered(index);
            let mut copy = vec![VARIANT.about(about)];
            if seen > 0 && index == 0 {
                copy.push(AGAIN.about(about));
            }
            Offer {
                product: variant.id,
                kind: "variant".to_string(),
                resolution: call.context.policy.resolutions.iter().find(|word| *word == "exchange").cloned(),
                for_line: u32::try_from(line).ok(),
                quantity: 1,
                score: 1.0 / (index + 1) as f32,
                copy,
                price_hold: None,
            }
        });
        Ok(Recommendations { offers: offers.collect(), state: call.put(&(seen + 1))? })
    }
}

rebound_sdk::export!(FirstRust: recommendation);

#[cfg(test)]
mod tests {
    use super::*;
    use rebound_sdk::testing::{Item, Scene, assert_templates};

    fn scene() -> Scene {
        let shirt = |id, size| Item::new(id, "Linen shirt", 9_900).style("linen").option("size", size);
        let mut scene = Scene::returning(&shirt(1, "S")).because("size-too-small");
        scene.shop.add(shirt(2, "M").stock(4)).add(shirt(3, "L").stock(0)).add(Item::new(4, "Hat", 5_000));
        scene
    }

    #[test]
    fn other_sizes_in_stock_are_offered() {
        let answer = scene().recommend::<FirstRust>().unwrap();
        assert_eq!(answer.offers.iter().map(|offer| offer.product).collect::<Vec<_>>(), [2]);
        assert_eq!(answer.offers[0].copy, [VARIANT.about(Subject::Offered(0))]);
    }

    #[test]
    fn a_customer_it_has_seen_before_is_welcomed_back() {
        let mut scene = scene();
        let first = scene.recommend::<FirstRust>().unwrap();
        scene.remember(&first.state);
        let second = scene.recommend::<FirstRust>().unwrap();
        assert_eq!(second.offers[0].copy[1], AGAIN.about(Subject::Offered(0)));
    }

    #[test]
    fn every_sentence_exists_in_both_languages() {
        assert_templates::<FirstRust>(&["zh-CN", "en"]);
    }
}
