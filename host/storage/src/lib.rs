//! An ordered map of bytes with optimistic, atomic, durable batches; sled behind it.
