//! One Rust file, taken apart just far enough for the rules: code, comments and string literals, each with its line.
//!
//! This is not a parser. It knows where strings and comments begin and end, so that a word in one of them is never taken
//! for code, and which lines belong to tests.

use std::ops::RangeInclusive;

/// A source file, split.
pub(crate) struct Source {
    /// Its path from the workspace root, with `/`.
    pub(crate) path: String,
    /// The text with comments and the insides of literals replaced by spaces; the lines stay where they are.
    pub(crate) code: String,
    /// Every comment, without what opens and closes it.
    pub(crate) comments: Vec<Piece>,
    /// Every string literal, as written between its quotes.
    pub(crate) strings: Vec<Piece>,
    /// The number of lines.
    pub(crate) lines: usize,
    /// True when the file opens with `//!`.
    pub(crate) opens_with_docs: bool,
    test_lines: Vec<RangeInclusive<usize>>,
}

/// A piece of text and the line where it begins, counted from 1.
pub(crate) struct Piece {
    pub(crate) line: usize,
    pub(crate) text: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let mut scanner = Scanner::new(text);
        scanner.run();
        let code = scanner.code;
        Self {
            path: path.to_owned(),
            test_lines: test_modules(&code),
            code,
            comments: scanner.comments,
            strings: scanner.strings,
            lines: text.lines().count(),
            opens_with_docs: text.starts_with("//!"),
        }
    }

    /// True for lines inside `#[cfg(test)] mod … { … }`, and for all of a file that holds only tests.
    pub(crate) fn is_test(&self, line: usize) -> bool {
        let only_tests =
            self.path.ends_with("/tests.rs") || self.path.contains("/tests/") || self.path.contains("/benches/");
        only_tests || self.test_lines.iter().any(|range| range.contains(&line))
    }

    /// The crate's folder name: `store` for `crates/store/src/db.rs`.
    pub(crate) fn crate_name(&self) -> &str {
        self.path.split('/').nth(1).unwrap_or_default()
    }

    /// The words and signs of the code, in order.
    pub(crate) fn tokens(&self) -> Vec<Token<'_>> {
        tokens(&self.code)
    }
}

/// A word (letters, digits, `_`) or a single other character.
pub(crate) struct Token<'a> {
    pub(crate) line: usize,
    pub(crate) text: &'a str,
}

pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    for (index, text) in code.lines().enumerate() {
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let end = if is_word(first) { rest.find(|c| !is_word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
            let (token, after) = rest.split_at(end);
            found.push(Token { line: index + 1, text: token });
            rest = after.trim_start();
        }
    }
    found
}

/// The lines from each `#[cfg(test)]` to the brace that closes the item under it.
fn test_modules(code: &str) -> Vec<RangeInclusive<usize>> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let tokens = tokens(code);
    let mut found = Vec::new();
    for (at, window) in tokens.windows(MARK.len()).enumerate() {
        if window.iter().map(|t| t.text).ne(MARK) {
            continue;
        }
        let first = window.first().map_or(1, |t| t.line);
        let last = block_end(tokens.iter().skip(at + MARK.len()));
        found.push(first..=last.unwrap_or(first));
    }
    found
}

/// The line of the brace that closes the first block, or of a `;` that comes before any block.
pub(crate) fn block_end<'a>(tokens: impl Iterator<Item = &'a Token<'a>>) -> Option<usize> {
    let mut braces = 0_usize;
    let mut inner = 0_usize; // parentheses and brackets: `[u8; 4]` does not end an item
    for token in tokens {
        match token.text {
            "(" | "[" => inner += 1,
            ")" | "]" => inner = inner.saturating_sub(1),
            "{" => braces += 1,
            "}" if braces <= 1 => return Some(token.line),
            "}" => braces -= 1,
            ";" if braces == 0 && inner == 0 => return Some(token.line),
            _ => {}
        }
    }
    None
}

