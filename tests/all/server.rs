//! The service as a process: its first line, its files, its exit codes, its end.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rebound_tests::client::{Client, Method};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::server_process::{Running, rebound};

fn serve(data: &Path, arguments: &[&str]) -> crate::server_process::Finished {
    rebound(&[&["serve", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()], arguments].concat())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A shop with one product, and a return of it.
fn with_product(service: &Running, token: Option<&str>) -> Client {
    let client = Client::new(&service.url, token.map(str::to_owned));
    let product = json!({"sku": "LIP-01", "title": "Lip balm", "price": 19_900});
    let answer =
        client.send(Method::Post, "/v1/catalog", "application/x-ndjson", product.to_string().as_bytes());
    assert_eq!(answer.unwrap().json().unwrap()["created"], 1);
    client
}

fn event() -> Value {
    json!({"source": "shop", "id": "e-1", "return_id": "r-1", "customer_id": "c-1", "locale": "en",
        "requested_at": "2026-03-01T09:30:00Z", "currency": "CNY",
        "lines": [{"sku": "LIP-01", "quantity": 1, "paid": 19_900, "reason": "color"}]})
}

#[test]
fn the_first_line_is_where_it_listens_and_nothing_else_goes_there() {
    let data = tempfile::tempdir().unwrap();
    let service = Running::dev(data.path());
    let port: u16 = service.address().strip_prefix("127.0.0.1:").unwrap().parse().unwrap();
    assert_eq!(service.first_line, format!("{{\"listening\":\"http://127.0.0.1:{port}\"}}\n"));
    assert_eq!(Client::new(&service.url, None).get("/readyz").unwrap().status, 200);
    service.signal(Signal::TERM);
    let (status, rest, _) = service.wait();
    assert_eq!((status.code(), rest.as_str()), (Some(0), ""));
}

#[test]
fn the_first_start_makes_private_keys_and_shows_the_token_once() {
    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("data");
    // It is no line of the log: no filter drops it.
    let service = Running::start(&data, &["--log", "off"]);
    let token = fs::read_to_string(data.join("admin.token")).unwrap().trim().to_owned();
    for (path, want) in [(".", 0o700), ("cache", 0o700), ("admin.token", 0o600), ("host.key", 0o600)] {
        assert_eq!(mode(&data.join(path)), want, "{path}");
    }
    service.signal(Signal::INT);
    let (status, _, log) = service.wait();
    assert_eq!(status.code(), Some(0));
    let path = data.join("admin.token");
    let shown = format!("the admin token, shown this once and kept in {}: {token}\n", path.display());
    assert_eq!(log, shown);

    let again = Running::start(&data, &[]);
    assert_eq!(fs::read_to_string(data.join("admin.token")).unwrap().trim(), token);
    again.signal(Signal::TERM);
    let (_, _, log) = again.wait();
    assert!(!log.contains(&token), "{log}");
}

#[test]
fn only_the_token_opens_the_service() {
    let data = tempfile::tempdir().unwrap();
    let service = Running::start(data.path(), &[]);
    let token = fs::read_to_string(data.path().join("admin.token")).unwrap();
    for path in ["/v1/policy", "/v1/plugins", "/metrics", "/nothing"] {
        for wrong in [None, Some("wrong".to_owned())] {
            let answer = Client::new(&service.url, wrong).get(path).unwrap();
            assert_eq!(
                (answer.status, &answer.json().unwrap()["code"]),
                (401, &json!("unauthorized")),
                "{path}"
            );
        }
    }
    let open = Client::new(&service.url, None);
    assert_eq!(open.get("/healthz").unwrap().status, 200);
    assert_eq!(open.get("/readyz").unwrap().status, 200);
    assert_eq!(
        Client::new(&service.url, Some(token.trim().to_owned())).get("/v1/policy").unwrap().status,
        200
    );

    service.run(&["route", "show"]).expect(1, &["no token came", "set REBOUND_TOKEN"]);
    let refusal = service.run(&["route", "show", "--json"]).expect(1, &[]).json();
    assert_eq!(refusal["error"]["code"], "unauthorized");
    service.run_with_token(&["route", "show"], &token).expect(0, &[]);
    let file = data.path().join("admin.token");
    service.run(&["route", "show", "--token-file", file.to_str().unwrap()]).expect(0, &[]);
}

#[test]
fn a_development_server_asks_for_no_token_and_stays_on_this_machine() {
    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("data");
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"] {
        rebound(&["serve", "--dev", "--listen", address, "--data", data.to_str().unwrap()])
            .expect(2, &["--dev", "loopback only", "leave --dev out"]);
    }
    assert!(!data.exists(), "what is refused leaves nothing behind");
    let service = Running::dev(&data);
    assert_eq!(Client::new(&service.url, None).get("/v1/policy").unwrap().status, 200);
    assert!(!data.join("admin.token").exists());
}

