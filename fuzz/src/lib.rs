//! What the fuzz targets check. Each module has one function of any bytes, `check`, that panics
//! where the cores break a promise. `cargo test` runs it over the seeds, without a fuzzer.
#![forbid(unsafe_code)]

pub mod decode;
pub mod differential;
pub mod encode;
mod offsets;
pub mod reader_split;
pub mod round_trip;
pub mod session;
pub mod topic_matching;

use mqtt_proto::{DecodeOptions, Role, Version};

/// Both versions from both sides; Topic Aliases are taken as far as any sender may go.
fn every_options() -> impl Iterator<Item = DecodeOptions> {
    [Version::V3_1_1, Version::V5]
        .into_iter()
        .flat_map(|version| {
            [Role::Client, Role::Server].into_iter().map(move |sender| {
                let mut options = DecodeOptions::new(version, sender);
                options.topic_alias_maximum = u16::MAX;
                options
            })
        })
}
