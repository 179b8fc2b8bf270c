//! Figures in the OpenMetrics text format, read back.

use std::fmt::Write as _;

/// Figures as a host tells them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Exposition {
    /// In the order they came.
    pub families: Vec<Family>,
}

/// Samples of one name.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// Without the endings of its samples.
    pub name: String,
    /// What it counts.
    pub kind: Kind,
    /// What it says, for people.
    pub help: String,
    /// What was counted.
    pub samples: Vec<Sample>,
}

/// What a family counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What only grows.
    Counter,
    /// What goes up and down.
    Gauge,
    /// How many up to each bound.
    Histogram,
    /// Anything else.
    Other,
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// With its ending.
    pub name: String,
    /// In the order they came.
    pub labels: Vec<(String, String)>,
    /// The figure.
    pub value: f64,
}

/// A line that is no figure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the figures is not understood")]
pub struct Malformed {
    /// Counted from 1.
    pub line: usize,
}

impl Exposition {
    /// Reads the OpenMetrics text format, as far as a host of ours writes it: no time stamps, no exemplars.
    ///
    /// # Errors
    /// [`Malformed`] naming the first line that is no figure.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let mut families: Vec<Family> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let malformed = Malformed { line: index + 1 };
            if line.is_empty() || line == "# EOF" {
                continue;
            }
            if let Some(comment) = line.strip_prefix("# ") {
                let mut words = comment.splitn(3, ' ');
                let (Some(what), Some(name)) = (words.next(), words.next()) else { return Err(malformed) };
                let rest = words.next().unwrap_or_default();
                if families.last().is_none_or(|family| family.name != name) {
                    let (name, help, samples) = (name.to_owned(), String::new(), Vec::new());
                    families.push(Family { name, kind: Kind::Other, help, samples });
                }
                let family = families.last_mut().expect("one was pushed");
                match what {
                    "HELP" => rest.trim_end_matches('.').clone_into(&mut family.help),
                    "TYPE" => family.kind = Kind::of(rest),
                    _ => {}
                }
                continue;
            }
            let sample = sample(line).ok_or(malformed)?;
            match families.last_mut() {
                Some(family) if sample.name.starts_with(&family.name) => family.samples.push(sample),
                _ => families.push(Family {
                    name: sample.name.clone(),
                    kind: Kind::Other,
                    help: String::new(),
                    samples: vec![sample],
                }),
            }
        }
        Ok(Self { families })
    }

    /// Every sample of this name, with its ending.
    pub fn samples<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Sample> {
        self.families.iter().flat_map(|family| &family.samples).filter(move |sample| sample.name == name)
    }
}

impl Kind {
    fn of(word: &str) -> Self {
        match word {
            "counter" => Self::Counter,
            "gauge" => Self::Gauge,
            "histogram" => Self::Histogram,
            _ => Self::Other,
        }
    }
}

impl Sample {
    /// What a label says.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The bound of a histogram's bucket.
    #[must_use]
    pub fn bound(&self) -> Option<f64> {
        match self.label("le")? {
            "+Inf" => Some(f64::INFINITY),
            bound => bound.parse().ok(),
        }
    }
}

fn sample(line: &str) -> Option<Sample> {
    let end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = Vec::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            rest = rest.trim_start_matches(',');
            if let Some(after) = rest.strip_prefix('}') {
                rest = after;
                break;
            }
            let (key, after) = rest.split_once("=\"")?;
            let (value, after) = quoted(after)?;
            labels.push((key.to_owned(), value));
            rest = after;
        }
    }
    let value = rest.trim().parse().ok()?;
    Some(Sample { name: name.to_owned(), labels, value })
}

/// A label's value up to its closing quote, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[index + 1..])),
            '\\' => value.push(match characters.next()?.1 {
                'n' => '\n',
                other => other,
            }),
            other => value.push(other),
        }
    }
    None
}

/// Two texts of figures as one. The second has no end mark.
#[must_use]
pub fn joined(figures: &str, more: &str) -> String {
    let end = "# EOF\n";
    format!("{}{more}{end}", figures.strip_suffix(end).unwrap_or(figures))
}

/// The same figures in Prometheus' older text format (0.0.4), for whatever does not know OpenMetrics: there a counter's family has
/// the ending of its samples, and units and the end mark are unknown.
#[must_use]
pub fn plain_text(openmetrics: &str) -> String {
    let is_counter = |name: &str| openmetrics.contains(&format!("# TYPE {name} counter\n"));
    let mut text = String::with_capacity(openmetrics.len());
    for line in openmetrics.lines() {
        let mut words = line.splitn(4, ' ');
        let renamed = match (words.next(), words.next(), words.next()) {
            (Some("#"), Some("UNIT" | "EOF"), _) => continue,
            (Some("#"), Some(what), Some(name)) if is_counter(name) => {
                Some(format!("# {what} {name}_total {}", words.next().unwrap_or_default()))
            }
            _ => None,
        };
        writeln!(text, "{}", renamed.as_deref().unwrap_or(line)).expect("a string takes all text");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# HELP a_calls Calls of \"things\".\n# TYPE a_calls counter\n\
        a_calls_total{plugin=\"x/y@1\",odd=\"q\\\"u\\\\o\\nte,}\"} 3\n\
        # HELP took_seconds Took.\n# TYPE took_seconds histogram\n# UNIT took_seconds seconds\n\
        took_seconds_sum 0.5\ntook_seconds_count 2\ntook_seconds_bucket{le=\"0.1\"} 1\ntook_seconds_bucket{le=\"+Inf\"} 2\n\
        # EOF\n";

    #[test]
    fn figures_are_read_back_with_labels_of_any_text() {
        let figures = Exposition::parse(TEXT).unwrap();
        let calls = &figures.families[0];
        assert_eq!((calls.name.as_str(), calls.kind), ("a_calls", Kind::Counter));
        assert_eq!(calls.samples[0].label("odd"), Some("q\"u\\o\nte,}"));
        assert_eq!(calls.samples[0].value, 3.0);
        let took = &figures.families[1];
        assert_eq!((took.kind, took.samples.len()), (Kind::Histogram, 4));
        assert_eq!(took.samples[3].bound(), Some(f64::INFINITY));
    }

    #[test]
    fn a_line_that_is_no_figure_is_named() {
        for (bad, line) in [("a 1\nb", 2), ("a{b=\"c} 1", 1), ("a{b} 1", 1), ("a one", 1), ("# X", 1)] {
            assert_eq!(Exposition::parse(bad), Err(Malformed { line }), "{bad}");
        }
    }

    #[test]
    fn the_older_format_names_counters_as_their_samples() {
        let text = plain_text(TEXT);
        assert!(
            text.contains("# HELP a_calls_total Calls") && text.contains("# TYPE a_calls_total counter\n"),
            "{text}"
        );
        assert!(text.contains("# TYPE took_seconds histogram") && !text.contains("UNIT"), "{text}");
        assert!(!text.contains("EOF"), "{text}");
    }
}
