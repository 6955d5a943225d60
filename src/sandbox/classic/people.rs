//! The system that the sandbox plays, and its invented people.

/// A Classic system.
#[derive(Clone, Debug)]
pub struct System {
    pub company: String,
    pub consumer_key: String,
    pub consumer_secret: String,
    pub standing: Standing,
    /// The id of the staff member who signs in. Anybody but 1 may read only themselves.
    pub signed_in: String,
    pub staff: Vec<Staff>,
    pub contractors: Vec<Contractor>,
    pub per_page_cap: usize,
    /// The namespace of answers; some have none.
    pub namespace: Option<String>,
    /// OAuth 1.0 servers, before 1.0a, do not.
    pub confirms_callbacks: bool,
}

/// Whether the system exists and is active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Open,
    /// Redirects to the page that searches for a system.
    Unknown,
    Deactivated,
}

/// A member of the staff. Every field is text, as on the wire.
#[derive(Clone, Debug)]
pub struct Staff {
    pub id: String,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub last_login: String,
    pub logins: String,
    pub signed_up: String,
}

#[derive(Clone, Debug)]
pub struct Contractor {
    pub id: String,
    pub name: String,
    pub email: String,
    pub status: String,
}

impl Default for System {
    fn default() -> System {
        System {
            company: "Harbour & Light <Classic>".to_owned(),
            consumer_key: "harbourlight".to_owned(),
            consumer_secret: "c1a551c/0ddba11&0ff1ce=".to_owned(),
            standing: Standing::Open,
            signed_in: "1".to_owned(),
            staff: vec![
                Staff::new("1", "Ingrid", "Solberg", "ingrid@harbourlight.example"),
                Staff::new("2", "Ife", "O'Kafor & <Daughters>", "ife@harbourlight.example"),
            ],
            contractors: vec![
                Contractor::new("1", "Tomás Ruiz & Co", "tomas@ruiz.example", "accepted"),
                Contractor::new("2", "", "new@contractor.example", "pending"),
            ],
            per_page_cap: 100,
            namespace: Some("http://www.freshbooks.com/api/".to_owned()),
            confirms_callbacks: true,
        }
    }
}

impl System {
    /// A system with this many staff, the signed-in administrator first, and this many contractors.
    pub fn crowded(staff: usize, contractors: usize) -> System {
        let member = |n: usize| {
            Staff::new(&n.to_string(), "Staff", &format!("{n:04}"), &format!("s{n}@classic.example"))
        };
        let contractor = |n: usize| {
            let email = format!("c{n}@classic.example");
            Contractor::new(&n.to_string(), &format!("Contractor {n:04}"), &email, "accepted")
        };
        System {
            staff: (1..=staff).map(member).collect(),
            contractors: (1..=contractors).map(contractor).collect(),
            ..System::default()
        }
    }
}

impl Staff {
    pub fn new(id: &str, first_name: &str, last_name: &str, email: &str) -> Staff {
        Staff {
            id: id.to_owned(),
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            email: email.to_owned(),
            last_login: "2011-04-01 12:00:00".to_owned(),
            logins: "25".to_owned(),
            signed_up: "2011-03-01 12:00:00".to_owned(),
        }
    }
}

impl Contractor {
    pub fn new(id: &str, name: &str, email: &str, status: &str) -> Contractor {
        Contractor {
            id: id.to_owned(),
            name: name.to_owned(),
            email: email.to_owned(),
            status: status.to_owned(),
        }
    }
}
