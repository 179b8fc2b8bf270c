//! The sentences of the strategies that come with the host, read from their sources as they stand: each passes.

use std::fs;
use std::path::{Path, PathBuf};

use crate::claims::Template;
use crate::manifest;

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every `"en": "…"` and `"zh-CN": "…"` of a source: how `templates!` declares a text.
fn texts(source: &str) -> Vec<(&'static str, String)> {
    let mut texts = Vec::new();
    for locale in ["en", "zh-CN"] {
        for (at, opening) in source.match_indices(&format!("\"{locale}\": \"")) {
            let rest = &source[at + opening.len()..];
            texts.push((locale, rest[..rest.find('"').unwrap()].to_owned()));
        }
    }
    texts
}

#[test]
fn every_sentence_of_the_shipped_strategies_passes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    sources(&root.join("plugins"), &mut files);
    sources(&root.join("examples/plugins"), &mut files);
    let (mut count, mut wrong) = (0, Vec::new());
    for file in files {
        for (locale, text) in texts(&fs::read_to_string(&file).unwrap()) {
            count += 1;
            let declared =
                manifest::Template { key: "k".to_owned(), locale: locale.to_owned(), text: text.clone() };
            match Template::parse(&declared) {
                Ok(template) if template.violations.is_empty() => {}
                Ok(template) => {
                    let told: Vec<String> = template.violations.iter().map(ToString::to_string).collect();
                    wrong.push(format!("{}: {text}: {}", file.display(), told.join("; ")));
                }
                Err(problem) => wrong.push(format!("{}: {text}: {problem}", file.display())),
            }
        }
    }
    assert!(count >= 80, "only {count} sentences were found: has the way of declaring them changed?");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
