//! What a decision's calls are watched for: whether their versions may run, and what may be recorded of them.

use std::sync::Arc;

use rebound_domain::ids::PluginRef;
use rebound_domain::manifest::Stage;
use rebound_domain::plan::StageTrace;
use rebound_domain::quarantine::{Admission, Ticket, Verdict};
use rebound_domain::time::Instant;
use rebound_telemetry::{Follow, Place, Value};

use super::Mode;
use crate::LogCounts;
use crate::namespaces::Pass;
use crate::rack::Rack;
use crate::wards::Wards;

/// Watches the calls of one decision.
pub(super) struct Watch {
    pub(super) wards: Arc<Wards>,
    /// Where versions are taken from.
    pub(super) rack: Arc<Rack>,
    /// The namespaces of the routes, as this decision meets them.
    pub(super) passes: Vec<Pass>,
    pub(super) mode: Mode,
    /// Whether calls are noted for a recording.
    pub(super) captures: bool,
    /// What the spans of calls are parts of; none when nobody follows.
    pub(super) follow: Option<Place>,
}

impl Watch {
    /// The span of a call.
    pub(super) fn call(&self) -> Follow {
        Follow::part_of(self.follow.as_ref(), "stage")
    }

    pub(super) fn admit(&self, plugin: &PluginRef, stage: Stage, now: Instant) -> Admission {
        self.wards.admit(plugin, stage, now, self.mode)
    }

    /// The pass for a version's namespace.
    pub(super) fn pass(&self, plugin: &PluginRef) -> &Pass {
        let pass = self.passes.iter().find(|pass| pass.is_of(plugin));
        pass.expect("a decision enters every namespace that its routes name")
    }

    /// Takes the calls into the figures of their namespaces, with what each logged.
    pub(super) fn count(&self, traces: &[StageTrace], heard: &[LogCounts]) {
        traces.iter().zip(heard).for_each(|(call, log)| self.pass(&call.plugin).count(call, log));
    }

    /// Tells what became of the calls. Only once the plan is made: an answer that does not fit into it was invalid. A
    /// dry run counts for nothing, else looking at a plan could quarantine a version or end its quarantine.
    pub(super) fn settle(&self, now: Instant, attended: &[Option<(Ticket, Verdict)>], traces: &[StageTrace]) {
        if self.mode == Mode::DryRun {
            return;
        }
        for (attended, call) in attended.iter().zip(traces) {
            let Some((ticket, verdict)) = *attended else { continue };
            let verdict = if call.outcome == "invalid-output" { Verdict::Failed } else { verdict };
            self.wards.settle(&call.plugin, call.stage, now, ticket, verdict, &call.outcome);
        }
    }
}

/// Tells what became of a call. Nothing of it tells of a person: a detail may quote a strategy, so it is left out.
pub(super) fn tell(span: &mut Follow, call: &StageTrace) {
    span.tell(|span| {
        span.set("rebound.stage", Value::Word(call.stage.word()));
        span.set("rebound.plugin", Value::Text(call.plugin.name.to_string()));
        span.set("rebound.version", Value::Text(call.plugin.version.to_string()));
        span.set("rebound.outcome", Value::Text(call.outcome.clone()));
        span.set("rebound.fuel", Value::Count(call.fuel));
        span.set("rebound.memory_bytes", Value::Count(call.memory_bytes));
        span.set("rebound.fallback", Value::Flag(call.fallback));
        if let Some(assignment) = &call.assignment
            && let Some(arm) = &assignment.arm
        {
            span.set("rebound.experiment", Value::Text(assignment.experiment.to_string()));
            span.set("rebound.arm", Value::Text(arm.to_string()));
        }
        if !matches!(call.outcome.as_str(), "value" | "declined") {
            span.fail(call.outcome.clone());
        }
    });
}
