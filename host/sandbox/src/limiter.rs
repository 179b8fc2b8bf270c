//! What an instance holds, summed.

use wasmtime::ResourceLimiter;

/// Host memory per table element.
const TABLE_ELEMENT_BYTES: usize = size_of::<usize>();

/// Charges every linear memory and every table of an instance to one account. wasmtime's own `StoreLimits` caps
/// each of them by itself, so that two memories could hold twice the limit.
///
/// A growth past the declared maximum is refused here, before it is charged, so there is nothing to give back
/// when it fails. Giving back in `memory_grow_failed` would be a hole: wasmtime calls it also for a growth that
/// it never asked about (one past what the memory's type can hold), so that a guest could have each of its
/// growths refunded by asking for an absurd one after it. What is left uncounted is a growth that the operating
/// system refuses: it stays charged, to the guest's disadvantage only.
#[derive(Debug)]
pub(crate) struct Limiter {
    held_bytes: usize,
    held_bytes_max: usize,
    refused: bool,
}

impl Limiter {
    pub(crate) fn new(held_bytes_max: u64) -> Self {
        Self {
            held_bytes: 0,
            held_bytes_max: usize::try_from(held_bytes_max).unwrap_or(usize::MAX),
            refused: false,
        }
    }

    /// What is held now, which is also the peak: neither memories nor tables ever shrink.
    pub(crate) fn held_bytes(&self) -> u64 {
        self.held_bytes as u64
    }

    /// Whether the guest was ever refused memory.
    pub(crate) fn refused(&self) -> bool {
        self.refused
    }

    fn grow(&mut self, current: usize, desired: usize, maximum: Option<usize>, unit_bytes: usize) -> bool {
        let charge = desired.saturating_sub(current).saturating_mul(unit_bytes);
        let held_bytes = self.held_bytes.saturating_add(charge);
        // Past the guest's own maximum is the guest's own affair.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return false;
        }
        if held_bytes > self.held_bytes_max {
            self.refused = true;
            return false;
        }
        self.held_bytes = held_bytes;
        true
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.grow(current, desired, maximum, 1))
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.refused = true;
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.grow(current, desired, maximum, TABLE_ELEMENT_BYTES))
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.refused = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: usize = 64 * 1024;

    #[test]
    fn memories_and_tables_share_one_account() {
        let mut limiter = Limiter::new(4 * PAGE as u64);
        assert!(limiter.memory_growing(0, 2 * PAGE, None).unwrap());
        assert!(limiter.memory_growing(0, PAGE, None).unwrap(), "a second memory");
        assert!(limiter.table_growing(0, PAGE / TABLE_ELEMENT_BYTES, None).unwrap(), "the limit itself");
        assert!(!limiter.refused());
        assert!(
            !limiter.table_growing(PAGE / TABLE_ELEMENT_BYTES, PAGE / TABLE_ELEMENT_BYTES + 1, None).unwrap()
        );
        assert!(!limiter.memory_growing(PAGE, 2 * PAGE, None).unwrap());
        assert!(limiter.refused());
        assert_eq!(limiter.held_bytes(), 4 * PAGE as u64);
    }

    #[test]
    fn a_growth_that_fails_leaves_the_account_as_it_was() {
        let mut limiter = Limiter::new(4 * PAGE as u64);
        assert!(limiter.memory_growing(0, PAGE, Some(PAGE)).unwrap());
        assert!(!limiter.memory_growing(PAGE, 2 * PAGE, Some(PAGE)).unwrap(), "past the declared maximum");
        assert!(!limiter.memory_growing(PAGE, usize::MAX, None).unwrap());
        assert_eq!(limiter.held_bytes(), PAGE as u64);
        limiter.memory_grow_failed(wasmtime::Error::msg("past what the type can hold")).unwrap();
        assert_eq!(limiter.held_bytes(), PAGE as u64, "an absurd growth refunds nothing");
    }
}
