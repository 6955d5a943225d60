//! The program from outside: the real executable, an empty home, a sandbox of its own.
//!
//! Nothing of the machine's environment reaches the program but PATH, and nothing of one test
//! another. What a run gave back is one value (standard output, standard error, exit code), so that
//! no test can overlook a part of it.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Mutex;
use std::thread;

use assert_cmd::cargo::cargo_bin;
use fbsync::sandbox::{CLIENT_ID, CLIENT_SECRET, Sandbox, Timestamp, World};
use serde_json::Value;
use tempfile::TempDir;

use crate::tables::Tables;

/// The database of every test that does not need another name.
pub(crate) const DB: &str = "audit.sqlite";

/// What is said when it is begun.
pub(crate) const NEW_DB: &str = "new database audit.sqlite\n";

pub(crate) struct Home {
    pub(crate) sandbox: Sandbox,
    pub(crate) port: u16,
    folder: TempDir,
    environment: Vec<(String, String)>,
    /// Whether the program's clock is not FreshBooks', on purpose.
    at_another_time: bool,
    /// Values that must never be seen in an output.
    secrets: Mutex<Vec<String>>,
}

/// What a run gave back.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Home {
    pub(crate) fn new() -> Home {
        Home::in_world(World::demo())
    }

    pub(crate) fn in_world(world: World) -> Home {
        Home::served_at(0, world)
    }

    /// The sandbox at a port of one's choice; at a free one for 0.
    pub(crate) fn served_at(sandbox_port: u16, mut world: World) -> Home {
        if !cfg!(debug_assertions) {
            panic!("a release executable knows no test clock: run `cargo test`");
        }
        let port = free_port();
        world.register(&redirect_uri(port));
        let home = Home {
            sandbox: Sandbox::start_at(sandbox_port, world).expect("a sandbox"),
            port,
            folder: tempfile::tempdir().expect("a temporary home"),
            environment: Vec::new(),
            at_another_time: false,
            secrets: vec![CLIENT_SECRET.to_owned()].into(),
        };
        let origin = home.sandbox.origin();
        let path = home.folder.path().display().to_string();
        home.with("FRESHBOOKS_API_URL", &origin)
            .with("FRESHBOOKS_AUTH_URL", &origin)
            .with("FBSYNC_CLIENT_ID", CLIENT_ID)
            .with("FBSYNC_CLIENT_SECRET", CLIENT_SECRET)
            .with("FBSYNC_REDIRECT_URI", &redirect_uri(port))
            .with("FBSYNC_INSTANCE", "here")
            .with("FBSYNC_TEST_NO_SLEEP", "1")
            .with("HOME", &path)
            .with("XDG_STATE_HOME", &path)
            .with("TMPDIR", &path)
    }

    /// A home of which `world` is all there is, and a bare access token in the environment: one
    /// process does what takes two with a stored sign-in.
    pub(crate) fn reading(world: World) -> Home {
        Home::in_world(world).with_bare_token()
    }

    pub(crate) fn with_bare_token(self) -> Home {
        let (access, refresh) = self.sandbox.grant();
        self.secrets.lock().expect("no panic").extend([access.clone(), refresh]);
        self.with("FBSYNC_ACCESS_TOKEN", &access)
    }

    /// A home with a sign-in whose access token lives only five minutes: due, and not yet dead.
    pub(crate) fn with_due_sign_in() -> Home {
        let home = Home::new();
        home.sandbox.change(|world| world.token_lifetime = std::time::Duration::from_secs(300));
        home.import();
        home
    }

    /// A home with a sign-in that is good for twelve hours.
    pub(crate) fn with_sign_in() -> Home {
        Home::signed_in_to(World::demo())
    }

    pub(crate) fn signed_in_to(world: World) -> Home {
        let home = Home::in_world(world);
        home.import();
        home
    }

    fn import(&self) {
        let grant = self.grant();
        let mut import = self.command(&["auth", "--import-refresh-token"]);
        self.run(import.env("FBSYNC_REFRESH_TOKEN", grant)).succeeds();
    }

    /// A refresh token got without a browser.
    pub(crate) fn grant(&self) -> String {
        let (access, refresh) = self.sandbox.grant();
        self.secrets.lock().expect("no panic").extend([access, refresh.clone()]);
        refresh
    }

    /// A home whose database holds one snapshot of two small businesses.
    pub(crate) fn synced() -> Home {
        let home = Home::reading(World::many(2, 3));
        home.sync().succeeds();
        home
    }

    pub(crate) fn database_bytes(&self) -> Vec<u8> {
        fs::read(self.path(DB)).expect("a database")
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Home {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Gives the program a clock that does not agree with FreshBooks'.
    pub(crate) fn at_another_time(mut self, seconds: i64) -> Home {
        self.at_another_time = true;
        self.with("FBSYNC_TEST_CLOCK", &seconds.to_string())
    }

    /// What a variable of the program's environment says.
    pub(crate) fn value(&self, name: &str) -> String {
        let found = self.environment.iter().find(|(known, _)| known == name);
        found.expect("a variable that is set").1.clone()
    }

    pub(crate) fn without(mut self, name: &str) -> Home {
        self.environment.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.any_command(cargo_bin!("fbsync"), arguments)
    }

    /// A shell's line with the program as `$FBSYNC`.
    pub(crate) fn shell(&self, line: &str) -> Command {
        let mut command = self.any_command("sh", &["-c", line]);
        command.env("FBSYNC", cargo_bin!("fbsync"));
        command
    }

    /// A shell's line on a terminal of its own; what comes has its line ends.
    pub(crate) fn on_a_terminal(&self, line: &str) -> Command {
        self.any_command("script", &["-qec", line, "/dev/null"])
    }

    /// Obeys the modes of files for root too, who is who runs the tests in a container.
    pub(crate) fn command_under_modes(&self, arguments: &[&str]) -> Command {
        if !rustix::process::geteuid().is_root() {
            return self.command(arguments);
        }
        let mut command = self.any_command("setpriv", &["--bounding-set", "-dac_override,-dac_read_search"]);
        command.arg(cargo_bin!("fbsync")).args(arguments);
        command
    }

    pub(crate) fn any_command(&self, program: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs to the end, and makes sure that nothing said holds a secret.
    pub(crate) fn run(&self, command: &mut Command) -> Run {
        self.share_the_time_of(command);
        let output = command.output().expect("fbsync starts");
        self.read(output)
    }

    /// FreshBooks lives at the same time as whoever asks it, whatever clock a test gives them.
    fn share_the_time_of(&self, command: &Command) {
        if self.at_another_time {
            return;
        }
        let clock = command.get_envs().find(|(name, _)| *name == "FBSYNC_TEST_CLOCK");
        let seconds = clock.and_then(|(_, value)| value?.to_str()?.parse().ok());
        let date = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        self.sandbox.change(|world| world.date = date);
    }

    pub(crate) fn fbsync(&self, arguments: &[&str]) -> Run {
        self.run(&mut self.command(arguments))
    }

    pub(crate) fn read(&self, output: std::process::Output) -> Run {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        let run = Run {
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        };
        self.assert_silent_on_secrets(&run);
        run
    }

    /// Everything that was ever issued or sent is a secret, whoever prints it.
    fn assert_silent_on_secrets(&self, run: &Run) {
        const SECRET: [&str; 6] =
            ["client_secret", "refresh_token", "code", "code_verifier", "token", "access_token"];
        let said = format!("{}{}", run.stdout, run.stderr);
        let posted = self.sandbox.requests().into_iter().flat_map(|seen| seen.form);
        let posted = posted.filter(|(name, _)| SECRET.contains(&name.as_str())).map(|(_, value)| value);
        let stored = fs::read_dir(self.state()).into_iter().flatten().flatten();
        let stored = stored.filter(|entry| entry.path().is_file());
        let stored = stored.filter_map(|entry| fs::read(entry.path()).ok()).flat_map(|bytes| {
            let value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            ["access_token", "access_token_secret", "refresh_token", "client_secret"]
                .map(|name| value[name].as_str().unwrap_or_default().to_owned())
        });
        for secret in posted.chain(stored).chain(self.secrets.lock().expect("no panic").iter().cloned()) {
            assert!(secret.len() < 8 || !said.contains(&secret), "a secret was printed:\n{run}");
        }
    }

    /// Starts `fbsync auth` and waits until it has printed the address.
    pub(crate) fn begin_auth(&self, arguments: &[&str], stdin: Stdio) -> Auth {
        let mut command = self.command(&["auth", "--no-browser"]);
        command.args(arguments);
        self.begin(command, stdin)
    }

    /// The same, and it may open a browser.
    pub(crate) fn begin_auth_in_browser(&self) -> Auth {
        self.begin(self.command(&["auth"]), Stdio::null())
    }

    fn begin(&self, mut command: Command, stdin: Stdio) -> Auth {
        let mut child = command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("fbsync starts");
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let (mut said, start) = (String::new(), format!("{}/oauth/", self.sandbox.origin()));
        let address = loop {
            let mut line = String::new();
            let read = stderr.read_line(&mut line).expect("text");
            assert!(read > 0, "ended without printing an address:\n{said}");
            said.push_str(&line);
            if line.starts_with(&start) {
                break line.trim_end().to_owned();
            }
        };
        Auth { child, address, said, stderr }
    }

    pub(crate) fn finish(&self, mut auth: Auth) -> Run {
        auth.stderr.read_to_string(&mut auth.said).expect("text");
        let mut output = auth.child.wait_with_output().expect("fbsync ends");
        output.stderr = auth.said.into_bytes();
        self.read(output)
    }

    /// `fbsync sync` into [`DB`].
    pub(crate) fn sync(&self) -> Run {
        self.fbsync(&["sync", "--db", DB])
    }

    /// What [`DB`] holds.
    pub(crate) fn tables(&self) -> Tables {
        Tables::open(&self.path(DB))
    }

    /// A file or folder of the home, where every command runs.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The names of all that lies in the home, in order.
    pub(crate) fn files(&self) -> Vec<String> {
        names_in(self.folder.path())
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("fbsync")
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.state().join("default.json")
    }

    pub(crate) fn stored(&self) -> Value {
        serde_json::from_slice(&fs::read(self.store()).expect("a store")).expect("JSON")
    }

    pub(crate) fn edit_store(&self, edit: impl FnOnce(&mut Value)) {
        let mut value = self.stored();
        edit(&mut value);
        fs::write(self.store(), value.to_string()).expect("a store");
    }

    pub(crate) fn mode(&self, name: &str) -> u32 {
        mode_of(&self.state().join(name))
    }

    /// How many times the token endpoint was asked.
    pub(crate) fn posts(&self) -> usize {
        self.sandbox.count("POST", "/auth/oauth/token")
    }

    /// Runs `act` and tells how many times the token endpoint was asked meanwhile.
    pub(crate) fn posts_of<T>(&self, act: impl FnOnce() -> T) -> (usize, T) {
        let before = self.posts();
        let done = act();
        (self.posts() - before, done)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if !thread::panicking() {
            let complaints = self.sandbox.complaints();
            assert!(complaints.is_empty(), "the sandbox complains: {complaints:#?}");
        }
    }
}

/// A sign-in that waits for its browser.
pub(crate) struct Auth {
    pub(crate) child: Child,
    pub(crate) address: String,
    said: String,
    stderr: BufReader<ChildStderr>,
}

impl Auth {
    pub(crate) fn type_in(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().expect("a pipe");
        writeln!(stdin, "{line}").expect("fbsync reads");
    }
}

impl Run {
    #[track_caller]
    pub(crate) fn succeeds(self) -> Run {
        self.exits(0)
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Run {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Run {
        assert!(self.stderr.contains(text), "does not say {text:?}:\n{self}");
        self
    }

    #[track_caller]
    pub(crate) fn does_not_say(self, text: &str) -> Run {
        assert!(!self.stderr.contains(text) && !self.stdout.contains(text), "says {text:?}:\n{self}");
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{self}"))
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "------- stdout\n{}------- stderr\n{}------- exit {:?}, signal {:?}",
            self.stdout, self.stderr, self.code, self.signal
        )
    }
}

pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

pub(crate) fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o7777
}

pub(crate) fn redirect_uri(port: u16) -> String {
    format!("https://localhost:{port}/callback")
}

/// A port that nobody has now. The system hands out others first before it gives the same one
/// again.
pub(crate) fn free_port() -> u16 {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    socket.local_addr().expect("an address").port()
}

/// Says what is left out on this machine. Past the capture of `cargo test`, so that it is seen. Where a
/// change is judged, nothing is left out.
pub(crate) fn skip(why: impl fmt::Display) {
    assert!(std::env::var_os("CI").is_none(), "{why}");
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// Whether the machine has all of these programs; says which it lacks.
pub(crate) fn has(programs: &[&str]) -> bool {
    let there = |name: &str| {
        Command::new("sh")
            .args(["-c", "command -v \"$0\"", name])
            .output()
            .is_ok_and(|found| found.status.success())
    };
    let missing = programs.iter().find(|name| !there(name));
    missing.inspect(|name| skip(format_args!("there is no {name}"))).is_none()
}
