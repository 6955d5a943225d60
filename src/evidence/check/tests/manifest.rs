//! The manifest, field by field, and how its snapshot was chosen.

use super::*;

/// Every value that can stand in place of this one, each with where it was changed.
fn changed(value: &Value, path: &str) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let mut put = |what: &str, value: Value| all.push((format!("{path}{what}"), value));
    match value {
        Value::Null => put(" null", json!("x")),
        Value::Bool(bool) => put(" flipped", json!(!bool)),
        Value::Number(number) => put("+1", json!(number.as_i64().expect("an integer") + 1)),
        Value::String(text) => {
            put(" longer", json!(format!("{text}x")));
            put(" null", Value::Null);
        }
        Value::Array(array) => {
            let again = array.first().cloned().unwrap_or_else(|| json!("x"));
            put(" one more", Value::Array(array.iter().cloned().chain([again]).collect()));
            if !array.is_empty() {
                put(" one less", Value::Array(array[1..].to_vec()));
            }
            // Of many names, those at the ends stand for all.
            let is_end = |at: usize| at == 0 || at + 1 == array.len();
            for (at, part) in array.iter().enumerate().filter(|(at, part)| !part.is_string() || is_end(*at)) {
                for (place, part) in changed(part, &format!("{path}[{at}]")) {
                    let mut array = array.clone();
                    array[at] = part;
                    all.push((place, Value::Array(array)));
                }
            }
        }
        Value::Object(object) => {
            let mut more = object.clone();
            more.insert("more".to_owned(), json!(1));
            put(" a key more", Value::Object(more));
            for (key, part) in object {
                let mut less = object.clone();
                less.remove(key);
                all.push((format!("{path}.{key} removed"), Value::Object(less)));
                for (place, part) in changed(part, &format!("{path}.{key}")) {
                    let mut object = object.clone();
                    object.insert(key.clone(), part);
                    all.push((place, Value::Object(object)));
                }
            }
        }
    }
    all
}

/// What no database knows. It is held to its form, and to what can be true.
fn is_claimed(place: &str) -> bool {
    [".export.user longer", ".export.host longer"].contains(&place)
}

#[test]
fn a_manifest_with_anything_changed_is_found() {
    let reader = reader(&[]);
    for making in [DATED, Making { scope: Scope::Alone(vec![200]), format: Format::Jsonl, ..CSV }] {
        let folder = making.folder(&reader);
        assert_eq!(findings(folder.path(), Some(&reader)), [""; 0]);
        let original = manifest(folder.path());
        reseal(folder.path(), &original);
        assert_eq!(findings(folder.path(), Some(&reader)), [""; 0], "the form is not what fbsync writes");
        let mut all = changed(&original, "");
        assert!(all.len() > 400, "{}", all.len());
        if making.scope != Scope::Whole {
            // The rest is the same in every folder.
            all.retain(|(place, _)| {
                [".options", ".snapshot", ".past"].iter().any(|own| place.starts_with(own))
            });
        }
        // The other files are as they were, so they are read once.
        let (stop, mut unread) = (Stop::default(), Verdict::default());
        let listed = sums::read(read(folder.path(), SUMS).as_bytes(), &mut unread.findings);
        let files = super::super::files::check(folder.path(), &listed, &stop, &mut unread).expect("readable");
        let judged = |manifest: &str, database| {
            let (mut verdict, mut listed) = (Verdict::default(), listed.clone());
            listed.insert(MANIFEST.to_owned(), hex(Sha256::digest(manifest)));
            let against = (Against { database, seals: None, stop: &stop }, &files, folder.path());
            check_manifest(manifest.as_bytes(), &listed, against, &mut verdict).expect("readable");
            verdict.findings
        };
        for (place, forged) in all {
            let forged = text_of(&forged);
            // Whatever is found without the database is found with it, by the same check.
            let found = Some(judged(&forged, None)).filter(|found| !found.is_empty());
            let found = found.unwrap_or_else(|| judged(&forged, Some(&reader)));
            assert_eq!(found.is_empty(), is_claimed(&place), "{place}: {found:?}");
        }
    }
}

