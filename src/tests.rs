//! What `lib.rs` says about the whole crate, checked against the source text.

use std::fs;
use std::path::{Path, PathBuf};

use crate::app::environment::VARIABLES;

const LIB: &str = include_str!("lib.rs");

/// The modules in the groups of the `mod` list, from the top down to the ground.
fn groups() -> Vec<Vec<&'static str>> {
    let module = |line: &'static str| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';');
    let blocks = LIB.split("\n\n").filter(|block| !block.contains("#[cfg(test)]"));
    let groups = blocks.map(|block| block.lines().filter_map(module).collect::<Vec<_>>());
    groups.filter(|group| !group.is_empty()).collect()
}

/// Every file below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The source files except those of the crate's root: the module, the path below `src`, the text.
fn sources() -> impl Iterator<Item = (String, PathBuf, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    files(&src).into_iter().filter_map(move |file| {
        let path = file.strip_prefix(&src).expect("a path below it").to_owned();
        let module = path.iter().next()?.to_str()?.trim_end_matches(".rs").to_owned();
        let text = fs::read_to_string(file).expect("UTF-8");
        (!["lib", "main", "mutated", "tests"].contains(&module.as_str())).then_some((module, path, text))
    })
}

/// The names that follow `crate::`; for a list in braces, every name up to the end of the statement.
fn named(text: &str) -> impl Iterator<Item = &str> {
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    text.split("crate::").skip(1).flat_map(move |rest| {
        let end = if rest.starts_with('{') { rest.find(';') } else { rest.find(|c| !letter(c)) };
        rest[..end.unwrap_or(rest.len())].split(move |c| !letter(c))
    })
}

#[test]
fn imports_point_down() {
    let groups = groups();
    let level = |module: &str| groups.iter().position(|group| group.contains(&module));
    for (module, path, text) in sources() {
        let own = level(&module).unwrap_or_else(|| panic!("{module} is not in the list of lib.rs"));
        // `super` in the first file of a module is the crate's root as well.
        let deep = path.components().count() - usize::from(path.ends_with("mod.rs"));
        let text = text.replace(&format!("\nuse {}", "super::".repeat(deep)), "\nuse crate::");
        for other in named(&text).filter(|other| *other != module) {
            let Some(level) = level(other) else { continue };
            assert!(level > own, "{}: `{module}` imports `{other}`, which is not below it", path.display());
            assert!(other != "sandbox" || module == "commands", "{}: imports the sandbox", path.display());
        }
    }
}

#[test]
fn the_code_map_is_in_the_order_of_the_list() {
    let row = |line: &'static str| line.strip_prefix("//! | [`")?.split_once('`');
    let map: Vec<_> = LIB.lines().filter_map(row).map(|(module, _)| module).collect();
    assert_eq!(map, groups().concat());
}

#[test]
fn what_one_place_may_do_no_other_does() {
    let reserved: [(&str, &[&str]); 5] = [
        ("env::var", &["app/environment.rs"]),
        ("env::home_dir", &["app/environment.rs"]),
        (".expose()", &["http", "oauth", "classic", "credentials", "secret"]),
        ("ureq::", &["http"]),
        ("rusqlite::", &["store"]),
    ];
    for (module, path, text) in sources() {
        for (what, places) in reserved {
            let allowed = places.iter().any(|place| *place == module || Path::new(place) == path);
            assert!(allowed || !text.contains(what), "{}: {what}", path.display());
        }
    }
}

/// That each of them is read, by a function or by a flag, the compiler says: one that is not is dead code.
#[test]
fn the_help_explains_every_variable_that_is_named_anywhere() {
    let letter = |c: char| c.is_ascii_uppercase() || c == '_';
    for (_, path, text) in sources() {
        for rest in text.split("FBSYNC_").skip(1) {
            let name = format!("FBSYNC_{}", &rest[..rest.find(|c| !letter(c)).unwrap_or(rest.len())]);
            let known = VARIABLES.iter().any(|(listed, _)| *listed == name);
            let other = name == "FBSYNC_" || name.starts_with("FBSYNC_TEST_");
            assert!(known || other, "{}: {name}", path.display());
        }
    }
}
