//! Where two manifests differ, in words.

use serde::Serialize;
use serde_json::Value;

/// As many as a person reads; one cause often has many.
const MOST: usize = 10;

/// Each part in which `found` is not what `made` is, by its path. Where `made` lacks a key, that is a
/// difference only if nothing `may_be_more`.
pub(super) fn differences(found: &impl Serialize, made: &impl Serialize, may_be_more: bool) -> Vec<String> {
    let mut walk = Walk { may_be_more, told: Vec::new() };
    // Text, numbers and lists always serialize.
    let [found, made] =
        [serde_json::to_value(found), serde_json::to_value(made)].map(Result::unwrap_or_default);
    walk.compare("", &found, &made);
    let more = walk.told.len().saturating_sub(MOST);
    walk.told.truncate(MOST);
    if more > 0 {
        walk.told.push(format!("{more} more parts differ"));
    }
    walk.told
}

struct Walk {
    may_be_more: bool,
    told: Vec<String>,
}

impl Walk {
    fn compare(&mut self, path: &str, found: &Value, made: &Value) {
        match (found, made) {
            (Value::Object(found), Value::Object(made)) => {
                for (key, made) in made {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    match found.get(key) {
                        Some(found) => self.compare(&path, found, made),
                        None => self.told.push(format!("{path} is missing")),
                    }
                }
                let more = found.keys().filter(|key| !self.may_be_more && !made.contains_key(*key));
                self.told.extend(more.map(|key| format!("{path}.{key} was added")));
            }
            (Value::Array(found), Value::Array(made)) if found.len() == made.len() => {
                for (at, (found, made)) in found.iter().zip(made).enumerate() {
                    self.compare(&format!("{path}[{at}]"), found, made);
                }
            }
            (Value::Array(found), Value::Array(made)) => {
                let (found, made) = (found.len(), made.len());
                self.told.push(format!("{path} has {found} entries, by the database {made}"));
            }
            _ if found == made => {}
            _ => self.told.push(format!("{path} is {found}, by the database {made}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_of_difference_has_its_path() {
        let made = json!({ "a": { "b": [1, { "c": null }], "d": true }, "e": "x" });
        let check = |found: Value, may_be_more, expected: &[&str]| {
            assert_eq!(differences(&found, &made, may_be_more), expected, "{found}");
        };
        check(made.clone(), false, &[]);
        check(
            json!({ "a": { "b": [1, { "c": 2 }], "d": true }, "e": "x" }),
            true,
            &["a.b[1].c is 2, by the database null"],
        );
        check(
            json!({ "a": { "b": [1], "d": true }, "e": "x" }),
            true,
            &["a.b has 1 entries, by the database 2"],
        );
        check(
            json!({ "a": { "b": [1, { "c": null }] }, "e": "y" }),
            true,
            &["a.d is missing", "e is \"y\", by the database \"x\""],
        );
        let more = json!({ "a": { "b": [1, { "c": null, "f": 1 }], "d": true }, "e": "x" });
        check(more.clone(), true, &[]);
        check(more, false, &["a.b[1].f was added"]);
        let many =
            differences(&json!((0..30).collect::<Vec<_>>()), &json!((1..31).collect::<Vec<_>>()), true);
        assert_eq!((many.len(), many[10].as_str()), (11, "20 more parts differ"));
    }
}
