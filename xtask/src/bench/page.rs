//! docs/performance.md.

use super::figures::{Calls, Load, LoadRow};
use super::machine;
use crate::table::markdown;

/// The section of `cargo xtask bench --rivals`.
pub(super) const RIVALS: &str = "Rivals";

/// The rivals' section, without its title.
pub(super) fn rivals(table: &str, platform: &Load) -> String {
    let lines: String = machine::describe().iter().map(|line| format!("- {line}\n")).collect();
    let words = "Written by `cargo xtask bench --rivals`. One recommendation over 50 candidates, by the rule of \
        `rebound/affinity`; before anything is timed, every contestant's answer is held against the native one. Rebound's \
        strategy is handed its whole context, with 50 purchases, and asks the catalogue for its candidates and their \
        texts; the others are handed purchases and candidates as JSON and ask nobody. Contestants take turns within a \
        round; figures are medians over rounds. Over HTTP, load generator and server share the machine.";
    let platform_words = "The whole platform in the same run: five strategies and a durable commit a decision, beside an axum \
        echo of the same bodies.";
    format!("{words}\n\n{lines}\n{}\n\n{platform_words}\n\n{}", table.trim(), load_table(platform))
}

/// The section of `cargo xtask bench --imports`.
pub(super) const IMPORTS: &str = "Imports";

/// The imports' section, without its title.
pub(super) fn imports(table: &str) -> String {
    let lines: String = machine::describe().iter().map(|line| format!("- {line}\n")).collect();
    let words = "Written by `cargo xtask bench --imports`. CSV files of a shop's past through `rebound import` into a fresh \
        service: orders of one to three lines by 200,000 customers, in the order in which they were placed. Client and \
        service share the machine; every record is durable before its piece is answered. Times are the client's, from \
        the first row to the last answer. The aim is a million orders in under a minute.";
    format!("{words}\n\n{lines}\n{}", table.trim())
}

/// The page with one section's body in place of what stood there, or with the section at its end.
pub(super) fn replaced(page: &str, title: &str, body: &str) -> String {
    let heading = format!("\n## {title}\n");
    let section = format!("{heading}\n{}\n", body.trim());
    match page.split_once(&heading) {
        None => format!("{}\n{section}", page.trim_end()),
        Some((before, rest)) => {
            let after = rest.find("\n## ").map_or("", |at| &rest[at..]);
            format!("{before}{section}{after}")
        }
    }
}

/// The page as it grows.
pub(crate) struct Page {
    aims: Vec<Vec<String>>,
    sections: String,
}

impl Page {
    pub(crate) fn new() -> Self {
        Self { aims: Vec::new(), sections: String::new() }
    }

    fn aim(&mut self, what: &str, measured: String, aim: &str) {
        self.aims.push(vec![what.to_owned(), measured, aim.to_owned()]);
    }

    /// One sandboxed call.
    pub(crate) fn calls(&mut self, calls: &Calls) {
        let Calls {
            fresh_us,
            reused_us,
            affinity_fresh_us,
            affinity_reused_us,
            affinity_native_us,
            cold_load_us,
            ..
        } = *calls;
        let times = |one: f64, other: f64| format!("{:.2} times", one / other);
        self.aim("a fresh instance, against a kept one", times(fresh_us, reused_us), "at most 2 times");
        self.aim(
            "`rebound/affinity` fresh, against kept",
            times(affinity_fresh_us, affinity_reused_us),
            "at most 2 times",
        );
        self.aim(
            "`rebound/affinity` fresh, against the same code native",
            times(affinity_fresh_us, affinity_native_us),
            "",
        );
        self.aim(
            "start of a published plugin from the cache",
            format!("{:.2} ms", cold_load_us / 1000.0),
            "under 1 ms",
        );
        let row = |what: &str, us: f64, fuel: Option<u64>| {
            vec![what.to_owned(), format!("{us:.1}"), fuel.map_or(String::new(), |fuel| fuel.to_string())]
        };
        let rows = [
            row("`tests/hostile` recommending honestly, fresh instance", fresh_us, Some(calls.fuel)),
            row("`tests/hostile` recommending honestly, kept instance", reused_us, None),
            row("`rebound/affinity`, fresh instance", affinity_fresh_us, Some(calls.affinity_fuel)),
            row("`rebound/affinity`, kept instance", affinity_reused_us, None),
            row("`rebound/affinity`, native", affinity_native_us, None),
            row("load from the cache", cold_load_us, None),
        ];
        self.section("One recommendation over 50 candidates", &markdown(&["what", "us", "fuel"], &rows));
    }

    /// Decisions under load.
    pub(crate) fn load(&mut self, load: &Load) {
        for at_once in [1, 8, 64] {
            if let Some(share) = load.share_of_echo(at_once) {
                let what = format!("decisions over HTTP at {at_once} connections, against the echo");
                self.aim(&what, format!("{share:.2}"), if at_once == 64 { "at least 0.5" } else { "" });
            }
        }
        let table = load_table(load);
        let words = "Every decision runs five strategies and is durable before it is answered. The echo is axum reading \
            the same bodies as JSON and writing them again; it neither decides nor stores. Load generator and service \
            share the machine. Decisions in process are those without HTTP: where they are about as many, HTTP is not \
            what bounds them.\n\n";
        self.section("Decisions a second", &format!("{words}{table}"));
    }

