//! What a machine that runs the service needs beside the binary: completions, the manual page, a health check, a unit
//! and a container file. Each is held against the binary, so that none of them goes stale unnoticed.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use rustix::process::Signal;
use serde_json::json;

use crate::harness::{binary, root, skip};
use crate::server_desk::Desk;
use crate::server_process::{Running, rebound, rebound_with};

/// The commands that `rebound --help` lists.
fn commands() -> Vec<String> {
    let help = rebound(&["--help"]).expect(0, &[]).stdout;
    let listed = help.split_once("\nCommands:\n").expect("help lists commands").1;
    let names = listed.lines().take_while(|line| !line.is_empty());
    let names: Vec<String> =
        names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    assert!(names.len() > 15 && names.iter().any(|name| name == "import"), "{names:?}");
    names
}

/// Whether a program is on this machine.
fn is_there(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

/// A program that `.ci/run` installs, with its arguments; none when it is not on this machine.
fn tool(name: &str, arguments: &[&str]) -> Option<Command> {
    if !is_there(name) {
        skip(&format!("{name} is not on this machine"));
        return None;
    }
    let mut command = Command::new(name);
    command.args(arguments);
    Some(command)
}

#[test]
fn completions_name_every_command_and_are_scripts_that_their_shell_takes() {
    let folder = tempfile::tempdir().unwrap();
    for (shell, check) in [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")] {
        let script = rebound(&["completions", shell]).expect(0, &[]).stdout;
        for name in commands().iter().filter(|name| *name != "help") {
            assert!(script.contains(name.as_str()), "{shell} does not complete {name}");
        }
        let path = folder.path().join(shell);
        fs::write(&path, &script).unwrap();
        // Shells that few machines have are asked where they are; what they complete was held against help above.
        if is_there(shell) {
            let output = Command::new(shell).arg(check).arg(&path).output().unwrap();
            assert!(output.status.success() && output.stderr.is_empty(), "{shell}: {output:?}");
        }
    }
    let json = rebound(&["completions", "bash", "--json"]).expect(0, &[]).json();
    assert_eq!(json["shell"], "bash");
    rebound(&["completions", "cmd"]).expect(2, &["bash", "zsh", "fish"]);
}

#[test]
fn bash_completes_a_command_that_is_half_written() {
    let Some(mut bash) = tool("bash", &["-c"]) else { return };
    let script = "source <(\"$0\" completions bash) && COMP_WORDS=(rebound imp) COMP_CWORD=1 \
        && _rebound rebound imp rebound && echo \"${COMPREPLY[@]}\"";
    let output = bash.arg(script).arg(binary()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "import", "{output:?}");
}

#[test]
fn the_manual_page_tells_of_every_command_without_a_word_that_roff_misreads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rebound.1");
    let written = rebound(&["man", "--out", path.to_str().unwrap(), "--json"]).expect(0, &[]).json();
    assert_eq!(written, json!({"written": path.to_str().unwrap()}));
    let page = fs::read_to_string(&path).unwrap();
    assert_eq!(page, rebound(&["man"]).expect(0, &[]).stdout.trim_end_matches('\n').to_owned() + "\n");
    for name in commands().iter().filter(|name| *name != "help") {
        assert!(page.contains(&format!("\n.SS rebound {}\n", name.replace('-', "\\-"))), "nothing of {name}");
    }
    rebound(&["man", "--out", "/nowhere/rebound.1"]).expect(2, &["/nowhere/rebound.1 cannot be written"]);

    let Some(mut groff) = tool("groff", &["-man", "-Tutf8", "-ww", "-z"]) else { return };
    let output = groff.arg(&path).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn health_says_by_its_exit_code_how_a_service_is() {
    let desk = Desk::new(&[]);
    assert_eq!(desk.run(&["health"]).expect(0, &[]).stdout, "alive\n");
    assert_eq!(desk.run(&["health", "--ready"]).expect(0, &[]).stdout, "ready\n");
    assert_eq!(desk.run(&["health", "--json"]).expect(0, &[]).json(), json!({"alive": true}));

    // A port that no system hands out, so nothing listens there.
    let url = "http://127.0.0.1:1";
    rebound(&["health", "--url", url]).expect(3, &[url]);
    assert_eq!(
        rebound(&["health", "--url", url, "--json"]).expect(3, &[]).json()["error"]["code"],
        "unreachable"
    );
    rebound(&["health", "--timeout", "0"]).expect(2, &["--timeout"]);

    // Somebody listens and never answers: a supervisor must not wait as long as an import does.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", mute.local_addr().unwrap());
    rebound(&["health", "--timeout", "1", "--url", &url]).expect(3, &["timeout"]);
}

#[test]
fn a_service_that_drains_is_alive_and_not_ready() {
    let folder = tempfile::tempdir().unwrap();
    let service = Running::start(&folder.path().join("data"), &["--dev", "--shutdown-drain", "60"]);
    service.signal(Signal::TERM);
    service.wait_for_log("accepted requests finish");
    service.run(&["health"]).expect(0, &[]);
    let refused = service.run(&["health", "--ready"]).expect(1, &[]);
    assert!(
        refused.stdout.starts_with("not ready: ") && refused.stdout.contains("shutting_down"),
        "{refused:?}"
    );
    let refused = service.run(&["health", "--ready", "--json"]).expect(1, &[]).json();
    assert_eq!((&refused["ready"], &refused["error"]["code"]), (&json!(false), &json!("shutting_down")));
}

fn deploy(name: &str) -> String {
    fs::read_to_string(root().join("examples/deploy").join(name)).unwrap()
}

/// The values of a unit's key, in their order.
fn values<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
}

