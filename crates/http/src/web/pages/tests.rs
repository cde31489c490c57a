//! Every page with every sample: well-formed, escaped, reachable by keyboard and screen reader, free
//! of script and foreign resources, and with the hooks that browsers in other tests hold on to.

use std::collections::HashSet;

use askama::Template;

use super::markup::{Node, read};
use super::*;

/// What the samples are written with: plain words, or words that try to break out of the page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Hostile,
}

const HOSTILE: &str = r#" </p></title><script>alert("1")</script>'&amp;"#;

impl Ink {
    /// The text as a value of a page.
    pub(super) fn write(self, text: &str) -> &'static str {
        Box::leak(self.own(text).into_boxed_str())
    }

    /// The text as an owned value of a page.
    pub(super) fn own(self, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Hostile => format!("{text}{HOSTILE}"),
        }
    }
}

impl Frame<'static> {
    /// A sandbox bank.
    pub(super) fn sample(ink: Ink) -> Self {
        Self { bank_name: ink.write("Lombard"), sandbox: true }
    }
}

impl Asking<'static> {
    /// An app that wants accounts.
    pub(super) fn sample(ink: Ink) -> Self {
        Self { app: ink.write("Pocket Ledger"), purpose: Purpose::Accounts }
    }
}

/// Every sample under a name of its own, rendered.
fn pages(ink: Ink) -> Vec<(&'static str, String)> {
    fn page(name: &'static str, page: &impl Template) -> (&'static str, String) {
        (name, page.render().expect("templates render"))
    }
    let mut pages = vec![
        page("login", &LoginPage::sample(ink)),
        page("login-own", &LoginPage::sample_own(ink)),
        page("login-sign-in-only", &LoginPage::sample_sign_in_only(ink)),
        page("sca", &ScaPage::sample(ink)),
        page("sca-own", &ScaPage::sample_own(ink)),
        page("consent", &ConsentPage::sample(ink)),
        page("consent-first", &ConsentPage::sample_first(ink)),
        page("consent-renewal", &ConsentPage::sample_renewal(ink)),
        page("consent-stopped", &ConsentPage::sample_stopped(ink)),
        page("consent-funds", &ConsentPage::sample_funds(ink)),
        page("login-funds", &LoginPage::sample_funds(ink)),
        page("consent-sign-in-only", &ConsentPage::sample_sign_in_only(ink)),
        page("consent-no-accounts", &ConsentPage::sample_no_accounts(ink)),
        page("consents", &MyConsentsPage::sample(ink)),
        page("consents-quiet", &MyConsentsPage::sample_quiet(ink)),
        page("consents-empty", &MyConsentsPage::sample_empty(ink)),
        page("oauth-error", &MessagePage::sample(ink)),
        page("home", &HomePage::sample(ink)),
        page("sandbox", &SandboxPage::sample(ink)),
    ];
    pages.extend(ConsentPage::samples_of_apps(ink).iter().map(|(name, one)| page(name, one)));
    pages.extend(MessagePage::samples(ink).iter().map(|(name, one)| page(name, one)));
    pages
}

fn parsed(ink: Ink) -> Vec<(&'static str, Vec<Node>)> {
    let parse = |(name, html): (&'static str, String)| {
        let nodes = read(&html).unwrap_or_else(|why| panic!("{name}: {why}"));
        (name, nodes)
    };
    pages(ink).into_iter().map(parse).collect()
}

fn page(name: &str) -> Vec<Node> {
    let found = parsed(Ink::Plain).into_iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("no page {name}")).1
}

fn by_id<'n>(nodes: &'n [Node], id: &str) -> Option<&'n Node> {
    nodes.iter().find(|node| node.get("id") == Some(id))
}

/// The words of a page, one space apart.
fn words(nodes: &[Node]) -> String {
    let texts = nodes.iter().filter_map(|node| match node {
        Node::Text(text) => Some(text.as_str()),
        Node::Tag { .. } => None,
    });
    texts.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

#[test]
fn hostile_values_change_no_page_s_structure_and_are_shown_as_they_are() {
    let shape = |nodes: &[Node]| -> Vec<String> {
        let outline = |node: &Node| {
            let names = node.attributes().iter().map(|(name, _)| format!(" {name}"));
            format!("{}{}", node.name(), names.collect::<String>())
        };
        nodes.iter().filter(|node| !node.name().is_empty()).map(outline).collect()
    };
    for ((name, plain), (_, hostile)) in parsed(Ink::Plain).into_iter().zip(parsed(Ink::Hostile)) {
        assert_eq!(shape(&plain), shape(&hostile), "{name}");
        let shown = HOSTILE.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&hostile).contains(&shown), "{name}: the bank's name in the header");
        let token = hostile.iter().find(|node| node.get("name") == Some("csrf"));
        if let Some(token) = token.and_then(|node| node.get("value")) {
            assert_eq!(token, format!("c5rfT0ken{HOSTILE}"), "{name}");
        }
    }
}

