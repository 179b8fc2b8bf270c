//! Whether offers stand.

use super::{At, InvalidOutput, Scene};
use crate::answer::Offer;

pub(super) fn offers(scene: &Scene<'_>, offers: &[Offer]) -> Result<(), InvalidOutput> {
    let at = At::answer("offers");
    scene.count(at, offers.len(), scene.limits.offers)?;
    offers.iter().enumerate().try_for_each(|(index, offer)| one(scene, at.item(index), offer))
}

fn one(scene: &Scene<'_>, at: At<'_>, offer: &Offer) -> Result<(), InvalidOutput> {
    let policy = &scene.situation.policy;
    scene.product(at.field("product"), offer.product)?;
    scene.word(at.field("kind"), &offer.kind)?;
    if let Some(resolution) = &offer.resolution {
        scene.one_of(at.field("resolution"), resolution, "resolutions", &policy.resolutions)?;
    }
    let is_returned = scene.situation.event.lines.iter().any(|line| line.product.id == offer.product);
    if is_returned && offer.resolution.as_deref() != Some("exchange") {
        return at
            .field("product")
            .fails(format!("is {}, which is being returned; offer it only as an exchange", offer.product));
    }
    scene.line(at.field("for_line"), offer.for_line)?;
    if offer.quantity == 0 {
        return at.field("quantity").fails("is 0; offer at least 1");
    }
    if !offer.score.is_finite() {
        return at.field("score").fails(format!("is {}; give a finite number", offer.score));
    }
    scene.copy(at.field("copy"), &offer.copy)?;
    match offer.price_hold {
        Some(hold) => scene.at_most(at.field("price_hold"), hold, policy.hold_max),
        None => Ok(()),
    }
}
