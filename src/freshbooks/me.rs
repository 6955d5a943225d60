//! `users/me`: who signed in, and their businesses and roles.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::object::Object;
use super::oddities::Noted;
use super::strip::Records;
use super::tolerant::{boolean, integer, optional_text, text};
use super::wire::{Problem, entries, list, nested, object};
use crate::model::reading::{Business, Digest, Identity, OwnMembership};

/// `users/me`: the identity, its businesses, and the records behind them.
#[derive(Debug)]
pub(crate) struct Me {
    pub(crate) identity: Identity,
    pub(crate) identity_record: Digest,
    pub(crate) businesses: Vec<Business>,
    /// Memberships without a business, or with an unreadable business id.
    pub(crate) unread: Noted,
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
    subscription_statuses: Option<&'a RawValue>,
    #[serde(borrow)]
    business_statuses: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireOwnMembership<'a> {
    #[serde(deserialize_with = "optional_text")]
    role: Option<String>,
    #[serde(borrow)]
    business: Option<&'a RawValue>,
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

/// Reads `users/me`. Its `groups` also contain project groups, and its `roles` other people's accounts,
/// so businesses and roles are read only from `business_memberships`.
pub(super) fn me(body: &str) -> Result<Me, Problem> {
    let response = nested(&object(body)?, "response")?;
    let me: WireMe = response.read();
    let id = me.identity_id.or(me.id).ok_or("the answer contains no identity")?;
    let statuses = Statuses::of(&me);
    let mut records = Records::default();
    let identity_record = records.keep(&response, &["business_memberships"]);
    let (mut businesses, mut places) = (Vec::<Business>::new(), HashMap::new());
    let memberships = list(&response, "business_memberships")?;
    let unread = entries(memberships, "business_memberships", |membership, _| {
        let business = of_membership(&membership, &statuses, || records.keep(&membership, &[]))?;
        // A business is listed twice if the person has two roles in it.
        let place = *places.entry(business.id).or_insert(businesses.len());
        match businesses.get_mut(place) {
            Some(known) => known.own.extend(business.own),
            None => businesses.push(business),
        }
        Ok(())
    })?;
    let identity = Identity {
        id,
        uuid: me.identity_uuid,
        email: me.email.into_owned(),
        first_name: me.first_name.into_owned(),
        last_name: me.last_name.into_owned(),
    };
    Ok(Me { identity, identity_record, businesses, unread, records })
}

/// What a membership record says about its business. Some of a business's statuses can be elsewhere in
/// `users/me`.
pub(super) fn business(membership: &Object, record: Digest) -> Option<Business> {
    of_membership(membership, &Statuses::default(), || record).ok()
}

fn of_membership(
    membership: &Object,
    statuses: &Statuses,
    record: impl FnOnce() -> Digest,
) -> Result<Business, &'static str> {
    let WireOwnMembership { role, business } = membership.read();
    let business: WireBusiness = Object::of(business.ok_or("names no business")?)?.read();
    let id = business.id.ok_or("has no readable business id")?;
    let own = OwnMembership { role: role.unwrap_or_default(), record: record() };
    Ok(into_business(business, id, own, statuses))
}

/// What `users/me` says about accounting accounts, by account id.
#[derive(Default)]
struct Statuses<'a> {
    subscriptions: Option<Object<'a>>,
    businesses: Option<Object<'a>>,
}

impl<'a> Statuses<'a> {
    fn of(me: &WireMe<'a>) -> Self {
        let map = |raw: Option<&'a RawValue>| Object::of(raw?).ok();
        Statuses { subscriptions: map(me.subscription_statuses), businesses: map(me.business_statuses) }
    }
}

fn into_business(wire: WireBusiness, id: i64, own: OwnMembership, statuses: &Statuses) -> Business {
    let by_account = |map: &Option<Object>| {
        let status = map.as_ref()?.get(wire.account_id.as_deref()?)?;
        serde_json::from_str::<String>(status.get()).ok()
    };
    Business {
        id,
        subscription_status: by_account(&statuses.subscriptions),
        status: wire.status.clone().or_else(|| by_account(&statuses.businesses)),
        uuid: wire.business_uuid,
        account_id: wire.account_id,
        name: wire.name.unwrap_or_default(),
        active: wire.active,
        timezone: wire.timezone,
        own: vec![own],
    }
}
