//! A FreshBooks that answers from memory: every body is rendered before the clock starts, so that the
//! server is not what is measured.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::Duration;

const PER_PAGE: usize = 100;

type Bodies = HashMap<String, Vec<u8>>;

pub(crate) struct Server {
    pub(crate) origin: String,
    bodies: Arc<RwLock<Arc<Bodies>>>,
}

/// So many businesses with so many members each, and how long an answer takes.
#[derive(Clone, Copy)]
pub(crate) struct Scene {
    pub(crate) businesses: usize,
    pub(crate) members: usize,
    pub(crate) latency: Duration,
    /// How often a week has passed: in each, one member of a hundred gets another role, and one of a
    /// hundred leaves for a newcomer.
    pub(crate) week: usize,
}

impl Scene {
    pub(crate) fn of(businesses: usize, members: usize) -> Scene {
        Scene { businesses, members, latency: Duration::ZERO, week: 0 }
    }
}

impl Server {
    /// Serves `scene` until the process ends.
    pub(crate) fn start(scene: Scene) -> Server {
        let bodies = Arc::new(RwLock::new(Arc::new(bodies(scene))));
        let shared = Arc::clone(&bodies);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let bodies = Arc::clone(&shared.read().expect("no panic"));
                thread::spawn(move || serve(stream, &bodies, scene.latency));
            }
        });
        Server { origin, bodies }
    }

    /// Serves another scene to whoever connects from now on.
    pub(crate) fn change(&self, scene: Scene) {
        *self.bodies.write().expect("no panic") = Arc::new(bodies(scene));
    }

    /// One that nobody asks anything.
    pub(crate) fn nowhere() -> Server {
        Server { origin: "http://127.0.0.1:9".to_owned(), bodies: Arc::default() }
    }
}

fn serve(stream: TcpStream, bodies: &Bodies, latency: Duration) {
    stream.set_nodelay(true).expect("a socket");
    let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
    let mut writer = stream;
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 0) {
        let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut header = String::new();
        while reader.read_line(&mut header).is_ok_and(|read| read > 2) {
            header.clear();
        }
        thread::sleep(latency);
        let answer = bodies.get(&target).unwrap_or_else(|| panic!("nobody prepared {target}"));
        if writer.write_all(answer).is_err() {
            return;
        }
        line.clear();
    }
}

fn bodies(scene: Scene) -> Bodies {
    let mut bodies = HashMap::new();
    let mut add = |target: String, body: String| {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-Id: r\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        bodies.insert(target, [head.as_bytes(), body.as_bytes()].concat());
    };
    let ids = || (0..scene.businesses).map(|n| 9000 + n);
    let memberships: Vec<String> = ids().map(membership).collect();
    add(
        "/auth/api/v1/users/me".to_owned(),
        format!(
            r#"{{"response":{{"id":1,"identity_id":1,"first_name":"Ada","last_name":"Boss","email":"ada@firm.example","business_memberships":[{}]}}}}"#,
            memberships.join(",")
        ),
    );
    for id in ids() {
        add(
            format!("/auth/api/v1/users/business/{id}"),
            format!(r#"{{"response":{{"id":{id},"business_group":{{"id":1,"members":[]}}}}}}"#),
        );
        for page in 0..scene.members.div_ceil(PER_PAGE).max(1) {
            let last = scene.members.min((page + 1) * PER_PAGE);
            let members: Vec<String> = (page * PER_PAGE..last).map(|n| member(id, n, scene.week)).collect();
            let body = format!(
                r#"{{"response":[{}],"meta":{{"page":{},"per_page":{PER_PAGE},"total":{}}}}}"#,
                members.join(","),
                page + 1,
                scene.members
            );
            add(
                format!("/auth/api/v1/businesses/{id}/team_members?page={}&per_page={PER_PAGE}", page + 1),
                body,
            );
        }
    }
    bodies
}

fn membership(id: usize) -> String {
    format!(
        r#"{{"id":{id}1,"role":"owner","fasttrack_token":null,"business":{{"id":{id},"business_uuid":"b0000000-0000-4000-8000-{id:012}","name":"Business {id}","account_id":"aC{id}","active":true,"status":"active","timezone":"America/Toronto","address":null,"phone_number":null,"business_clients":[]}}}}"#
    )
}

/// All the fields that the documentation shows.
fn member(business: usize, n: usize, week: usize) -> String {
    let times = |offset: usize| (week + (n + offset) % 100) / 100;
    let role = ["business_employee", "business_manager"][times(0) % 2];
    // Whoever left for a newcomer is followed by somebody with another number.
    let n = n + 500_000 * times(50);
    let identity = business * 1_000_000 + n;
    format!(
        r#"{{"uuid":"6f0d2c1e-{:04x}-4000-8000-{identity:012}","first_name":"First{n}","middle_name":null,"last_name":"Last{n}","email":"person{n}@b{business}.example","job_title":null,"street_1":"1 Quay St","street_2":null,"city":"Toronto","province":"Ontario","country":"Canada","postal_code":"M5V 1A1","phone_number":"4165550100","business_id":{business},"business_role_name":"{role}","active":true,"identity_id":{identity},"invitation_date_accepted":"2024-02-01T09:30:00Z","created_at":"2024-01-30T16:20:41Z","updated_at":"2024-02-01T09:30:00Z"}}"#,
        n % 65_536
    )
}
