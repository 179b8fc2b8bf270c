//! Whether another variant makes the reason go away, and how well: the score of `docs/strategies.md`, and nothing else.

use rebound_sdk::prelude::*;

use crate::Config;

/// What a reason asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Larger,
    Smaller,
    Color,
}

/// What is different about a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Larger,
    Smaller,
    /// Another size, and nobody can tell which way.
    Size,
    Color,
}

/// How a variant answers a wish.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fit {
    pub(crate) change: Change,
    /// Above 0, at most 1.
    pub(crate) score: f32,
}

/// None for a reason that no other variant answers.
pub(crate) fn wish(line: &ReturnLine) -> Option<Wish> {
    match line.reason.as_deref()? {
        "size-too-small" => Some(Wish::Larger),
        "size-too-large" => Some(Wish::Smaller),
        "color" => Some(Wish::Color),
        _ => None,
    }
}

/// None when the variant would come back for the same reason.
pub(crate) fn fit(config: &Config, wish: Wish, returned: &Product, other: &Product) -> Option<Fit> {
    let names = match wish {
        Wish::Larger | Wish::Smaller => &config.size_options,
        Wish::Color => &config.color_options,
    };
    let (name, from) = names.iter().find_map(|name| Some((name, option(returned, name)?)))?;
    let to = option(other, name)?;
    if from == to {
        return None;
    }
    let (change, closeness) = match wish {
        Wish::Color => (Change::Color, 1.0),
        Wish::Larger | Wish::Smaller => step(config, wish, from, to)?,
    };
    let others = returned.options.iter().filter(|attribute| attribute.key != *name);
    let differing =
        others.filter(|attribute| option(other, &attribute.key) != Some(&attribute.value)).count();
    // What else would change was not asked for.
    Some(Fit { change, score: closeness / (1 + differing) as f32 })
}

fn option<'a>(product: &'a Product, name: &str) -> Option<&'a str> {
    product.options.iter().find(|attribute| attribute.key == name).map(|attribute| attribute.value.as_str())
}

/// A size one step on is the likeliest to fit; one the other way is not an answer.
fn step(config: &Config, wish: Wish, from: &str, to: &str) -> Option<(Change, f32)> {
    /// Less than two named sizes on, more than five.
    const UNORDERED: f32 = 0.25;
    let (is_larger, closeness) = match (size(config, from), size(config, to)) {
        (Some(Size::Named(from)), Some(Size::Named(to))) => {
            (to > from, 1.0 / from.abs_diff(to).max(1) as f32)
        }
        (Some(Size::Number(from)), Some(Size::Number(to))) => (to > from, from.min(to) / from.max(to)),
        _ => return Some((Change::Size, UNORDERED)),
    };
    match (wish, is_larger) {
        (Wish::Larger, true) => Some((Change::Larger, closeness)),
        (Wish::Smaller, false) => Some((Change::Smaller, closeness)),
        _ => None,
    }
}

enum Size {
    /// Its place among the named ones.
    Named(usize),
    /// Above 0: `66 cm`, `38.5`.
    Number(f32),
}

fn size(config: &Config, text: &str) -> Option<Size> {
    let text = text.trim();
    if let Some(place) = config.sizes.iter().position(|size| size.eq_ignore_ascii_case(text)) {
        return Some(Size::Named(place));
    }
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f32 = text[..end].parse().ok()?;
    (number > 0.0 && number.is_finite()).then_some(Size::Number(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rebound_sdk::testing::Item;

    fn product(options: &[(&str, &str)]) -> Product {
        let plain = Item::new(1, "Coat", 100);
        options.iter().fold(plain, |item, (key, value)| item.option(key, value)).product
    }

    #[track_caller]
    fn check(wish: Wish, from: &[(&str, &str)], to: &[(&str, &str)], want: Option<(Change, f32)>) {
        let found = fit(&Config::default(), wish, &product(from), &product(to));
        let found = found.map(|fit| (fit.change, (fit.score * 1_000.0).round() / 1_000.0));
        assert_eq!(found, want, "{wish:?} from {from:?} to {to:?}");
    }

    #[track_caller]
    fn size(wish: Wish, from: &str, to: &str, want: Option<(Change, f32)>) {
        check(wish, &[("size", from)], &[("size", to)], want);
    }

    #[test]
    fn a_size_answers_the_way_the_reason_asks_and_the_nearest_best() {
        size(Wish::Larger, "M", "L", Some((Change::Larger, 1.0)));
        size(Wish::Larger, "M", "XL", Some((Change::Larger, 0.5)));
        size(Wish::Larger, "m", "xxl", Some((Change::Larger, 0.333)));
        size(Wish::Larger, "M", "S", None);
        size(Wish::Larger, "M", "M", None);
        size(Wish::Smaller, "M", "S", Some((Change::Smaller, 1.0)));
        size(Wish::Smaller, "M", "L", None);
        size(Wish::Larger, "66 cm", "73 cm", Some((Change::Larger, 0.904)));
        size(Wish::Smaller, "73 cm", "66 cm", Some((Change::Smaller, 0.904)));
        size(Wish::Smaller, "38.5", "38", Some((Change::Smaller, 0.987)));
        size(Wish::Larger, "38.5", "38", None);
    }

    #[test]
    fn sizes_without_an_order_are_another_size_and_no_more() {
        size(Wish::Larger, "A", "B", Some((Change::Size, 0.25)));
        size(Wish::Larger, "M", "73", Some((Change::Size, 0.25)));
        size(Wish::Smaller, "0", "1", Some((Change::Size, 0.25)));
        size(Wish::Smaller, "1.2.3", "4", Some((Change::Size, 0.25)));
    }

    #[test]
    fn any_other_color_answers_for_the_color() {
        check(Wish::Color, &[("color", "red")], &[("color", "blue")], Some((Change::Color, 1.0)));
        check(Wish::Color, &[("color", "red")], &[("color", "red")], None);
        check(Wish::Color, &[("shade", "Nude")], &[("shade", "Cherry")], Some((Change::Color, 1.0)));
        check(Wish::Color, &[("size", "M")], &[("size", "L")], None);
        check(Wish::Color, &[("color", "red")], &[("size", "L")], None);
    }

    #[test]
    fn what_else_changes_counts_against_it() {
        let from = [("size", "M"), ("color", "red"), ("cut", "slim")];
        let to = |color, cut| [("size", "L"), ("color", color), ("cut", cut)];
        check(Wish::Larger, &from, &to("red", "slim"), Some((Change::Larger, 1.0)));
        check(Wish::Larger, &from, &to("blue", "slim"), Some((Change::Larger, 0.5)));
        check(Wish::Larger, &from, &to("blue", "wide"), Some((Change::Larger, 0.333)));
        check(Wish::Larger, &from, &[("size", "L")], Some((Change::Larger, 0.333)));
    }
}
