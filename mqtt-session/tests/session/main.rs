//! The session as its users see it: commands, bytes and time in; bytes, events and deadlines out.

mod connecting;
mod exhaustive;
mod keeping_alive;
mod properties;
mod receiving;
mod resuming;
mod sending;
mod small_packets;
mod topic_aliases;
mod trace;
mod traps;
mod two_peers;
