//! Files that can be read in one sitting, functions that fit a screen, and the list of exceptions that only shrinks.

use crate::{
    finding::Finding,
    source::{Source, block_end},
};

/// The most lines in a file.
pub(crate) const FILE_LINES: usize = 600;
/// The most lines in a function, from `fn` to its closing brace; functions of tests are excepted.
pub(crate) const FUNCTION_LINES: usize = 70;

/// Something measured: a file, or one of its functions.
pub(crate) struct Measured {
    pub(crate) path: String,
    /// The function's name; `None` for the file itself.
    pub(crate) function: Option<String>,
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

impl Measured {
    fn limit(&self) -> usize {
        if self.function.is_some() { FUNCTION_LINES } else { FILE_LINES }
    }

    fn is_for(&self, exception: &Exception) -> bool {
        self.path == exception.path && self.function == exception.function
    }
}

/// A line of `exceptions.txt`: `path lines` or `path function lines`.
pub(crate) struct Exception {
    listed_at: usize,
    path: String,
    function: Option<String>,
    lines: usize,
}

/// The file and its functions, tests left out.
pub(crate) fn measure(source: &Source) -> Vec<Measured> {
    let file = Measured { path: source.path.clone(), function: None, line: 1, lines: source.lines };
    let tokens = source.tokens();
    let functions = tokens.windows(2).enumerate().filter_map(|(at, pair)| {
        let [keyword, name] = pair else { return None };
        let named = name.text.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if keyword.text != "fn" || !named || source.is_test(keyword.line) {
            return None;
        }
        let end = block_end(tokens.iter().skip(at + 2))?;
        Some(Measured {
            path: source.path.clone(),
            function: Some(name.text.to_owned()),
            line: keyword.line,
            lines: end - keyword.line + 1,
        })
    });
    let functions: Vec<_> = functions.collect();
    std::iter::once(file).chain(functions).collect()
}

/// Reads the list; a line that says nothing is a finding.
pub(crate) fn parse_exceptions(list: &str, text: &str) -> (Vec<Exception>, Vec<Finding>) {
    let mut exceptions = Vec::new();
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let words: Vec<_> = line.split_whitespace().collect();
        let read = match words.as_slice() {
            [path, lines] => lines.parse().ok().map(|lines| (*path, None, lines)),
            [path, function, lines] => lines.parse().ok().map(|lines| (*path, Some((*function).to_owned()), lines)),
            _ => None,
        };
        match read {
            Some((path, function, lines)) => {
                exceptions.push(Exception { listed_at: index + 1, path: path.to_owned(), function, lines })
            }
            None => findings.push(Finding::new(
                list,
                index + 1,
                "write `path lines` or `path function lines`, so that the exception can be checked",
            )),
        }
    }
    (exceptions, findings)
}

/// What is too long and not excepted, what grew beyond its exception, and exceptions that are no longer needed.
pub(crate) fn check(measured: &[Measured], exceptions: &[Exception], list: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for thing in measured.iter().filter(|m| m.lines > m.limit()) {
        let allowed = exceptions.iter().find(|e| thing.is_for(e)).map_or_else(|| thing.limit(), |e| e.lines);
        if thing.lines > allowed {
            findings.push(Finding::new(&thing.path, thing.line, too_long(thing, allowed)));
        }
    }
    for exception in exceptions {
        let longest = measured.iter().filter(|m| m.is_for(exception)).max_by_key(|m| m.lines);
        let why = match longest {
            None => "it is gone: delete this line, the list only shrinks".to_owned(),
            Some(m) if m.lines <= m.limit() => {
                "it is short enough now: delete this line, the list only shrinks".to_owned()
            }
            Some(m) if m.lines < exception.lines => {
                format!("it has {} lines now: write that here, the list only shrinks", m.lines)
            }
            Some(_) => continue,
        };
        findings.push(Finding::new(list, exception.listed_at, why));
    }
    findings
}

fn too_long(thing: &Measured, allowed: usize) -> String {
    let lines = thing.lines;
    match &thing.function {
        Some(name) => format!(
            "`{name}` has {lines} lines, {allowed} is the end: a function must fit a screen to be understood whole"
        ),
        None => format!(
            "the file has {lines} lines, {allowed} is the end: split it by noun, so that it can be read in one sitting"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "crates/auth/src/x.rs";

    fn function(lines: usize) -> String {
        format!("fn long(a: [u8; 4]) -> u8\n{{\n{}}}\n", "    a();\n".repeat(lines - 3))
    }

    fn findings(text: &str, exceptions: &str) -> Vec<String> {
        let (exceptions, bad) = parse_exceptions("list", exceptions);
        assert!(bad.is_empty(), "{bad:?}");
        let measured = measure(&Source::new(PATH, text));
        check(&measured, &exceptions, "list").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn lets_a_function_of_70_lines_and_a_file_of_600_pass() {
        assert!(findings(&function(70), "").is_empty());
        assert!(findings(&"// x\n".repeat(600), "").is_empty());
        assert!(findings("trait T { fn a(&self); fn b(&self) -> [u8; 2]; }\n", "").is_empty());
    }

    #[test]
    fn refuses_a_function_of_71_lines_and_names_it() {
        let found = findings(&format!("\n{}", function(71)), "");
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("crates/auth/src/x.rs:2: `long` has 71 lines"), "{found:?}");
    }

    #[test]
    fn refuses_a_file_of_601_lines() {
        let found = findings(&"// x\n".repeat(601), "");
        assert!(found[0].starts_with("crates/auth/src/x.rs:1: the file has 601 lines"), "{found:?}");
    }

    #[test]
    fn leaves_functions_of_tests_alone() {
        let text = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", function(90));
        assert!(findings(&text, "").is_empty());
    }

    #[test]
    fn an_exception_allows_what_it_says_and_no_more() {
        assert!(findings(&function(80), "# why\n\ncrates/auth/src/x.rs long 80\n").is_empty());
        assert_eq!(findings(&function(81), "crates/auth/src/x.rs long 80\n").len(), 1);
        assert!(findings(&"// x\n".repeat(610), "crates/auth/src/x.rs 610").is_empty());
    }

    #[test]
    fn an_exception_that_is_no_longer_needed_is_refused() {
        let short = findings(&function(70), "crates/auth/src/x.rs long 80");
        assert!(short[0].starts_with("list:1: it is short enough"), "{short:?}");
        let gone = findings("", "\ncrates/auth/src/x.rs other 80");
        assert!(gone[0].starts_with("list:2: it is gone"), "{gone:?}");
        let shrunk = findings(&function(75), "crates/auth/src/x.rs long 80");
        assert!(shrunk[0].contains("75 lines now"), "{shrunk:?}");
    }

    #[test]
    fn an_exception_that_says_nothing_is_refused() {
        let (exceptions, bad) = parse_exceptions("list", "crates/auth/src/x.rs long\njust words and more words");
        assert!(exceptions.is_empty());
        assert_eq!(bad.len(), 2);
    }
}
