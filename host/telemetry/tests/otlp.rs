//! What is sent, read back with the types that are generated from the protocol's own files.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use prost::Message as _;
use rebound_telemetry::{Exporter, ExporterOptions, Refused, Tracer, Transport, Value};

/// Far longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

type Answers = VecDeque<Result<Vec<u8>, Refused>>;

/// A collector that answers what it is told to, then well.
struct Collector {
    answers: Arc<Mutex<Answers>>,
    seen: Sender<(String, Vec<u8>)>,
}

impl Transport for Collector {
    fn post(&self, path: &str, body: &[u8]) -> Result<Vec<u8>, Refused> {
        self.seen.send((path.to_owned(), body.to_vec())).ok();
        self.answers.lock().unwrap().pop_front().unwrap_or(Ok(Vec::new()))
    }
}

fn start(
    tracer: &Tracer,
    figures: &'static str,
    figures_interval: Duration,
    answers: Vec<Result<Vec<u8>, Refused>>,
) -> (Exporter, Receiver<(String, Vec<u8>)>) {
    let (seen, bodies) = channel();
    let options = ExporterOptions {
        service: "shop".to_owned(),
        version: "9",
        instance: "here".to_owned(),
        spans: true,
        span_interval: Duration::from_millis(1),
        figures_interval,
        attempts_max: 3,
        backoff: Duration::from_millis(1),
    };
    let collector = Collector { answers: Arc::new(Mutex::new(answers.into())), seen };
    (Exporter::start(options, tracer.clone(), || figures.to_owned(), collector).unwrap(), bodies)
}

fn request(tracer: &Tracer) -> u128 {
    let trace = tracer.start(None).unwrap();
    let mut request = trace.request("request");
    request.set("http.route", Value::Text("/v1/returns".to_owned()));
    request.set("count", Value::Count(41_000));
    request.set("yes", Value::Flag(true));
    let mut stage = request.place().part("stage");
    stage.fail("trap".to_owned());
    trace.context().trace
}

fn later() -> Result<Vec<u8>, Refused> {
    Err(Refused::Later { reason: "503".to_owned(), wait: None })
}

#[test]
fn a_tree_of_spans_is_what_the_protocol_says() {
    let tracer = Tracer::new(10_000, 100);
    let trace = request(&tracer);
    let (exporter, bodies) = start(&tracer, "", Duration::ZERO, Vec::new());
    let (path, body) = bodies.recv_timeout(PATIENCE).unwrap();
    assert_eq!(path, "/v1/traces");
    let sent = ExportTraceServiceRequest::decode(&body[..]).unwrap();
    let [of_resource] = &sent.resource_spans[..] else { panic!("{sent:?}") };
    let resource = of_resource.resource.as_ref().unwrap();
    let said: Vec<_> = resource
        .attributes
        .iter()
        .map(|it| (it.key.as_str(), it.value.clone().unwrap().value.unwrap()))
        .collect();
    assert_eq!(said[0], ("service.name", Any::StringValue("shop".to_owned())));
    let spans = &of_resource.scope_spans[0].spans;
    let [stage, root] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!((root.trace_id.as_slice(), root.parent_span_id.len()), (&trace.to_be_bytes()[..], 0));
    assert_eq!((&stage.parent_span_id, &stage.trace_id), (&root.span_id, &root.trace_id));
    assert_eq!((root.kind, stage.kind), (2, 1));
    assert!(
        root.start_time_unix_nano > 1_700_000_000_000_000_000
            && root.end_time_unix_nano >= stage.end_time_unix_nano
    );
    let values: Vec<_> = root.attributes.iter().map(|it| it.value.clone().unwrap().value.unwrap()).collect();
    assert_eq!(
        values,
        [Any::StringValue("/v1/returns".to_owned()), Any::IntValue(41_000), Any::BoolValue(true)]
    );
    let status = stage.status.as_ref().unwrap();
    assert_eq!((status.code, status.message.as_str()), (2, "trap"));
    assert!(exporter.end(PATIENCE));
    assert!(tracer.figures().contains("outcome=\"exported\"} 2"));
}

