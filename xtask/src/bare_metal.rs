//! Builds for targets without an operating system, with an installed target or without.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The target of the board that is emulated.
pub(crate) const TARGET: &str = "thumbv7m-none-eabi";

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
        let target_dir = self.package.join("target");
        let toolchain = Toolchain::of(self.target)?;
        eprintln!("-- {}: {toolchain}", self.target);
        let mut cargo = toolchain.cargo("build", self.target)?;
        // Flags meant for the host's build do not belong here.
        cargo
            .current_dir(self.package)
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .args([
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

/// What builds for a target.
pub(crate) enum Toolchain {
    /// rustup's, with the target installed.
    Installed,
    /// Debian's, which builds `core` from source.
    Debian,
}

impl Toolchain {
    pub(crate) fn of(target: &str) -> Result<Self, String> {
        if sysroot()?
            .join("lib/rustlib")
            .join(target)
            .join("lib")
            .is_dir()
        {
            return Ok(Self::Installed);
        }
        if Path::new("/usr/lib/rustlib/src/rust").exists() {
            return Ok(Self::Debian);
        }
        Err(format!(
            "neither the target {target} (rustup target add {target}) nor Debian's rustc-web, cargo-web and rust-web-src are installed"
        ))
    }

    /// The beginning of a `cargo build` or the like for the target.
    pub(crate) fn cargo(&self, subcommand: &str, target: &str) -> Result<Command, String> {
        if matches!(self, Self::Installed) {
            let mut command = Command::new("cargo");
            command.arg(subcommand);
            return Ok(command);
        }
        let mut command = Command::new("/usr/bin/cargo");
        let path = std::env::var("PATH").unwrap_or_default();
        let linker = format!(
            "CARGO_TARGET_{}_LINKER",
            target.replace('-', "_").to_uppercase()
        );
        command
            .env("PATH", format!("/usr/bin:{path}"))
            .env("RUSTC", "/usr/bin/rustc")
            .env("RUSTC_BOOTSTRAP", "1")
            .env(linker, lld()?)
            .env_remove("RUSTUP_TOOLCHAIN")
            .args([subcommand, "-Zbuild-std=core"]);
        Ok(command)
    }
}

impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Installed => "the installed target",
            Self::Debian => "not installed; core built from source by Debian's /usr/bin/rustc",
        })
    }
}

/// The compiler that builds for [`TARGET`], with its version.
pub(crate) fn compiler() -> Result<String, String> {
    let rustc = match Toolchain::of(TARGET)? {
        Toolchain::Installed => "rustc",
        Toolchain::Debian => "/usr/bin/rustc",
    };
    Ok(output(Command::new(rustc).arg("--version"))?
        .trim()
        .to_owned())
}

fn sysroot() -> Result<PathBuf, String> {
    let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    Ok(PathBuf::from(sysroot.trim()))
}

/// The linker that comes with rustup's toolchain, else Debian's.
fn lld() -> Result<PathBuf, String> {
    let own = sysroot()?.join("lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld");
    Ok(if own.is_file() {
        own
    } else {
        PathBuf::from("ld.lld")
    })
}

/// What a command prints; its failure is an error.
fn output(command: &mut Command) -> Result<String, String> {
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
