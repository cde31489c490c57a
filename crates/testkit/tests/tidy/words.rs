//! What must not stand in a source: work left open, silenced lints, a file that does not say what it owns.

use crate::{
    finding::Finding,
    source::{Source, is_word},
};

/// Words for work left open; in halves, so that a plain search finds only real ones.
const OPEN_WORK: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
/// Macros for work left open, and for looking at values while working.
const OPEN_MACROS: [&str; 3] = ["todo", "unimplemented", "dbg"];

/// Everything this file knows.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = comments(source);
    findings.extend(code(source));
    if !source.opens_with_docs {
        let why = "the file does not open with `//!`: say what it owns and what it must never do";
        findings.push(Finding::new(&source.path, 1, why));
    }
    findings
}

fn comments(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for comment in &source.comments {
        for (index, line) in comment.text.lines().enumerate() {
            let open = line.split(|c| !is_word(c)).find(|word| OPEN_WORK.contains(word));
            findings.extend(open.map(|word| {
                let why = format!("{word}: finish it, or write it down in the issue, where somebody will read it");
                Finding::new(&source.path, comment.line + index, why)
            }));
        }
    }
    findings
}

fn code(source: &Source) -> Vec<Finding> {
    let tokens = source.tokens();
    let mut findings = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let next = |ahead: usize| tokens.get(at + ahead).map_or("", |t| t.text);
        if OPEN_MACROS.contains(&token.text) && next(1) == "!" && next(2) != "=" {
            let why = format!("{}!: it must not reach the main branch", token.text);
            findings.push(Finding::new(&source.path, token.line, why));
        }
        let attribute = if next(1) == "!" { 1 } else { 0 };
        if token.text == "#" && next(attribute + 1) == "[" && next(attribute + 2) == "allow" {
            let why = "`allow` never says that it is no longer needed: write `#[expect(…, reason = \"…\")]`";
            findings.push(Finding::new(&source.path, token.line, why));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let source = Source::new("crates/auth/src/a.rs", &format!("//! Owns a.\n{text}"));
        check(&source).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn lets_finished_work_pass() {
        let [word, ..] = OPEN_WORK;
        let [name, ..] = OPEN_MACROS;
        let text = format!(
            "#![expect(missing_docs, reason = \"b\")]\n/// A to-do list: GB00XXXX1234.\n\
             fn {name}(dbg: u8) -> bool {{\n    let a = \"{word} {name}!() #[allow(x)]\";\n    {name} != dbg\n}}\n\
             fn allow() {{}}\n"
        );
        assert!(found(&text).is_empty(), "{:?}", found(&text));
    }

    #[test]
    fn refuses_open_work_in_comments() {
        for word in OPEN_WORK {
            for comment in [format!("\n// a {word}: b"), format!("/* a\n{word} */"), format!("\n/// {word}(me) b")] {
                let list = found(&comment);
                assert_eq!(list.len(), 1, "{comment}");
                assert!(list[0].starts_with(&format!("crates/auth/src/a.rs:3: {word}:")), "{list:?}");
            }
        }
    }

    #[test]
    fn refuses_open_work_in_code() {
        for name in OPEN_MACROS {
            let list = found(&format!("\nfn a() {{ {name}!(1) }}"));
            assert!(list[0].starts_with(&format!("crates/auth/src/a.rs:3: {name}!")), "{list:?}");
        }
    }

    #[test]
    fn refuses_silenced_lints() {
        assert!(found("\n#[allow(dead_code)]")[0].starts_with("crates/auth/src/a.rs:3: `allow`"));
        assert_eq!(found("#![allow(dead_code)]").len(), 1);
        assert_eq!(found("# [ allow (dead_code) ]").len(), 1);
    }

    #[test]
    fn refuses_a_file_that_does_not_say_what_it_owns() {
        let list = check(&Source::new("crates/auth/src/a.rs", "use b::c;\n"));
        assert_eq!(list.len(), 1);
        assert!(list[0].to_string().starts_with("crates/auth/src/a.rs:1: the file does not open"));
    }
}
