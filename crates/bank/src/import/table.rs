//! One CSV file as rows of text fields, found by the names of their columns.

use std::fmt;

use csv::{ByteRecord, ReaderBuilder};

use super::file::File;
use super::problem::{Problem, Problems, quoted};

/// Reads a file and hands each good row to `each`. What is wrong goes to `problems`.
pub(super) fn read(file: File, content: &[u8], problems: &mut Problems, mut each: impl FnMut(&mut Row<'_>)) -> Reading {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(content);
    let mut record = ByteRecord::new();
    let mut places: Option<Places> = None;
    let mut lines = Lines { content, counted: 0, line: 1 };
    let (mut rows, mut reading) = (0_u64, Reading::Whole);
    loop {
        // Reading from memory cannot fail, and lengths are flexible; an error would be a broken promise of the parser.
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                problems.add(whole(file, format!("it cannot be read as CSV: {error}")));
                return Reading::Broken;
            }
        }
        let line = lines.of(&record);
        let Some(places) = &places else {
            match heading(file, &record, problems) {
                Some(found) => places = Some(found),
                None => return Reading::Broken,
            }
            continue;
        };
        rows += 1;
        if rows > ROWS_MAX {
            problems.add(whole(file, format!("it has more than {ROWS_MAX} rows; split it")));
            return Reading::Broken;
        }
        match fields(file, line, &record, places, problems) {
            Some(fields) => each(&mut Row { file, line, fields, problems }),
            None => reading = Reading::Broken,
        }
    }
    if places.is_none() {
        problems.add(whole(file, "it is empty; its first line must name the columns".to_owned()));
        return Reading::Broken;
    }
    reading
}

/// Whether every row of a file could be told apart into its fields, so that none of its identifiers is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Broken,
    Whole,
}

/// One row.
pub(super) struct Row<'a> {
    file: File,
    line: u64,
    /// In the order of [`File::all_columns`]; `None` where the file does not have the column.
    fields: Vec<Option<&'a str>>,
    problems: &'a mut Problems,
}

impl Row<'_> {
    /// The line on which it begins.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Whether the file has a column, which it need not have.
    pub(super) fn has(&self, column: &str) -> bool {
        self.field_of(column).is_some()
    }

    /// The field of a column; empty if the file does not have the column.
    fn field(&self, column: &str) -> &str {
        self.field_of(column).unwrap_or_default()
    }

    fn field_of(&self, column: &str) -> Option<&str> {
        let place = self.file.all_columns().position(|name| name == column)?;
        self.fields.get(place).copied().flatten()
    }

    /// Reads a field that must not be empty. What is wrong is recorded, and `None` returned.
    pub(super) fn read<T, E: fmt::Display>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let field = self.field(column);
        if field.is_empty() {
            self.refuse(column, "it must not be empty");
            return None;
        }
        match parse(field) {
            Ok(value) => Some(value),
            Err(error) => {
                let reason = error.to_string();
                self.refuse(column, reason);
                None
            }
        }
    }

    /// Reads a field that may be empty.
    pub(super) fn read_optional<T, E: fmt::Display>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        if self.field(column).is_empty() { Some(None) } else { self.read(column, parse).map(Some) }
    }

    /// Whether all of these fields are filled, or none. A mixture is recorded, and `None` returned.
    pub(super) fn all_or_none(&mut self, columns: &[&'static str]) -> Option<bool> {
        let (empty, filled): (Vec<&'static str>, Vec<_>) =
            columns.iter().copied().partition(|column| self.field(column).is_empty());
        match (empty.as_slice(), filled.as_slice()) {
            ([], _) => Some(true),
            (_, []) => Some(false),
            (empty, [filled, ..]) => {
                for column in empty {
                    self.refuse(column, format!("it must not be empty where {filled} is filled"));
                }
                None
            }
        }
    }

    /// Records that a field is wrong.
    pub(super) fn refuse(&mut self, column: &str, reason: impl Into<String>) {
        self.problems.add(Problem {
            file: self.file,
            line: Some(self.line),
            column: Some(column.to_owned()),
            reason: reason.into(),
        });
    }
}

/// Counts lines. The parser's own count is one short after `\r\n` and before empty lines.
struct Lines<'a> {
    content: &'a [u8],
    counted: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line on which a record begins; records must be asked for in order.
    fn of(&mut self, record: &ByteRecord) -> u64 {
        let start = record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(0);
        let rest = self.content.get(start..).unwrap_or_default();
        let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = self.content.get(self.counted..start + ends).unwrap_or_default();
        let ended = passed.iter().filter(|byte| **byte == b'\n').count();
        self.line += u64::try_from(ended).unwrap_or(0);
        self.counted = start + ends;
        self.line
    }
}

