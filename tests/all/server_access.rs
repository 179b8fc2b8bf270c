//! Tokens and the audit log over the real binary, and a log that holds no secret.

use rebound_storage::{Batch, SledOptions, SledStorage, Storage as _};
use rebound_tests::client::Client;
use rustix::process::Signal;
use serde_json::json;

use crate::server_process::{Running, rebound};

#[test]
fn tokens_are_made_used_rotated_and_revoked_and_no_secret_reaches_the_log() {
    let data = tempfile::tempdir().unwrap();
    let service = Running::start(data.path(), &["--log", "trace"]);
    let admin = std::fs::read_to_string(data.path().join("admin.token")).unwrap().trim().to_owned();
    let run = |arguments: &[&str]| service.run_with_token(arguments, &admin);
    let made = run(&["--json", "token", "create", "shop", "--scope", "events"]).expect(0, &[]).json();
    let (id, secret) =
        (made["token"]["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned());
    let status =
        |token: &str, path: &str| Client::new(&service.url, Some(token.to_owned())).get(path).unwrap().status;
    assert_eq!((status(&secret, "/v1/returns/r-1"), status(&secret, "/v1/policy")), (404, 403));
    let wrong = format!("{}x", &secret[..secret.len() - 1]);
    assert_eq!(status(&wrong, "/v1/returns/r-1"), 401);
    service.run_with_token(&["route", "show"], &secret).expect(1, &["scope"]);

    let listed = run(&["token", "list"]).expect(0, &[]).stdout;
    assert!(listed.contains(&format!("{id} shop: events")) && !listed.contains(&secret), "{listed}");
    let rotated = run(&["token", "rotate", &id, "--overlap", "0"]).expect(0, &[]).stdout;
    let newer = rotated.lines().last().unwrap().to_owned();
    assert_eq!((status(&secret, "/v1/returns/r-1"), status(&newer, "/v1/returns/r-1")), (401, 404));
    run(&["token", "revoke", &id]).expect(0, &[]);
    assert_eq!(status(&newer, "/v1/returns/r-1"), 401);
    run(&["token", "revoke", "nobody"]).expect(1, &[]);
    run(&["token", "create", "x", "--scope", "everything"]).expect(2, &["everything"]);

    let told = run(&["audit", "list"]).expect(0, &[]).stdout;
    let actions: Vec<_> = told.lines().filter_map(|line| line.split(' ').nth(3)).collect();
    assert_eq!(actions, ["token.create", "token.rotate", "token.revoke"], "{told}");
    for text in [&secret, &newer, &admin] {
        assert!(!told.contains(text.as_str()), "{told}");
    }
    service.signal(Signal::TERM);
    let (status, stdout, log) = service.wait();
    assert!(status.success() && log.contains("TRACE"), "{log}");
    // The first start shows the admin token on standard error, which is no line of the log.
    let lines: Vec<_> =
        log.lines().filter(|line| !line.contains("the admin token, shown this once")).collect();
    for text in [&secret, &newer, &admin, &wrong] {
        let leaked = lines.iter().find(|line| line.contains(text.as_str()));
        assert!(leaked.is_none() && !stdout.contains(text.as_str()), "{leaked:?}");
    }
}

#[test]
fn one_changed_byte_of_the_audit_log_is_found() {
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().to_str().unwrap();
    let service = Running::dev(data.path());
    for number in 0..5 {
        service.run(&["token", "create", &format!("t-{number}"), "--scope", "read"]).expect(0, &[]);
    }
    let verified = service.run(&["--json", "audit", "verify"]).expect(0, &[]).json();
    assert_eq!((&verified["holds"], &verified["head"]["sequence"]), (&json!(true), &json!(5)));
    let hash = verified["head"]["hash"].as_str().unwrap().to_owned();
    service.run(&["token", "create", "t-5", "--scope", "read"]).expect(0, &[]);
    service.run(&["audit", "verify", "--hash", &hash]).expect(0, &[]);
    service.run(&["audit", "verify", "--hash", &"0".repeat(64)]).expect(1, &[]);
    rebound(&["audit", "verify", "--data", dir]).expect(2, &["stopped"]);
    service.signal(Signal::TERM);
    assert!(service.wait().0.success());
    rebound(&["audit", "verify", "--data", dir]).expect(0, &[]);

    // The third entry still reads well; that the fourth does not follow it any more gives it away.
    tamper(&data.path().join("storage"));
    let broken = rebound(&["--json", "audit", "verify", "--data", dir]).expect(1, &[]).json();
    assert_eq!((&broken["holds"], &broken["sequence"]), (&json!(false), &json!(4)), "{broken}");
    rebound(&["audit", "verify", "--data", data.path().join("none").to_str().unwrap()])
        .expect(2, &["no storage"]);
}

/// Changes one letter of the third entry.
fn tamper(storage: &std::path::Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let storage = SledStorage::open(storage, SledOptions::default()).unwrap();
        let found = storage.scan_all(None, 1024).await.unwrap().value;
        let (key, entry) = found
            .into_iter()
            .find(|(_, entry)| entry.bytes().is_some_and(|bytes| bytes.windows(3).any(|it| it == b"t-2")))
            .filter(|(key, _)| key.owner.starts_with(b"audit"))
            .expect("the log names the token");
        let changed = String::from_utf8(entry.bytes().unwrap().to_vec()).unwrap().replace("t-2", "t-9");
        let mut batch = Batch::new();
        batch.expect_revision(key.clone(), entry.revision().unwrap()).put(key, changed);
        storage.commit(batch).await.unwrap();
        storage.close().await.unwrap();
    });
}
