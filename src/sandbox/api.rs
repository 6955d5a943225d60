//! The four reads, each as strict as FreshBooks documents it and no stricter.
//!
//! Order of refusal: no live token 401, scope missing 403, not the identity's business 404, list refused as the world
//! says, bad paging 422. The exact bodies of the last three are not documented for this family; the shapes are.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::ledger::Ledger;
use super::render;
use super::wire::{Answer, Asked, Fields, field};
use super::world::{Business, Member, Reading, World};

/// A read, with the id in its path still as text.
pub(super) enum Read {
    Me,
    TeamMembers(String),
    BusinessGroup(String),
    Staffs(String),
}

impl Read {
    pub(super) fn of(path: &str) -> Option<Read> {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match parts[..] {
            ["auth", "api", "v1", "users", "me"] => Some(Read::Me),
            ["auth", "api", "v1", "users", "business", id] => Some(Read::BusinessGroup(id.to_owned())),
            ["auth", "api", "v1", "businesses", id, "team_members"] => Some(Read::TeamMembers(id.to_owned())),
            ["accounting", "account", id, "users", "staffs"] => Some(Read::Staffs(id.to_owned())),
            _ => None,
        }
    }

    /// The query parameters this read knows.
    pub(super) fn parameters(&self) -> &'static [&'static str] {
        match self {
            Read::Me | Read::BusinessGroup(_) => &[],
            Read::TeamMembers(_) => &["page", "per_page", "active"],
            Read::Staffs(_) => &["page", "per_page"],
        }
    }

    fn scope(&self) -> Option<&'static str> {
        match self {
            Read::Me => Some("user:profile:read"),
            Read::TeamMembers(_) | Read::Staffs(_) => Some("user:teams:read"),
            // Undocumented: seen to work, with a token that held every scope.
            Read::BusinessGroup(_) => None,
        }
    }
}

/// The answer to a read.
pub(super) fn answer(read: &Read, world: &World, ledger: &Ledger, now: Timestamp, asked: &Asked) -> Answer {
    respond(read, world, ledger, now, asked).unwrap_or_else(|refusal| refusal)
}

fn respond(
    read: &Read,
    world: &World,
    ledger: &Ledger,
    now: Timestamp,
    asked: &Asked,
) -> Result<Answer, Answer> {
    let scopes = bearer(asked).and_then(|token| ledger.scopes(token, now)).ok_or_else(|| refused(401))?;
    if read.scope().is_some_and(|needed| !scopes.iter().any(|scope| scope == needed)) {
        return Err(refused(403));
    }
    let query = asked.query_fields();
    let body = match read {
        Read::Me => render::me(world),
        Read::TeamMembers(id) => team_members(world, readable(world, id, |b| b.team_list)?, &query)?,
        Read::BusinessGroup(id) => render::business_group(readable(world, id, |b| b.group_read)?),
        Read::Staffs(account) => staffs(world, account, &query)?,
    };
    Ok(Answer::json(200, &body))
}

fn bearer(asked: &Asked) -> Option<&str> {
    let (scheme, token) = asked.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

fn readable<'a>(world: &'a World, id: &str, list: fn(&Business) -> Reading) -> Result<&'a Business, Answer> {
    let id: i64 = id.parse().map_err(|_| refused(404))?;
    let business =
        world.businesses.iter().find(|b| b.id == id && !b.mine.is_empty()).ok_or_else(|| refused(404))?;
    match list(business) {
        Reading::Allowed => Ok(business),
        Reading::Refused(status) => Err(refused(status)),
    }
}

fn team_members(world: &World, business: &Business, query: &Fields) -> Result<Value, Answer> {
    let page = Page::asked(world, query).map_err(|name| {
        let text = format!("Validation failed: {name} is not a number");
        Answer::json(422, &json!({ "error": "invalid_resource", "error_description": text }))
    })?;
    let active: Vec<Member>;
    let members = if field(query, "active") == Some("true") {
        active = business.members.iter().filter(|member| member.active).cloned().collect();
        &active
    } else {
        &business.members
    };
    let rows: Vec<Value> =
        page.of(members).iter().map(|member| render::team_member(business, member)).collect();
    let mut meta = json!({ "page": page.number, "per_page": page.size });
    if world.meta_has_total {
        meta["total"] = members.len().into();
    }
    if world.meta_has_pages {
        meta["pages"] = page.pages(members.len()).into();
    }
    Ok(json!({ "response": rows, "meta": meta }))
}

fn staffs(world: &World, account: &str, query: &Fields) -> Result<Value, Answer> {
    let business = world
        .businesses
        .iter()
        .find(|business| business.account_id.as_deref() == Some(account) && !business.mine.is_empty())
        .ok_or_else(|| accounting_error(404, 1012, "Business not found."))?;
    if let Reading::Refused(status) = business.staff_list {
        return Err(accounting_error(status, 1003, "Permission Denied."));
    }
    let page = Page::asked(world, query).map_err(|name| {
        let errno = if name == "page" { 1014 } else { 1013 };
        accounting_error(422, errno, &format!("{name} is not a number."))
    })?;
    let rows: Vec<Value> =
        page.of(&business.staff).iter().map(|staff| render::staff(account, staff)).collect();
    let total = business.staff.len();
    Ok(json!({ "response": { "result": {
        "staffs": rows, "page": page.number, "pages": page.pages(total), "per_page": page.size, "total": total,
    } } }))
}

/// One page of a list, as asked and then bent to the server's rules.
struct Page {
    number: usize,
    size: usize,
}

impl Page {
    /// The name of the parameter that is no number, otherwise.
    fn asked(world: &World, query: &Fields) -> Result<Page, &'static str> {
        let number = |name: &'static str, default: usize| match field(query, name) {
            Some(text) => text.parse::<usize>().map_err(|_| name),
            None => Ok(default),
        };
        let size = number("per_page", world.per_page_default)?.min(world.per_page_cap);
        if size == 0 {
            return Err("per_page");
        }
        // Page 0 is page 1, by the documentation.
        Ok(Page { number: number("page", 1)?.max(1), size })
    }

    fn of<'a, T>(&self, list: &'a [T]) -> &'a [T] {
        let start = (self.number - 1).saturating_mul(self.size).min(list.len());
        &list[start..start.saturating_add(self.size).min(list.len())]
    }

    fn pages(&self, total: usize) -> usize {
        total.div_ceil(self.size)
    }
}

/// A refusal in the auth family's shape.
pub(super) fn refused(status: u16) -> Answer {
    let (error, text) = match status {
        401 => ("unauthenticated", "This action requires authentication to continue."),
        403 => ("forbidden", "This token may not read that."),
        404 => ("not_found", "There is nothing here."),
        405 => ("method_not_allowed", "Not with this method."),
        _ => ("refused", "The sandbox was told to refuse this."),
    };
    Answer::json(status, &json!({ "error": error, "error_description": text }))
}

fn accounting_error(status: u16, errno: u16, message: &str) -> Answer {
    let error = json!({ "errno": errno, "field": null, "message": message, "object": null, "value": null });
    Answer::json(status, &json!({ "response": { "errors": [error] } }))
}
