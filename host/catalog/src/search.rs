//! Search: what is asked, and what is told of each result.

use rebound_domain::catalog::{Candidate, OrderBy, Query, Switched};
use rebound_domain::ids::ProductId;
use rebound_domain::time::Instant;

use crate::buyers::Circle;
use crate::document::Vector;
use crate::filter::Filter;
use crate::plan::{Number, Plan};
use crate::state::State;

/// The contract's bound on one search's results.
const RESULTS_MAX: u32 = 200;

pub(crate) fn search(state: &State, query: &Query, now: Instant) -> Vec<Candidate> {
    let limit = query.limit.min(RESULTS_MAX) as usize;
    let Some(filter) = Filter::new(state, query).filter(|_| limit > 0) else { return Vec::new() };
    let plan = Plan::new(state, &filter, limit);
    let relation = query.similar_to.map(|from| Relation::new(state, from, now));
    let relation = relation.as_ref();
    let found = match query.order_by {
        OrderBy::PriceAsc => plan.by_number(Number::Price),
        OrderBy::PriceDesc => plan.by_number(Number::PriceFalling),
        OrderBy::UnitsSold => plan.by_number(Number::UnitsFalling),
        OrderBy::Similarity => match relation.and_then(|it| it.vector.as_ref()) {
            Some(vector) => plan.by_similarity(vector),
            None => plan.by_number(Number::Id),
        },
        OrderBy::Affinity => match relation.and_then(|it| it.circle.as_ref()) {
            Some(circle) => plan.by_affinity(circle),
            None => plan.by_number(Number::Id),
        },
    };
    found.into_iter().filter_map(|id| candidate(state, relation, id)).collect()
}

/// What results are told relative to one product.
#[derive(Debug)]
struct Relation<'a> {
    from: ProductId,
    now: Instant,
    vector: Option<Vector<'a>>,
    circle: Option<Circle<'a>>,
    /// Returns of it that are old enough to count.
    returns: u32,
}

impl<'a> Relation<'a> {
    fn new(state: &'a State, from: ProductId, now: Instant) -> Self {
        let (vector, circle) = (state.vector(from), state.circle(from));
        Self { from, now, vector, circle, returns: state.switching.returned(from, now) }
    }
}

fn candidate(state: &State, relation: Option<&Relation<'_>>, id: ProductId) -> Option<Candidate> {
    let row = state.row(id)?;
    let switched = |it: &Relation<'_>| {
        let switched = if it.returns == 0 { 0 } else { state.switching.switched(it.from, id, it.now) };
        Switched { switched, returns: it.returns }
    };
    Some(Candidate {
        id,
        price: row.price,
        similarity: relation.and_then(|it| it.vector.as_ref()?.cosine(&row.document)),
        affinity: relation.and_then(|it| state.affinity(it.circle.as_ref()?, id)),
        switched_share: relation.and_then(|it| switched(it).share()),
        stock: row.item.stock,
        units_sold: state.units_sold(id),
        margin: row.item.margin,
    })
}