/// A problem of a file as a whole.
pub(super) fn whole(file: File, reason: String) -> Problem {
    Problem { file, line: None, column: None, reason }
}

/// Where the columns are, in the order of [`File::all_columns`]; `None` where the file does not have one that it need not have.
type Places = Vec<Option<usize>>;

/// Reads the first line, which names the columns.
fn heading(file: File, record: &ByteRecord, problems: &mut Problems) -> Option<Places> {
    let (mut good, known) = (true, || file.all_columns());
    let mut refuse = |column: String, reason: &str| {
        good = false;
        problems.add(Problem { file, line: Some(1), column: Some(column), reason: reason.to_owned() });
    };
    let names: Vec<&str> = record.iter().map(|name| std::str::from_utf8(name).unwrap_or("\u{fffd}")).collect();
    for (place, name) in names.iter().enumerate() {
        let shown = || name.chars().take(COLUMN_NAME_MAX).flat_map(char::escape_debug).collect::<String>();
        if !known().any(|column| column == *name) {
            refuse(shown(), "this column is not known; docs/import.md names the columns of each file");
        } else if names.iter().take(place).any(|earlier| earlier == name) {
            refuse(shown(), "this column appears twice");
        }
    }
    let place_of = |column: &str| names.iter().position(|name| *name == column);
    for column in file.columns().iter().filter(|column| place_of(column).is_none()) {
        refuse((*column).to_owned(), "this column is missing");
    }
    good.then(|| known().map(place_of).collect())
}

/// The fields of a row as text, in the order of [`File::all_columns`].
fn fields<'r>(
    file: File,
    line: u64,
    record: &'r ByteRecord,
    places: &[Option<usize>],
    problems: &mut Problems,
) -> Option<Vec<Option<&'r str>>> {
    let columns = places.iter().flatten().count();
    if record.len() != columns {
        let reason = format!("this row has {} fields, the heading has {columns}", record.len());
        problems.add(Problem { file, line: Some(line), column: None, reason });
        return None;
    }
    let mut good = true;
    let mut fields = Vec::with_capacity(places.len());
    for (place, column) in places.iter().zip(file.all_columns()) {
        let Some(place) = place else {
            fields.push(None);
            continue;
        };
        let bytes = record.get(*place).unwrap_or_default();
        let mut refuse = |reason: String| {
            problems.add(Problem { file, line: Some(line), column: Some(column.to_owned()), reason });
            good = false;
        };
        if bytes.len() > FIELD_BYTES_MAX {
            refuse(format!("it is longer than {FIELD_BYTES_MAX} bytes; is a quotation mark missing?"));
        } else {
            match std::str::from_utf8(bytes) {
                Ok(field) => fields.push(Some(field)),
                Err(_) => refuse("it is not UTF-8 text; save the file in that encoding".to_owned()),
            }
        }
    }
    good.then_some(fields)
}

/// A parser for fields that are one word of a list.
pub(super) fn word<T: Copy>(
    all: &'static [T],
    code: impl Fn(T) -> &'static str,
) -> impl FnOnce(&str) -> Result<T, String> {
    move |field| {
        let found = all.iter().copied().find(|value| code(*value) == field);
        found.ok_or_else(|| {
            let words: Vec<_> = all.iter().map(|value| code(*value)).collect();
            format!("{} is none of {}", quoted(field), words.join(", "))
        })
    }
}

/// Rows in one file.
const ROWS_MAX: u64 = 5_000_000;
/// Bytes in one field: more than any field of a good file has.
const FIELD_BYTES_MAX: usize = 2500;
/// Characters of an unknown column's name that are repeated.
const COLUMN_NAME_MAX: usize = 40;
