//! `users/me`: who signed in, and which businesses they belong to in which role.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::strip::{Object, Records};
use super::tolerant::{boolean, integer, optional_text, text};
use super::wire::{Meta, Problem, keep, read, response};
use crate::model::reading::{Business, Digest, Identity, OwnMembership};

/// `users/me`: the identity, its businesses, and the records behind them.
#[derive(Debug)]
pub(crate) struct Me {
    pub(crate) identity: Identity,
    pub(crate) identity_record: Digest,
    pub(crate) businesses: Vec<Business>,
    pub(crate) records: Records,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireMe<'a> {
    #[serde(deserialize_with = "integer")]
    id: Option<i64>,
    #[serde(deserialize_with = "integer")]
    identity_id: Option<i64>,
    #[serde(deserialize_with = "optional_text")]
    identity_uuid: Option<String>,
    #[serde(borrow, deserialize_with = "text")]
    email: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "text")]
    first_name: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "text")]
    last_name: Cow<'a, str>,
    #[serde(borrow)]
    business_memberships: Option<Vec<Object<'a>>>,
    #[serde(borrow)]
    subscription_statuses: Option<&'a RawValue>,
    #[serde(borrow)]
    business_statuses: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct WireOwnMembership {
    #[serde(default, deserialize_with = "optional_text")]
    role: Option<String>,
    business: Option<WireBusiness>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireBusiness {
    #[serde(deserialize_with = "integer")]
    id: Option<i64>,
    #[serde(deserialize_with = "optional_text")]
    business_uuid: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    name: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    account_id: Option<String>,
    #[serde(deserialize_with = "boolean")]
    active: Option<bool>,
    #[serde(deserialize_with = "optional_text")]
    status: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    timezone: Option<String>,
}

/// Reads `users/me`. Its `groups` mix in project groups and `roles` other people's accounts, so
/// businesses and roles come from `business_memberships` alone.
pub(super) fn me(body: &[u8]) -> Result<Me, Problem> {
    let (object, _): (Object, Meta) = response(body)?;
    let me: WireMe = read(&object, || "response".to_owned())?;
    let id = me.identity_id.or(me.id).ok_or("the answer names no identity")?;
    let memberships = me.business_memberships.ok_or("the answer has no `business_memberships`")?;

    let mut records = Records::default();
    let identity_record = keep(&mut records, object, &["business_memberships"], || "response".to_owned())?;
    let identity = Identity {
        id,
        uuid: me.identity_uuid,
        email: me.email.into_owned(),
        first_name: me.first_name.into_owned(),
        last_name: me.last_name.into_owned(),
    };
    let mut businesses: Vec<Business> = Vec::new();
    for (at, object) in memberships.into_iter().enumerate() {
        let what = || format!("business_memberships[{at}]");
        let WireOwnMembership { role, business } = read(&object, what)?;
        let business = business.ok_or_else(|| format!("{} has no business", what()))?;
        let id = business.id.ok_or_else(|| format!("{} has no business id", what()))?;
        let record = keep(&mut records, object, &[], what)?;
        let own = OwnMembership { role: role.unwrap_or_default(), record };
        // The same business comes twice where the person has two roles in it.
        match businesses.iter_mut().find(|known| known.id == id) {
            Some(known) => known.own.push(own),
            None => businesses.push(into_business(
                business,
                id,
                own,
                me.subscription_statuses,
                me.business_statuses,
            )),
        }
    }
    Ok(Me { identity, identity_record, businesses, records })
}

fn into_business(
    wire: WireBusiness,
    id: i64,
    own: OwnMembership,
    subscriptions: Option<&RawValue>,
    statuses: Option<&RawValue>,
) -> Business {
    let by_account = |map: Option<&RawValue>| {
        let map: BTreeMap<String, serde_json::Value> = serde_json::from_str(map?.get()).ok()?;
        map.get(wire.account_id.as_deref()?)?.as_str().map(str::to_owned)
    };
    Business {
        id,
        subscription_status: by_account(subscriptions),
        status: wire.status.clone().or_else(|| by_account(statuses)),
        uuid: wire.business_uuid,
        account_id: wire.account_id,
        name: wire.name.unwrap_or_default(),
        active: wire.active,
        timezone: wire.timezone,
        own: vec![own],
    }
}
