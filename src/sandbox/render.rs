//! The world as the JSON FreshBooks sends: the only file that knows the names on the wire.
//!
//! Everything that the real answers contain is here, whether the client wants it or not: addresses, phone numbers, two
//! kinds of secret, maps that look like grants and are not. Tests check that the client leaves these alone.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::world::{ABSENT, Business, Extra, GroupMember, Identity, Member, Membership, Staff, World};

/// US/Eastern as a rule, so that a machine without a time zone database answers the same.
const EASTERN: &str = "EST5EDT,M3.2.0,M11.1.0";

/// The body of `users/me`.
pub(super) fn me(world: &World) -> Value {
    let me = &world.me;
    let mine = || world.businesses.iter().filter(|business| !business.mine.is_empty());
    let by_account = |value: fn(&Business) -> Value| -> Map<String, Value> {
        mine().filter_map(|business| Some((business.account_id.clone()?, value(business)))).collect()
    };
    let memberships: Vec<Value> = mine()
        .flat_map(|business| business.mine.iter().map(move |membership| own_membership(business, membership)))
        .collect();
    let mut body = identity(me);
    body["permissions"] = by_account(plan).into();
    body["groups"] = groups(world).into();
    body["subscription_statuses"] = by_account(|business| json!(business.subscription_status)).into();
    body["business_statuses"] = by_account(|business| json!(business.status)).into();
    body["business_memberships"] = memberships.into();
    body["roles"] = system_roles(world).into();
    json!({ "response": laid_over(body, &me.extra) })
}

fn identity(me: &Identity) -> Value {
    let id = me.id.unwrap_or_default();
    json!({
        "id": me.id,
        "identity_id": me.id,
        "identity_uuid": me.uuid,
        "first_name": me.first_name,
        "last_name": me.last_name,
        "email": me.email,
        "language": "en",
        "timezone": "Europe/Oslo",
        "confirmed_at": me.created_at,
        "created_at": me.created_at,
        "unconfirmed_email": null,
        "setup_complete": true,
        "otp_required_for_login": me.mfa,
        "otp_delivery_method": me.mfa.then_some("email"),
        "identity_origin": "magnum",
        "phone_numbers": [{ "title": "", "phone_number": "555 0100" }],
        "addresses": [null],
        "profession": null,
        "profile": {
            "setup_complete": true, "first_name": me.first_name, "last_name": me.last_name, "phone_number": "555 0100",
            "address": null, "profession": null, "has_password": true, "is_email_confirmed": true, "time_format": 0,
            "professions": [{ "id": 88001, "business_id": null, "title": "Accounting", "company": null, "designation": null }],
            "timezone": "Europe/Oslo",
        },
        "links": {
            "me": format!("/service/auth/api/v1/users?id={id}"),
            "roles": format!("/service/auth/api/v1/users/role/{id}"),
        },
        "integrations": {},
    })
}

/// Plan features of an account: limits and switches that say nothing of what a person may do.
fn plan(_: &Business) -> Value {
    json!({ "staff.limit": 25, "client.limit": -1, "attachments.access": true, "business_manager_role.access": true })
}

/// The business groups' rows, with the project groups' among them as FreshBooks mixes them.
fn groups(world: &World) -> Vec<Value> {
    let me = &world.me;
    let row = |id: i64, group_id: i64, role: &Value, business_id: i64| {
        json!({
            "id": id, "group_id": group_id, "role": role, "business_id": business_id, "active": true,
            "identity_id": me.id, "identity_uuid": me.uuid,
        })
    };
    let projects = me.project_groups.iter().map(|g| row(g.id, g.group_id, &json!(g.role), g.business_id));
    let businesses = world.businesses.iter().flat_map(|business| {
        business.mine.iter().map(move |m| row(m.id, group_id(business), &json!(m.role), business.id))
    });
    projects.chain(businesses).collect()
}

/// The deprecated `roles`: an owner is `admin` here, and somebody else's client is listed too.
fn system_roles(world: &World) -> Vec<Value> {
    let own = world.businesses.iter().filter_map(|business| {
        let role = business.mine.first()?.role.as_deref().unwrap_or_default();
        let role = if role == "owner" { "admin" } else { role };
        Some((business.account_id.as_deref()?, role))
    });
    let elsewhere = world.me.client_of.iter().map(|account| (account.as_str(), "client"));
    let row = |(n, (account, role)): (usize, (&str, &str))| {
        let id = 71_000 + n;
        json!({
            "id": id, "role": role, "systemid": 4_400_000 + n, "userid": n + 1, "accountid": account,
            "created_at": world.me.created_at,
            "links": { "destroy": format!("/service/auth/api/v1/users/role/{id}") },
        })
    };
    own.chain(elsewhere).enumerate().map(row).collect()
}

