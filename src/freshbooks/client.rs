//! The reads that an access review needs, each a single GET.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::Url;

use super::me::{self, Me};
use super::staff::{StaffAnswer, staff_page};
use super::wire::{self, Group, TeamPage};
use crate::error::Result;
use crate::http::{Answer, Failed, Failure, Http};
use crate::model::Identity;
use crate::model::rows::full_name;
use crate::origin::Origin;
use crate::secret::Secret;

/// The page size to request. FreshBooks silently limits `per_page` to 100 (API documentation,
/// "Parameters"), so requesting more gains nothing.
pub(crate) const PER_PAGE: i64 = 100;

/// A page of a business's team list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TeamQuery {
    pub(crate) business_id: i64,
    pub(crate) page: i64,
}

/// The content and the answer that it came in.
pub(crate) type Reply<T> = std::result::Result<(T, Answer), Failed>;

/// The source of access tokens. A read does not need to know about stored sign-ins and rotation.
pub(crate) trait Tokens: Send + Sync {
    /// An access token to use.
    fn bearer(&self) -> Result<Secret>;

    /// A token other than `refused`, which FreshBooks does not accept; `None` if that would not help.
    fn replace(&self, refused: &Secret) -> Result<Option<Secret>>;

    /// Whether another token is possible at all.
    fn can_replace(&self) -> bool {
        true
    }

    /// FreshBooks also refused `fresh`, which [`Tokens::replace`] has just returned, for the same read.
    fn was_refused_too(&self, _fresh: &Secret) {}

    /// The granted scopes, if FreshBooks has reported them.
    fn scopes(&self) -> Option<String> {
        None
    }
}

#[derive(Clone)]
pub(crate) struct FreshBooks {
    http: Http,
    api: Origin,
    tokens: Arc<dyn Tokens>,
}

impl FreshBooks {
    pub(crate) fn new(http: Http, api: Origin, tokens: Arc<dyn Tokens>) -> Self {
        FreshBooks { http, api, tokens }
    }

    /// The number of retries so far.
    pub(crate) fn retries(&self) -> u64 {
        self.http.retries()
    }

    /// The identity that the token belongs to, and its businesses.
    pub(crate) fn me(&self) -> Reply<Me> {
        self.get(&me_url(&self.api), me::me)
    }

    /// The same, for callers that need only the person.
    pub(crate) fn who(&self) -> Result<Person> {
        person(self.me())
    }

    /// One page of a team list. No `active` filter: it would hide deactivated people.
    pub(crate) fn team_page(&self, query: TeamQuery) -> Reply<TeamPage> {
        self.get(&self.team_url(query), |body| wire::team_page(body, query.business_id))
    }

    /// The identities of a business group, owners among them.
    pub(crate) fn group(&self, business_id: i64) -> Reply<Group> {
        self.get(&self.group_url(business_id), |body| wire::group(body, business_id))
    }

    /// One page of the deprecated staff list of an accounting account.
    pub(crate) fn staff_page(&self, account_id: &str, page: i64) -> Reply<StaffAnswer> {
        self.get(&self.staff_url(account_id, page), staff_page)
    }

    pub(crate) fn team_url(&self, query: TeamQuery) -> Url {
        let id = query.business_id.to_string();
        with_page(self.api.url(&["auth", "api", "v1", "businesses", &id, "team_members"]), query.page)
    }

    pub(crate) fn staff_url(&self, account_id: &str, page: i64) -> Url {
        with_page(self.api.url(&["accounting", "account", account_id, "users", "staffs"]), page)
    }

    pub(crate) fn group_url(&self, business_id: i64) -> Url {
        self.api.url(&["auth", "api", "v1", "users", "business", &business_id.to_string()])
    }

    /// A refused token is replaced once and the read repeated once; a second refusal is about the
    /// resource and not the token.
    fn get<T>(&self, url: &Url, read: impl Fn(&str) -> std::result::Result<T, wire::Problem>) -> Reply<T> {
        let fatal = |error| Failed { failure: Failure::Fatal(error), attempts: 0 };
        let token = self.tokens.bearer().map_err(fatal)?;
        let refused = match self.http.get(url, &token, &read) {
            Err(refused) if refused.refuses_token() => refused,
            reply => return reply,
        };
        let fresh = match self.tokens.replace(&token) {
            // A token that cannot be replaced could still be valid, and the refusal only about this
            // read.
            Err(_) if !self.tokens.can_replace() && self.is_good_for_me(url, &token) => None,
            fresh => fresh.map_err(fatal)?,
        };
        let Some(token) = fresh else { return Err(refused) };
        let repeated = self.http.get(url, &token, &read);
        if repeated.as_ref().is_err_and(Failed::refuses_token) {
            self.tokens.was_refused_too(&token);
        }
        repeated
            .map(|(value, answer)| (value, answer.after(refused.attempts)))
            .map_err(|failed| failed.after(refused.attempts))
    }

    /// Whether `users/me` can be read with the token; not checked if it was the refused request.
    fn is_good_for_me(&self, asked: &Url, token: &Secret) -> bool {
        let me = me_url(&self.api);
        *asked != me && self.http.get(&me, token, me::me).is_ok()
    }
}

fn with_page(mut url: Url, page: i64) -> Url {
    url.query_pairs_mut()
        .append_pair("page", &page.to_string())
        .append_pair("per_page", &PER_PAGE.to_string());
    url
}

/// `users/me` (API documentation, "The /me endpoint").
fn me_url(api: &Origin) -> Url {
    api.url(&["auth", "api", "v1", "users", "me"])
}

/// The person that a token belongs to, and the businesses they have access to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) identity_id: Option<i64>,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) businesses: Vec<Reached>,
}

/// A business that the person has access to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Reached {
    pub(crate) id: i64,
    pub(crate) name: String,
}

/// Requests `users/me` with a token that does not belong to a session yet.
pub(crate) fn who_is(http: &Http, api: &Origin, token: &Secret) -> Result<Person> {
    person(http.get(&me_url(api), token, me::me))
}

fn person(reply: Reply<Me>) -> Result<Person> {
    let (me, _) = reply.map_err(|failed| failed.into_error("ask FreshBooks who signed in"))?;
    let reached = me.businesses.into_iter().map(|business| Reached { id: business.id, name: business.name });
    let mut businesses: Vec<_> = reached.collect();
    businesses.sort();
    let Identity { id, email, first_name, last_name, .. } = me.identity;
    Ok(Person { identity_id: Some(id), email, name: full_name(&first_name, &last_name), businesses })
}