#[test]
fn no_script_no_inline_style_and_nothing_from_elsewhere() {
    for (name, nodes) in parsed(Ink::Hostile) {
        for node in &nodes {
            let tag = node.name();
            let banned = ["script", "style", "iframe", "object", "embed", "base"];
            assert!(!banned.contains(&tag), "{name}: <{tag}>");
            // The one picture there is was drawn by this server; the name beside it says what it shows.
            let source = node.get("src").unwrap_or_default();
            assert!(tag != "img" || (source.starts_with("/logos/") && node.get("alt") == Some("")), "{name}: {source}");
            for (key, value) in node.attributes() {
                assert!(key != "style" && !key.starts_with("on"), "{name}: <{tag} {key}>");
                if ["href", "src", "action", "formaction"].contains(&key.as_str()) {
                    let icon = tag == "link" && value.starts_with("data:image/svg+xml,");
                    let ours = value.starts_with('/') && !value.starts_with("//");
                    assert!(icon || ours || value.starts_with('#'), "{name}: {value}");
                }
            }
        }
    }
}

#[test]
fn every_page_has_a_language_a_title_one_heading_and_our_stylesheet() {
    for (name, nodes) in parsed(Ink::Plain) {
        let only = |tag: &str| {
            let found: Vec<_> = nodes.iter().filter(|node| node.name() == tag).collect();
            assert_eq!(found.len(), 1, "{name}: <{tag}>");
        };
        only("h1");
        only("main");
        only("title");
        let html = nodes.iter().find(|node| node.name() == "html");
        assert_eq!(html.and_then(|node| node.get("lang")), Some("en"), "{name}");
        let sheet = nodes.iter().find(|node| node.get("rel") == Some("stylesheet"));
        let href = sheet.and_then(|node| node.get("href")).unwrap_or_default();
        assert!(href.starts_with("/assets/lombard.css?v="), "{name}: {href}");
        let banner = words(&nodes).contains("Sandbox: demo data, do not enter real passwords");
        assert_eq!(banner, name != "home", "{name}");
    }
}

#[test]
fn headings_do_not_skip_a_level() {
    for (name, nodes) in parsed(Ink::Plain) {
        let levels = ["h1", "h2", "h3", "h4"];
        let mut last = 0;
        for level in nodes.iter().filter_map(|node| levels.iter().position(|h| *h == node.name())) {
            assert!(level <= last + 1, "{name}: <h{}> after <h{}>", level + 1, last + 1);
            last = level;
        }
    }
}

#[test]
fn every_input_has_a_label_and_every_reference_a_target() {
    for (name, nodes) in parsed(Ink::Plain) {
        let ids: Vec<_> = nodes.iter().filter_map(|node| node.get("id")).collect();
        let unique: HashSet<_> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "{name}: an id is given twice");
        for key in ["for", "aria-describedby"] {
            let targets = nodes.iter().filter_map(|node| node.get(key));
            for target in targets.flat_map(str::split_whitespace) {
                assert!(unique.contains(target), "{name}: {key}={target}");
            }
        }
        let anchors = nodes.iter().filter_map(|node| node.get("href")?.strip_prefix('#'));
        for anchor in anchors {
            assert!(unique.contains(anchor), "{name}: #{anchor}");
        }
        for input in nodes.iter().filter(|node| node.name() == "input") {
            let labelled = nodes
                .iter()
                .any(|node| node.name() == "label" && node.get("for").is_some_and(|id| input.get("id") == Some(id)));
            assert!(labelled || input.get("type") == Some("hidden"), "{name}: {input:?}");
        }
    }
}

#[test]
fn every_form_posts_and_carries_the_token_and_every_button_is_in_one() {
    for (name, nodes) in parsed(Ink::Plain) {
        let count = |wanted: &dyn Fn(&Node) -> bool| nodes.iter().filter(|node| wanted(node)).count();
        let forms = count(&|node| node.name() == "form");
        assert_eq!(forms, count(&|node| node.get("method") == Some("post")), "{name}");
        assert_eq!(forms, count(&|node| node.get("name") == Some("csrf")), "{name}");
        for node in &nodes {
            assert!(node.name() != "button" || node.is_within("form"), "{name}: {node:?}");
            assert!(node.name() != "button" || node.get("type") == Some("submit"), "{name}");
        }
    }
}

