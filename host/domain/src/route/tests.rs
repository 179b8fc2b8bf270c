use super::*;

fn entry(plugin: &str) -> RouteEntry {
    RouteEntry {
        plugin: plugin.parse().unwrap(),
        config: "{}".to_owned(),
        slots: 3,
        margin: Access::Withheld,
        fallback: None,
    }
}

fn with_fallback(plugin: &str, fallback: &str) -> RouteEntry {
    let fallback = Fallback { plugin: fallback.parse().unwrap(), config: "{}".to_owned() };
    RouteEntry { fallback: Some(fallback), ..entry(plugin) }
}

#[track_caller]
fn refuses(stage: Stage, entries: &[RouteEntry], field: &str, message: &str) {
    let error = check_entries(stage, entries).unwrap_err();
    assert_eq!((error.field().as_str(), error.to_string().as_str()), (field, message));
}

#[test]
fn a_list_of_different_plugins_stands_and_so_does_an_empty_one() {
    assert_eq!(check_entries(Stage::Recommendation, &[]), Ok(()));
    let entries =
        [with_fallback("rebound/upgrade@0.2.0", "rebound/upgrade@0.1.0"), entry("rebound/affinity@0.1.0")];
    assert_eq!(check_entries(Stage::Recommendation, &entries), Ok(()));
}

#[test]
fn each_stage_runs_as_many_entries_as_it_may() {
    for stage in Stage::ALL {
        let entries: Vec<_> = (0..=stage.entries_max()).map(|i| entry(&format!("a/p{i}@1.0.0"))).collect();
        let (most, count) = (stage.entries_max(), entries.len());
        assert_eq!(check_entries(stage, &entries[..most]), Ok(()), "{stage}");
        let message = format!("hold {count} entries; a {stage} route holds at most {most}");
        refuses(stage, &entries, "", &message);
    }
}

#[test]
fn slots_are_one_to_thirty_two() {
    for (slots, stands) in [(0, false), (1, true), (32, true), (33, false)] {
        let entries = [RouteEntry { slots, ..entry("a/b@1.0.0") }];
        assert_eq!(check_entries(Stage::Recommendation, &entries).is_ok(), stands, "{slots}");
    }
    let entries = [entry("a/b@1.0.0"), RouteEntry { slots: 33, ..entry("a/c@1.0.0") }];
    refuses(Stage::Recommendation, &entries, "[1].slots", "is 33; give 1 to 32");
}

#[test]
fn a_plugin_runs_once_per_list_whatever_its_version_and_whatever_its_part() {
    let message = "is a/b, which an earlier entry runs; a plugin runs once per list";
    let twice = [entry("a/b@1.0.0"), entry("a/b@2.0.0")];
    refuses(Stage::Coupon, &twice, "[1].plugin", message);
    let runs_and_stands_in = [entry("a/b@1.0.0"), with_fallback("a/c@1.0.0", "a/b@1.0.0")];
    refuses(Stage::Coupon, &runs_and_stands_in, "[1].fallback.plugin", message);
    let stands_in_and_runs = [with_fallback("a/c@1.0.0", "a/b@1.0.0"), entry("a/b@1.0.0")];
    refuses(Stage::Coupon, &stands_in_and_runs, "[1].plugin", message);
}

#[test]
fn nothing_stands_in_for_itself() {
    let entries = [with_fallback("a/b@1.0.0", "a/b@1.0.0")];
    let message = "is a/b@1.0.0 itself; fall back to another version or plugin";
    refuses(Stage::Segmentation, &entries, "[0].fallback.plugin", message);
}

#[test]
fn configs_are_bounded_the_fallback_s_too() {
    let large = " ".repeat(CONFIG_BYTES_MAX + 1);
    let message = "has 16385 bytes, over the limit of 16384; shorten it";
    let mut entries = [with_fallback("a/b@1.0.0", "a/b@0.9.0")];
    entries[0].config = large.clone();
    refuses(Stage::Segmentation, &entries, "[0].config", message);
    entries[0].config = " ".repeat(CONFIG_BYTES_MAX);
    assert_eq!(check_entries(Stage::Segmentation, &entries), Ok(()));
    entries[0].fallback.as_mut().unwrap().config = large;
    refuses(Stage::Segmentation, &entries, "[0].fallback.config", message);
}
