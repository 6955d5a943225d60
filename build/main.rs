//! Links `build/stdout.c` into the executable, which needs a C compiler for SQLite anyway.

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "how a build script talks with cargo")]

fn main() {
    println!("cargo:rerun-if-changed=build/stdout.c");
    // Elsewhere the crate itself says that it cannot be built.
    if std::env::var_os("CARGO_CFG_UNIX").is_none() {
        return;
    }
    // As an object: nothing refers to it, so the linker would leave it out of a library.
    for object in cc::Build::new().file("build/stdout.c").compile_intermediates() {
        println!("cargo:rustc-link-arg-bins={}", object.display());
    }
}