#[test]
fn the_hooks_stand_where_browsers_expect_them() {
    let hooks: [(&str, &[&str]); 11] = [
        ("login", &["username", "password", "login-submit", "cancel", "notice"]),
        ("login-own", &["username", "password", "login-submit", "cancel"]),
        ("sca", &["code", "sca-submit", "cancel", "notice"]),
        ("sca-own", &["code", "sca-submit", "cancel"]),
        ("consent", &["consent-allow", "consent-deny", "cancel", "accounts", "notice"]),
        ("consent-sign-in-only", &["consent-allow", "consent-deny", "cancel"]),
        ("consent-renewal", &["consent-allow", "consent-deny", "cancel", "accounts", "notice"]),
        ("consent-funds", &["consent-allow", "consent-deny", "cancel"]),
        ("consent-no-accounts", &["consent-deny", "cancel"]),
        ("consents", &["revoke-con_1", "revoke-con_2", "sign-out", "notice"]),
        ("consents-empty", &["sign-out"]),
    ];
    for (name, ids) in hooks {
        let nodes = page(name);
        for id in ids {
            assert!(by_id(&nodes, id).is_some(), "{name}: #{id}");
        }
    }
    assert!(by_id(&page("consent-no-accounts"), "consent-allow").is_none());
    assert!(by_id(&page("consents"), "revoke-con_3").is_none(), "an ended consent");
}

#[test]
fn inputs_help_password_managers_and_phones() {
    let login = page("login");
    let expect = |nodes: &[Node], id: &str, pairs: &[(&str, &str)]| {
        let input = by_id(nodes, id).expect("hook");
        for (key, value) in pairs {
            assert_eq!(input.get(key), Some(*value), "#{id} {key}");
        }
    };
    let username = [("name", "username"), ("autocomplete", "username"), ("autocapitalize", "none")];
    expect(&login, "username", &username);
    let password = [("name", "password"), ("type", "password"), ("autocomplete", "current-password")];
    expect(&login, "password", &password);
    assert_eq!(by_id(&login, "password").and_then(|node| node.get("value")), None);
    let code = [("inputmode", "numeric"), ("autocomplete", "one-time-code"), ("maxlength", "8")];
    expect(&page("sca"), "code", &code);
    let cancel = [("formaction", "/interaction/int_7f3a/cancel"), ("formnovalidate", "")];
    for name in ["login", "sca", "consent"] {
        expect(&page(name), "cancel", &cancel);
    }
}

#[test]
fn allow_and_deny_look_the_same_and_enter_denies() {
    for name in ["consent", "consent-first", "consent-renewal", "consent-funds", "consent-sign-in-only"] {
        let nodes = page(name);
        let (allow, deny) = (by_id(&nodes, "consent-allow"), by_id(&nodes, "consent-deny"));
        let (allow, deny) = (allow.expect("allow"), deny.expect("deny"));
        assert_eq!(allow.get("class"), deny.get("class"), "{name}");
        assert_eq!((allow.get("name"), allow.get("value")), (Some("decision"), Some("allow")));
        assert_eq!((deny.get("name"), deny.get("value")), (Some("decision"), Some("deny")));
        let first = nodes.iter().find(|node| node.name() == "button");
        assert_eq!(first.and_then(|node| node.get("id")), Some("consent-deny"), "{name}");
    }
}

#[test]
fn accounts_are_ticked_as_told_and_a_pure_sign_in_has_none() {
    let ticks = |name: &str| -> Vec<(String, bool)> {
        let nodes = page(name);
        let boxes = nodes.iter().filter(|node| node.get("name") == Some("account"));
        let tick = |node: &Node| {
            let id = node.get("value").unwrap_or_default().to_owned();
            (id, node.get("checked").is_some())
        };
        boxes.map(tick).collect()
    };
    assert_eq!(ticks("consent").iter().filter(|(_, ticked)| *ticked).count(), 0);
    let first = ticks("consent-first");
    assert_eq!(first.iter().filter(|(_, ticked)| *ticked).count(), 4);
    assert_eq!(first[0].0, "acc_1");
    assert!(ticks("consent-sign-in-only").is_empty());
    assert_eq!(ticks("consent-renewal").iter().filter(|(_, ticked)| *ticked).count(), 1);
    assert!(ticks("consent-funds").is_empty(), "nobody can exchange the account for another");
}

