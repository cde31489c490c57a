//! Who may name whom: between crates, and between the surfaces inside `crates/http`.

use crate::{
    finding::Finding,
    source::{Source, Token},
};

/// What each crate may name of ours in its manifest; dev-dependencies are free. The table of ARCHITECTURE.md.
const ARROWS: [(&str, &[&str]); 8] = [
    ("domain", &[]),
    ("store", &["domain"]),
    ("auth", &["domain", "store"]),
    ("bank", &["domain", "store", "auth"]),
    ("http", &["domain", "auth", "bank"]),
    ("server", &["domain", "store", "auth", "bank", "http"]),
    ("testkit", &["domain", "store", "auth", "bank", "http"]),
    ("bench", &["testkit"]),
];

/// Libraries that only the named crates may depend on.
const RESERVED: [(&str, &[&str], &str); 9] = [
    ("tokio", &["store", "auth", "bank", "http", "server", "testkit", "bench"], DOMAIN_IS_PURE),
    ("reqwest", &["bank", "server", "testkit", "bench"], "only the edges call other servers"),
    ("hyper", &["bank", "server", "testkit", "bench"], "only the binary listens, and only the bank calls its core"),
    ("axum", &["http", "server", "testkit"], "rules must not know how they are called"),
    ("rusqlite", &["store"], SQL_IS_STORE),
    ("tokio-postgres", &["store", "testkit"], SQL_IS_STORE),
    ("deadpool-postgres", &["store"], SQL_IS_STORE),
    ("sqlx", &[], "the store has its own thin layer over two drivers"),
    ("anyhow", &["server", "bench"], "a library's errors are an enum that its caller can act on"),
];
const DOMAIN_IS_PURE: &str = "the domain does no input or output";
const SQL_IS_STORE: &str = "all SQL lives in the store";

/// The surfaces of `crates/http/src`. All may name `parts`; `parts` names none.
const SURFACES: [&str; 5] = ["feed", "oauth", "uk", "web", "admin"];

/// The crates that have a row in the table.
pub(crate) fn crates() -> impl Iterator<Item = &'static str> {
    ARROWS.iter().map(|(name, _)| *name)
}

/// Checks the normal and build dependencies of one manifest.
pub(crate) fn manifest(path: &str, text: &str) -> Vec<Finding> {
    let name = path.split('/').nth(1).unwrap_or_default();
    let Some((_, allowed)) = ARROWS.iter().find(|(owner, _)| *owner == name) else {
        let why = "this crate has no row in the table of arrows (tidy/arrows.rs and ARCHITECTURE.md)";
        return vec![Finding::new(path, 1, why)];
    };
    let mut findings = Vec::new();
    for (line, dependency) in dependencies(text) {
        if let Some(ours) = ours(&dependency)
            && !allowed.contains(&ours)
        {
            let why =
                format!("{name} must not name {ours}: arrows go from the right to the left, a port turns one round");
            findings.push(Finding::new(path, line, why));
        }
        if let Some((_, _, why)) =
            RESERVED.iter().find(|(library, may, _)| *library == dependency && !may.contains(&name))
        {
            findings.push(Finding::new(path, line, format!("{name} must not depend on {dependency}: {why}")));
        }
    }
    findings
}

/// Our crate's short name; the binary's package is called `lombard` alone.
fn ours(dependency: &str) -> Option<&str> {
    match dependency {
        "lombard" => Some("server"),
        _ => dependency.strip_prefix("lombard-"),
    }
}

/// The packages in the sections `dependencies` and `build-dependencies`, also those of a `target`.
fn dependencies(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut inside = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let (section, package) = section(header);
            inside = section;
            found.extend(package.map(|package| (index + 1, package)));
        } else if let Some((key, value)) = line.split_once('=') {
            let name = key.trim().split('.').next().unwrap_or_default().trim_matches('"');
            let renamed = value.split_once("package").and_then(|(_, rest)| rest.split('"').nth(1));
            if inside {
                found.push((index + 1, renamed.unwrap_or(name).to_owned()));
            } else if let (true, Some(package)) = (key.trim() == "package", value.split('"').nth(1)) {
                found.push((index + 1, package.to_owned())); // in a section of its own
            }
        }
    }
    found
}

/// Whether a header opens a list of dependencies, or is a section of its own for one package.
fn section(header: &str) -> (bool, Option<String>) {
    let last = ["dependencies", "build-dependencies"];
    let ends = |h: &str| last.iter().any(|l| h == *l || h.ends_with(&format!(".{l}")));
    if ends(header) {
        return (!header.starts_with("workspace"), None);
    }
    match header.rsplit_once('.') {
        Some((before, package)) if ends(before) => (false, Some(package.trim_matches('"').to_owned())),
        _ => (false, None),
    }
}