#[test]
fn events_tell_the_time_on_a_development_server_only() {
    let data = tempfile::tempdir().unwrap();
    serve(data.path(), &["--clock", "event"]).expect(2, &["--clock event", "needs --dev"]);
    let service = Running::start(data.path(), &["--dev", "--clock", "event"]);
    let client = with_product(&service, None);
    let plan = client.ok(Method::Post, "/v1/returns", &event()).unwrap();
    assert_eq!(plan["decided_at"], "2026-03-01T09:30:00Z");
}

#[test]
fn a_taken_address_is_told_with_the_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("data");
    let finished = rebound(&["serve", "--listen", &address, "--data", data.to_str().unwrap()]);
    let finished = finished.expect(10, &[&format!("cannot listen on {address}"), "choose another port"]);
    assert_eq!(finished.stdout, "");
    assert!(!data.exists(), "a service that cannot listen makes no data");
    let finished = rebound(&["serve", "--listen", &address, "--data", data.to_str().unwrap(), "--json"]);
    let refusal = finished.expect(10, &["choose another port"]).json();
    assert_eq!(refusal["error"]["code"], "address", "{refusal}");
}

#[test]
fn one_process_at_a_time_has_the_data() {
    let data = tempfile::tempdir().unwrap();
    let _service = Running::dev(data.path());
    serve(data.path(), &["--dev"]).expect(11, &["is open in another process", "choose another --data"]);
}

#[test]
fn a_key_that_others_can_read_stops_the_start() {
    let data = tempfile::tempdir().unwrap();
    drop(Running::start(data.path(), &[]));
    for name in ["host.key", "admin.token"] {
        let path = data.path().join(name);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        serve(data.path(), &[]).expect(15, &[path.to_str().unwrap(), "mode 644", "chmod 600"]);
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    }
    drop(Running::start(data.path(), &[]));
}

#[test]
fn a_lost_host_key_is_never_replaced() {
    let data = tempfile::tempdir().unwrap();
    drop(Running::dev(data.path()));
    fs::remove_file(data.path().join("host.key")).unwrap();
    serve(data.path(), &["--dev"]).expect(15, &["no host.key", "restore it from a backup"]);
    assert!(!data.path().join("host.key").exists());
}

#[test]
fn a_bad_limit_is_named() {
    let data = tempfile::tempdir().unwrap();
    let limits = data.path().join("limits.toml");
    fs::write(&limits, "offers = 3\nfule = 7\n").unwrap();
    let data = data.path().join("data");
    serve(&data, &["--dev", "--limits", limits.to_str().unwrap()])
        .expect(13, &["limits.toml:2:1: limits.fule is no key", "did you mean limits.fuel?"]);
    assert!(!data.exists(), "configuration is checked before anything is made");
}

