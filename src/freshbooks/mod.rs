//! Who a token belongs to.

use serde::Deserialize;

use crate::error::Result;
use crate::http::{Http, Origin};
use crate::secret::Secret;

pub(crate) struct Person {
    pub(crate) identity_id: Option<i64>,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) businesses: Vec<(i64, String)>,
}

#[derive(Deserialize)]
struct Envelope {
    response: Me,
}

#[derive(Deserialize)]
struct Me {
    id: Option<i64>,
    identity_id: Option<i64>,
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    #[serde(default)]
    business_memberships: Vec<Membership>,
}

#[derive(Deserialize)]
struct Membership {
    business: Business,
}

#[derive(Deserialize)]
struct Business {
    id: i64,
    name: Option<String>,
}

/// Asks `users/me`.
pub(crate) fn who_is(http: &Http, api: &Origin, token: &Secret) -> Result<Person> {
    let url = api.url(&["auth", "api", "v1", "users", "me"]);
    let read = |body: &[u8]| serde_json::from_slice::<Envelope>(body).map_err(|error| error.to_string());
    let (envelope, _) =
        http.get(&url, token, read).map_err(|failed| failed.into_error("ask FreshBooks who signed in"))?;
    let me = envelope.response;
    let mut businesses: Vec<(i64, String)> = me
        .business_memberships
        .into_iter()
        .map(|membership| (membership.business.id, membership.business.name.unwrap_or_default()))
        .collect();
    businesses.sort();
    businesses.dedup();
    let names = [me.first_name, me.last_name].into_iter().flatten().collect::<Vec<_>>();
    Ok(Person {
        identity_id: me.identity_id.or(me.id),
        email: me.email.unwrap_or_default(),
        name: names.join(" ").trim().to_owned(),
        businesses,
    })
}