/// Inside `crates/http/src`: a surface that names another, or `parts` that names a surface.
pub(crate) fn surfaces(source: &Source) -> Vec<Finding> {
    let Some(inside) = source.path.strip_prefix("crates/http/src/") else {
        return Vec::new();
    };
    let room = inside.split(['/', '.']).next().unwrap_or_default();
    if room != "parts" && !SURFACES.contains(&room) {
        return Vec::new();
    }
    let tokens = source.tokens();
    let named = named_from_root(&tokens).into_iter();
    named
        .filter(|token| SURFACES.contains(&token.text) && token.text != room)
        .map(|token| {
            let why = format!("{room} must not name {}: surfaces share only `parts`", token.text);
            Finding::new(&source.path, token.line, why)
        })
        .collect()
}

/// The first words of all paths that begin with `crate::` or `super::`, also inside `{…}`.
fn named_from_root<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t Token<'a>> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.text != "crate" && token.text != "super" {
            continue;
        }
        let mut after = tokens.iter().skip(at + 1);
        if after.next().map(|t| t.text) != Some(":") || after.next().map(|t| t.text) != Some(":") {
            continue;
        }
        let mut depth = 0_usize;
        let mut first = true;
        for next in after {
            match next.text {
                "{" => depth += 1,
                "}" => depth = depth.saturating_sub(1),
                "," if depth == 1 => first = true,
                _ if first => {
                    found.push(next);
                    first = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest_of(name: &str, text: &str) -> Vec<String> {
        manifest(&format!("crates/{name}/Cargo.toml"), text).iter().map(ToString::to_string).collect()
    }

    fn surface(path: &str, text: &str) -> Vec<String> {
        surfaces(&Source::new(path, text)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn lets_arrows_to_the_left_and_dev_dependencies_pass() {
        let text = "[package]\nname = \"lombard-auth\"\n[dependencies]\nlombard-domain.workspace = true\n\
                    lombard-store = { workspace = true }\ntokio = \"1\"\n[dev-dependencies]\nlombard-testkit.workspace = true\n";
        assert!(manifest_of("auth", text).is_empty());
    }

    #[test]
    fn refuses_an_arrow_to_the_right_in_every_spelling() {
        for text in [
            "[dependencies]\nlombard-http.workspace = true\n",
            "[build-dependencies]\n\"lombard-http\" = { path = \"../http\" }\n",
            "[target.'cfg(unix)'.dependencies]\nlombard-http = { workspace = true }\n",
            "[package]\n[dependencies.lombard-http]\nworkspace = true\n",
            "[dependencies]\nweb = { package = \"lombard-http\", path = \"../http\" }\n",
            "[dependencies.web]\npackage = \"lombard-http\"\n",
        ] {
            let found = manifest_of("store", text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(found[0].starts_with("crates/store/Cargo.toml:2: store must not name http"), "{found:?}");
        }
    }

    #[test]
    fn keeps_the_store_away_from_http_and_the_testkit_out_of_the_binary() {
        assert_eq!(manifest_of("http", "[dependencies]\nlombard-store.workspace = true\n").len(), 1);
        assert_eq!(manifest_of("server", "[dependencies]\nlombard-testkit.workspace = true\n").len(), 1);
        assert_eq!(manifest_of("testkit", "[dependencies]\nlombard.workspace = true\n").len(), 1);
    }

    #[test]
    fn keeps_libraries_in_their_rooms() {
        for library in ["tokio", "axum", "rusqlite", "reqwest"] {
            let found = manifest_of("domain", &format!("[dependencies]\n{library}.workspace = true\n"));
            assert!(found[0].contains(&format!("domain must not depend on {library}")), "{found:?}");
        }
        assert!(manifest_of("store", "[dependencies]\ntokio.workspace = true\nrusqlite.workspace = true\n").is_empty());
    }

    #[test]
    fn refuses_a_crate_without_a_row() {
        assert_eq!(manifest_of("extra", "[dependencies]\n").len(), 1);
    }

    #[test]
    fn lets_a_surface_name_itself_and_parts() {
        let text =
            "use crate::{parts::problem, oauth::{token, uk}};\nuse crate::parts::web;\nlet uk = crate::oauth::x();";
        assert!(surface("crates/http/src/oauth/token.rs", text).is_empty());
        assert!(surface("crates/http/src/app.rs", "use crate::{oauth, uk, web};").is_empty());
        assert!(surface("crates/auth/src/oauth/mod.rs", "use crate::web;").is_empty());
        assert!(surface("crates/http/src/oauth/x.rs", "// crate::uk\nlet a = \"crate::uk\";").is_empty());
    }

    #[test]
    fn refuses_a_surface_that_names_another() {
        for text in [
            "\nuse crate::uk::error;",
            "\nuse crate::{parts, uk};",
            "\nuse crate::{parts::{a, b}, uk::{c}};",
            "\nlet a = crate::uk::b();",
            "\nuse super::super::uk::b;",
            "\nuse super::{uk};",
        ] {
            let found = surface("crates/http/src/oauth/token.rs", text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(found[0].starts_with("crates/http/src/oauth/token.rs:2: oauth must not name uk"), "{found:?}");
        }
        assert_eq!(surface("crates/http/src/web.rs", "use crate::admin;").len(), 1);
        assert_eq!(surface("crates/http/src/parts/x.rs", "use crate::uk;").len(), 1);
    }
}
