//! The catalogue in memory: snapshots, search, similarity, affinity, switched share.
