//! Rows that were read, with the lines from which they came.

use std::collections::HashMap;

use super::parse::Count;
use super::problem::quoted;
use super::table::Row;

/// Good rows of one file.
pub(super) struct Rows<T> {
    /// The values, in the order of the file.
    pub(super) values: Vec<T>,
    /// The line of each.
    pub(super) lines: Vec<u64>,
    /// How many rows were left out because they repeat an earlier one.
    pub(super) repeated: u64,
    by_key: HashMap<String, usize>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { values: Vec::new(), lines: Vec::new(), repeated: 0, by_key: HashMap::new() }
    }
}

impl<T> Rows<T> {
    /// How many there are.
    pub(super) fn count(&self) -> Count {
        Count { rows: self.values.len(), repeated: self.repeated }
    }
}

impl<T: PartialEq> Rows<T> {
    /// Takes a row, unless its key was used before: then it must have been for the same content.
    pub(super) fn take(&mut self, row: &mut Row<'_>, column: &'static str, key: &str, value: T) {
        let Some(earlier) = self.by_key.get(key) else {
            self.by_key.insert(key.to_owned(), self.values.len());
            self.values.push(value);
            self.lines.push(row.line());
            return;
        };
        if self.values.get(*earlier) == Some(&value) {
            self.repeated += 1;
        } else {
            let line = self.lines.get(*earlier).copied().unwrap_or_default();
            row.refuse(column, format!("{} was used before, on line {line}, for something else", quoted(key)));
        }
    }
}
