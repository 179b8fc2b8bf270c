//! The types of events, listed.

use serde::Serialize;
use utoipa::ToSchema;

/// Every type of events.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventSchemas {
    /// Those that are taken first.
    #[schema(value_type = Vec<EventSchema>)]
    pub(crate) schemas: Vec<&'static EventSchema>,
}

/// A type of events.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventSchema {
    /// The attribute `type` of CloudEvents.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Whether it comes in or goes out.
    pub(crate) direction: Direction,
    /// What it tells.
    pub(crate) summary: String,
    /// Where it is sent, for one that comes in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) route: Option<&'static str>,
    /// Where the JSON Schema of its data is read.
    pub(crate) schema: String,
}

/// Whether events come in or go out.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Direction {
    /// The host takes them.
    Received,
    /// The host tells of them.
    Emitted,
}
