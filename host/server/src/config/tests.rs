use std::fs;
use std::path::Path;

use clap::Parser;

use super::*;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
}

fn flags(arguments: &[&str]) -> Flags {
    Cli::try_parse_from(std::iter::once(&"test").chain(arguments)).unwrap().flags
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

fn file(dir: &Path, text: &str) -> String {
    let path = dir.join("rebound.toml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Everything that is wrong with a file, a line each.
fn faults(text: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), text);
    let read = Settings::read(&flags(&["--config", &path, "--data", "d"]), &Environment::default());
    let Err(ConfigError::Faults(faults)) = read else { return Vec::new() };
    faults.iter().map(|fault| fault.to_string().replace(&path, "f")).collect()
}

#[test]
fn flags_stand_over_the_environment_that_over_the_file_and_that_over_the_default() {
    let dir = tempfile::tempdir().unwrap();
    let path =
        file(dir.path(), "data = 'f'\nlisten = '127.0.0.1:1'\ncurrency = 'EUR'\n[shutdown]\ngrace = 1\n");
    let variables = environment(&[
        ("REBOUND_LISTEN", "127.0.0.1:2"),
        ("REBOUND_SHUTDOWN_GRACE", "2"),
        ("REBOUND_DATA", ""),
    ]);
    let flags = flags(&["--config", &path, "--shutdown-grace", "3"]);
    let (settings, resolved) = Settings::read(&flags, &variables).unwrap();
    let place = |line, column| Source::File { path: path.clone().into(), line, column };
    assert_eq!(
        (settings.serving.grace.as_secs(), resolved.source("shutdown.grace")),
        (3, Source::Flag("--shutdown-grace".to_owned()))
    );
    assert_eq!(
        (settings.address.port(), resolved.source("listen")),
        (2, Source::Env("REBOUND_LISTEN".to_owned()))
    );
    assert_eq!((settings.currency.as_str(), resolved.source("currency")), ("EUR", place(3, 1)));
    assert_eq!(resolved.source("data"), place(1, 1), "an empty variable says nothing");
    assert_eq!(resolved.source("shutdown.drain"), Source::Default);
}

#[test]
fn every_key_can_be_set_by_file_variable_and_argument() {
    for key in keys::all() {
        let said = match (&key.default, key.name.as_str()) {
            (_, "otlp.endpoint") => "http://collector:4318".to_owned(),
            (_, "otlp.headers") => "authorization=Bearer x".to_owned(),
            (Value::Unset, _) => "x".to_owned(),
            (Value::Text(text), _) => text.clone(),
            (other, _) => other.to_string(),
        };
        let quoted = match key.default {
            Value::Text(_) | Value::Unset => format!("'{said}'"),
            _ => said.clone(),
        };
        let dir = tempfile::tempdir().unwrap();
        let path = file(dir.path(), &format!("{} = {quoted}", key.name));
        let set = format!("{}={said}", key.name);
        for (flags, variables, wants) in [
            (flags(&["--config", &path]), environment(&[]), "rebound.toml:1:"),
            (flags(&[]), environment(&[(&key.env(), &said)]), "env REBOUND_"),
            (flags(&["--set", &set]), environment(&[]), "--set "),
        ] {
            let (resolved, faults) = Resolved::read(&flags, &variables).unwrap();
            assert!(faults.is_empty(), "{}: {faults:?}", key.name);
            let source = resolved.said(key).source.to_string();
            assert!(source.contains(wants), "{}: {source}", key.name);
        }
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_place() {
    let text = "dta = 'x'\nlisten = 'nowhere'\n[shutdown]\ngrace = -1\ndrian = 2\n[limits]\nfule = 3\noffers = 0\nlines = 'many'\n[lgo]\nfilter = 'x'\n";
    assert_eq!(
        faults(text),
        [
            "f:1:1: dta is no key of the configuration; did you mean data?",
            "f:2:1: listen = nowhere does not stand: nowhere is no address with a port; write 127.0.0.1:8080",
            "f:4:1: shutdown.grace = -1 does not stand: use 0 to 86400",
            "f:5:1: shutdown.drian is no key of the configuration; did you mean shutdown.drain?",
            "f:7:1: limits.fule is no key of the configuration; did you mean limits.fuel?",
            "f:8:1: limits.offers = 0 does not stand: use 1 to 512",
            "f:9:1: limits.lines = many does not stand: it is a text; use a whole number from 0, without quotes",
            "f:10:2: lgo is no key of the configuration; did you mean log?",
        ]
    );
}

#[test]
fn what_is_no_toml_is_told_beside_the_rest() {
    let told = faults("listen = \n[shutdown]\ngrace = 'x'\n");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("f:1:"), "{told:?}");
    assert!(
        told.iter().any(|it| it
            == "f:3:1: shutdown.grace = x does not stand: it is a text; use 0 to 86400, without quotes"),
        "{told:?}"
    );
}

#[test]
fn a_bad_variable_and_a_bad_argument_are_named_by_their_names() {
    let variables = environment(&[("REBOUND_LIMITS_OFFERS", "9999"), ("REBOUND_DEV", "yes")]);
    let read = Settings::read(&flags(&["--set", "trace.share=1", "--set", "x", "--data", "d"]), &variables);
    let error = read.err().unwrap();
    assert_eq!(error.exit(), crate::exit::Exit::Config);
    let told = error.to_string();
    for want in [
        "env REBOUND_DEV: dev = yes does not stand: use true or false",
        "env REBOUND_LIMITS_OFFERS: limits.offers = 9999 does not stand: use 1 to 512",
        "--set: trace.share is no key of the configuration; did you mean trace.share_bp?",
        "--set: x has no value; write KEY=VALUE",
    ] {
        assert!(told.contains(want), "{want}: {told}");
    }
    let usage = Settings::read(&flags(&["--set", "x=1"]), &Environment::default()).err().unwrap();
    assert_eq!(usage.exit(), crate::exit::Exit::Usage, "{usage}");
}

#[test]
fn a_variable_that_is_none_of_ours_is_told_and_no_fault() {
    let variables =
        environment(&[("REBOUND_LISTNE", "x"), ("REBOUND_PORT_8080_TCP", "tcp://x"), ("REBOUND_URL", "x")]);
    let (_, resolved) = Settings::read(&flags(&["--data", "d"]), &variables).unwrap();
    let want = "REBOUND_LISTNE is no variable of the configuration; did you mean REBOUND_LISTEN?";
    assert_eq!(resolved.strangers.len(), 2);
    assert_eq!(resolved.strangers[0], want);
}

#[test]
fn a_secret_is_never_shown_not_even_when_it_does_not_stand() {
    let told = faults("[otlp]\nheaders = 'hush'\n");
    assert_eq!(told, ["f:2:1: otlp.headers does not stand: write name=value, and a comma between two"]);
    let key = keys::find("otlp.headers").unwrap();
    assert_eq!(key.shown(&Value::Text("authorization=hush".to_owned())), "***");
    assert_eq!(key.shown(&Value::Unset), "unset");
    let read = Settings::read(
        &flags(&[
            "--data",
            "d",
            "--set",
            "otlp.endpoint=http://c:4318",
            "--set",
            "otlp.headers=authorization=hush",
        ]),
        &Environment::default(),
    );
    let (settings, _) = read.unwrap();
    assert_eq!(settings.otlp.as_ref().unwrap().headers, [("authorization".to_owned(), "hush".to_owned())]);
    assert!(!format!("{settings:?}").contains("hush"));
}

#[test]
fn a_file_of_limits_has_their_own_names_and_stands_over_the_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), "[limits]\noffers = 3\nfuel = 5000\n");
    let limits = dir.path().join("limits.toml");
    fs::write(&limits, "offers = 4\n[fixture]\ngood = 1\n").unwrap();
    let flags = flags(&["--config", &path, "--limits", limits.to_str().unwrap(), "--data", "d"]);
    let (settings, resolved) = Settings::read(&flags, &Environment::default()).unwrap();
    assert_eq!((settings.limits.offers, settings.limits.fuel), (4, 5000));
    assert_eq!(resolved.section("fixture").unwrap()["good"].as_integer(), Some(1));
}

