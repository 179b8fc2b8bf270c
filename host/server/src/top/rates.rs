//! What happened between two readings of a service's figures.

use std::collections::BTreeMap;
use std::time::Instant;

use rebound_telemetry::{Exposition, Sample};

/// The figures of a service at a time.
pub(super) struct Reading {
    pub(super) at: Instant,
    pub(super) figures: Exposition,
}

/// How much each counter grew, by its labels. One that fell was started anew, with its service: it grew by all it says.
pub(super) fn grown<'a>(before: &Reading, now: &'a Reading, name: &'a str) -> Vec<(&'a Sample, f64)> {
    let then: BTreeMap<&[(String, String)], f64> =
        before.figures.samples(name).map(|sample| (sample.labels.as_slice(), sample.value)).collect();
    let growth = |sample: &'a Sample| {
        let then = then.get(sample.labels.as_slice()).copied().unwrap_or(0.0);
        let since = if sample.value < then { sample.value } else { sample.value - then };
        (sample, since)
    };
    now.figures.samples(name).map(growth).collect()
}

/// The value below which this share of what a histogram counted in between lies, seconds; within a bucket as if spread
/// evenly. None when nothing was counted.
pub(super) fn quantile(before: &Reading, now: &Reading, histogram: &str, share: f64) -> Option<f64> {
    let name = format!("{histogram}_bucket");
    let mut upto: Vec<(f64, f64)> = grown(before, now, &name)
        .into_iter()
        .filter_map(|(sample, since)| Some((sample.bound()?, since)))
        .collect();
    upto.sort_by(|a, b| a.0.total_cmp(&b.0));
    let count = upto.last()?.1;
    if count <= 0.0 {
        return None;
    }
    let wanted = share * count;
    let (mut low, mut below) = (0.0, 0.0);
    for (bound, upto) in upto {
        if upto >= wanted {
            let part = if upto > below { (wanted - below) / (upto - below) } else { 1.0 };
            // The last bucket has no end: what lies in it is at least the highest bound.
            return Some(if bound.is_finite() { low + (bound - low) * part } else { low });
        }
        (low, below) = (bound, upto);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(text: &str) -> Reading {
        Reading { at: Instant::now(), figures: Exposition::parse(text).unwrap() }
    }

    fn buckets(counts: [u32; 3]) -> Reading {
        let [a, b, c] = counts;
        reading(&format!("t_bucket{{le=\"1\"}} {a}\nt_bucket{{le=\"2\"}} {b}\nt_bucket{{le=\"+Inf\"}} {c}\n"))
    }

    #[test]
    fn growth_is_by_labels_and_survives_a_restart() {
        let before = reading("a_total{x=\"1\"} 10\na_total{x=\"2\"} 5\n");
        let now = reading("a_total{x=\"1\"} 13\na_total{x=\"2\"} 2\na_total{x=\"3\"} 4\n");
        let growth: Vec<f64> = grown(&before, &now, "a_total").into_iter().map(|(_, since)| since).collect();
        assert_eq!(growth, [3.0, 2.0, 4.0]);
    }

    #[test]
    fn quantiles_are_of_what_happened_in_between() {
        let (before, now) = (buckets([100, 100, 100]), buckets([110, 120, 120]));
        assert_eq!(quantile(&before, &now, "t", 0.5), Some(1.0));
        assert_eq!(quantile(&before, &now, "t", 0.75), Some(1.5));
        assert_eq!(quantile(&now, &now, "t", 0.5), None);
        assert_eq!(
            quantile(&before, &buckets([100, 100, 101]), "t", 0.5),
            Some(2.0),
            "the highest bound there is"
        );
        assert_eq!(quantile(&before, &buckets([4, 4, 4]), "t", 0.5), Some(0.5), "after a restart");
    }
}
