//! What dies with the Network Connection.

mod limits;
mod out;

pub use limits::Limits;
pub(crate) use out::Out;
