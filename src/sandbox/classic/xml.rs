//! The four reads in XML 2.1, written out by hand.

use super::people::{Contractor, Staff, System};
use crate::sandbox::wire::{Answer, Asked, Fields, field};

/// The method, and `page` and `per_page` where they stand; nothing for anything but a well-formed question.
pub(super) fn question(body: &str) -> Option<Fields> {
    let rest = body.trim().strip_prefix("<?xml version=\"1.0\" encoding=\"utf-8\"?>")?.trim_start();
    let (method, rest) = rest.strip_prefix("<request method=\"")?.split_once("\">")?;
    let mut rest = rest.strip_suffix("</request>")?;
    let mut fields = vec![("method".to_owned(), method.to_owned())];
    while let Some((name, after)) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        let (value, after) = after.split_once(&format!("</{name}>"))?;
        fields.push((name.to_owned(), value.to_owned()));
        rest = after;
    }
    rest.trim().is_empty().then_some(fields)
}

pub(super) fn answer(system: &System, asked: &Asked) -> Answer {
    let is_xml = asked.header("content-type").is_some_and(|kind| kind.starts_with("application/xml"));
    let Some(fields) = question(&asked.body).filter(|_| is_xml) else {
        return fail(system, "Your XML is not formatted correctly.", "40010");
    };
    let method = field(&fields, "method").unwrap_or_default();
    let is_admin = system.signed_in == "1";
    match method {
        "system.current" => ok(system, &company(system)),
        "staff.current" => match system.staff.iter().find(|member| member.id == system.signed_in) {
            Some(member) => ok(system, &element("staff", &staff(member))),
            None => fail(system, "You are not a member of the staff.", "40050"),
        },
        "staff.list" | "contractor.list" if !is_admin => {
            fail(system, "You do not have permission to see other people.", "40060")
        }
        "staff.list" => {
            let entries = system.staff.iter().map(|member| element("member", &staff(member))).collect();
            list(system, &fields, "staff_members", entries)
        }
        "contractor.list" => {
            let entries =
                system.contractors.iter().map(|one| element("contractor", &contractor(one))).collect();
            list(system, &fields, "contractors", entries)
        }
        _ => fail(system, "Method does not exist.", "40010"),
    }
}

fn list(system: &System, fields: &Fields, name: &str, entries: Vec<String>) -> Answer {
    let number = |name, default: usize| match field(fields, name) {
        Some(text) => text.parse().ok().filter(|number| *number > 0),
        None => Some(default),
    };
    let (Some(page), Some(per_page)) = (number("page", 1), number("per_page", 25)) else {
        return fail(system, "Paging is not a number.", "40010");
    };
    let (per_page, total) = (per_page.min(system.per_page_cap), entries.len());
    let pages = total.div_ceil(per_page);
    let shown: String =
        entries.into_iter().skip((page - 1).saturating_mul(per_page)).take(per_page).collect();
    let counts = format!("page=\"{page}\" per_page=\"{per_page}\" pages=\"{pages}\" total=\"{total}\"");
    ok(system, &format!("<{name} {counts}>{shown}</{name}>"))
}

fn ok(system: &System, content: &str) -> Answer {
    envelope(system, "ok", content)
}

/// Refused under status 200, as Classic does.
fn fail(system: &System, error: &str, code: &str) -> Answer {
    envelope(system, "fail", &format!("{}{}", element("error", error), element("code", code)))
}

fn envelope(system: &System, status: &str, content: &str) -> Answer {
    let namespace = system.namespace.as_ref().map(|name| format!("xmlns=\"{name}\" ")).unwrap_or_default();
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<response {namespace}status=\"{status}\">\n{content}\n</response>\n"
    );
    Answer::new(200, "application/xml", xml.into_bytes())
}

fn company(system: &System) -> String {
    let address =
        text("street1", "SECRET-street 1") + &text("city", "SECRET-city") + &text("code", "SECRET-code");
    let api = text("requests", "12") + &text("request_limit", "5000");
    let fields = [
        text("company_name", &system.company),
        text("profession", "SECRET-profession"),
        element("address", &address),
        element("api", &api),
    ];
    element("system", &fields.concat())
}

fn staff(member: &Staff) -> String {
    let name = format!("<![CDATA[{}]]>", member.last_name);
    [
        text("staff_id", &member.id),
        text("username", &member.first_name.to_lowercase()),
        text("first_name", &member.first_name),
        element("last_name", &name),
        text("email", &member.email),
        text("business_phone", "SECRET-business-phone"),
        text("mobile_phone", "SECRET-mobile-phone"),
        text("rate", "SECRET-rate"),
        text("last_login", &member.last_login),
        text("number_of_logins", &member.logins),
        text("signup_date", &member.signed_up),
        text("street1", "SECRET-street1"),
        "<street2/>".to_owned(),
        text("city", "SECRET-city"),
        text("state", "SECRET-state"),
        text("country", "SECRET-country"),
        text("code", "SECRET-code"),
        text("notes", "SECRET-notes"),
    ]
    .concat()
}

fn contractor(one: &Contractor) -> String {
    let project = element("project", &(text("project_id", "7") + &text("rate", "SECRET-project-rate")));
    [
        text("contractor_id", &one.id),
        text("name", &one.name),
        text("email", &one.email),
        text("status", &one.status),
        text("rate", "SECRET-rate"),
        text("task_id", "3"),
        element("projects", &project),
    ]
    .concat()
}

fn text(name: &str, value: &str) -> String {
    element(name, &value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

fn element(name: &str, content: &str) -> String {
    format!("<{name}>{content}</{name}>")
}