#[test]
fn people_and_what_changes_are_told_since_lead_to_what_is_recorded() {
    let reader = reader(&[]);
    let making = Making { people: &["bob@x.example"], since: Some(("2026-02-01", 1)), ..CSV };
    let folder = making.folder(&reader);
    assert_eq!(findings(folder.path(), Some(&reader)), [""; 0]);
    let original = manifest(folder.path());
    assert_eq!(
        (&original["options"]["accounts"][0], &original["past"]["snapshots"]),
        (&json!("email:bob@x.example"), &json!(3))
    );
    for (path, value, expected) in [
        ("/options/accounts", json!([]), "options.accounts are not those of options.people"),
        ("/options/accounts", json!(["email:bob@x.example", "identity:1"]), "options.accounts are not those"),
        ("/options/accounts", Value::Null, "options.accounts is null"),
        ("/options/people", json!(["ann@x.example"]), "options.accounts are not those of options.people"),
        ("/options/since", json!(2), "changes since"),
        ("/options/since", Value::Null, "changes since"),
        ("/choice/since", json!("2"), "changes since"),
        ("/choice/since", json!("2026-03-01"), "changes since"),
        ("/choice/since", Value::Null, "changes since"),
        ("/choice/timezone", Value::Null, "choice.timezone is null"),
    ] {
        let mut forged = original.clone();
        *forged.pointer_mut(path).expect(path) = value;
        reseal(folder.path(), &forged);
        rehash(folder.path());
        assert_found(&findings(folder.path(), Some(&reader)), expected);
    }
}

#[test]
fn what_was_asked_leads_to_what_was_chosen() {
    let reader = reader(&[]);
    let folder = CSV.folder(&reader);
    let original = manifest(folder.path());
    for (asked, zone, time, fine) in [
        ("latest", None, "2026-04-01T08:00:00Z", true),
        // Typed in another way, it leads to the same snapshot.
        ("3", None, "2026-04-01T08:00:00Z", true),
        ("2", None, "2026-04-01T08:00:00Z", false),
        ("yesterday", None, "2026-04-01T08:00:00Z", false),
        ("2026-03-31", None, "2026-04-01T08:00:00Z", false),
        ("latest", Some("UTC"), "2026-04-01T08:00:00Z", false),
        ("latest", Some("Europe/Atlantis"), "2026-04-01T08:00:00Z", false),
    ] {
        let mut forged = original.clone();
        forged["choice"]["asked"] = json!(asked);
        forged["choice"]["timezone"] = json!(zone);
        forged["export"]["time"] = json!(time);
        reseal(folder.path(), &forged);
        rehash(folder.path());
        let found = findings(folder.path(), Some(&reader));
        assert_eq!(found.is_empty(), fine, "{asked} {zone:?} {time}: {found:?}");
    }
    // The latest one at the time of the export: a later one says nothing against it, an earlier one does.
    let dated = Making { snapshot: "2", ..DATED }.folder(&reader);
    for (time, fine) in [("2026-03-15T00:00:00Z", true), ("2026-04-01T08:00:00Z", false)] {
        let mut forged = manifest(dated.path());
        forged["choice"]["asked"] = json!("latest");
        forged["export"]["time"] = json!(time);
        reseal(dated.path(), &forged);
        rehash(dated.path());
        let found = findings(dated.path(), Some(&reader));
        assert_eq!(found.is_empty(), fine, "{time}: {found:?}");
    }
    // The next one may have come after the export.
    let dated = DATED.folder(&reader);
    for (time, fine) in [("2026-03-15T00:00:00Z", true), ("2026-04-01T08:00:00Z", false)] {
        let mut forged = manifest(dated.path());
        forged["choice"]["next"] = Value::Null;
        forged["export"]["time"] = json!(time);
        reseal(dated.path(), &forged);
        let found = findings(dated.path(), Some(&reader));
        assert_eq!(found.is_empty(), fine, "{time}: {found:?}");
    }
}
