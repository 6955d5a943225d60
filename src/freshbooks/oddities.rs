//! Odd entries of a list: counted, and the first few listed by position.
//!
//! The messages are kept as evidence, so they contain nothing that the other side wrote.

use super::tolerant::Number;

/// How many are listed individually.
const NAMED: usize = 3;

/// The oddities of one list, or of a page of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Oddities {
    /// Entries that are not records: each could be a member.
    pub(crate) unread: Noted,
    /// Records that name another business.
    pub(crate) strays: Noted,
    /// Records of an identity whose id cannot be read.
    pub(crate) nameless: Noted,
}

/// A count, and the first few positions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Noted {
    pub(crate) count: i64,
    first: Vec<String>,
}

impl Oddities {
    /// Checks the ids of a record in the list of `business_id`.
    pub(super) fn of_record(
        &mut self,
        said: Number,
        business_id: i64,
        identity_id: Number,
        place: &dyn Fn() -> String,
    ) {
        if said.differs_from(business_id) {
            self.strays.note(place);
        }
        if identity_id == Number::Unreadable {
            self.nameless.note(place);
        }
    }

    /// Adds the oddities of page `page`.
    pub(crate) fn add(&mut self, page: i64, more: Oddities) {
        self.unread.add(page, more.unread);
        self.strays.add(page, more.strays);
        self.nameless.add(page, more.nameless);
    }

    /// All oddities as a phrase; `None` if there are none.
    pub(crate) fn told(&self) -> Option<String> {
        let told = [
            self.unread.told("1 entry cannot be read", "entries cannot be read"),
            self.strays.told("1 entry belongs to another business", "entries belong to another business"),
            self.nameless.told("1 `identity_id` cannot be read", "`identity_id`s cannot be read"),
        ];
        let told: Vec<String> = told.into_iter().flatten().collect();
        (!told.is_empty()).then(|| told.join("; "))
    }
}

impl Noted {
    pub(super) fn note(&mut self, what: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push(what());
        }
    }

    pub(crate) fn add(&mut self, page: i64, more: Noted) {
        self.count += more.count;
        let room = NAMED - self.first.len();
        self.first.extend(more.first.into_iter().take(room).map(|what| format!("{what} on page {page}")));
    }

    /// `many` follows the number.
    pub(crate) fn told(&self, one: &str, many: &str) -> Option<String> {
        let what = match self.count {
            0 => return None,
            1 => one.to_owned(),
            n => format!("{n} {many}"),
        };
        let rest = if self.count > self.first.len() as i64 { ", …" } else { "" };
        Some(format!("{what} ({}{rest})", self.first.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oddities_are_counted_and_the_first_few_are_listed() {
        let place = || "response[7]".to_owned();
        let mut page = Oddities::default();
        assert_eq!(page.told(), None);
        page.of_record(Number::Is(501), 501, Number::Is(1), &place);
        page.of_record(Number::Absent, 501, Number::Absent, &place);
        assert_eq!(page, Oddities::default());
        page.of_record(Number::Is(502), 501, Number::Unreadable, &place);
        page.of_record(Number::Unreadable, 501, Number::Is(2), &place);
        page.unread.note(|| "response[1] is null".to_owned());
        let mut list = Oddities::default();
        list.add(1, page.clone());
        list.add(2, page);
        assert_eq!(
            list.told().as_deref(),
            Some(
                "2 entries cannot be read (response[1] is null on page 1, response[1] is null on page 2); \
                 4 entries belong to another business (response[7] on page 1, response[7] on page 1, \
                 response[7] on page 2, …); 2 `identity_id`s cannot be read (response[7] on page 1, \
                 response[7] on page 2)"
            )
        );
    }
}
