//! How large an answer is, as the guest handed it over.

use wasmtime::component::ComponentType;

use super::shared::{Benefit, Subject};

/// Bytes that a value takes in the guest's memory beside its own record: its texts and lists, by the canonical
/// ABI. The host's own representation may be larger or smaller; the limit speaks of what the guest wrote.
pub(crate) trait Size {
    fn outside(&self) -> u64;
}

/// Bytes of a value and of everything it points to.
pub(crate) fn whole<T: Size + ComponentType>(value: &T) -> u64 {
    inline::<T>(1) + value.outside()
}

fn inline<T: ComponentType>(count: usize) -> u64 {
    (count as u64).saturating_mul(T::SIZE32 as u64)
}

macro_rules! nothing_outside {
    ($($scalar:ty),*) => { $(impl Size for $scalar {
        fn outside(&self) -> u64 {
            0
        }
    })* };
}

nothing_outside!(u8, u32, u64, i64, f32, Subject, Benefit);

impl Size for String {
    fn outside(&self) -> u64 {
        self.len() as u64
    }
}

impl<T: Size> Size for Option<T> {
    fn outside(&self) -> u64 {
        self.as_ref().map_or(0, Size::outside)
    }
}

impl<T: Size + ComponentType> Size for Vec<T> {
    fn outside(&self) -> u64 {
        inline::<T>(self.len()) + self.iter().map(Size::outside).sum::<u64>()
    }
}
