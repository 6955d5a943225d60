//! At a terminal: what is asked, what is shown while it is typed, and how to get away.
//!
//! `script` makes the terminal. Where it is missing these tests say so and prove nothing.

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use fbsync::sandbox::{CLIENT_ID, CLIENT_SECRET, browser};

use crate::harness::{Home, redirect_uri, skip};

/// A shell's line in a terminal of its own, and all that was shown there.
struct Terminal {
    child: Child,
    shown: Arc<Mutex<String>>,
    seen: usize,
}

impl Terminal {
    /// `None`, and a word about it, where there is nothing to make a terminal with.
    fn run(home: &Home, line: &str) -> Option<Terminal> {
        if !Command::new("script").arg("--version").output().is_ok_and(|output| output.status.success()) {
            skip("there is no `script` to make a terminal with");
            return None;
        }
        let mut command = home.any_command("script", &["-qec", line, "/dev/null"]);
        command.env("FBSYNC", env!("CARGO_BIN_EXE_fbsync")).env("NO_COLOR", "1");
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = piped.spawn().expect("script starts");
        let shown = Arc::<Mutex<String>>::default();
        let (mut screen, noted) = (child.stdout.take().expect("a pipe"), Arc::clone(&shown));
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = screen.read(&mut bytes) {
                noted.lock().expect("no panic").push_str(&String::from_utf8_lossy(&bytes[..read]));
            }
        });
        Some(Terminal { child, shown, seen: 0 })
    }

    fn shown(&self) -> String {
        self.shown.lock().expect("no panic").clone()
    }

    /// Waits for `text` after what was waited for before; all that came up to there.
    fn until(&mut self, text: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let shown = self.shown();
            if let Some(at) = shown[self.seen..].find(text) {
                let end = self.seen + at + text.len();
                return shown[std::mem::replace(&mut self.seen, end)..end].to_owned();
            }
            assert!(Instant::now() < deadline, "no {text:?} in:\n{shown}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn types(&mut self, keys: &str) {
        let keyboard = self.child.stdin.as_mut().expect("a keyboard");
        keyboard.write_all(keys.as_bytes()).and_then(|()| keyboard.flush()).expect("somebody reads");
    }

    /// To the end; all that was shown.
    fn ends(mut self) -> String {
        self.until("ended with ");
        drop(self.child.stdin.take());
        self.child.wait().expect("script ends");
        self.shown()
    }
}

/// Somebody who has nothing yet.
fn newcomer() -> Home {
    let home = Home::new();
    home.without("FBSYNC_CLIENT_ID").without("FBSYNC_CLIENT_SECRET").without("FBSYNC_REDIRECT_URI")
}

fn auth_line(home: &Home, flags: &str) -> String {
    let redirect = redirect_uri(home.port);
    // The shell shall live to tell the code.
    format!("trap : INT; $FBSYNC auth --redirect-uri {redirect} {flags}; echo ended with $?; stty -a")
}

/// `stty` shows what is off with a dash.
fn terminal_is_whole(shown: &str) {
    let settings = shown.rsplit_once("ended with ").expect("an end").1;
    assert!(
        [" echo ", "icanon "].iter().all(|on| settings.contains(on)) && !settings.contains("-icanon"),
        "{settings}"
    );
}

#[test]
fn a_newcomer_is_led_to_an_app_and_signs_in() {
    let home = newcomer();
    let Some(mut terminal) = Terminal::run(&home, &auth_line(&home, "")) else { return };
    let steps = terminal.until("client id: ");
    for step in
        ["1. open https://my.freshbooks.com/", "2. give it any name", "3. give it the scopes", "4. open "]
    {
        assert!(steps.contains(step), "{steps}");
    }
    assert!(steps.contains(&redirect_uri(home.port)), "{steps}");
    terminal.types(&format!("{CLIENT_ID}\n"));
    terminal.until("client secret (not shown): ");
    terminal.types(&format!("{CLIENT_SECRET}\n"));
    let address = terminal.until("code_challenge_method=S256");
    let address = address.lines().find(|line| line.starts_with("http://")).expect("an address").to_owned();
    terminal.until("paste the whole address");
    terminal.types("what is this\n");
    terminal.until("warning: that is not ");
    let back = browser::consent(&address).expect("consent");
    terminal.types(&format!("{back}\n"));
    let shown = terminal.ends();
    assert!(shown.contains("signed in as") && shown.contains("next: fbsync sync --db "), "{shown}");
    assert!(!shown.contains(CLIENT_SECRET), "the secret was shown:\n{shown}");
    assert_eq!(home.stored()["client_secret"], CLIENT_SECRET);
}