fn own_membership(business: &Business, membership: &Membership) -> Value {
    let body = json!({
        "id": membership.id,
        "role": membership.role,
        "unacknowledged_change": false,
        "fasttrack_token": format!("SECRET.fasttrack.{}", membership.id),
        "business": laid_over(business_fields(business), &business.extra),
    });
    laid_over(body, &membership.extra)
}

fn business_fields(business: &Business) -> Value {
    let address = business.city.as_ref().map(|city| {
        json!({
            "id": business.id + 1, "street": "1 Sample Street", "street2": "", "city": city, "province": null,
            "country": "Norway", "postal_code": "0150",
        })
    });
    let phone = business.city.as_ref().map(|_| json!({ "id": business.id + 2, "phone_number": "555 0101" }));
    json!({
        "id": business.id,
        "business_uuid": business.uuid,
        "name": business.name,
        "account_id": business.account_id,
        "active": business.active,
        "status": business.status,
        "timezone": business.timezone,
        "date_format": "dd/mm/yyyy",
        "number_format": null,
        "first_day_of_week": 1,
        "business_type": null,
        "industry": null,
        "billing_country_code": "NOR",
        "advanced_accounting_enabled": false,
        "address": address,
        "phone_number": phone,
        "business_clients": [],
    })
}

/// The body of `users/business/{id}`.
pub(super) fn business_group(business: &Business) -> Value {
    let mut body = business_fields(business);
    let members: Vec<Value> = business.group.iter().map(|member| group_member(business, member)).collect();
    body["business_group"] = json!({ "id": group_id(business), "category": "business", "members": members });
    json!({ "response": laid_over(body, &business.extra) })
}

fn group_member(business: &Business, member: &GroupMember) -> Value {
    let body = json!({
        "id": member.id,
        "group_id": group_id(business),
        "role": member.role,
        "identity_id": member.identity_id,
        "identity_uuid": member.identity_uuid,
        "first_name": member.first_name,
        "last_name": member.last_name,
        "language": "en",
        "email": member.email,
        "company": business.name,
        "business_id": business.id,
        "unacknowledged_change": false,
        "active": member.active,
    });
    laid_over(body, &member.extra)
}

/// One row of `team_members`.
pub(super) fn team_member(business: &Business, member: &Member) -> Value {
    let body = json!({
        "uuid": member.uuid,
        "first_name": member.first_name,
        "middle_name": member.middle_name,
        "last_name": member.last_name,
        "email": member.email,
        "job_title": member.job_title,
        "street_1": member.street_1,
        "street_2": member.street_2,
        "city": member.city,
        "province": member.province,
        "country": member.country,
        "postal_code": member.postal_code,
        "phone_number": member.phone_number,
        "business_id": business.id,
        "business_role_name": member.role,
        "active": member.active,
        "identity_id": member.identity_id,
        "invitation_date_accepted": member.invitation_date_accepted,
        "created_at": member.created_at,
        "updated_at": member.updated_at,
    });
    laid_over(body, &member.extra)
}

/// One row of `staffs`.
pub(super) fn staff(account_id: &str, staff: &Staff) -> Value {
    let body = json!({
        "id": staff.id, "userid": staff.id, "accounting_systemid": account_id,
        "api_token": format!("SECRET-classic-{account_id}-{}", staff.id),
        "fname": staff.first_name, "lname": staff.last_name, "email": staff.email, "username": staff.email,
        "display_name": format!("{}{}", staff.first_name, staff.last_name),
        "role": staff.role, "level": if staff.role == "admin" { 3 } else { 1 }, "organization": "",
        "language": "en", "currency_code": null, "rate": "95.00", "note": null,
        "bus_phone": "555 0102", "home_phone": null, "mob_phone": "", "fax": "",
        "p_street": "1 Sample Street", "p_street2": "", "p_city": "", "p_province": "", "p_code": "", "p_country": "",
        "num_logins": staff.num_logins,
        "last_login": staff.last_login.map(eastern),
        "signup_date": staff.signup_date.map(eastern),
        "updated": staff.updated.map(eastern),
        "vis_state": 0,
    });
    laid_over(body, &staff.extra)
}

fn eastern(at: Timestamp) -> String {
    let zone = TimeZone::posix(EASTERN).unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn group_id(business: &Business) -> i64 {
    400_000 + business.id
}

fn laid_over(mut body: Value, extra: &Extra) -> Value {
    if let Some(object) = body.as_object_mut() {
        for (key, value) in extra {
            if value == ABSENT {
                object.remove(key);
            } else {
                object.insert(key.clone(), value.clone());
            }
        }
    }
    body
}
