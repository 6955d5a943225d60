//! What stands below the flags of each command: lines to try, and the exit codes to expect.

/// What is said of one command beyond its flags.
pub(crate) struct Extra {
    /// The command as it is typed, `fbsync` left out.
    pub(crate) path: &'static str,
    /// What is wanted, and what to type for it.
    pub(crate) examples: &'static [(&'static str, &'static str)],
    /// The codes that mean something particular here, 0 to 2 apart.
    pub(crate) codes: &'static [&'static str],
}

pub(crate) const EXTRAS: [Extra; 19] = [
    Extra {
        path: "",
        examples: &[
            ("the whole of it, without an account", "fbsync demo"),
            ("sign in to FreshBooks", "fbsync auth"),
            ("read who has access to what", "fbsync sync --db audit.sqlite"),
            ("list it as CSV", "fbsync export access --db audit.sqlite"),
            ("the evidence folder for an auditor", "fbsync export --db audit.sqlite --out evidence"),
        ],
        codes: &[],
    },
    Extra {
        path: "auth",
        examples: &[
            ("on a terminal: asks for what it needs", "fbsync auth"),
            ("on a server: open the address elsewhere, paste the address it ended on", "fbsync auth --paste"),
            ("a second sign-in", "fbsync auth --profile acme"),
            ("without a terminal", "fbsync auth --no-browser --client-id ID --client-secret-file FILE"),
            ("to FreshBooks Classic, as acme.freshbooks.com", "fbsync auth --classic acme --profile classic"),
        ],
        codes: &["3", "4", "5", "6", "8"],
    },
    Extra {
        path: "refresh",
        examples: &[
            ("now", "fbsync refresh"),
            ("for cron: only if it is due", "fbsync refresh --if-expires-within 30m"),
        ],
        codes: &["3", "4", "5", "8", "9"],
    },
    Extra {
        path: "status",
        examples: &[
            ("every stored sign-in", "fbsync status"),
            ("ask FreshBooks whether they work", "fbsync status --check"),
            (
                "an alarm: 10 if the last complete snapshot is too old",
                "fbsync status --max-age 26h --db audit.sqlite",
            ),
        ],
        codes: &["4", "9", "10"],
    },
    Extra {
        path: "logout",
        examples: &[("this profile's", "fbsync logout"), ("all of them", "fbsync logout --all")],
        codes: &["3", "8"],
    },
    Extra {
        path: "sync",
        examples: &[
            ("everything the sign-in can see", "fbsync sync --db audit.sqlite"),
            ("one business", "fbsync sync --db audit.sqlite --business 48201"),
            (
                "complete, although one business cannot be listed",
                "fbsync sync --db audit.sqlite --accept-gap 48205='client only'",
            ),
            ("as a service", "fbsync sync --db audit.sqlite --every 6h"),
            ("one database for each profile", "fbsync sync --profile acme --db '{profile}.sqlite'"),
        ],
        codes: &["4", "5", "6", "7", "8", "9"],
    },
    Extra {
        path: "snapshots",
        examples: &[
            ("the last 20", "fbsync snapshots --db audit.sqlite"),
            (
                "a gate for the quarter: 10 if it has no complete one",
                "fbsync snapshots --period 2026-Q3 --db audit.sqlite",
            ),
            ("what to keep elsewhere, for verify --expect", "fbsync snapshots --head --db audit.sqlite"),
        ],
        codes: &["9", "10"],
    },
    Extra {
        path: "snapshots prune",
        examples: &[(
            "daily for a quarter, monthly for seven years",
            "fbsync snapshots prune --keep-daily 92d --keep-monthly 7y --db audit.sqlite",
        )],
        codes: &["8", "9"],
    },
    Extra {
        path: "who",
        examples: &[
            ("by any address that any snapshot knows", "fbsync who ann@example.com --db audit.sqlite"),
            ("by name", "fbsync who Ann Lee --db audit.sqlite"),
            (
                "as it was on 30 June, as JSON",
                "fbsync who 6100001 --db audit.sqlite --snapshot 2026-06-30 --json",
            ),
        ],
        codes: &["7", "9", "10"],
    },
    Extra {
        path: "review",
        examples: &[("what is left to do", "fbsync review status --db audit.sqlite")],
        codes: &["9", "10"],
    },
    Extra {
        path: "review record",
        examples: &[
            ("check a filled sheet first", "fbsync review record review.xlsx --db audit.sqlite --dry-run"),
            ("two reviewers' sheets together", "fbsync review record ann.xlsx bob.csv --db audit.sqlite"),
        ],
        codes: &["3", "8", "9", "10"],
    },
    Extra {
        path: "review status",
        examples: &[("of one snapshot", "fbsync review status --db audit.sqlite --snapshot 12")],
        codes: &["9", "10"],
    },
    Extra {
        path: "review list",
        examples: &[("as JSON", "fbsync review list --db audit.sqlite --json")],
        codes: &["9"],
    },
    Extra {
        path: "export",
        examples: &[
            (
                "the evidence folder: every report, manifest, check sums",
                "fbsync export --db audit.sqlite --out evidence",
            ),
            ("one report to standard output", "fbsync export access --db audit.sqlite"),
            ("the sheet for a reviewer", "fbsync export review --db audit.sqlite -o review.xlsx"),
            (
                "as it was on 30 June, from a snapshot at most 35 days older",
                "fbsync export access --db audit.sqlite --snapshot 2026-06-30 --within 35d",
            ),
            (
                "a folder for each client, without anything about the others",
                "fbsync export --db audit.sqlite --split-by business --out clients",
            ),
            (
                "a file that Vanta imports; docs/imports.md has the other products",
                "fbsync export --for vanta --own-domain example.com --db audit.sqlite",
            ),
            ("every report and its columns", "fbsync export --list"),
        ],
        codes: &["3", "7", "9", "10"],
    },
    Extra {
        path: "diff",
        examples: &[
            ("the two latest complete ones", "fbsync diff --db audit.sqlite"),
            ("a quarter", "fbsync diff --db audit.sqlite --from 2026-06-30 --to 2026-09-30 --format csv"),
            ("an alarm: 10 if access changed", "fbsync diff --db audit.sqlite --exit-code"),
        ],
        codes: &["9", "10"],
    },
    Extra {
        path: "verify",
        examples: &[
            ("every hash of a database recomputed", "fbsync verify --db audit.sqlite"),
            (
                "and compared with one that was kept elsewhere",
                "fbsync verify --db audit.sqlite --expect 12:HEX",
            ),
            ("an evidence folder against itself and its seal", "fbsync verify evidence --seal HEX"),
            ("and rebuilt from the database", "fbsync verify evidence --db audit.sqlite"),
        ],
        codes: &["7", "9", "10"],
    },
    Extra {
        path: "demo",
        examples: &[
            ("in a folder of its own", "fbsync demo --dir /tmp/demo"),
            ("of FreshBooks Classic", "fbsync demo --classic"),
        ],
        codes: &["3"],
    },
    Extra {
        path: "completions",
        examples: &[
            (
                "bash, with the package bash-completion",
                "fbsync completions bash >~/.local/share/bash-completion/completions/fbsync",
            ),
            ("zsh, with ~/.zfunc in fpath before compinit", "fbsync completions zsh >~/.zfunc/_fbsync"),
            ("fish", "fbsync completions fish >~/.config/fish/completions/fbsync.fish"),
        ],
        codes: &[],
    },
    Extra {
        path: "man",
        examples: &[
            ("read it", "fbsync man | man -l -"),
            ("install a page for each command", "fbsync man --dir ~/.local/share/man/man1"),
        ],
        codes: &["9"],
    },
];
