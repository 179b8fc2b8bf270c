//! A manifest's templates, checked as at publish. The first line of the input is the locale, the rest the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rebound_domain::check;
use rebound_domain::claims::Templates;
use rebound_domain::limits::Limits;
use rebound_domain::manifest::{Manifest, Persona, Stage, Template};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let (locale, text) = text.split_once('\n').unwrap_or(("zh-CN", &text));
    let template = Template { key: "line".to_owned(), locale: locale.to_owned(), text: text.to_owned() };
    let persona = Persona {
        key: "helper".to_owned(),
        locale: locale.to_owned(),
        name: text.to_owned(),
        role: text.to_owned(),
    };
    for personas in [Vec::new(), vec![persona]] {
        let manifest = Manifest {
            plugin: "tests/fuzz@0.1.0".parse().expect("a name and a version"),
            summary: "Made up.".to_owned(),
            config_schema: "{}".to_owned(),
            state_version: 1,
            templates: vec![template.clone()],
            personas,
            stages: vec![Stage::Sharing],
        };
        match check::manifest(&Limits::default(), &manifest) {
            // What passed is read again at every start, and must be readable then.
            Ok(()) => assert!(Templates::new(&manifest).is_ok()),
            Err(invalid) => assert!(!invalid.field.is_empty() && !invalid.reason.is_empty()),
        }
    }
});
