//! Builds for targets without an operating system, with an installed target or without.

use std::path::{Path, PathBuf};
use std::process::Command;

/// One build of a package that stands outside the workspace.
pub(crate) struct Build<'a> {
    /// The folder of its Cargo.toml.
    pub(crate) package: &'a Path,
    pub(crate) target: &'a str,
    pub(crate) bin: &'a str,
    pub(crate) features: &'a str,
}

impl Build<'_> {
    /// Builds it in release mode and returns the path of the executable.
    ///
    /// Where rustup's toolchain has the target, that is used; where it has not, Debian's toolchain
    /// builds `core` from source.
    pub(crate) fn run(&self) -> Result<PathBuf, String> {
        let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]))?;
        let sysroot = Path::new(sysroot.trim());
        let target_dir = self.package.join("target");
        let mut cargo = if sysroot
            .join("lib/rustlib")
            .join(self.target)
            .join("lib")
            .is_dir()
        {
            eprintln!("-- {}: the installed target", self.target);
            Command::new("cargo")
        } else {
            let (rustc, cargo) = ("/usr/bin/rustc", "/usr/bin/cargo");
            if !Path::new("/usr/lib/rustlib/src/rust").exists() {
                return Err(format!(
                    "neither the target {0} (rustup target add {0}) nor Debian's rustc-web, cargo-web and rust-web-src are installed",
                    self.target
                ));
            }
            eprintln!(
                "-- {}: not installed; core built from source by Debian's {rustc}",
                self.target
            );
            let mut command = Command::new(cargo);
            let path = std::env::var("PATH").unwrap_or_default();
            let linker = format!(
                "CARGO_TARGET_{}_LINKER",
                self.target.replace('-', "_").to_uppercase()
            );
            command
                .env("PATH", format!("/usr/bin:{path}"))
                .env("RUSTC", rustc)
                .env("RUSTC_BOOTSTRAP", "1")
                .env(linker, lld(sysroot))
                .env_remove("RUSTUP_TOOLCHAIN");
            command.arg("-Zbuild-std=core");
            command
        };
        // A target directory, wrapper or flags meant for the host's build do not belong here.
        cargo
            .current_dir(self.package)
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .args([
                "build",
                "--release",
                "--quiet",
                "--target",
                self.target,
                "--bin",
                self.bin,
            ])
            .args(["--features", self.features, "--target-dir"])
            .arg(&target_dir);
        let status = cargo
            .status()
            .map_err(|error| format!("cannot run cargo: {error}"))?;
        if !status.success() {
            return Err(format!("{} does not build for {}", self.bin, self.target));
        }
        Ok(target_dir.join(self.target).join("release").join(self.bin))
    }
}

/// The linker that comes with rustup's toolchain, else Debian's.
fn lld(sysroot: &Path) -> PathBuf {
    let own = sysroot.join("lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld");
    if own.is_file() {
        own
    } else {
        PathBuf::from("ld.lld")
    }
}

/// What a command prints; its failure is an error.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let output = command
        .output()
        .map_err(|error| format!("cannot run {}: {error}", command.get_program().display()))?;
    if !output.status.success() {
        return Err(format!(
            "{} failed: {}",
            command.get_program().display(),
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}
