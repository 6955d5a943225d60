//! Links `src/stdout.c` into the executable, which needs a C compiler for SQLite anyway.

fn main() {
    println!("cargo:rerun-if-changed=src/stdout.c");
    // As an object: nothing refers to it, so the linker would leave it out of a library.
    for object in cc::Build::new().file("src/stdout.c").compile_intermediates() {
        println!("cargo:rustc-link-arg-bins={}", object.display());
    }
}