#[test]
fn ctrl_c_ends_every_question_and_leaves_the_terminal_whole() {
    let questions: [&[(&str, &str)]; 3] = [
        &[("client id: ", "\x03")],
        &[("client id: ", "an-app\n"), ("client secret (not shown): ", "half\x03")],
        &[("client id: ", "an-app\n"), ("not shown): ", "a-secret\n"), ("paste the whole address", "\x03")],
    ];
    for answers in questions {
        let home = newcomer();
        let Some(mut terminal) = Terminal::run(&home, &auth_line(&home, "")) else { return };
        for (question, answer) in answers {
            terminal.until(question);
            terminal.types(answer);
        }
        let shown = terminal.ends();
        assert!(shown.contains("error: interrupted") && shown.contains("ended with 130"), "{shown}");
        terminal_is_whole(&shown);
        assert_eq!((home.posts(), home.store().exists()), (0, false));
    }
}

#[test]
fn a_signal_at_a_hidden_question_leaves_the_terminal_whole() {
    let home = newcomer();
    // The shell tells its id and becomes the program.
    let line = "sh -c 'echo $$ > pid; exec $FBSYNC auth --client-id an-app'; echo ended with $?; stty -a";
    let Some(mut terminal) = Terminal::run(&home, line) else { return };
    terminal.until("client secret (not shown): ");
    let pid = fs::read_to_string(home.path("pid")).expect("an id");
    assert!(Command::new("kill").args(["-TERM", pid.trim()]).status().expect("kill").success());
    let shown = terminal.ends();
    assert!(shown.contains("error: interrupted") && shown.contains("ended with 143"), "{shown}");
    terminal_is_whole(&shown);
}

#[test]
fn the_end_of_input_is_no_answer() {
    for (flags, question) in [("", "client id: "), ("--client-id an-app", "client secret (not shown): ")] {
        let home = newcomer();
        let Some(mut terminal) = Terminal::run(&home, &auth_line(&home, flags)) else { return };
        terminal.until(question);
        terminal.types("\x04");
        let shown = terminal.ends();
        assert!(shown.contains("error: no client ") && shown.contains("ended with 2"), "{shown}");
        terminal_is_whole(&shown);
    }
    // Beside the listener it ends the prompt alone.
    let home = Home::new();
    let Some(mut terminal) = Terminal::run(&home, "$FBSYNC auth; echo ended with $?") else { return };
    let address = terminal.until("code_challenge_method=S256");
    let address = address.lines().find(|line| line.starts_with("http://")).expect("an address").to_owned();
    terminal.until("paste the whole address");
    terminal.types("\x04");
    browser::allow(&address).expect("the page");
    assert!(terminal.ends().contains("ended with 0"));
}

#[test]
fn a_refresh_token_is_asked_for_and_not_shown() {
    let home = Home::new();
    let grant = home.grant();
    let Some(mut terminal) = Terminal::run(&home, "$FBSYNC auth --import-refresh-token; echo ended with $?")
    else {
        return;
    };
    terminal.until("refresh token (not shown): ");
    terminal.types(&format!("{grant}\n"));
    let shown = terminal.ends();
    assert!(shown.contains("signed in as") && shown.contains("ended with 0"), "{shown}");
    assert!(!shown.contains(&grant), "the token was shown");
    assert_eq!(home.posts(), 1);
}
