//! The texts of one membership, in one allocation. Of a hundred thousand memberships with five
//! allocations each, the allocator's own share would be as large as the texts.

/// The texts one by one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Parts<'a> {
    /// FreshBooks' uuid, or `record:<sha256>` for a record without one; empty without a record.
    pub(crate) member_uuid: &'a str,
    pub(crate) email: &'a str,
    pub(crate) first_name: &'a str,
    pub(crate) last_name: &'a str,
    pub(crate) job_title: &'a str,
}

/// The texts end to end, and where each but the last one ends.
#[derive(Clone, Debug)]
pub(crate) struct Texts {
    all: Box<str>,
    ends: [u32; 4],
}

impl Texts {
    pub(crate) fn of(parts: Parts) -> Self {
        let Parts { member_uuid, email, first_name, last_name, job_title } = parts;
        let mut end = 0;
        let ends = [member_uuid, email, first_name, last_name].map(|part| {
            end += part.len();
            // An answer of FreshBooks is cut off long before a text could be as long as this.
            u32::try_from(end).unwrap_or(u32::MAX)
        });
        Texts { all: [member_uuid, email, first_name, last_name, job_title].concat().into(), ends }
    }

    pub(crate) fn member_uuid(&self) -> &str {
        self.part(0)
    }

    pub(crate) fn email(&self) -> &str {
        self.part(1)
    }

    pub(crate) fn first_name(&self) -> &str {
        self.part(2)
    }

    pub(crate) fn last_name(&self) -> &str {
        self.part(3)
    }

    pub(crate) fn job_title(&self) -> &str {
        self.part(4)
    }

    fn part(&self, at: usize) -> &str {
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        let end = self.ends.get(at).map_or(self.all.len(), |end| *end as usize);
        self.all.get(start..end).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_comes_back_whole() {
        let parts =
            Parts { member_uuid: "u", email: "zoë@x", first_name: "", last_name: "王", job_title: "Clerk" };
        let texts = Texts::of(parts);
        let back =
            [texts.member_uuid(), texts.email(), texts.first_name(), texts.last_name(), texts.job_title()];
        assert_eq!(back, ["u", "zoë@x", "", "王", "Clerk"]);
        assert_eq!(Texts::of(Parts::default()).job_title(), "");
    }
}
