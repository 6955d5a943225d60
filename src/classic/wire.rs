//! The requests of XML 2.1, and the envelope of every answer.

use super::xml::{self, Element};
use crate::freshbooks::{Meta, Number, PER_PAGE};

pub(super) enum Response {
    Ok(Element),
    /// Classic's own words, with its code.
    Fail(String),
}

/// The body of a request; `page` for a list.
pub(super) fn request(method: &str, page: Option<i64>) -> String {
    let paging = page.map(|page| format!("<page>{page}</page><per_page>{PER_PAGE}</per_page>"));
    let paging = paging.unwrap_or_default();
    format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<request method=\"{method}\">{paging}</request>\n")
}

/// Opens the envelope. Its `status` decides: refusals come with HTTP status 200 as well as 400 and 401.
pub(super) fn response(body: &[u8]) -> Result<Response, String> {
    let root = xml::parse(body)?;
    if root.name != "response" {
        return Err("the answer is not the XML that was asked for".to_owned());
    }
    match root.attribute("status").map(str::trim) {
        Some("ok") => Ok(Response::Ok(root)),
        Some("fail") => Ok(Response::Fail(complaint(&root))),
        _ => Err("the answer has no status".to_owned()),
    }
}

fn complaint(root: &Element) -> String {
    let said = match root.text_of("error").trim_end_matches('.') {
        "" => "no reason given",
        said => said,
    };
    match root.text_of("code") {
        "" => said.to_owned(),
        code => format!("{said} (code {code})"),
    }
}

/// What a list says of itself.
pub(super) fn meta(list: &Element) -> Meta {
    let number = |name| list.attribute(name)?.trim().parse().ok();
    let is_there = list.attribute("total").is_some_and(|total| !total.trim().is_empty());
    let unread = if is_there { Number::Unreadable } else { Number::Absent };
    Meta {
        page: number("page"),
        per_page: number("per_page"),
        total: number("total").map_or(unread, Number::Is),
        pages: number("pages"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_what_classic_documents() {
        let start = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
        assert_eq!(
            request("staff.current", None),
            format!("{start}<request method=\"staff.current\"></request>\n")
        );
        let page = "<page>2</page><per_page>100</per_page>";
        assert_eq!(
            request("staff.list", Some(2)),
            format!("{start}<request method=\"staff.list\">{page}</request>\n")
        );
    }

    #[test]
    fn the_status_of_the_answer_decides() {
        let said = |body: &str| match response(body.as_bytes()) {
            Ok(Response::Ok(root)) => format!("ok {}", root.children.len()),
            Ok(Response::Fail(said)) => said,
            Err(problem) => problem,
        };
        let table = [
            ("<response status='ok'><staff/></response>", "ok 1"),
            ("<x:response xmlns:x='n' x:status=' ok '/>", "ok 0"),
            (
                "<response status='fail'><error>Not yours.</error><code>40010</code></response>",
                "Not yours (code 40010)",
            ),
            ("<response status='fail'/>", "no reason given"),
            ("<response><staff/></response>", "the answer has no status"),
            ("<request status='ok'/>", "the answer is not the XML that was asked for"),
        ];
        for (body, expected) in table {
            assert_eq!(said(body), expected, "{body}");
        }
    }

    #[test]
    fn what_a_list_says_of_itself_is_optional() {
        let list = |attributes: &str| xml::parse(format!("<list {attributes}/>").as_bytes()).expect("XML");
        let found = meta(&list("page='1' per_page='25' pages='2' total=' 26 '"));
        assert_eq!(found, Meta { page: Some(1), per_page: Some(25), total: Number::Is(26), pages: Some(2) });
        assert_eq!(meta(&list("total=''")), Meta::default());
        assert_eq!(meta(&list("total='many'")).total, Number::Unreadable);
    }
}