#[test]
fn the_pages_say_what_must_be_said() {
    let says: [(&str, &[&str]); 22] = [
        ("login", &["Pocket Ledger would like to see information about your accounts."]),
        ("consent", &["cl_4Jm2vQx9TtY8", "pocketledger.example", "since 3 March 2025"]),
        ("consent", &["Until 19 February 2027 .", "bank.example/my/consents", "joint"]),
        ("consent", &["Only payments and statements from 1 January 2025 to 31 December 2025."]),
        ("consent", &["Pocket Ledger Ltd answers for this app. Open Banking Ltd confirmed that to us"]),
        ("consent", &["Your answer goes to app.pocketledger.example ."]),
        ("consent-checked", &["Rent Register Cooperative answers for this app. We checked that on 21 November 2026."]),
        (
            "consent-new",
            &[
                "It is new here: it was registered on 21 November 2026.",
                "If you did not start this in the app yourself, choose Deny.",
            ],
        ),
        ("consent-unverified", &["Nobody has confirmed to us who makes this app. The name is what it calls itself."]),
        ("consent-look-alike", &["like the name of another app that we know, Pocket Ledger . It is not the same app."]),
        (
            "consent-like-bank",
            &["Its name sounds like Lombard. It is not an app that we know as ours.", "different alphabets"],
        ),
        ("consents", &["Made by Pocket Ledger Ltd"]),
        ("consents", &["Made by Not confirmed to us"]),
        (
            "consent-renewal",
            &["You already allow this, since 21 November 2026.", "If you deny, nothing changes", "no end date"],
        ),
        ("consent-first", &["This means payments and statements of any time"]),
        ("consent-stopped", &["it was stopped on 2 February 2027.", "If you deny, it stays stopped."]),
        ("consent-funds", &["never told your balance", "Everyday", "ending 4821", "no end date"]),
        ("oauth-error", &["invalid_request", "0197a3c2-5d1e-7b60-9a44-c8f1e2d3b4a5"]),
        ("expired", &["This sign-in has expired", "Go back to the app"]),
        ("consents", &["Shared access stopped.", "Stopped by you", "19 February 2027"]),
        ("consents", &["Sees Who you are"]),
        ("sandbox", &["anna.novak", "sandbox-anna", "123456"]),
    ];
    for (name, sentences) in says {
        let text = words(&page(name));
        for sentence in sentences {
            assert!(text.contains(sentence), "{name} does not say {sentence:?}: {text}");
        }
    }
}

#[test]
fn an_app_that_somebody_vouches_for_shows_its_logo_and_no_other_does() {
    for (name, pictures, cautions) in [
        ("consent-verified", 1, false),
        ("consent-checked", 0, false),
        ("consent-new", 1, true),
        ("consent-unverified", 0, true),
        ("consent-look-alike", 0, true),
        ("consent-like-bank", 0, true),
    ] {
        let nodes = page(name);
        assert_eq!(nodes.iter().filter(|node| node.name() == "img").count(), pictures, "{name}");
        let note = by_id(&nodes, "cautions");
        assert_eq!(note.is_some(), cautions, "{name}");
        // It is told apart by its words and its role, not by its colour alone.
        assert!(note.is_none_or(|note| note.get("role") == Some("note") && note.get("aria-label").is_some()), "{name}");
        assert!(by_id(&nodes, "consent-allow").is_some(), "{name}: a caution forbids nothing");
    }
}

#[test]
fn without_an_app_no_page_speaks_of_one_to_go_back_to() {
    for (name, expected) in [("login", true), ("sca", true), ("login-own", false), ("sca-own", false)] {
        assert_eq!(words(&page(name)).contains("go back to the app"), expected, "{name}");
    }
}

#[test]
fn the_stylesheet_fetches_nothing() {
    assert!(!STYLESHEET.contains("url("));
    assert!(!STYLESHEET.contains("@import"));
}

/// `LOMBARD_PAGES=folder cargo test -p lombard-http -- --ignored writes_every_sample`
#[test]
#[ignore = "writes files, for a person to look at the pages"]
fn writes_every_sample() {
    let folder = std::env::var("LOMBARD_PAGES").expect("LOMBARD_PAGES names a folder");
    for (name, html) in pages(Ink::Plain) {
        let html = html.replace("\"/assets/", "\"assets/").replace("\"/logos/", "\"logos/");
        std::fs::write(format!("{folder}/{name}.html"), html).expect("the folder is there");
    }
    std::fs::create_dir_all(format!("{folder}/logos")).expect("the folder is there");
    std::fs::create_dir_all(format!("{folder}/assets")).expect("the folder is there");
    std::fs::write(format!("{folder}/assets/lombard.css"), STYLESHEET).expect("it is there");
}
