//! Domains of one's own, and whether an address is at one of them.

use super::addresses::normalized;

/// Reads a domain as people write it: `example.com`, `@Example.com`, `*.example.com`, `example.com.`, with
/// letters of any language. What is given back is in the form of [`normalized`] addresses.
pub(crate) fn parse(text: &str) -> Result<String, String> {
    let refused = |why: &str| Err(format!("{why}; give it as example.com, several separated by commas"));
    let text = text.trim();
    let bare = text.strip_prefix("*.").or_else(|| text.strip_prefix('@')).unwrap_or(text);
    let bare = bare.strip_suffix('.').unwrap_or(bare);
    if bare.is_empty() {
        return refused("the domain is empty");
    }
    if bare.contains('@') {
        return refused("that is an address, not a domain");
    }
    let address = normalized(&format!("x@{bare}")).into_owned();
    let domain = address.strip_prefix("x@").unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let label = |label: &str| !label.is_empty() && label.len() <= 63 && label.chars().all(plain);
    match domain.contains('.') && domain.split('.').all(label) {
        true => Ok(domain.to_owned()),
        false => refused("that is not a domain"),
    }
}

/// Whether a [`normalized`] address is at one of these domains or below one.
pub(crate) fn hold(domains: &[String], address: &str) -> bool {
    let Some((_, domain)) = address.rsplit_once('@') else { return false };
    let within = |own: &String| {
        domain.strip_suffix(own.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    domains.iter().any(within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_understood_however_it_is_written() {
        for text in [
            "m\u{fc}nchen.example",
            "@M\u{dc}NCHEN.Example",
            "*.mu\u{308}nchen.example",
            " xn--mnchen-3ya.example. ",
            "XN--MNCHEN-3YA.EXAMPLE",
        ] {
            assert_eq!(parse(text).as_deref(), Ok("xn--mnchen-3ya.example"), "{text}");
        }
        assert_eq!(parse("a_b.c-d.example").as_deref(), Ok("a_b.c-d.example"));
        for text in [
            "",
            " ",
            ".",
            "@",
            "*.",
            "a;b",
            "x.example;y.example",
            "x.example y.example",
            "x..example",
            ".x.example",
            "x.example/",
            "ann@x.example",
            "example",
            "*.*.example",
            "x.example:25",
            "x,y.example",
        ] {
            assert!(parse(text).is_err_and(|why| why.contains("give it as example.com")), "{text:?}");
        }
    }

    #[test]
    fn a_domain_holds_what_is_at_it_and_below_it() {
        let own = ["x.example".to_owned(), "y.example".to_owned()];
        for address in ["ann@x.example", "ann@mail.x.example", "a@b@y.example"] {
            assert!(hold(&own, address), "{address}");
        }
        for address in ["ann@ax.example", "ann@example", "x.example", "x.example@z.example", ""] {
            assert!(!hold(&own, address), "{address}");
        }
        assert!(!hold(&[], "ann@x.example"));
    }
}
