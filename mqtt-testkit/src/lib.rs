//! For tests and tryouts.
#![forbid(unsafe_code)]
