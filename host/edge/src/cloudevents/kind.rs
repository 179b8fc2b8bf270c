//! The types of events that this host takes, and how their attributes and their data go together.

use serde_json::{Map, Value};

use super::envelope::{Envelope, invalid};
use crate::code::Code;
use crate::problem::Problem;

/// A return as the merchant reports it: decides it.
pub(crate) static RETURN_REQUESTED: EventType = EventType {
    word: "rebound.return.requested",
    summary: "A return as the merchant reports it; it becomes a plan",
    component: "ReturnEvent",
    route: "POST /v1/returns",
    stands_for: &[
        (Attribute::Source, "source"),
        (Attribute::Id, "id"),
        (Attribute::Subject, "return_id"),
        (Attribute::Time, "requested_at"),
    ],
};

/// An order as the merchant reports it: learned from. It is known by its own id, so what the envelope is called does
/// not matter.
pub(crate) static ORDER_PLACED: EventType = EventType {
    word: "rebound.order.placed",
    summary: "An order as the merchant reports it; what is recommended is learned from orders",
    component: "OrderBody",
    route: "POST /v1/orders",
    stands_for: &[(Attribute::Subject, "id"), (Attribute::Time, "ordered_at")],
};

/// All of them.
pub(crate) static RECEIVED: [&EventType; 2] = [&RETURN_REQUESTED, &ORDER_PLACED];

/// An attribute that stands for a field of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attribute {
    /// Where the event comes from.
    Source,
    /// Its id there.
    Id,
    /// What it is about.
    Subject,
    /// When it happened. Senders also write when the event was made, so it may differ from the field.
    Time,
}

impl Attribute {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Id => "id",
            Self::Subject => "subject",
            Self::Time => "time",
        }
    }
}

/// A type of events that a route takes.
pub(crate) struct EventType {
    /// The attribute `type`.
    pub(crate) word: &'static str,
    /// What it tells, as one line.
    pub(crate) summary: &'static str,
    /// Which schema of the published document its data has.
    pub(crate) component: &'static str,
    /// Where it is sent.
    pub(crate) route: &'static str,
    /// Attributes that stand for fields which the data may then leave out.
    pub(crate) stands_for: &'static [(Attribute, &'static str)],
}

impl EventType {
    /// The data of an event of this type, with what its attributes say filled in: what a sender of the plain body would
    /// have sent.
    ///
    /// # Errors
    /// A problem when it is of another type, or when attribute and data name two things.
    pub(crate) fn complete(&self, envelope: &mut Envelope) -> Result<Map<String, Value>, Problem> {
        if envelope.kind != self.word {
            let name = envelope.form.name("type");
            let given = envelope.kind.escape_debug();
            let detail = format!("`{name}` is {given}; {} takes {}", self.route, self.word);
            return Err(Problem::new(Code::UnknownEventType, detail).field(name));
        }
        let mut data = std::mem::take(&mut envelope.data);
        for &(attribute, field) in self.stands_for {
            let Some(said) = said(envelope, attribute) else { continue };
            match data.get(field) {
                None => {
                    data.insert(field.to_owned(), said.into());
                }
                Some(Value::String(text)) if attribute != Attribute::Time && *text != said => {
                    let name = envelope.form.name(attribute.word());
                    let detail = format!(
                        "`{name}` is {} and `{field}` of the data is {}: one event has one; make them agree or leave \
                         `{field}` out",
                        said.escape_debug(),
                        text.escape_debug()
                    );
                    return Err(invalid(&name, &detail));
                }
                // What is no text is refused when the data is read.
                Some(_) => {}
            }
        }
        Ok(data)
    }
}

/// An attribute as the field it stands for has it. An instant is written in one way: whoever passes an event on may
/// write its time anew, and it is the same event.
fn said(envelope: &Envelope, attribute: Attribute) -> Option<String> {
    match attribute {
        Attribute::Source => Some(envelope.source.as_str().to_owned()),
        Attribute::Id => Some(envelope.id.as_str().to_owned()),
        Attribute::Subject => envelope.subject.clone(),
        Attribute::Time => envelope.time.map(|time| time.to_string()),
    }
}
