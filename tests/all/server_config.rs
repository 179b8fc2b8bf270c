//! The configuration of the real binary: checked, shown, and read again while it serves.

use std::fs;

use rebound_tests::client::Client;
use rustix::process::Signal;

use crate::server_process::{Running, rebound, rebound_with};

#[test]
fn a_check_tells_everything_at_once_and_ends_with_its_own_code() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rebound.toml");
    let config = path.to_str().unwrap();
    fs::write(&path, "data = 'd'\nlistne = '127.0.0.1:1'\n[limits]\noffers = 0\n").unwrap();
    let wants = [
        &format!("{config}:2:1: listne is no key of the configuration; did you mean listen?"),
        &format!("{config}:4:1: limits.offers = 0 does not stand: use 1 to 512"),
        "env REBOUND_DEV: dev = yes does not stand: use true or false",
    ];
    rebound_with(&[("REBOUND_DEV", "yes")], &["config", "check", "--config", config]).expect(13, &wants);
    rebound_with(&[("REBOUND_CONFIG", config)], &["serve"]).expect(13, &wants[..1]);
    let refusal = rebound(&["config", "check", "--config", config, "--json"]).expect(13, &[]).json();
    assert_eq!(refusal["error"]["code"], "config");
    assert_eq!(refusal["error"]["faults"].as_array().unwrap().len(), 2, "{refusal}");
    rebound(&["config", "check", "--config", config, "--set", "dev=1"]).expect(13, &["--set dev"]);
    rebound(&["config", "check", "--data", "d", "--set", "dev=1"]).expect(2, &["--set dev"]);
    rebound(&["config", "check", "--config", "/nowhere.toml"]).expect(2, &["/nowhere.toml cannot be read"]);

    fs::write(&path, "data = 'd'\n").unwrap();
    let stands = rebound_with(&[("REBOUND_LISTNE", "x")], &["config", "check", "--config", config]);
    let stands = stands.expect(0, &[]).stdout;
    assert!(
        stands.contains("did you mean REBOUND_LISTEN?") && stands.contains("the configuration stands"),
        "{stands}"
    );
}

#[test]
fn every_value_is_shown_with_who_says_so_and_secrets_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rebound.toml");
    let config = path.to_str().unwrap();
    fs::write(&path, "data = 'd'\n[shutdown]\ngrace = 7\n[otlp]\nheaders = 'authorization=hush'\n").unwrap();
    let arguments = ["config", "show", "--config", config, "--currency", "EUR"];
    let shown = rebound_with(&[("REBOUND_LOG_ACCESS", "true")], &arguments).expect(0, &[]).stdout;
    for want in [
        &format!("shutdown.grace = 7  # {config}:3:1\n"),
        "currency = \"EUR\"  # --currency\n",
        "log.access = true  # env REBOUND_LOG_ACCESS\n",
        "listen = \"127.0.0.1:8080\"  # default\n",
        "limits.offers = 32  # default\n",
        &format!("otlp.headers = ***  # {config}:5:1\n"),
    ] {
        assert!(shown.contains(want), "{want}: {shown}");
    }
    let shown = rebound(&[&arguments[..], &["--json", "--changed"]].concat()).expect(0, &[]);
    assert!(!shown.stdout.contains("hush"));
    let keys = shown.json()["keys"].as_array().unwrap().clone();
    assert_eq!(keys.len(), 4, "{keys:?}");
    let grace = keys.iter().find(|key| key["key"] == "shutdown.grace").unwrap();
    assert_eq!((&grace["value"], &grace["env"]), (&7.into(), &"REBOUND_SHUTDOWN_GRACE".into()));
}

#[test]
fn a_reload_changes_what_can_change_and_names_what_cannot() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rebound.toml");
    fs::write(&path, "[log]\naccess = false\n").unwrap();
    let data = dir.path().join("data");
    let service = Running::start(&data, &["--dev", "--config", path.to_str().unwrap()]);
    let client = Client::new(&service.url, None);
    client.get("/v1/policy").unwrap();

    fs::write(&path, "currency = 'EUR'\n[log]\nfilter = 'debug'\n[limits]\nrecord_share_bp = 7\n").unwrap();
    service.signal(Signal::HUP);
    service.wait_for_log("until then it is what it was");
    service.wait_for_log("the configuration was read again");
    client.get("/v1/constants").unwrap();
    service.wait_for_log("/v1/constants");
    assert_eq!(client.get("/v1/policy").unwrap().json().unwrap()["currency"], "CNY");

    fs::write(&path, "[log]\naccess = true\n").unwrap();
    service.signal(Signal::HUP);
    service.wait_for_log("the configuration was read again");
    client.get("/v1/budgets").unwrap();
    service.wait_for_log("/v1/budgets");

    fs::write(&path, "[log]\naccess = false\nfilter = 'a=b=c'\n").unwrap();
    service.signal(Signal::HUP);
    service.wait_for_log("rebound.toml:3:1: log.filter");
    service.wait_for_log("nothing changes");
    client.get("/v1/experiments").unwrap();
    service.wait_for_log("/v1/experiments");
    service.signal(Signal::TERM);
    let (status, _, log) = service.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert_eq!(log.matches("/v1/policy").count(), 1, "one before answers were lines of the log: {log}");
}
