//! Rules, ids, plans, bucketing and claims: plain values in and out.
