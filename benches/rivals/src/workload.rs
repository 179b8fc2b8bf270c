//! The same body again and again.

/// What is sent.
pub(crate) struct Workload(String);

/// A request; all are alike.
pub(crate) struct Event;

impl Workload {
    /// Sends this body.
    pub(crate) fn new(body: String) -> Self {
        Self(body)
    }

    pub(crate) fn next(&self) -> Event {
        Event
    }

    pub(crate) fn body(&self, _: &Event) -> &str {
        &self.0
    }
}