#[test]
fn figures_are_what_the_protocol_says() {
    const FIGURES: &str = "# HELP a_calls Calls.\n# TYPE a_calls counter\na_calls_total{arm=\"x\"} 3\n\
        # HELP depth Depth.\n# TYPE depth gauge\ndepth 4\n\
        # HELP took_seconds Took.\n# TYPE took_seconds histogram\n# UNIT took_seconds seconds\n\
        took_seconds_sum 0.5\ntook_seconds_count 7\ntook_seconds_bucket{le=\"0.1\"} 2\n\
        took_seconds_bucket{le=\"0.2\"} 5\ntook_seconds_bucket{le=\"+Inf\"} 7\n# EOF\n";
    let (exporter, bodies) = start(&Tracer::off(), FIGURES, Duration::from_millis(1), Vec::new());
    let (path, body) = bodies.recv_timeout(PATIENCE).unwrap();
    assert_eq!(path, "/v1/metrics");
    let sent = ExportMetricsServiceRequest::decode(&body[..]).unwrap();
    let metrics = &sent.resource_metrics[0].scope_metrics[0].metrics;
    let [calls, depth, took] = &metrics[..] else { panic!("{metrics:?}") };
    let Some(Data::Sum(sum)) = &calls.data else { panic!("{calls:?}") };
    assert_eq!((calls.name.as_str(), sum.is_monotonic, sum.aggregation_temporality), ("a_calls", true, 2));
    assert_eq!(sum.data_points[0].value, Some(Number::AsDouble(3.0)));
    assert_eq!(sum.data_points[0].attributes[0].key, "arm");
    assert!(
        matches!(&depth.data, Some(Data::Gauge(gauge)) if gauge.data_points[0].value == Some(Number::AsDouble(4.0)))
    );
    let Some(Data::Histogram(histogram)) = &took.data else { panic!("{took:?}") };
    let point = &histogram.data_points[0];
    assert_eq!((point.count, point.sum, took.unit.as_str()), (7, Some(0.5), "s"));
    assert_eq!((&point.bucket_counts[..], &point.explicit_bounds[..]), (&[2, 3, 2][..], &[0.1, 0.2][..]));
    assert!(point.time_unix_nano >= point.start_time_unix_nano && point.start_time_unix_nano > 0);
    assert!(exporter.end(PATIENCE));
}

#[test]
fn a_busy_collector_is_tried_again_with_the_same_spans() {
    let tracer = Tracer::new(10_000, 100);
    request(&tracer);
    let (exporter, bodies) = start(&tracer, "", Duration::ZERO, vec![later(), later()]);
    let tries: Vec<_> = (0..3).map(|_| bodies.recv_timeout(PATIENCE).unwrap()).collect();
    assert!(tries.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(exporter.end(PATIENCE));
    assert_eq!(tracer.dropped(), 0);
}

#[test]
fn what_no_try_hands_over_is_dropped_and_counted_and_the_next_is_sent() {
    for (answers, tries) in
        [(vec![later(), later(), later()], 3), (vec![Err(Refused::Never { reason: "400".to_owned() })], 1)]
    {
        let tracer = Tracer::new(10_000, 100);
        request(&tracer);
        let (exporter, bodies) = start(&tracer, "", Duration::ZERO, answers);
        for _ in 0..tries {
            bodies.recv_timeout(PATIENCE).unwrap();
        }
        let next = request(&tracer);
        let (_, body) = bodies.recv_timeout(PATIENCE).unwrap();
        let sent = ExportTraceServiceRequest::decode(&body[..]).unwrap();
        assert_eq!(sent.resource_spans[0].scope_spans[0].spans[0].trace_id, next.to_be_bytes());
        assert!(exporter.end(PATIENCE));
        assert_eq!(tracer.dropped(), 2);
    }
}

#[test]
fn spans_that_a_collector_rejects_count_as_dropped() {
    let partial = ExportTracePartialSuccess { rejected_spans: 1, error_message: "no".to_owned() };
    let answer = ExportTraceServiceResponse { partial_success: Some(partial) }.encode_to_vec();
    let tracer = Tracer::new(10_000, 100);
    request(&tracer);
    let (exporter, bodies) = start(&tracer, "", Duration::ZERO, vec![Ok(answer)]);
    bodies.recv_timeout(PATIENCE).unwrap();
    assert!(exporter.end(PATIENCE));
    assert_eq!(tracer.dropped(), 1);
}

#[test]
fn the_end_sends_what_is_left() {
    let tracer = Tracer::new(10_000, 10_000);
    let (exporter, bodies) =
        start(&tracer, "# TYPE a gauge\na 1\n# EOF\n", Duration::from_secs(3_600), Vec::new());
    request(&tracer);
    assert!(exporter.end(PATIENCE));
    let paths: Vec<String> = bodies.try_iter().map(|(path, _)| path).collect();
    assert!(paths.contains(&"/v1/traces".to_owned()) && paths.last().unwrap() == "/v1/metrics", "{paths:?}");
}

#[test]
fn the_end_does_not_wait_for_a_collector_that_is_away() {
    let tracer = Tracer::new(10_000, 10_000);
    request(&tracer);
    let away = Refused::Later { reason: "away".to_owned(), wait: Some(Duration::from_secs(3_600)) };
    let (exporter, bodies) = start(&tracer, "", Duration::ZERO, vec![Err(away); 3]);
    bodies.recv_timeout(PATIENCE).unwrap();
    assert!(exporter.end(PATIENCE));
    assert_eq!(tracer.dropped(), 2);
}