#[test]
fn the_unit_is_one_that_systemd_takes_and_that_leaves_little_open() {
    let unit = deploy("rebound.service");
    let Some(mut analyze) = tool("systemd-analyze", &["verify"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rebound.service");
    // What it starts and the page it names are not installed where this runs.
    let here = unit.replace("/usr/local/bin/rebound", binary().to_str().unwrap());
    let here: String = here
        .lines()
        .filter(|line| !line.starts_with("Documentation="))
        .map(|line| line.to_owned() + "\n")
        .collect();
    fs::write(&path, here).unwrap();
    let output = analyze.arg(&path).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");

    // From 0 to 10, in systemd's own scale; a unit that says nothing has 9.6.
    let mut security = tool("systemd-analyze", &["security", "--offline=yes", "--threshold=15"]).unwrap();
    let output = security.arg(&path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn the_unit_starts_the_service_as_it_is_and_restarts_it_for_what_passes() {
    let unit = deploy("rebound.service");
    let help = rebound(&["serve", "--help"]).expect(0, &[]).stdout;
    let started = values(&unit, "ExecStart");
    assert_eq!(started.len(), 1);
    for flag in started[0].split_whitespace().filter(|word| word.starts_with("--")) {
        assert!(help.contains(flag), "serve has no {flag}");
    }
    for must in [
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "DynamicUser=yes",
        "StateDirectoryMode=0700",
        "CapabilityBoundingSet=",
    ] {
        assert!(unit.lines().any(|line| line == must), "the unit has lost {must}");
    }
    // Whoever compiles strategies into memory cannot live with it: a unit that sets it serves none.
    assert!(!unit.lines().any(|line| line.starts_with("MemoryDenyWriteExecute=")));
    // A wrong argument or file stays wrong; a failed storage, a taken address and few resources may pass.
    for name in ["rebound.service", "rebound.container"] {
        assert_eq!(values(&deploy(name), "RestartPreventExitStatus"), ["2 12 13 14 15"], "{name}");
        assert_eq!(values(&deploy(name), "Restart"), ["on-failure"], "{name}");
    }
    let timeout: u64 = values(&unit, "TimeoutStopSec")[0].parse().unwrap();
    // The default grace, and room for a drain.
    assert!(timeout > 25 + 30, "{timeout}");
}

#[test]
fn the_container_runs_as_nobody_with_variables_that_the_service_knows() {
    let file = deploy("Containerfile");
    let stage = file.rsplit_once("\nFROM ").expect("it has two stages").1;
    let line = |word: &str| stage.lines().find_map(|line| line.strip_prefix(word)).unwrap_or_default().trim();
    assert_eq!(line("USER"), "65532:65532");
    assert_eq!((line("ENTRYPOINT"), line("CMD")), (r#"["rebound"]"#, r#"["serve"]"#));
    assert!(stage.contains(r#"CMD ["rebound", "health"]"#), "{stage}");
    let toolchain = fs::read_to_string(root().join("rust-toolchain.toml")).unwrap();
    let version = file.lines().find_map(|line| line.strip_prefix("FROM docker.io/library/rust:")).unwrap();
    let version = version.split_once('-').unwrap().0;
    assert!(toolchain.contains(&format!("\"{version}")), "the image's {version} is not of {toolchain}");
    assert!(deploy("rebound.container").lines().any(|line| line == "ReadOnly=true"));

    // What the image says by variables is what the service then does.
    let variables = stage.split_once("ENV ").unwrap().1.split_once("\nVOLUME").unwrap().0;
    let pairs: Vec<_> = variables.split_whitespace().filter_map(|pair| pair.split_once('=')).collect();
    let shown = rebound_with(&pairs, &["config", "show", "--changed"]).expect(0, &[]).stdout;
    assert_eq!(pairs.len(), 2);
    for (name, value) in pairs {
        let key = name.trim_start_matches("REBOUND_").to_lowercase();
        let says = |line: &str| line.starts_with(&key) && line.contains(value) && line.contains(name);
        assert!(shown.lines().any(says), "{name}={value} is not what counts: {shown}");
    }
}
