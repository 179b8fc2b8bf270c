//! The guests of `tests/guests`, built once.

use std::path::Path;
use std::sync::OnceLock;

use rebound_sandbox::{Outcome, Plugin, Report};

use crate::fixture::{catalog, context, situation, timeline, unknown};

/// The component whose stages do what their config says.
pub(crate) fn hostile() -> &'static [u8] {
    static COMPONENT: OnceLock<Vec<u8>> = OnceLock::new();
    COMPONENT.get_or_init(|| {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/guests");
        rebound_toolchain::build(&dir, &rebound_toolchain::Options::default()).unwrap().bytes
    })
}

/// One call whatever the stage: how it ended, without what it answered.
pub(crate) fn act_in(stage: rebound_domain::manifest::Stage, plugin: &Plugin, config: &str) -> Report<()> {
    use rebound_domain::manifest::Stage;
    let situation = situation();
    let (context, catalog, segment) = (context(&situation, config), catalog(), unknown());
    match stage {
        Stage::Segmentation => bare(plugin.classify(&context, &catalog)),
        Stage::Recommendation => bare(plugin.recommend(&context, &catalog, &segment)),
        Stage::Coupon => bare(plugin.compensate(&context, &catalog, &segment, &[])),
        Stage::Sharing => bare(plugin.compose(&context, &catalog, &segment, &[], &[])),
        Stage::Progress => bare(plugin.narrate(&context, &catalog, &segment, &timeline(), &[])),
    }
}

fn bare<T>(report: Report<T>) -> Report<()> {
    Report { outcome: report.outcome.map(drop), usage: report.usage, log: report.log }
}

/// A recommendation.
pub(crate) fn act(plugin: &Plugin, config: &str) -> Report<()> {
    act_in(rebound_domain::manifest::Stage::Recommendation, plugin, config)
}

/// What an outcome says went wrong.
pub(crate) fn detail<T>(report: &Report<T>) -> String {
    match &report.outcome {
        Outcome::Value(_) => "a value".to_owned(),
        other => other.detail().unwrap_or_default(),
    }
}
