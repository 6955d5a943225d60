//! Links `build/stdout.c` into the executable, which needs a C compiler for SQLite anyway.

fn main() {
    println!("cargo:rerun-if-changed=build/stdout.c");
    // As an object: nothing refers to it, so the linker would leave it out of a library.
    for object in cc::Build::new().file("build/stdout.c").compile_intermediates() {
        println!("cargo:rustc-link-arg-bins={}", object.display());
    }
}
