//! What each shell offers on Tab, asked of the shell itself where the machine has it.

use std::fs;

use crate::harness::{Home, has};

/// What is typed, and the one word that it can become.
const TYPED: [(&str, &str); 5] = [
    ("fbsync sy", "sync"),
    ("fbsync snapshots pr", "prune"),
    ("fbsync export --formu", "--formula-guard"),
    ("fbsync export rev", "review"),
    ("fbsync completions fi", "fish"),
];

/// A home with `script` as `completions` prints it for a shell, under the name that the shell looks for.
fn home(shell: &str, file: &str) -> Home {
    let home = Home::new().with("TERM", "dumb");
    let script = home.fbsync(&["completions", shell]).succeeds().stdout;
    fs::write(home.path(file), script).expect("a file");
    home
}

/// Has a program of the shell's print what each typed line becomes, and compares.
fn completes(home: &Home, shell: &[&str], program: &str) {
    fs::write(home.path("program"), program).expect("a file");
    for (typed, word) in TYPED {
        let mut arguments = shell[1..].to_vec();
        arguments.extend(["program", typed]);
        let run = home.run(&mut home.any_command(shell[0], &arguments)).succeeds();
        assert_eq!((run.stdout.trim(), run.stderr.as_str()), (word, ""), "{shell:?}: {typed}");
    }
}

#[test]
fn every_shell_is_told_every_command_and_flag() {
    for (shell, mark) in [("bash", "complete -F"), ("zsh", "#compdef fbsync"), ("fish", "complete -c fbsync")]
    {
        let home = home(shell, "script");
        let script = fs::read_to_string(home.path("script")).expect("a file");
        for word in [mark, "snapshots", "accept-gap", "completions"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        if has(&[shell]) {
            let run = home.run(&mut home.any_command(shell, &["-n", "script"])).succeeds();
            assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""), "{shell}");
        }
    }
    let unknown = Home::new().fbsync(&["completions", "tcsh"]).exits(2);
    unknown.says("[possible values: bash, zsh, fish]");
}

#[test]
fn bash_completes_commands_flags_and_reports() {
    if !has(&["bash"]) {
        return;
    }
    let program = r#"
        source ./fbsync.bash
        COMP_WORDS=($1)
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        registered=$(complete -p fbsync)
        [[ $registered == *'-F _fbsync fbsync' ]] || exit
        _fbsync fbsync "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    completes(&home("bash", "fbsync.bash"), &["bash", "--norc"], program);
}

#[test]
fn fish_completes_commands_flags_and_reports() {
    if !has(&["fish"]) {
        return;
    }
    let program = "source fbsync.fish; complete -C $argv[1] | string split -f 1 \\t; true";
    completes(&home("fish", "fbsync.fish"), &["fish", "--no-config"], program);
}

/// zsh completes at a terminal alone, so one is made, and the completed line is run.
#[test]
fn zsh_completes_commands_flags_and_reports() {
    if !has(&["zsh", "timeout"]) {
        return;
    }
    let program = r#"
        zmodload zsh/zpty || exit
        zpty shell zsh -f -i
        zpty -w shell "PS1=; fpath=($PWD \$fpath); autoload -U compinit; compinit -u -D"
        # Written so that the echo of what is typed is not taken for what is printed.
        zpty -w shell "fbsync() { print -r \"ran\"\": \$argv[-1].\" }; print RE''ADY"
        zpty -r shell said '*READY*'
        zpty -w shell "$1"$'\t'
        zpty -r shell said '*ran: *.'
        print -r -- ${${${said##*ran: }%.*}%=}
    "#;
    // A pattern that never comes would be waited for without end.
    completes(&home("zsh", "_fbsync"), &["timeout", "60", "zsh", "-f"], program);
}
