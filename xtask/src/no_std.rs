//! `cargo xtask no-std`: a target without std proves `no_std`, better than a hosted one does.

use std::path::Path;

use crate::bare_metal::{TARGET, Toolchain};

/// Debian's toolchain builds `core` and nothing else, which proves that no allocator is needed either.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    for target in [TARGET, "thumbv6m-none-eabi"] {
        let toolchain = Toolchain::of(target)?;
        println!("-- {target}: {toolchain}");
        let status = toolchain
            .cargo("build", target)?
            .current_dir(root)
            .args([
                "-p",
                "mqtt-proto",
                "-p",
                "mqtt-session",
                "-p",
                "transport-embedded",
            ])
            .args(["--no-default-features", "--target", target])
            // Of a compiler that may not be the one of the other builds.
            .args(["--target-dir", "target/no-std"])
            .status()
            .map_err(|error| format!("cannot run cargo: {error}"))?;
        if !status.success() {
            return Err(format!("the cores do not build for {target}"));
        }
    }
    transports(root)
}

/// What the device of `examples/transports` is made of must not need std either.
fn transports(root: &Path) -> Result<(), String> {
    let status = Toolchain::of(TARGET)?
        .cargo("check", TARGET)?
        .current_dir(root.join("examples/transports"))
        .args(["--lib", "--target", TARGET, "--target-dir", "target/no-std"])
        .status()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if !status.success() {
        return Err(format!(
            "examples/transports is not for {TARGET}: see above"
        ));
    }
    Ok(())
}
