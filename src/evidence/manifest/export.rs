//! Who exported, where and when: the one part of a manifest that can differ between two exports of the
//! same evidence. No database knows it, so a check can only say whether it can be true.

use serde::{Deserialize, Serialize};

use super::{Choice, Part};
use crate::app::{self, Clock, environment};
use crate::error::Result;
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    /// Never before the end of the snapshot, whatever the machine's clock says.
    time: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    host: Option<String>,
}

impl Stamp {
    /// Now and here; or only the time that everything is to bear. The snapshot ended by FreshBooks' clock,
    /// and cannot have been exported before.
    pub(crate) fn of_this_run(clock: &Clock, choice: &Choice) -> Result<Self> {
        let end = Timestamp::parse(&choice.chosen.finished_at).unwrap_or(Timestamp::EPOCH);
        let set = environment::source_date_epoch()?;
        let by_whom = |value: fn() -> String| set.is_none().then(value);
        Ok(Stamp {
            time: set.unwrap_or_else(|| clock.now()).max(end).to_string(),
            user: by_whom(app::os_user),
            host: by_whom(app::host_name),
        })
    }

    /// As it stands in the folder of a part. Where the accountant works is none of the client's business.
    pub(in crate::evidence) fn of_part(&self, part: Option<Part>) -> Self {
        match part {
            Some(Part::Business) => Stamp { time: self.time.clone(), user: None, host: None },
            Some(Part::Firm) | None => self.clone(),
        }
    }

    /// When the export was made; unknown where its time was set (`SOURCE_DATE_EPOCH`).
    pub(in crate::evidence) fn exported_at(&self) -> Option<Timestamp> {
        self.user.as_ref().and_then(|_| self.moment())
    }

    fn moment(&self) -> Option<Timestamp> {
        Timestamp::parse(&self.time).filter(|moment| moment.to_string() == self.time)
    }

    /// What of it cannot be true of the export of a snapshot that ended at `end`.
    pub(in crate::evidence) fn problem(&self, end: Option<Timestamp>, part: Option<Part>) -> Option<String> {
        let is_odd = |text: &String| text.contains(char::is_control);
        match self.moment() {
            None => Some(format!("the time of the export, {:?}, is not a time", self.time)),
            Some(moment) if end.is_some_and(|end| moment < end) => {
                Some(format!("the time of the export, {moment}, is before the end of the snapshot"))
            }
            _ if self.user.is_some() != self.host.is_some() || *self != self.of_part(part) => {
                Some("the export names a user or a host, and should name both or neither".to_owned())
            }
            _ if self.user.iter().chain(&self.host).any(is_odd) => {
                Some("the export names a user or a host that cannot be one".to_owned())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_comes_after_its_snapshot_and_has_both_names_or_none() {
        let problem = |time: &str, user: Option<&str>, host: Option<&str>, part| {
            let [user, host] = [user, host].map(|name| name.map(str::to_owned));
            let stamp = Stamp { time: time.to_owned(), user, host };
            stamp.problem(Timestamp::parse("2026-06-30T12:00:00Z"), part)
        };
        let (ann, desk) = (Some("ann"), Some("desk"));
        for (time, user, host, part, fine) in [
            ("2026-06-30T12:00:00Z", ann, desk, None, true),
            ("2026-06-30T12:00:00Z", None, None, None, true),
            ("2026-07-01T00:00:00Z", ann, desk, Some(Part::Firm), true),
            ("2026-07-01T00:00:00Z", None, None, Some(Part::Business), true),
            ("2026-07-01T00:00:00Z", ann, desk, Some(Part::Business), false),
            ("2026-06-30T11:59:59Z", ann, desk, None, false),
            ("2026-06-30T12:00:00Zx", ann, desk, None, false),
            ("2026-06-30T14:00:00+02:00", ann, desk, None, false),
            ("", ann, desk, None, false),
            ("2026-06-30T12:00:00Z", ann, None, None, false),
            ("2026-06-30T12:00:00Z", ann, Some("a\nb"), None, false),
        ] {
            assert_eq!(problem(time, user, host, part).is_none(), fine, "{time} {user:?} {host:?} {part:?}");
        }
    }
}
