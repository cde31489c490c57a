//! What is wrong with files, said so that whoever made them can find and mend it.
//!
//! A reason may repeat an identifier, a date or a code word from the file; never a name, an address, an amount or an account number.

use std::fmt;

use super::file::File;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// In which file.
    pub file: File,
    /// On which line, counted from 1; `None` if the file as a whole is wrong.
    pub line: Option<u64>,
    /// In which column, if one is to blame.
    pub column: Option<String>,
    /// What is wrong, as a sentence's end.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file.name())?;
        if let Some(line) = self.line {
            write!(f, " line {line}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", {column}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

/// All that is wrong, up to a limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
    more: u64,
}

impl Problems {
    /// The first [`PROBLEMS_MAX`] of them.
    #[must_use]
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// How many there are beyond those in the list.
    #[must_use]
    pub fn more(&self) -> u64 {
        self.more
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn add(&mut self, problem: Problem) {
        if self.list.len() < PROBLEMS_MAX {
            self.list.push(problem);
        } else {
            self.more += 1;
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = u64::try_from(self.list.len()).unwrap_or(u64::MAX).saturating_add(self.more);
        let noun = if count == 1 { "problem" } else { "problems" };
        write!(f, "{count} {noun}:")?;
        for problem in &self.list {
            write!(f, "\n  {problem}")?;
        }
        if self.more > 0 {
            write!(f, "\n  and {} more", self.more)?;
        }
        Ok(())
    }
}

/// A value from a file as a reason repeats it: in quotation marks, harmless, and not long.
pub(super) fn quoted(value: &str) -> String {
    let mut shown: String = value.chars().take(QUOTED_MAX).collect();
    if shown.len() < value.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}

/// How many problems are kept.
pub const PROBLEMS_MAX: usize = 100;
/// How much of a value a reason repeats, in characters.
const QUOTED_MAX: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_first_and_counts_the_rest() {
        let mut problems = Problems::default();
        for line in 1..=103 {
            let reason = "there is no such day".to_owned();
            problems.add(Problem {
                file: File::Accounts,
                line: Some(line),
                column: Some("opened_on".to_owned()),
                reason,
            });
        }
        let text = problems.to_string();
        assert!(text.starts_with("103 problems:\n  accounts.csv line 1, opened_on: there"));
        assert!(text.ends_with("line 100, opened_on: there is no such day\n  and 3 more"));
    }

    #[test]
    fn repeats_values_harmlessly() {
        assert_eq!(quoted("a\u{1b}[2J\"\n"), r#""a\u{1b}[2J\"\n""#);
        assert_eq!(quoted(&"é".repeat(50)), format!("\"{}…\"", "é".repeat(40)));
    }
}
