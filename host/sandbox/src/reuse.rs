//! An instance that is kept between calls: what a fresh one each time is measured against.
//!
//! Not for serving. Whatever one call leaves in the instance's memory, the next one finds.

use std::sync::Arc;

use rebound_domain::answer::{Recommendations, Segment};
use rebound_domain::catalog::Catalog;
use rebound_domain::check;
use rebound_domain::manifest::{Manifest, Stage};
use rebound_domain::situation::Context;
use wasmtime::Store;
use wasmtime::component::TypedFunc;

use crate::call::Call;
use crate::deadline;
use crate::invoke::store;
use crate::plugin::Plugin;
use crate::runtime::Runtime;
use crate::wire::answer::{self, Failure};
use crate::wire::size::whole;
use crate::wire::verbs::Recommend;

/// A recommender's instance, called again and again.
pub struct Reused {
    store: Store<Call>,
    function: TypedFunc<Recommend<'static>, (Result<answer::Recommendations, Failure>,)>,
    runtime: Arc<Runtime>,
    manifest: Arc<Manifest>,
}

impl Plugin {
    /// Makes an instance to keep; none when it cannot recommend.
    #[must_use]
    pub fn reuse(&self, catalog: &Arc<dyn Catalog>) -> Option<Reused> {
        let shared = &self.shared;
        let export = shared.exports[Stage::Recommendation as usize].as_ref()?;
        let runtime = Arc::clone(&shared.runtime);
        let mut store = store(&runtime, Arc::clone(catalog), runtime.limits.output_bytes);
        let instance = shared.component.instantiate(&mut store).ok()?;
        let function = instance.get_typed_func(&mut store, export).ok()?;
        Some(Reused { store, function, runtime, manifest: Arc::clone(&shared.manifest) })
    }
}

impl Reused {
    /// All that [`Plugin::recommend`] does, except making the instance. None when there is no valid answer.
    pub fn recommend(
        &mut self,
        context: &Context<'_>,
        catalog: &Arc<dyn Catalog>,
        segment: &Segment,
    ) -> Option<Recommendations> {
        let limits = &self.runtime.limits;
        self.store.set_fuel(self.runtime.class.fuel(limits)).ok()?;
        let call = Call::new(Arc::clone(catalog), limits, self.runtime.class.memory_bytes_max(limits));
        self.store.set_epoch_deadline(deadline::ticks(call.deadline, call.tick));
        *self.store.data_mut() = call;
        let params = (context.into(), segment.into());
        let (answer,) = self.function.call(&mut self.store, params).ok()?;
        if whole(&answer) > limits.output_bytes {
            return None;
        }
        let answer: Recommendations = answer.ok()?.into();
        check::recommendations(context.situation, &**catalog, &self.manifest, limits, &answer).ok()?;
        Some(answer)
    }
}
