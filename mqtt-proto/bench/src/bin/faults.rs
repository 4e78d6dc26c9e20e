//! Prints which codec takes which forbidden packet.

use mqtt_proto::Version;
use mqtt_proto_bench::faults::{CODECS, FAULTS, takes};

fn main() {
    // A peer's refusal is a panic in its adapter.
    std::panic::set_hook(Box::new(|_| {}));
    println!("| what is wrong | {} |", CODECS.join(" | "));
    println!("|---|{}", ":-:|".repeat(CODECS.len()));
    for fault in FAULTS {
        print!("| {} |", fault.name);
        for codec in CODECS {
            let taken = |version, bytes: Option<&'static [u8]>| takes(codec, version, bytes?);
            let taken = [
                (taken(Version::V3_1_1, fault.v3), "3.1.1"),
                (taken(Version::V5, fault.v5), "5.0"),
            ];
            let versions: Vec<_> = taken
                .iter()
                .filter_map(|&(taken, version)| (taken == Some(true)).then_some(version))
                .collect();
            let spoken = taken.iter().any(|(taken, _)| taken.is_some());
            let cell = match (spoken, versions.is_empty()) {
                (false, _) => String::new(),
                (true, true) => "refused".into(),
                (true, false) => format!("taken ({})", versions.join(", ")),
            };
            print!(" {cell} |");
        }
        println!();
    }
}
