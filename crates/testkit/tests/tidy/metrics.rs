//! Metrics: each is described, in `docs/operating.md`, and drawn; dashboard and alerts name no others, and no labels that these do not have.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Finding;
use crate::source::{Source, is_word};

/// The description of all metrics, from the workspace root.
pub(crate) const DESCRIPTION: &str = "docs/operating.md";
/// What draws them.
pub(crate) const DASHBOARD: &str = "ops/grafana-dashboard.json";
/// What looks at them.
pub(crate) const ALERTS: &str = "ops/prometheus-alerts.yaml";

/// How the names of metrics begin; those of our crates begin alike.
const PREFIX: &str = "lombard_";
/// What Prometheus adds to the name of a histogram.
const PARTS: [&str; 3] = ["_bucket", "_count", "_sum"];
/// Labels that Prometheus adds.
const ADDED: [&str; 3] = ["instance", "job", "le"];

/// A metric as a text names it, with the labels that stand beside it in braces.
struct Named<'a> {
    name: &'a str,
    labels: Vec<&'a str>,
}

/// The three files, by their names.
pub(crate) type Texts<'a> = [(&'static str, &'a str); 3];

/// Everything that does not fit together: description, dashboard and alerts, in this order.
pub(crate) fn check(sources: &[Source], crates: &BTreeSet<String>, texts: Texts<'_>) -> Vec<Finding> {
    let made = made(sources, crates);
    let [(description, described), drawn, looked_at] = texts;
    let described: BTreeMap<&str, Vec<&str>> =
        described.lines().flat_map(named).map(|metric| (metric.name, metric.labels)).collect();
    let mut findings = Vec::new();
    for name in &made {
        if !described.contains_key(name.as_str()) {
            findings.push(Finding::new(description, 1, format!("{name} is not described")));
        }
        if !drawn.1.contains(name.as_str()) {
            findings.push(Finding::new(drawn.0, 1, format!("{name} is not drawn")));
        }
    }
    for name in described.keys().filter(|name| !made.contains(**name)) {
        findings.push(Finding::new(description, 1, format!("there is no metric {name}")));
    }
    for (file, text) in [drawn, looked_at] {
        for (line, text) in (1..).zip(text.lines()) {
            findings.extend(wrong(text, &described).into_iter().map(|why| Finding::new(file, line, why)));
        }
    }
    findings
}

/// The metrics of the sources: every literal that is nothing but such a name.
fn made(sources: &[Source], crates: &BTreeSet<String>) -> BTreeSet<String> {
    let literals = sources.iter().flat_map(|source| source.strings.iter().filter(|piece| !source.is_test(piece.line)));
    let names = literals.map(|piece| piece.text.as_str());
    let names = names.filter(|text| text.starts_with(PREFIX) && text.chars().all(is_word) && !crates.contains(*text));
    names.map(str::to_owned).collect()
}

/// What is wrong with a line of the dashboard or the alerts.
fn wrong(line: &str, described: &BTreeMap<&str, Vec<&str>>) -> Vec<String> {
    let (mut found, mut there) = (Vec::new(), BTreeSet::from(ADDED));
    let used = named(line);
    for Named { name, labels } in &used {
        let bare = PARTS.iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
        let Some(known) = described.get(name).or_else(|| described.get(bare)) else {
            found.push(format!("there is no metric {name}"));
            continue;
        };
        let strange = labels.iter().filter(|label| !known.contains(label) && !ADDED.contains(label));
        found.extend(strange.map(|label| format!("{name} has no label {label}")));
        there.extend(known);
    }
    if !used.is_empty() {
        let groups = line.split(" by (").skip(1).filter_map(|rest| rest.split(')').next());
        let labels = groups.flat_map(|group| group.split(',')).map(str::trim).filter(|label| !there.contains(label));
        found.extend(labels.map(|label| format!("nothing here has a label {label}")));
    }
    found
}

/// The metrics of a line.
fn named(line: &str) -> Vec<Named<'_>> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices(PREFIX) {
        let (before, rest) = line.split_at(at);
        // What is within another word, or in a path, is none.
        if before.ends_with(|c: char| is_word(c) || c == '/') {
            continue;
        }
        let (name, after) = rest.split_at(word_end(rest));
        let inside = after.strip_prefix('{').and_then(|rest| rest.split('}').next()).unwrap_or_default();
        let labels = inside.split(',').filter_map(|text| text.get(..word_end(text))).filter(|label| !label.is_empty());
        found.push(Named { name, labels: labels.collect() });
    }
    found
}

fn word_end(text: &str) -> usize {
    text.find(|c| !is_word(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = r#"//! x
fn f() { counter!("lombard_calls_total", "route" => r); g("lombard_store"); }"#;
    const DESCRIBED: &str = "| `lombard_calls_total{route}` | calls |";
    const DRAWN: &str = r#""expr": "sum by (route, le) (rate(lombard_calls_total{job=~\"$job\",route=\"/x\"}[5m]))""#;

    fn found(described: &str, drawn: &str, alerts: &str) -> Vec<String> {
        let sources = [Source::new("crates/server/src/a.rs", CODE)];
        let crates = BTreeSet::from(["lombard_store".to_owned()]);
        let texts = [(DESCRIPTION, described), (DASHBOARD, drawn), (ALERTS, alerts)];
        check(&sources, &crates, texts).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn takes_what_fits_together() {
        for alerts in ["", "expr: lombard_calls_total > 1", r#"expr: lombard_calls_total_bucket{le="1"} > 1"#] {
            assert_eq!(found(DESCRIBED, DRAWN, alerts), Vec::<String>::new());
        }
    }

    #[test]
    fn finds_what_does_not() {
        for (described, drawn, alerts, why) in [
            ("", DRAWN, "", "is not described"),
            (DESCRIBED, "", "", "is not drawn"),
            ("`lombard_calls_total{route}` `lombard_gone_total`", DRAWN, "", "no metric lombard_gone_total"),
            (DESCRIBED, DRAWN, "expr: lombard_gone_total > 1", "no metric lombard_gone_total"),
            (DESCRIBED, DRAWN, r#"expr: lombard_calls_total{status="500"} > 1"#, "no label status"),
            (DESCRIBED, DRAWN, "expr: sum by (status) (lombard_calls_total)", "a label status"),
        ] {
            let found = found(described, drawn, alerts);
            assert!(found.iter().any(|finding| finding.contains(why)), "{why}: {found:?}");
        }
    }
}
