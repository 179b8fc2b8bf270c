//! Hostile guests: each misbehaves in one way, and each is used by a test.
