use proptest::prelude::*;

use super::*;
use crate::claims::Templates;
use crate::testing::manifest;

fn parse(text: &str) -> Result<Vec<Part>, Problem> {
    let declared = manifest::Template { key: "k".to_owned(), locale: "en".to_owned(), text: text.to_owned() };
    Template::parse(&declared).map(|template| template.parts)
}

fn literal(text: &str) -> Part {
    Part::Literal(text.to_owned())
}

#[test]
fn facts_stand_between_braces_and_doubled_braces_are_literal() {
    let cases = [
        ("Hello.", vec![literal("Hello.")]),
        ("{item}", vec![Part::Fact(Fact::Item)]),
        ("{item}{price}", vec![Part::Fact(Fact::Item), Part::Fact(Fact::Price)]),
        ("还剩{stock_left}件", vec![literal("还剩"), Part::Fact(Fact::StockLeft), literal("件")]),
        ("a {{b}} c", vec![literal("a {b} c")]),
        ("{{{item}}}", vec![literal("{"), Part::Fact(Fact::Item), literal("}")]),
        ("{{{{", vec![literal("{{")]),
    ];
    for (text, want) in cases {
        assert_eq!(parse(text), Ok(want), "{text}");
    }
}

#[test]
fn ill_formed_templates_are_refused_by_what_is_wrong() {
    let unknown = |name: &str| Problem::UnknownFact(name.to_owned());
    let cases = [
        ("", Problem::Empty),
        (" \u{3000}", Problem::Empty),
        ("{", Problem::Unclosed),
        ("a {item", Problem::Unclosed),
        ("}", Problem::Unopened),
        ("{item}}", Problem::Unopened),
        ("{}", unknown("")),
        ("{ item }", unknown(" item ")),
        ("{Item}", unknown("Item")),
        ("{note}", unknown("note")),
        ("{a{item}", unknown("a{item")),
        ("line\nbreak", Problem::Character('\n')),
        ("\u{202e}{item}", Problem::Character('\u{202e}')),
        ("{it\u{2066}em}", Problem::Character('\u{2066}')),
    ];
    for (text, want) in cases {
        assert_eq!(parse(text), Err(want), "{text:?}");
    }
}

#[test]
fn an_error_names_key_locale_and_remedy() {
    let error = |templates: &[(&str, &str, &str)]| {
        let error = Templates::new(&manifest("a/b@1.0.0", templates)).unwrap_err();
        (error.index, error.to_string())
    };
    assert_eq!(
        error(&[("hello", "en", "Hi."), ("hello", "zh-CN", "你好{")]),
        (
            1,
            "template `hello` (`zh-CN`) opens a brace that it never closes; close the fact's name with `}`, or \
             write `{{` for a brace"
                .to_owned()
        )
    );
    assert_eq!(
        error(&[("hello", "en", "Hi }.")]).1,
        "template `hello` (`en`) closes a brace that it never opened; write `}}` for a brace"
    );
    assert_eq!(
        error(&[("hello", "klingon!", "nuqneH")]).1,
        "template `hello` (`klingon!`) names no locale of BCP 47; write it as zh-CN or en"
    );
    // The same locale in another spelling is the same locale.
    assert_eq!(
        error(&[("hello", "zh-CN", "你好"), ("hello", "zh-cn", "您好")]),
        (1, "template `hello` (`zh-cn`) is declared twice; keep one text for each key and locale".to_owned())
    );
}

proptest! {
    /// Every literal is verbatim what the template declares: writing the parts down again gives its text.
    #[test]
    fn parts_are_verbatim_what_is_declared(
        parts in prop::collection::vec(prop_oneof![
            "[a-z {}一-龥]{1,8}".prop_map(Part::Literal),
            prop::sample::select(Fact::ALL.to_vec()).prop_map(Part::Fact),
            "[a-z-]{1,8}".prop_map(|key| Part::Constant(ConstantKey::new(key).unwrap())),
        ], 1..8),
    ) {
        let text: String = parts.iter().map(|part| match part {
            Part::Literal(literal) => literal.replace('{', "{{").replace('}', "}}"),
            Part::Fact(fact) => format!("{{{}}}", fact.word()),
            Part::Constant(key) => format!("{{const.{key}}}"),
        }).collect();
        prop_assume!(!text.trim().is_empty());
        let parsed = parse(&text).unwrap();
        let flat = |parts: &[Part]| parts.iter().map(|part| match part {
            Part::Literal(literal) => literal.clone(),
            // No literal of this test holds the mark.
            Part::Fact(fact) => format!("<{}>", fact.word()),
            Part::Constant(key) => format!("<const.{key}>"),
        }).collect::<String>();
        prop_assert_eq!(flat(&parsed), flat(&parts));
        prop_assert!(parsed.iter().all(|part| *part != Part::Literal(String::new())));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        let _parsed_or_refused = parse(&text);
    }
}
