//! Bounds-checked primitives over bytes.
