//! Where in an answer a value stands. Costs nothing until something is wrong there.

use std::fmt;

use super::InvalidOutput;

/// A path into an answer, linked from the inside out: `offers[3].score`.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a> {
    outer: Option<&'a At<'a>>,
    step: Step,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Field(&'static str),
    Item(usize),
}

impl<'a> At<'a> {
    /// A field of the answer itself.
    pub(super) const fn answer(field: &'static str) -> Self {
        Self { outer: None, step: Step::Field(field) }
    }

    pub(super) const fn field(&'a self, field: &'static str) -> Self {
        Self { outer: Some(self), step: Step::Field(field) }
    }

    pub(super) const fn item(&'a self, index: usize) -> Self {
        Self { outer: Some(self), step: Step::Item(index) }
    }

    /// The value here does not stand, because it `reason` ("is 0; ...").
    pub(super) fn fails<T>(&self, reason: impl Into<String>) -> Result<T, InvalidOutput> {
        Err(InvalidOutput { field: self.to_string(), reason: reason.into() })
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(outer) = self.outer {
            outer.fmt(f)?;
        }
        match (self.step, self.outer) {
            (Step::Field(field), None) => f.write_str(field),
            (Step::Field(field), Some(_)) => write!(f, ".{field}"),
            (Step::Item(index), _) => write!(f, "[{index}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_one_would_write_it() {
        let answer = At::answer("offers");
        let offer = answer.item(3);
        let copy = offer.field("copy");
        assert_eq!(copy.item(0).field("about").to_string(), "offers[3].copy[0].about");
    }
}
