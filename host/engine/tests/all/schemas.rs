//! Config schemas that are written to hurt. A schema is read when its strategy is published, and a route's config is
//! held against it when the route is set: both in the service's own process.

use std::sync::mpsc::channel;
use std::time::Duration;

use rebound_domain::manifest::Stage;
use rebound_engine::{ControlError, PublishError};
use rebound_sandbox::Class;

use crate::counter::configured;
use crate::house::{House, entry};

/// How publishing ended, and how a route with a config then did.
type Ended = (Result<(), PublishError>, Option<Result<(), ControlError>>);

/// Publishes under a schema and routes with a config, in a thread of its own: what hangs is told apart from what is
/// slow by far more time than either should take.
fn publish_and_route(schema: &str, config: &str) -> Ended {
    let (schema, config) = (schema.to_owned(), config.to_owned());
    let (ended, end) = channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let outcome = runtime.block_on(async {
            let house = House::new().await;
            let component = configured("tests/schema", "1.0.0", 1, &schema);
            match house.engine.publish(Class::Standard, component.into()).await {
                Err(error) => (Err(error), None),
                Ok((publication, _)) => {
                    let route = vec![entry(&publication.plugin, &config)];
                    (Ok(()), Some(house.engine.set_route(Stage::Segmentation, route).await))
                }
            }
        });
        // Nobody listens any more when it took too long.
        ended.send(outcome).ok();
    });
    end.recv_timeout(Duration::from_secs(120))
        .expect("a schema is read and held against a config in bounded time")
}

#[track_caller]
fn refused(schema: &str, reason: &str) {
    match publish_and_route(schema, "{}").0 {
        Err(PublishError::Manifest { field, problem }) => {
            assert_eq!(field, "config-schema");
            assert!(problem.contains(reason), "{problem}");
        }
        other => panic!("{schema} ended in {other:?}"),
    }
}

#[test]
fn a_schema_that_is_none_or_lies_elsewhere_is_refused() {
    refused("", "EOF");
    refused("{", "EOF");
    refused(r#"{"type":"nonsense"}"#, "nonsense");
    refused(&"[".repeat(200), "recursion limit");
    for elsewhere in ["http://127.0.0.1:9/schema.json", "https://example.com/a", "file:///etc/hostname"] {
        refused(&format!(r#"{{"$ref":"{elsewhere}"}}"#), elsewhere);
    }
}

#[test]
fn a_schema_that_is_itself_ends() {
    for schema in [
        r##"{"$ref":"#"}"##,
        r##"{"allOf":[{"$ref":"#"}]}"##,
        r##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}"##,
    ] {
        let ended = publish_and_route(schema, "{}");
        assert!(matches!(ended, (Ok(()), Some(Ok(())))), "{schema} ended in {ended:?}");
    }
}

/// Definitions of which each names the next so many times; the last is an object.
fn multiplying(factor: usize, steps: usize) -> String {
    let reference = |step: usize| format!(r##"{{"$ref":"#/$defs/d{step}"}}"##);
    let definition = |step: usize| {
        let next = vec![reference(step + 1); factor].join(",");
        format!(r#""d{step}":{{"allOf":[{next}]}},"#)
    };
    let definitions: String = (0..steps).map(definition).collect();
    format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{definitions}"d{steps}":{{"type":"object"}}}}}}"##)
}

/// A schema of forty steps kept the service busy until it was killed: holding a value against the first definition is
/// to hold it 2^40 times against the last.
#[test]
fn a_schema_that_doubles_at_every_step_is_refused() {
    refused(&multiplying(2, 40), "81 references, over the limit of 32");
    refused(&multiplying(32, 1), "33 references, over the limit of 32");
    // The worst that so few references can be made into.
    let ended = publish_and_route(&multiplying(3, 10), "{}");
    assert!(matches!(ended, (Ok(()), Some(Ok(())))), "{ended:?}");
}

/// Patterns over which a backtracking engine would take 2^64 steps, and one that unfolds into a hundred million.
#[test]
fn a_pattern_that_backtracks_without_end_ends() {
    let config = format!(r#""{}!""#, "a".repeat(64));
    let with = |pattern: &str| format!(r#"{{"type":"string","pattern":"{pattern}"}}"#);
    for pattern in ["^(a+)+$", "^(a|aa)+$", "^(?=(a+)+b)a*$"] {
        let ended = publish_and_route(&with(pattern), &config);
        assert!(matches!(ended, (Ok(()), Some(Err(ControlError::Config { .. })))), "{pattern}: {ended:?}");
    }
    refused(&with("(a{9999}){9999}"), "regex");
}
