//! What `wit-bindgen` makes of `wit/0.1.0`: the shared records and imports once, and one world per
//! exported interface, so that a component exports exactly the stages it implements.
#![allow(
    missing_docs,
    unreachable_pub,
    unsafe_code,
    unsafe_op_in_unsafe_fn,
    clippy::all,
    clippy::pedantic,
    reason = "generated; the contract's own documentation stands in wit/"
)]

wit_bindgen::generate!({
    path: "../../wit/0.1.0",
    world: "imports",
    generate_unused_types: true,
    additional_derives: [PartialEq],
});

/// A world of `wit/guest.wit`, sharing the records of `types` with every other.
macro_rules! exporting {
    ($interface:ident, $world:literal $(, $with:tt)?) => {
        pub mod $interface {
            wit_bindgen::generate!({
                path: ["../../wit/0.1.0", "wit"],
                world: $world,
                $(with: $with,)?
                pub_export_macro: true,
                generate_unused_types: true,
                additional_derives: [PartialEq],
            });
        }
    };
}

exporting!(metadata, "rebound:guest/metadata");
exporting!(segmentation, "rebound:guest/segmentation", { "rebound:strategy/types@0.1.0": crate::types });
exporting!(recommendation, "rebound:guest/recommendation", { "rebound:strategy/types@0.1.0": crate::types });
exporting!(coupon, "rebound:guest/coupon", { "rebound:strategy/types@0.1.0": crate::types });
exporting!(sharing, "rebound:guest/sharing", { "rebound:strategy/types@0.1.0": crate::types });
exporting!(progress, "rebound:guest/progress", { "rebound:strategy/types@0.1.0": crate::types });
