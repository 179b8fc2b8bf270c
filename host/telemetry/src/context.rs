//! W3C trace context (<https://www.w3.org/TR/trace-context/>): the header `traceparent`.

use std::fmt;
use std::str::FromStr;

/// Which trace a request belongs to, and which span asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace; never zero.
    pub trace: u128,
    /// The span that asks; never zero.
    pub span: u64,
    /// Whether the one that asks keeps its spans.
    pub sampled: bool,
}

/// The text is no `traceparent` that a host may go on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoContext;

impl FromStr for TraceContext {
    type Err = NoContext;

    /// Reads version 00, and of later versions what version 00 knows, as the recommendation asks for. Anything else is
    /// no context: a new trace begins then.
    fn from_str(text: &str) -> Result<Self, NoContext> {
        let mut parts = text.split('-');
        let mut next = |digits: usize| parts.next().filter(|part| part.len() == digits).ok_or(NoContext);
        let (version, trace, span, flags) = (next(2)?, next(32)?, next(16)?, next(2)?);
        let (version, flags) = (hex(version)?, hex(flags)?);
        let (trace, span) = (hex(trace)?, hex(span)?);
        let is_known = version != 0xff && (version != 0 || parts.next().is_none());
        let span = u64::try_from(span).map_err(|_| NoContext)?;
        match is_known && trace != 0 && span != 0 {
            true => Ok(Self { trace, span, sampled: flags & 1 == 1 }),
            false => Err(NoContext),
        }
    }
}

/// Lower-case digits only: the recommendation allows no others.
fn hex(text: &str) -> Result<u128, NoContext> {
    let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_hex.then(|| u128::from_str_radix(text, 16).ok()).flatten().ok_or(NoContext)
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, u8::from(self.sampled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn the_example_of_the_recommendation_is_read_and_written() {
        let context: TraceContext = EXAMPLE.parse().unwrap();
        assert_eq!(context.trace, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
        assert!(context.sampled);
        assert_eq!(context.to_string(), EXAMPLE);
    }

    #[test]
    fn later_versions_are_read_as_far_as_they_are_known() {
        assert!(EXAMPLE.replacen("00", "01", 1).parse::<TraceContext>().is_ok());
        assert!(format!("{}-what-comes", EXAMPLE.replacen("00", "cc", 1)).parse::<TraceContext>().is_ok());
    }

    #[test]
    fn what_is_no_context_starts_a_new_trace() {
        for bad in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(bad.parse::<TraceContext>(), Err(NoContext), "{bad}");
        }
    }
}
