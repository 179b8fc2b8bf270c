//! Experiment statistics as pure functions of sufficient statistics.