    /// A bench's own words: a table stays one.
    pub(crate) fn text(&mut self, title: &str, output: &str) {
        let output = output.trim_matches('\n');
        let is_table = output.lines().all(|line| line.starts_with('|'));
        match is_table {
            true => self.section(title, &format!("{output}\n")),
            false => self.section(title, &format!("```text\n{output}\n```\n")),
        }
    }

    /// The catalogue at several sizes: two tables.
    pub(crate) fn curves(&mut self, tables: &str) {
        let words = "Every filter crossed with every order, hostile ones included, at four sizes. Of three runs of each query \
            the median counts, in processor time of its thread; percentiles are over 300 queries, or as many as fit into \
            400 ms and at least 12, where the p99 is a maximum. Rates, and the reader beside the writer, are by the \
            clock. The aims at a million products are a p99 under 1 ms for every row and 10,000 upserts a second.";
        self.section("Catalogue: curves", &format!("{words}\n\n{}\n", tables.trim()));
    }

    /// Hostile strategies, and a neighbour.
    pub(crate) fn hostile(&mut self, table: &str) {
        let words = "One behaviour a row, called over and over on one thread, while a neighbour in the same process is called \
            honestly on another: 1,000 calls alone, 1,000 beside, in turns. All figures are medians over rounds. The \
            deadline is out of the way (a minute), so fuel and the other limits do the stopping by themselves. Values \
            that do not stand all cost an honest call; one of them stands for all.";
        self.section("Hostile strategies, and their neighbour", &format!("{words}\n\n{}\n", table.trim()));
    }

    /// Versions that nobody calls.
    pub(crate) fn versions(&mut self, table: &str) {
        let words = "`rebound/affinity`, loaded from the cache under so many digests. Each version keeps its machine code in \
            memory and one file open, the image that its memory starts from. `-- 10000` goes further; the aim for that \
            many is 1 GiB.";
        self.section("Published versions that nobody calls", &format!("{words}\n\n{}\n", table.trim()));
    }

    fn section(&mut self, title: &str, body: &str) {
        self.sections += &format!("\n## {title}\n\n{body}");
    }

    /// The page as text.
    pub(crate) fn finish(self) -> String {
        let mut page = String::from(
            "# Performance\n\nWritten by `cargo xtask bench`. What is compared was measured in turns within one run; figures of \
             calls, decisions and echoes are medians over rounds.\n\n",
        );
        machine::describe().iter().for_each(|line| page += &format!("- {line}\n"));
        if !self.aims.is_empty() {
            page += &format!("\n## Aims\n\n{}", markdown(&["what", "measured", "aim"], &self.aims));
        }
        page + &self.sections
    }
}

fn load_table(load: &Load) -> String {
    let row = |row: &LoadRow| {
        let LoadRow { what, at_once, a_second, p50_us, p99_us } = row;
        vec![
            what.clone(),
            at_once.to_string(),
            format!("{a_second:.0}"),
            p50_us.to_string(),
            p99_us.to_string(),
        ]
    };
    let rows: Vec<_> = load.rows.iter().map(row).collect();
    markdown(&["what", "at once", "a second", "p50 us", "p99 us"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_takes_the_place_of_its_older_self_and_no_other() {
        let page = "# P\n\n## A\n\none\n\n## Rivals\n\nold\n\nolder\n\n## B\n\ntwo\n";
        assert_eq!(
            replaced(page, RIVALS, "new\n"),
            "# P\n\n## A\n\none\n\n## Rivals\n\nnew\n\n## B\n\ntwo\n"
        );
        assert_eq!(
            replaced("# P\n\n## A\n\none\n", RIVALS, "new"),
            "# P\n\n## A\n\none\n\n## Rivals\n\nnew\n"
        );
        let last = "# P\n\n## Rivals\n\nold\n";
        assert_eq!(replaced(last, RIVALS, "new"), "# P\n\n## Rivals\n\nnew\n");
    }

    #[test]
    fn a_table_stays_a_table_and_text_becomes_a_block() {
        let mut page = Page::new();
        page.text("A", "\n| a |\n|---|\n| 1 |\n");
        page.text("B", "plain\n");
        assert_eq!(page.sections, "\n## A\n\n| a |\n|---|\n| 1 |\n\n## B\n\n```text\nplain\n```\n");
    }

    #[test]
    fn the_curves_stay_two_tables() {
        let mut page = Page::new();
        page.curves("| a |\n|---|\n| 1 |\n\n| b |\n|---|\n| 2 |\n\n");
        assert!(page.sections.starts_with("\n## Catalogue: curves\n\n"));
        assert!(page.sections.ends_with("\n\n| a |\n|---|\n| 1 |\n\n| b |\n|---|\n| 2 |\n"));
    }

    #[test]
    fn ratios_stand_beside_their_aims() {
        let mut page = Page::new();
        page.calls(&Calls {
            fresh_us: 30.0,
            reused_us: 20.0,
            affinity_fresh_us: 80.0,
            affinity_reused_us: 50.0,
            affinity_native_us: 40.0,
            cold_load_us: 500.0,
            fuel: 1,
            affinity_fuel: 2,
        });
        let page = page.finish();
        assert!(
            page.contains("| a fresh instance, against a kept one | 1.50 times | at most 2 times |"),
            "{page}"
        );
        assert!(page.contains("| 0.50 ms | under 1 ms |"), "{page}");
    }
}
