//! What is looked at: of the categories that go with the returned products, configured or learned.

use rebound_sdk::prelude::*;

use crate::Bundle;
use crate::score::Choice;

/// Categories of one search; with the wanted tags that is fewer than a search may name.
const CATEGORIES_MAX: usize = 16;

/// The choices of all lines, each product once.
pub(crate) fn all(call: &Call<'_, Bundle>) -> Vec<Choice> {
    let mut choices: Vec<Choice> = Vec::new();
    for line in call.dearest_lines().into_iter().take(call.config.lines_max as usize) {
        for choice in of_line(call, &call.context.event.lines[line].product) {
            if choices.iter().all(|other| other.candidate.id != choice.candidate.id) {
                choices.push(choice);
            }
        }
    }
    choices
}

fn of_line(call: &Call<'_, Bundle>, returned: &Product) -> Vec<Choice> {
    let configured = returned.category.as_ref().and_then(|category| call.config.complements.get(category));
    let mut query = Query {
        similar_to: Some(returned.id),
        exclude: call.context.event.lines.iter().map(|line| line.product.id).collect(),
        in_stock: true,
        limit: call.config.candidates,
        ..Query::default()
    };
    match configured {
        // An empty list means that nothing goes with it; an empty list of a search would mean everything.
        Some(categories) if categories.is_empty() => return Vec::new(),
        Some(categories) => query.categories = categories.iter().take(CATEGORIES_MAX).cloned().collect(),
        None => query.order_by = "affinity".to_string(),
    }
    let mut candidates = searched(call, query);
    if configured.is_none() {
        let least = call.config.affinity_min_bp as f32 / 10_000.0;
        candidates.retain(|candidate| candidate.affinity.is_some_and(|affinity| affinity >= least));
    }
    let ids: Vec<ProductId> = candidates.iter().map(|candidate| candidate.id).collect();
    let products = call.get(&ids);
    let choices = candidates.into_iter().zip(products).filter_map(|(candidate, product)| {
        let product = product?;
        // Without a category nobody can tell that it is another.
        let category = product.category.filter(|category| returned.category.as_ref() != Some(category))?;
        let is_wanted = call.config.wanted_tags.iter().any(|tag| product.tags.contains(tag));
        Some(Choice { candidate, category, is_wanted })
    });
    choices.collect()
}

/// Those with a wanted tag first, which might be too far down to be found among all.
fn searched(call: &Call<'_, Bundle>, mut query: Query) -> Vec<Candidate> {
    let mut found = Vec::new();
    if !call.config.wanted_tags.is_empty() {
        query.any_tag.clone_from(&call.config.wanted_tags);
        found = call.search(&query);
        query.any_tag.clear();
        query.exclude.extend(found.iter().map(|candidate| candidate.id));
    }
    found.extend(call.search(&query));
    found
}
