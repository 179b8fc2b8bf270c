//! `ExportMetricsServiceRequest`, from the figures that `/metrics` shows: both ways tell the same.

use std::collections::BTreeMap;

use super::message::Message;
use super::{Resource, attribute, text};
use crate::exposition::{Exposition, Family, Kind, Sample};

const CUMULATIVE: u64 = 2;

/// The body of a request that hands over these figures, counted since `start`, as they are at `now` (nanoseconds since 1970).
pub(crate) fn metrics(resource: &Resource, figures: &Exposition, start: u64, now: u64) -> Vec<u8> {
    let times = Times { start, now };
    let mut scoped = Message::new();
    scoped.message(1, &resource.scope());
    for family in figures.families.iter().filter(|family| !family.samples.is_empty()) {
        scoped.message(2, &metric(family, times));
    }
    let mut of_resource = Message::new();
    of_resource.message(1, &resource.message()).message(2, &scoped);
    let mut request = Message::new();
    request.message(1, &of_resource);
    request.into_bytes()
}

#[derive(Clone, Copy)]
struct Times {
    start: u64,
    now: u64,
}

fn metric(family: &Family, times: Times) -> Message {
    let mut metric = Message::new();
    metric.text(1, &family.name).text(2, &family.help);
    if family.name.ends_with("_seconds") {
        metric.text(3, "s");
    }
    let mut data = Message::new();
    match family.kind {
        Kind::Histogram => {
            for point in histograms(family) {
                data.message(1, &point.message(times));
            }
            data.number(2, CUMULATIVE);
            metric.message(9, &data);
        }
        Kind::Counter => {
            for sample in family.samples.iter().filter(|sample| sample.name.ends_with("_total")) {
                data.message(1, &number(sample, times));
            }
            data.number(2, CUMULATIVE).number(3, 1);
            metric.message(7, &data);
        }
        Kind::Gauge | Kind::Other => {
            for sample in &family.samples {
                data.message(1, &number(sample, times));
            }
            metric.message(5, &data);
        }
    }
    metric
}

fn number(sample: &Sample, times: Times) -> Message {
    let mut point = Message::new();
    point.fixed(2, times.start).fixed(3, times.now).double(4, sample.value);
    labels(&mut point, 7, &sample.labels);
    point
}

fn labels(point: &mut Message, field: u32, labels: &[(String, String)]) {
    for (key, value) in labels {
        point.message(field, &attribute(key, &text(value)));
    }
}

/// One histogram: its labels without `le`, counts up to each bound.
#[derive(Default)]
struct Buckets {
    labels: Vec<(String, String)>,
    /// Bounds with the count of everything at or below.
    upto: Vec<(f64, f64)>,
    sum: f64,
    count: f64,
}

fn histograms(family: &Family) -> Vec<Buckets> {
    let mut by_labels: BTreeMap<Vec<(String, String)>, Buckets> = BTreeMap::new();
    for sample in &family.samples {
        let mut labels = sample.labels.clone();
        labels.retain(|(key, _)| key != "le");
        let buckets = by_labels.entry(labels.clone()).or_default();
        buckets.labels = labels;
        match sample.name.strip_prefix(family.name.as_str()) {
            Some("_sum") => buckets.sum = sample.value,
            Some("_count") => buckets.count = sample.value,
            Some("_bucket") => {
                if let Some(bound) = sample.bound() {
                    buckets.upto.push((bound, sample.value));
                }
            }
            _ => {}
        }
    }
    by_labels.into_values().collect()
}

impl Buckets {
    fn message(&self, times: Times) -> Message {
        // The text counts everything up to a bound, the protocol what lies between two.
        let mut below = 0.0;
        let mut between: Vec<u64> = Vec::with_capacity(self.upto.len());
        for (_, upto) in &self.upto {
            between.push(whole(upto - below));
            below = *upto;
        }
        let bounds = self.upto.iter().map(|(bound, _)| *bound).filter(|bound| bound.is_finite());
        let mut point = Message::new();
        point.fixed(2, times.start).fixed(3, times.now).fixed(4, whole(self.count)).double(5, self.sum);
        point.packed(6, between.into_iter()).packed(7, bounds.map(f64::to_bits));
        labels(&mut point, 9, &self.labels);
        point
    }
}

/// A count that came as text.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and counts are whole"
)]
fn whole(count: f64) -> u64 {
    count as u64
}
