//! The recommendation as an Extism plug-in: JSON in, JSON out, as its documentation writes one.

use extism_pdk::{FnResult, plugin_fn};

/// Answers a question.
#[plugin_fn]
pub fn recommend(question: Vec<u8>) -> FnResult<Vec<u8>> {
    Ok(recommend::recommend_json(&question)?)
}
