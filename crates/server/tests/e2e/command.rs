//! One command of the program, from its arguments to its exit code.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Its exit code; -1 if a signal ended it.
    pub(crate) code: i32,
    /// What it wrote to standard output.
    pub(crate) out: String,
    /// What it wrote to standard error.
    pub(crate) err: String,
}

impl Ran {
    /// The standard output of a command that must have succeeded.
    #[track_caller]
    pub(crate) fn good(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    /// The standard error of a command that must have failed as one that was asked the impossible: with code 1 and a reason.
    #[track_caller]
    pub(crate) fn refused(self) -> String {
        assert_eq!(self.code, 1, "{self:?}");
        assert!(!self.err.trim().is_empty() && !self.err.contains("panicked"), "{self:?}");
        self.err
    }
}

/// Runs the program.
pub(crate) fn lombard(args: &[&str]) -> Ran {
    lombard_typed(args, "")
}

/// Runs the program with a text on its standard input.
pub(crate) fn lombard_typed(args: &[&str], typed: &str) -> Ran {
    let mut child = executable(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().unwrap();
    // A command that reads nothing may be gone already.
    let _ = stdin.write_all(typed.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}

/// The program with arguments, not yet started.
pub(crate) fn executable(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lombard"));
    command.args(args);
    command
}
