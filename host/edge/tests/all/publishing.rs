//! What publishing holds up, and what it refuses without being a failure of the host.

use std::num::NonZeroUsize;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rebound_domain::experiment::{Arm, Draft, PhaseSeed, Status};
use rebound_domain::ids::{ArmKey, ExperimentKey};
use rebound_domain::limits::Limits;
use rebound_domain::manifest::Stage;
use rebound_domain::money::{BasisPoints, Currency};
use rebound_domain::policy::Policy;
use rebound_domain::route::{Access, RouteEntry};
use rebound_engine::{Clock, ControlError, Engine, EngineOptions, HostKey, PublishError};
use rebound_sandbox::{CacheOptions, Class, Compiler, Sandbox, SandboxOptions};
use rebound_storage::MemoryStorage;

use crate::guest::{configured, segmenter};
use crate::support::Service;

const WASM: &str = "application/wasm";

async fn engine(dir: &Path, compiler: Compiler) -> Engine {
    let cache = CacheOptions { dir: dir.join("cache"), key: [7; 32] };
    let options = SandboxOptions { limits: Limits::default(), cache, compiler, concurrency: 1 };
    let options = EngineOptions {
        storage: Arc::new(MemoryStorage::new()),
        sandbox: Sandbox::start(options).unwrap(),
        host_key: HostKey::new([1; 32]),
        key_slots: crate::support::key_slots(),
        limits: Limits::default(),
        clock: Clock::Event,
        currency: Currency::new("CNY").unwrap(),
        compute_threads: NonZeroUsize::MIN,
        compute_queue_count_max: 8,
    };
    Engine::start(options).await.unwrap()
}

/// A compiler that says when it begins, waits to be told to go on, and then refuses.
fn waiting_compiler(begun: &Path, go: &Path) -> Compiler {
    let pipes = [begun, go];
    assert!(Command::new("mkfifo").args(pipes).status().unwrap().success());
    let quoted = |path: &Path| format!("'{}'", path.as_os_str().as_bytes().escape_ascii());
    let script = format!(
        "exec 3<&0; echo > {}; read line < {}; while read -r line <&3; do :; done; exit 65",
        quoted(begun),
        quoted(go)
    );
    Compiler::Child {
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into(), "compiler".into()],
        environment: Vec::new(),
    }
}

/// The control plane was locked while a component compiled: for minutes nobody could stop an experiment.
#[tokio::test]
async fn operators_do_not_wait_for_a_compiler() {
    let dir = tempfile::tempdir().unwrap();
    let (begun, go) = (dir.path().join("begun"), dir.path().join("go"));
    let engine = engine(dir.path(), waiting_compiler(&begun, &go)).await;
    let publisher = engine.clone();
    let bytes = segmenter("tests/segments", "1.0.0", "sorts");
    let publishing = tokio::spawn(async move { publisher.publish(Class::Standard, bytes.into()).await });
    tokio::task::spawn_blocking(move || std::fs::read(begun)).await.unwrap().unwrap();
    let mut change = Box::pin(engine.set_policy(Policy::standard(Currency::new("CNY").unwrap())));
    let changed = futures_util::poll!(&mut change);
    tokio::task::spawn_blocking(move || std::fs::write(go, "\n")).await.unwrap().unwrap();
    assert!(matches!(publishing.await.unwrap(), Err(PublishError::Refused(_))));
    assert!(matches!(changed, std::task::Poll::Ready(Ok(()))), "the policy waited for the compiler");
}

#[tokio::test]
async fn the_same_bytes_in_another_class_are_a_conflict() {
    let service = Service::start().await;
    let bytes = segmenter("tests/segments", "1.0.0", "sorts");
    service.post("/v1/plugins").body(WASM, bytes.clone()).send().await.expect(201);
    let answer = service.post("/v1/plugins?class=large").body(WASM, bytes.clone()).send().await.expect(409);
    let (code, detail) = answer.problem();
    assert_eq!(code, "version_taken");
    assert!(detail.contains("standard class"), "{detail}");
    service.post("/v1/plugins?class=standard").body(WASM, bytes).send().await.expect(200);
}

#[tokio::test]
async fn a_manifest_too_large_to_store_is_refused() {
    let service = Service::start().await;
    // Within its own limit; each of its quotes is written with three backslashes when it is stored.
    let schema = format!(r#"{{"description":"{}"}}"#, r#"\""#.repeat(25_000));
    let bytes = configured("tests/talker", "1.0.0", &schema);
    let answer = service.post("/v1/plugins").body(WASM, bytes).send().await.expect(422);
    let (code, detail) = answer.problem();
    assert_eq!(code, "plugin_refused");
    assert!(detail.contains("over the limit of 65536"), "{detail}");
}

#[tokio::test]
async fn an_experiment_too_large_to_store_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let engine = engine(dir.path(), Compiler::InProcess).await;
    let bytes = segmenter("tests/segments", "1.0.0", "sorts");
    engine.publish(Class::Standard, bytes.into()).await.unwrap();
    let arm = |index: u32| Arm {
        key: ArmKey::new(format!("arm-{index}")).unwrap(),
        weight: BasisPoints(2_000),
        entries: vec![RouteEntry {
            plugin: "tests/segments@1.0.0".parse().unwrap(),
            config: format!("{{{:16000}}}", ""),
            slots: 1,
            margin: Access::Withheld,
            fallback: None,
        }],
    };
    let draft = Draft {
        stage: Stage::Segmentation,
        status: Status::Running,
        coverage: BasisPoints::WHOLE,
        arms: (0..5).map(arm).collect(),
        seed: PhaseSeed::New,
    };
    let refused = engine.set_experiment(ExperimentKey::new("large").unwrap(), draft).await;
    assert!(
        matches!(&refused, Err(ControlError::Invalid { field, problem }) if field == "arms" && problem.contains("65536")),
        "{refused:?}"
    );
}
