//! The shipped coupons strategy.
