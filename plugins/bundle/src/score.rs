//! How well each goes with it, and which are shown: the score of `docs/strategies.md`, and nothing else.

use std::cmp::Ordering;

use rebound_sdk::prelude::*;

use crate::Config;

/// What may be shown.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) candidate: Candidate,
    pub(crate) category: String,
    /// Whether it carries a wanted tag.
    pub(crate) is_wanted: bool,
}

/// What is shown, and how well it goes.
#[derive(Debug)]
pub(crate) struct Scored {
    pub(crate) candidate: Candidate,
    pub(crate) score: f32,
}

/// The best of each category, best first: shades of one foundation are no bundle.
pub(crate) fn best(choices: Vec<Choice>, config: &Config, slots: usize) -> Vec<Scored> {
    let units_max = choices.iter().filter_map(|choice| choice.candidate.units_sold).max().unwrap_or(0);
    let scored =
        |choice: &Choice| Scored { candidate: choice.candidate, score: score(config, choice, units_max) };
    let mut ranked: Vec<(String, Scored)> =
        choices.into_iter().map(|choice| (choice.category.clone(), scored(&choice))).collect();
    ranked.sort_by(|(_, a), (_, b)| by_score(a, b));
    let mut best: Vec<(String, Scored)> = Vec::new();
    for (category, scored) in ranked {
        if best.len() < slots && best.iter().all(|(taken, _)| *taken != category) {
            best.push((category, scored));
        }
    }
    best.into_iter().map(|(_, scored)| scored).collect()
}

fn by_score(a: &Scored, b: &Scored) -> Ordering {
    b.score.total_cmp(&a.score).then(a.candidate.id.cmp(&b.candidate.id))
}

/// The weighted mean of units sold (as a share of the best seller's) and margin, unknown as nothing; 1 more with a
/// wanted tag. A margin is a share of the price and so at most 1: whatever is wanted stands above what is not, but
/// for a loss.
fn score(config: &Config, Choice { candidate, is_wanted, .. }: &Choice, units_max: u32) -> f32 {
    let units = candidate.units_sold.unwrap_or(0) as f32 / units_max.max(1) as f32;
    let margin = candidate.margin.unwrap_or(0) as f32 / 10_000.0;
    let [units_weight, margin_weight] =
        [config.units_weight, config.margin_weight].map(|weight| weight as f32);
    // With both weights at 0 the mean is of nothing, and no number.
    let weights = (units_weight + margin_weight).max(1.0);
    let mean = (units_weight * units + margin_weight * margin) / weights;
    mean + if *is_wanted { 1.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(id: u32, category: &str, units_sold: Option<u32>, margin: Option<i32>) -> Choice {
        let candidate = Candidate {
            id,
            price: 100,
            similarity: None,
            affinity: None,
            switched_share: None,
            stock: None,
            units_sold,
            margin,
        };
        Choice { candidate, category: category.to_string(), is_wanted: false }
    }

    #[track_caller]
    fn check(choices: Vec<Choice>, config: &Config, slots: usize, want: &[(u32, f32)]) {
        let found = best(choices, config, slots);
        let shown: Vec<_> = found.iter().map(|scored| (scored.candidate.id, scored.score)).collect();
        assert_eq!(shown.len(), want.len(), "{shown:?} is not {want:?}");
        for (shown, want) in shown.iter().zip(want) {
            assert!(shown.0 == want.0 && (shown.1 - want.1).abs() < 1e-6, "{shown:?} is not {want:?}");
        }
    }

    #[test]
    fn the_score_is_the_weighted_mean_of_units_and_margin() {
        let config = Config::default();
        let known = || {
            vec![
                choice(1, "a", Some(50), Some(6_000)),
                choice(2, "b", Some(100), Some(2_000)),
                choice(3, "c", None, Some(9_000)),
                choice(4, "d", Some(10), None),
            ]
        };
        check(known(), &config, 4, &[(2, 0.76), (1, 0.53), (3, 0.27), (4, 0.07)]);
        let margin = Config { units_weight: 0, margin_weight: 1, ..Config::default() };
        check(known(), &margin, 2, &[(3, 0.9), (1, 0.6)]);
        let nothing = Config { units_weight: 0, margin_weight: 0, ..Config::default() };
        check(known(), &nothing, 2, &[(1, 0.0), (2, 0.0)]);
        check(vec![choice(1, "a", Some(0), None)], &config, 2, &[(1, 0.0)]);
        check(Vec::new(), &config, 2, &[]);
    }

    #[test]
    fn what_sells_at_a_loss_stands_last() {
        let loss = choice(1, "a", None, Some(-20_000));
        check(vec![loss, choice(2, "b", None, None)], &Config::default(), 2, &[(2, 0.0), (1, -0.6)]);
    }

    #[test]
    fn a_wanted_tag_stands_above_everything_without() {
        let wanted = Choice { is_wanted: true, ..choice(2, "b", Some(1), None) };
        let best_seller = choice(1, "a", Some(100), Some(10_000));
        check(vec![best_seller, wanted], &Config::default(), 2, &[(2, 1.007), (1, 1.0)]);
    }

    #[test]
    fn each_category_is_shown_once_by_its_best() {
        let shades = vec![
            choice(1, "foundation", Some(90), None),
            choice(2, "foundation", Some(100), None),
            choice(3, "brush", Some(10), None),
        ];
        check(shades.clone(), &Config::default(), 2, &[(2, 0.7), (3, 0.07)]);
        check(shades.clone(), &Config::default(), 1, &[(2, 0.7)]);
        check(shades, &Config::default(), 0, &[]);
    }
}