#[test]
fn a_section_that_is_handed_over_whole_is_checked_and_stands_at_the_top_only() {
    assert_eq!(faults("[fixture]\nbad = 1"), ["f:1:2: fixture is not good"]);
    assert_eq!(faults("[limits.fixture]\ngood = 1").len(), 1);
}

#[test]
fn a_file_that_cannot_be_read_is_usage() {
    let read = Settings::read(&flags(&["--config", "/nowhere/rebound.toml"]), &Environment::default());
    let error = read.err().unwrap();
    assert_eq!(error.exit(), crate::exit::Exit::Usage);
    assert!(error.to_string().contains("/nowhere/rebound.toml cannot be read"));
}

#[test]
fn the_manual_lists_every_key_with_its_variable_and_default() {
    let manual = include_str!("../../../../docs/configuration.md");
    for key in keys::all().iter().filter(|key| !key.name.starts_with("limits.")) {
        let default = if key.name == "compute_threads" {
            "processors".to_owned()
        } else {
            format!("`{}`", key.default)
        };
        let live = if key.change == Change::Live { "yes" } else { "" };
        let row = format!("| `{}` | `{}` | {} | {live} |", key.name, key.env(), default);
        assert!(manual.contains(&row), "docs/configuration.md has no row that begins with: {row}");
    }
    let limits = include_str!("../../../../docs/operating.md");
    for key in keys::all() {
        let Some(name) = key.name.strip_prefix("limits.") else { continue };
        assert!(limits.contains(&format!("`{name}`")), "docs/operating.md has no limit {name}");
        if key.change == Change::Live {
            assert!(
                manual.contains(&format!("`limits.{name}`")),
                "docs/configuration.md does not say that {name} can be reloaded"
            );
        }
    }
}