#[test]
fn arguments_that_cannot_be_meant_are_usage() {
    rebound(&["serve"]).expect(2, &["--data <DIR>"]);
    rebound(&["serve", "--data", "d", "--listen", "nowhere"]).expect(2, &["nowhere is no address"]);
    rebound(&["serve", "--data", "d", "--currency", "yuan"]).expect(2, &["yuan"]);
    rebound(&["serve", "--data", "d", "--log", "a=b=c"]).expect(2, &["--log", "target=level"]);
    for (arguments, part) in [
        (&["serve", "--json"][..], "give --data <DIR>"),
        (&["--json"], "a command is missing"),
        (&["--json", "route", "shwo"], "unrecognized subcommand 'shwo'"),
        (&["serve", "--data", "d", "--listen", "nowhere", "--json"], "nowhere is no address"),
        (&["serve", "--data", "d", "--grace", "1", "--json"], "unexpected argument '--grace' found"),
    ] {
        let refusal = rebound(arguments).expect(2, &[]).json();
        assert_eq!(refusal["error"]["code"], "usage", "{arguments:?}: {refusal}");
        assert!(refusal["error"]["detail"].as_str().unwrap().contains(part), "{arguments:?}: {refusal}");
    }
    let help = rebound(&["serve", "--help"]).expect(0, &[]).stdout;
    assert!(help.contains("Examples:") && help.contains("11\tthe data directory is open"), "{help}");
}

/// A request whose head has arrived and whose body has not: the service has it in hand, and says so.
struct InFlight {
    stream: BufReader<TcpStream>,
    body: String,
}

impl InFlight {
    fn start(service: &Running) -> Self {
        let body = event().to_string();
        let mut stream = TcpStream::connect(service.address()).unwrap();
        write!(
            stream,
            "POST /v1/returns HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n",
            service.address(),
            body.len()
        )
        .unwrap();
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 100"), "{line}");
        Self { stream, body }
    }

    /// Sends the body; returns the answer, or what is left of it when the service is gone.
    fn finish(mut self) -> String {
        self.stream.get_mut().write_all(self.body.as_bytes()).unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

#[test]
fn a_request_in_flight_is_finished_before_the_end() {
    let data = tempfile::tempdir().unwrap();
    let service = Running::dev(data.path());
    with_product(&service, None);
    let request = InFlight::start(&service);
    service.signal(Signal::TERM);
    service.wait_for_log("accepted requests finish");
    let answer = request.finish();
    assert!(answer.contains("HTTP/1.1 201"), "{answer}");
    let plan: Value = serde_json::from_str(answer.rsplit("\r\n\r\n").next().unwrap()).unwrap();
    assert_eq!(plan["refund"]["amount"], 19_900);
    let (status, _, log) = service.wait();
    assert_eq!(status.code(), Some(0), "{log}");

    let service = Running::dev(data.path());
    assert_eq!(Client::new(&service.url, None).get("/v1/returns/r-1").unwrap().json().unwrap(), plan);
}

#[test]
fn a_second_signal_ends_at_once() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let data = tempfile::tempdir().unwrap();
        let service = Running::dev(data.path());
        let _request = InFlight::start(&service);
        service.signal(Signal::TERM);
        service.wait_for_log("accepted requests finish");
        service.signal(signal);
        let (status, _, _) = service.wait();
        assert_eq!(status.code(), Some(code));
    }
}

#[test]
fn requests_that_outlast_the_grace_period_are_cut_and_that_is_told() {
    let data = tempfile::tempdir().unwrap();
    let service = Running::start(data.path(), &["--dev", "--shutdown-grace", "0"]);
    let _request = InFlight::start(&service);
    service.signal(Signal::TERM);
    let (status, _, log) = service.wait();
    assert_eq!(status.code(), Some(18), "{log}");
    assert!(log.contains("1 connections were cut") && log.contains("raise --shutdown-grace"), "{log}");
}

#[test]
fn an_answered_plan_survives_a_kill_byte_for_byte() {
    let data = tempfile::tempdir().unwrap();
    let service = Running::dev(data.path());
    let client = with_product(&service, None);
    let body = event().to_string();
    let made = client.send(Method::Post, "/v1/returns", "application/json", body.as_bytes()).unwrap();
    assert_eq!(made.status, 201);
    service.signal(Signal::KILL);
    let (status, _, _) = service.wait();
    assert_eq!(status.code(), None, "it was killed");

    let service = Running::dev(data.path());
    let client = Client::new(&service.url, None);
    assert_eq!(client.get("/v1/returns/r-1").unwrap().body, made.body);
    let again = client.send(Method::Post, "/v1/returns", "application/json", body.as_bytes()).unwrap();
    assert_eq!((again.status, again.body), (200, made.body));
}
