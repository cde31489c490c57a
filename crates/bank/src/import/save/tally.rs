//! What became of the rows, and what is wrong with those that could not be stored.

use lombard_store::Stored;

use super::super::Error;
use super::super::file::File;
use super::super::parse::Parsed;
use super::super::problem::{Problem, Problems};
use super::super::report::FileReport;

/// How far storing has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Rows that were looked at.
    pub done: u64,
    /// Rows in all.
    pub total: u64,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was pending, and is booked now.
    Booked,
    /// It was pending, and is gone now.
    Removed,
    /// It is as it was, or new, or cannot be.
    Stored(Stored),
    /// It was there, and something that changes with time was brought up to date.
    Updated,
}

impl From<Stored> for Outcome {
    fn from(stored: Stored) -> Self {
        Self::Stored(stored)
    }
}

/// What has been learned so far.
pub(super) struct Tally<'a> {
    progress: &'a mut (dyn FnMut(Progress) + Send),
    at: Progress,
    /// Each with the number of rows that were settled.
    files: Vec<(FileReport, usize)>,
    problems: Problems,
    /// A customer or an account is not there, or an account has another currency.
    groundless: bool,
}

impl<'a> Tally<'a> {
    pub(super) fn new(parsed: &Parsed, progress: &'a mut (dyn FnMut(Progress) + Send)) -> Self {
        let counts = File::ALL.map(|file| (file, parsed.count(file)));
        let files = counts.iter().map(|(file, count)| (FileReport::new(*file, count.repeated), 0)).collect();
        let total = counts.iter().map(|(_, count)| count.rows).sum::<usize>().try_into().unwrap_or(u64::MAX);
        let mut tally =
            Self { progress, at: Progress { done: 0, total }, files, problems: Problems::default(), groundless: false };
        tally.tell(0);
        tally
    }

    /// Notes what became of the next rows of a file, all of whose lines are given.
    pub(super) fn settle<O: Copy + Into<Outcome>>(&mut self, file: File, lines: &[u64], outcome: &[O]) {
        let Some((report, seen)) = self.files.iter_mut().find(|(report, _)| report.file == file) else { return };
        let lines = lines.iter().skip(*seen);
        *seen += outcome.len();
        for (line, outcome) in lines.zip(outcome) {
            let stored = match (*outcome).into() {
                Outcome::Booked => {
                    report.booked += 1;
                    continue;
                }
                Outcome::Removed => {
                    report.removed += 1;
                    continue;
                }
                Outcome::Updated => {
                    report.updated += 1;
                    continue;
                }
                Outcome::Stored(stored) => stored,
            };
            match stored {
                Stored::Added => report.added += 1,
                Stored::Present => report.present += 1,
                Stored::Differs | Stored::Clashes => {}
            }
            if let Some((column, reason)) = complaint(file, stored) {
                self.groundless |= stored == Stored::Clashes;
                let column = Some(column.to_owned());
                self.problems.add(Problem { file, line: Some(*line), column, reason: reason.to_owned() });
            }
        }
        self.tell(outcome.len());
    }

    fn tell(&mut self, rows: usize) {
        self.at.done += u64::try_from(rows).unwrap_or(0);
        (self.progress)(self.at);
    }

    /// Notes that what follows has nothing to refer to.
    pub(super) fn lose_ground(&mut self) {
        self.groundless = true;
    }

    /// Refuses everything if what follows has nothing to refer to.
    pub(super) fn stop_without_ground(&mut self) -> Result<(), Error> {
        if self.groundless { Err(Error::Refused(std::mem::take(&mut self.problems))) } else { Ok(()) }
    }

    /// What became of each file, unless anything was wrong.
    pub(super) fn finish(self) -> Result<Vec<FileReport>, Error> {
        if self.problems.is_empty() {
            Ok(self.files.into_iter().map(|(report, _)| report).collect())
        } else {
            Err(Error::Refused(self.problems))
        }
    }
}

/// What is wrong with a row that was not stored and is not there, and in which column.
fn complaint(file: File, outcome: Stored) -> Option<(&'static str, &'static str)> {
    let first = file.columns().first().copied().unwrap_or_default();
    match (outcome, file) {
        (Stored::Added | Stored::Present, _) => None,
        (Stored::Differs, File::AccountHolders) => Some(("role", "the database knows this holder in another role")),
        (Stored::Differs, File::Parties) => Some((first, "the database has other content for this customer")),
        (Stored::Differs, File::Products) => Some((first, "the database has another product for this account")),
        (Stored::Differs, _) => Some((first, "the database has other content under this identifier")),
        (Stored::Clashes, File::Customers) => {
            Some(("username", "the database knows this user name as another customer's"))
        }
        (Stored::Clashes, _) => Some((first, "the database knows this identifier from elsewhere")),
    }
}
