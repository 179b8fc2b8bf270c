use super::*;
use crate::manifest::Stage;
use crate::testing;

fn declared() -> Manifest {
    testing::manifest(
        "a/b@1.0.0",
        &[("hello", "en", "About {item}."), ("hello", "zh-CN", "关于{item}。"), ("bye", "en", "Bye.")],
    )
}

#[track_caller]
fn refuses(change: impl FnOnce(&mut Manifest), field: &str, reason: &str) {
    let mut declared = declared();
    change(&mut declared);
    let error = manifest(&Limits::default(), &declared).expect_err(field);
    assert_eq!((error.field.as_str(), error.reason.as_str()), (field, reason));
}

#[test]
fn a_plain_manifest_stands() {
    assert_eq!(manifest(&Limits::default(), &declared()), Ok(()));
}

#[test]
fn a_manifest_serves_some_stages_each_named_once() {
    refuses(|it| it.stages.clear(), "stages", "is empty; export at least one stage");
    refuses(
        |it| it.stages = vec![Stage::Coupon, Stage::Sharing, Stage::Coupon],
        "stages",
        "holds coupon twice; name each once",
    );
}

#[test]
fn sizes_are_bounded() {
    refuses(|it| it.summary = "a".repeat(257), "summary", "has 257 bytes, over the limit of 256; shorten it");
    refuses(
        |it| it.config_schema = " ".repeat(65_537),
        "config_schema",
        "has 65537 bytes, over the limit of 65536; shorten it",
    );
    refuses(
        |it| it.templates = vec![it.templates[0].clone(); 513],
        "templates",
        "holds 513 entries; send at most 512",
    );
    refuses(
        |it| it.templates[1].text = "a".repeat(1_025),
        "templates[1].text",
        "has 1025 bytes, over the limit of 1024; shorten it",
    );
    refuses(
        |it| it.templates[1].locale = "a".repeat(65),
        "templates[1].locale",
        "has 65 bytes, over the limit of 64; shorten it",
    );
    refuses(
        |it| it.personas = vec![it.personas[0].clone(); 513],
        "personas",
        "holds 513 entries; send at most 512",
    );
    refuses(
        |it| it.personas[0].locale = "a".repeat(65),
        "personas[0].locale",
        "has 65 bytes, over the limit of 64; shorten it",
    );
}

#[test]
fn keys_are_plain() {
    for bad in ["", "Hello", "hello world", "你好", "a/b"] {
        let reason = format!("is `{bad}`; give 1 to 64 characters of a-z, 0-9, '-', '_' and '.'");
        refuses(|it| it.templates[2].key = bad.to_owned(), "templates[2].key", &reason);
        refuses(|it| it.personas[0].key = bad.to_owned(), "personas[0].key", &reason);
    }
    let reason = format!("is `{}…`; give 1 to 64 characters of a-z, 0-9, '-', '_' and '.'", "a".repeat(64));
    refuses(|it| it.templates[2].key = "a".repeat(65), "templates[2].key", &reason);
}

#[test]
fn a_template_s_fault_is_told_with_its_place() {
    refuses(
        |it| it.templates[1].text = "还剩{stock}件".to_owned(),
        "templates[1]",
        "(`hello`, `zh-CN`) names the fact `stock`, which the host does not keep; use one of item, brand, \
         reason, price, stock_left, switched_share, price_hold_until, coupon_amount, coupon_min_spend, \
         coupon_expires, odds, unused_benefits, coupon_code, refund_amount, return_until, orders_count, \
         returns_count",
    );
    refuses(
        |it| it.templates[2] = it.templates[0].clone(),
        "templates[2]",
        "(`hello`, `en`) is declared twice; keep one text for each key and locale",
    );
}

#[test]
fn labels_say_something_and_break_no_line() {
    refuses(|it| it.summary = " ".to_owned(), "summary", "is empty; say it in a few words");
    refuses(|it| it.personas[0].name = String::new(), "personas[0].name", "is empty; say it in a few words");
    refuses(
        |it| it.personas[0].role = "Desk\u{202e}".to_owned(),
        "personas[0].role",
        "holds U+202E, which breaks or turns a line; leave it out",
    );
    refuses(
        |it| it.summary = "a\nb".to_owned(),
        "summary",
        "holds U+000A, which breaks or turns a line; leave it out",
    );
}

#[test]
fn personas_have_locales_and_are_declared_once_in_each() {
    refuses(
        |it| it.personas[0].locale = "english!".to_owned(),
        "personas[0].locale",
        "is `english!`; write it as zh-CN or en",
    );
    refuses(
        |it| it.personas.push(it.personas[0].clone()),
        "personas[1]",
        "declares `mei` a second time; keep one",
    );
}