struct Scanner<'a> {
    rest: &'a str,
    line: usize,
    previous: char,
    code: String,
    comments: Vec<Piece>,
    strings: Vec<Piece>,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            line: 1,
            previous: ' ',
            code: String::with_capacity(text.len()),
            comments: Vec::new(),
            strings: Vec::new(),
        }
    }

    fn run(&mut self) {
        while !self.rest.is_empty() {
            if self.rest.starts_with("//") {
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                self.comment(end);
            } else if self.rest.starts_with("/*") {
                let end = block_comment_end(self.rest);
                self.comment(end);
            } else if let Some((open, close)) = self.string_marks() {
                self.string(open, &close);
            } else if let Some(end) = char_literal_end(self.rest) {
                self.blank(end);
            } else if let Some(c) = self.rest.chars().next() {
                self.keep(c.len_utf8());
            }
        }
    }

    /// When a string begins here: the length of what opens it, and what closes it.
    fn string_marks(&self) -> Option<(usize, String)> {
        if self.rest.starts_with('"') {
            return Some((1, "\"".to_owned()));
        }
        if is_word(self.previous) {
            return None; // the end of a word, as in `for"`; a prefix stands alone
        }
        let prefix = ["br", "cr", "b", "c", "r"]
            .into_iter()
            .find(|p| self.rest.strip_prefix(p).is_some_and(|rest| rest.starts_with(['"', '#'])))?;
        let after = self.rest.strip_prefix(prefix)?;
        let hashes = after.chars().take_while(|&c| c == '#').count();
        let quoted = after.chars().nth(hashes) == Some('"');
        if !quoted || (hashes > 0 && !prefix.ends_with('r')) {
            return None; // a raw identifier
        }
        Some((prefix.len() + hashes + 1, format!("\"{}", "#".repeat(hashes))))
    }

    fn string(&mut self, open: usize, close: &str) {
        let raw = self.rest.get(..open).is_some_and(|mark| mark.contains('r'));
        let line = self.line;
        self.keep(open);
        let length = if raw { self.rest.find(close).unwrap_or(self.rest.len()) } else { escaped_end(self.rest, '"') };
        let text = self.rest.get(..length).unwrap_or_default().to_owned();
        self.strings.push(Piece { line, text });
        self.blank(length);
        self.keep(close.len().min(self.rest.len()));
    }

    fn comment(&mut self, length: usize) {
        let (text, _) = self.rest.split_at(length);
        let text = text.trim_start_matches(['/', '*', '!']).trim_end_matches(['/', '*']);
        self.comments.push(Piece { line: self.line, text: text.to_owned() });
        self.blank(length);
    }

    fn keep(&mut self, length: usize) {
        let (text, rest) = self.rest.split_at(length);
        self.line += text.matches('\n').count();
        self.previous = text.chars().next_back().unwrap_or(' ');
        self.code.push_str(text);
        self.rest = rest;
    }

    fn blank(&mut self, length: usize) {
        let (text, rest) = self.rest.split_at(length);
        self.line += text.matches('\n').count();
        self.previous = ' ';
        self.code.extend(text.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        self.rest = rest;
    }
}

/// The length up to the unescaped `quote`.
fn escaped_end(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at,
            _ => {}
        }
    }
    text.len()
}

/// Block comments nest.
fn block_comment_end(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut skip = false; // the second character of a mark
    for (at, c) in text.char_indices() {
        let rest = text.get(at..).unwrap_or_default();
        if skip {
            skip = false;
        } else if rest.starts_with("/*") {
            depth += 1;
            skip = true;
        } else if rest.starts_with("*/") {
            depth = depth.saturating_sub(1);
            skip = true;
            if depth == 0 {
                return at + c.len_utf8() + 1;
            }
        }
    }
    text.len()
}

/// The length of a character literal; `None` for a lifetime.
fn char_literal_end(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('\'')?;
    let first = inside.chars().next()?;
    let end = if first == '\\' { escaped_end(inside, '\'') } else { first.len_utf8() };
    inside.get(end..)?.starts_with('\'').then_some(end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new("crates/store/src/x.rs", text)
    }

    #[test]
    fn blanks_comments_and_strings_and_keeps_the_lines() {
        let s = source("let a = \"fn x {\"; // fn y {\n/* fn /* z */ { */ let b = '{';\n");
        assert!(!s.code.contains("fn") && !s.code.contains('{'), "{}", s.code);
        assert_eq!(s.code.lines().count(), 2);
        assert!(s.code.contains("let b"), "{}", s.code);
        assert_eq!(s.strings[0].text, "fn x {");
        assert_eq!((s.comments[0].line, s.comments[0].text.as_str()), (1, " fn y {"));
        assert_eq!(s.comments[1].line, 2);
    }

    #[test]
    fn reads_every_kind_of_string() {
        let s = source("(\"a\\\"b\", r\"c\\\", r#\"d\"e\"#, b\"f\", br##\"g\"##, c\"h\\\\\", r#type)");
        let texts: Vec<_> = s.strings.iter().map(|p| p.text.as_str()).collect();
        assert_eq!(texts, ["a\\\"b", "c\\", "d\"e", "f", "g", "h\\\\"]);
        assert!(s.code.contains("r#type"), "{}", s.code);
    }

    #[test]
    fn tells_lifetimes_from_characters() {
        let s = source("fn f<'a>(x: &'a str) { let q = '\"'; let e = '\\''; let u = '\\u{41}'; g('\u{e9}') }");
        assert!(s.strings.is_empty());
        assert!(s.code.contains("<'a>(x: &'a str)"), "{}", s.code);
        assert!(s.code.trim_end().ends_with('}'), "{}", s.code);
    }

    #[test]
    fn gives_a_string_the_line_where_it_begins() {
        let s = source("\n\nx(\"one\n two\");\ny(\"three\");");
        assert_eq!((s.strings[0].line, s.strings[1].line), (3, 5));
    }

    #[test]
    fn knows_test_modules_and_test_files() {
        let s = source("fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() {}\n}\nfn c() {}\n");
        let tests: Vec<_> = (1..=6).filter(|&line| s.is_test(line)).collect();
        assert_eq!(tests, [2, 3, 4, 5]);
        assert!(Source::new("crates/store/tests/it/main.rs", "").is_test(1));
        assert!(Source::new("crates/http/src/uk/tests.rs", "").is_test(1));
    }

    #[test]
    fn sees_the_opening_and_the_crate() {
        assert!(source("//! Owns x.\n").opens_with_docs);
        assert!(!source("\n//! Owns x.\n").opens_with_docs);
        assert_eq!(source("").crate_name(), "store");
    }
}
