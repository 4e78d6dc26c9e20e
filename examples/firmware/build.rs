//! Puts the memory layout where the linker looks for it.

use std::{env, fs, path::PathBuf};

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::copy("memory.x", out.join("memory.x")).expect("memory.x can be copied");
    println!("cargo:rustc-link-search={}", out.display());
    // So that `cargo xtask size` can tell who calls whom.
    println!("cargo:rustc-link-arg-bin=size=--emit-relocs");
    println!("cargo:rerun-if-changed=memory.x");
}
