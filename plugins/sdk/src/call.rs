//! One call of a strategy: everything it may know.

use crate::bindings::rebound::strategy::catalog::{Candidate, Query};
use crate::types::{Context, Failure, Product, ProductId, StateChange};
use crate::{Catalogue, Strategy, config};

/// The input of one call. The answer must follow from it and from the catalogue alone: there is no
/// clock but `context.now`, and `context.seed` is for tie breaks only.
pub struct Call<'a, S: Strategy> {
    /// The event, the customer, the policy.
    pub context: &'a Context,
    /// The route's configuration.
    pub config: S::Config,
    catalogue: &'a dyn Catalogue,
}

impl<'a, S: Strategy> Call<'a, S> {
    /// A call by hand, over any catalogue: for benches, and for tests that bring their own. Tests mostly start from
    /// a [`Scene`](crate::testing::Scene).
    ///
    /// # Errors
    /// `invalid-config` when `context.config` does not parse.
    pub fn new(context: &'a Context, catalogue: &'a dyn Catalogue) -> Result<Call<'a, S>, Failure> {
        Ok(Call { context, config: config::parse(&context.config)?, catalogue })
    }

    /// The lines to find something for: the first of each product, dearest current price first, ties in the
    /// event's order. Answers with indices into `context.event.lines`.
    pub fn dearest_lines(&self) -> Vec<usize> {
        let lines = &self.context.event.lines;
        let is_first = |index: usize| {
            let id = lines[index].product.id;
            lines[..index].iter().all(|line| line.product.id != id)
        };
        let price = |index: usize| lines[index].product.price;
        let mut order: Vec<usize> = Vec::with_capacity(lines.len());
        for index in (0..lines.len()).filter(|&index| is_first(index)) {
            // Placed one by one: the standard library's sort would add 7 KB to every component.
            let at = order.partition_point(|&other| price(other) >= price(index));
            order.insert(at, index);
        }
        order
    }

    /// Candidates of the catalogue; see [`Catalogue::search`].
    pub fn search(&self, query: &Query) -> Vec<Candidate> {
        self.catalogue.search(query)
    }

    /// Products by id; see [`Catalogue::get`].
    pub fn get(&self, ids: &[ProductId]) -> Vec<Option<Product>> {
        self.catalogue.get(ids)
    }

    /// What [`Call::put`] kept for this customer, by this version or another of the same
    /// `STATE_VERSION`; `None` the first time.
    ///
    /// # Errors
    /// `internal` when the bytes are of another shape: raise `STATE_VERSION` whenever `State` changes.
    pub fn state(&self) -> Result<Option<S::State>, Failure> {
        let Some(bytes) = &self.context.state else { return Ok(None) };
        let state = postcard::from_bytes(bytes).map_err(|error| {
            Failure::Internal(format!(
                "the state of version {} cannot be read; raise STATE_VERSION when its shape changes: {error}",
                S::STATE_VERSION
            ))
        })?;
        Ok(Some(state))
    }

    /// The answer's `state` that keeps `state` for this customer.
    ///
    /// # Errors
    /// `internal` when `state` cannot be written.
    pub fn put(&self, state: &S::State) -> Result<StateChange, Failure> {
        let bytes = postcard::to_allocvec(state)
            .map_err(|error| Failure::Internal(format!("the state cannot be written: {error}")))?;
        Ok(StateChange::Put(bytes))
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::testing::{Item, Scene, describe, take_log};

    rebound_sdk::config! {
        struct Config {
            greeting: String = "hello".to_string(),
        }
    }

    rebound_sdk::templates! {
        SEEN = "seen" { "zh-CN": "我们见过。", "en": "We have met." }
    }

    /// Counts the returns it has seen of a customer.
    struct Counter;

    impl Strategy for Counter {
        const NAME: &'static str = "test/counter";
        const VERSION: &'static str = "1.2.3";
        const SUMMARY: &'static str = "Counts.";
        const STATE_VERSION: u32 = 7;
        const TEMPLATES: &'static [Template] = TEMPLATES;
        const PERSONAS: &'static [Persona] = &[Persona { key: "p", names: &[("en", "Ann", "Clerk")] }];
        type Config = Config;
        type State = u32;
    }

    impl Sharing for Counter {
        fn compose(
            call: &Call<'_, Self>,
            _: &Segment,
            _: &[Offer],
            _: &[Proposal],
        ) -> Result<ShareKit, Failure> {
            let seen = call.state()?.unwrap_or(0) + 1;
            log::info(&format!("{} {seen}", call.config.greeting));
            Ok(ShareKit { cards: Vec::new(), achievements: Vec::new(), state: call.put(&seen)? })
        }
    }

    #[test]
    fn state_comes_back_as_it_was_put() {
        let mut scene = Scene::returning(&Item::new(1, "Coat", 100)).config(r#"{"greeting": "hi"}"#);
        for seen in ["hi 1", "hi 2"] {
            let answer = scene.compose::<Counter>().unwrap();
            assert_eq!(take_log(), [(log::Level::Info, seen.to_string())]);
            scene.remember(&answer.state);
        }
        scene.remember(&StateChange::Keep);
        assert_eq!(scene.context.state, Some(vec![2]));
        scene.remember(&StateChange::Clear);
        assert_eq!(scene.context.state, None);
    }

    #[test]
    fn lines_stand_dearest_first_and_each_product_once() {
        struct Lines;
        impl Strategy for Lines {
            const NAME: &'static str = "test/lines";
            const VERSION: &'static str = "1.0.0";
            const SUMMARY: &'static str = "Logs the order of lines.";
            const TEMPLATES: &'static [Template] = &[];
            type Config = NoConfig;
            type State = ();
        }
        impl Recommendation for Lines {
            fn recommend(call: &Call<'_, Self>, _: &Segment) -> Result<Recommendations, Failure> {
                log::info(&format!("{:?}", call.dearest_lines()));
                Ok(Recommendations { offers: Vec::new(), state: StateChange::Keep })
            }
        }
        let item = |id, price| Item::new(id, "Item", price);
        let scene = Scene::returning(&item(1, 100)).and(&item(2, 300)).and(&item(3, 100)).and(&item(2, 300));
        scene.recommend::<Lines>().unwrap();
        assert_eq!(take_log(), [(log::Level::Info, "[1, 0, 2]".to_string())]);
    }

    #[test]
    fn state_of_another_shape_is_a_failure_that_names_its_version() {
        let mut scene = Scene::returning(&Item::new(1, "Coat", 100));
        scene.context.state = Some(Vec::new());
        let failure = scene.compose::<Counter>().unwrap_err();
        assert!(matches!(&failure, Failure::Internal(why) if why.contains("version 7")), "{failure:?}");
    }

    #[test]
    fn a_config_that_does_not_fit_is_a_failure_before_the_strategy_runs() {
        let scene = Scene::returning(&Item::new(1, "Coat", 100)).config(r#"{"greeting": 1}"#);
        assert!(matches!(scene.compose::<Counter>(), Err(Failure::InvalidConfig(_))));
        assert_eq!(take_log(), []);
    }

    #[test]
    fn a_manifest_says_what_the_strategy_declares() {
        let manifest = describe::<Counter>();
        assert_eq!(
            (&*manifest.name, &*manifest.version, &*manifest.summary, manifest.state_version),
            ("test/counter", "1.2.3", "Counts.", 7)
        );
        let texts: Vec<_> = manifest.templates.iter().map(|t| (&*t.key, &*t.locale, &*t.text)).collect();
        assert_eq!(texts, [("seen", "zh-CN", "我们见过。"), ("seen", "en", "We have met.")]);
        let personas: Vec<_> =
            manifest.personas.iter().map(|p| (&*p.key, &*p.locale, &*p.name, &*p.role)).collect();
        assert_eq!(personas, [("p", "en", "Ann", "Clerk")]);
        assert!(manifest.config_schema.contains("greeting"));
    }
}
