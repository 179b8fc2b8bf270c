//! Where a unit falls: GrowthBook's hash version 2, so that its JavaScript SDK, or SQL, can recompute an assignment.
//!
//! The arithmetic is in `f64` throughout, as theirs is: the same seeds, weights and coverages give the same arms to
//! the last bit. See `docs/assignment.md`.

use serde::{Deserialize, Serialize};

/// A unit without a name. It would fall into the same bucket as every other such unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the unit is empty; name the customer who is to be assigned")]
pub struct EmptyUnit;

/// One of 10,000 buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bucket(u16);

impl Bucket {
    /// How many there are.
    pub const COUNT: u16 = 10_000;

    /// Its number, below [`Bucket::COUNT`].
    #[must_use]
    pub fn number(self) -> u16 {
        self.0
    }

    /// As ranges count: 0 to 0.9999.
    #[must_use]
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / f64::from(Self::COUNT)
    }
}

/// The bucket of a unit: `fnv1a32(str(fnv1a32(seed + unit))) % 10000`.
///
/// # Errors
/// [`EmptyUnit`] for a unit without a name.
pub fn bucket(seed: &str, unit: &str) -> Result<Bucket, EmptyUnit> {
    if unit.is_empty() {
        return Err(EmptyUnit);
    }
    let inner = fnv1a32([seed, unit]);
    let outer = fnv1a32([inner.to_string().as_str()]);
    Ok(Bucket(u16::try_from(outer % u32::from(Bucket::COUNT)).expect("a remainder below 10,000")))
}

/// A share of the units that experiments can be kept apart by: GrowthBook's namespace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Namespace {
    /// Its name; experiments that exclude each other share it.
    pub id: String,
    /// The part of it that an experiment takes, of 0 to 1.
    pub range: Range,
}

impl Namespace {
    /// Whether a unit is in: `fnv1a32(unit + "__" + id) % 1000 / 1000` (hash version 1) is in the range.
    ///
    /// # Errors
    /// [`EmptyUnit`] for a unit without a name.
    pub fn holds(&self, unit: &str) -> Result<bool, EmptyUnit> {
        if unit.is_empty() {
            return Err(EmptyUnit);
        }
        let number = fnv1a32([unit, "__", &self.id]) % 1_000;
        Ok(self.range.holds(f64::from(number) / 1_000.0))
    }
}

/// From `start` on, up to but without `end`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// The first number in it.
    pub start: f64,
    /// The first number after it.
    pub end: f64,
}

impl Range {
    /// Whether a number is in it.
    #[must_use]
    pub fn holds(self, number: f64) -> bool {
        self.start <= number && number < self.end
    }
}

/// One range per weight: it starts at the running sum of the weights before it and covers `coverage` of its own
/// weight. Since the starts do not depend on the coverage, widening it moves nobody from one range to another.
pub fn ranges(weights: impl IntoIterator<Item = f64>, coverage: f64) -> impl Iterator<Item = Range> {
    weights.into_iter().scan(0.0, move |sum, weight| {
        let start = *sum;
        *sum += weight;
        Some(Range { start, end: start + coverage * weight })
    })
}

/// FNV-1a in 32 bits, over the UTF-16 code units of the parts as if they were one text: each unit is one step,
/// since GrowthBook's JavaScript takes `charCodeAt`. For ASCII it is the FNV-1a of the bytes.
fn fnv1a32<const N: usize>(parts: [&str; N]) -> u32 {
    const OFFSET_BASIS: u32 = 0x811c_9dc5;
    const PRIME: u32 = 0x0100_0193;
    parts
        .iter()
        .flat_map(|part| part.encode_utf16())
        .fold(OFFSET_BASIS, |hash, unit| (hash ^ u32::from(unit)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests;
