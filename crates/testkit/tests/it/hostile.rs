//! Hostile input through the front door: never a 5xx, never a panic, never echoed unescaped, always in the surface's own shape.

mod bodies;
mod depth;
mod fields;
mod fuzz;
mod paths;
mod wire;

use lombard_testkit::{Answer, App, TestBank};

/// Texts that have broken other people's servers.
const NASTY: [&str; 12] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' OR '1'='1",
    "'; DROP TABLE client; --",
    "$1 %s %n {{7*7}} ${7*7}",
    "a\0b",
    "a\r\nSet-Cookie: x=y\r\n\r\n<b>",
    "../../../../etc/passwd",
    "\u{202e}\u{feff}\u{1f4b7}e\u{301}",
    "null",
    "-1e999",
    "%00%0d%0a%ff",
];

/// What must never stand in a page as it was sent.
const MARKUP: [&str; 4] = ["<script>alert", "<img src=x", "<b>", "onerror=alert(1)>"];

/// Routes with a body, and the kind of body that they take.
const FORMS: [&str; 11] = [
    "/token",
    "/par",
    "/revoke",
    "/introspect",
    "/authorize",
    "/interaction/x/login",
    "/interaction/x/sca",
    "/interaction/x/consent",
    "/interaction/x/cancel",
    "/my/consents/x/revoke",
    "/my/sign-out",
];

/// Which surface promises the shape of the answers at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Surface {
    Api,
    Feed,
    Oauth,
    Pages,
}

impl Surface {
    fn of(path: &str) -> Self {
        let path = path.split(['?', '#']).next().unwrap();
        let is_below =
            |root: &&str| path.strip_prefix(*root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let oauth = ["/grants", "/introspect", "/jwks", "/par", "/register", "/revoke", "/token", "/userinfo"];
        if is_below(&"/open-banking") {
            Self::Api
        } else if is_below(&"/lombard") {
            Self::Feed
        } else if oauth.iter().any(is_below) || path.starts_with("/.well-known/") {
            Self::Oauth
        } else {
            Self::Pages
        }
    }
}

/// Every answer, whatever was asked, has the shape of its surface and says nothing that was slipped to it.
fn assert_sound(what: &str, path: &str, answer: &Answer) {
    let surface = Surface::of(path);
    let status = answer.status;
    assert!((200..500).contains(&status), "{what}: {status} {}", answer.text);
    let id = answer.header("x-fapi-interaction-id");
    assert!((1..=40).contains(&id.len()), "{what}: no interaction id in {:?}", answer.headers);
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
    assert!(answer.header("strict-transport-security").starts_with("max-age="), "{what}");
    assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{what}");
    assert!(!answer.headers.contains_key("x"), "{what}: a header was slipped in");
    let kind = answer.header("content-type");
    if status >= 400 {
        assert_eq!(answer.header("cache-control"), "no-store", "{what}");
        if answer.text.is_empty() && !kind.is_empty() {
            // Asked with HEAD.
            return;
        }
        let body = answer.json();
        match surface {
            Surface::Api => {
                assert_eq!((kind, body["Id"].as_str()), ("application/json", Some(id)), "{what}: {}", answer.text);
                assert_eq!(body["Errors"][0]["ErrorCode"].as_str().map(str::len), Some(4), "{what}");
            }
            Surface::Feed => {
                assert_eq!(kind, "application/problem+json", "{what}: {}", answer.text);
                assert!(body["code"].is_string() && body["detail"].is_string(), "{what}: {}", answer.text);
            }
            Surface::Oauth => {
                assert!(kind == "application/json" && body["error"].is_string(), "{what}: {kind} {}", answer.text);
                let text = body["error_description"].as_str().unwrap();
                assert!(text.bytes().all(|b| (0x20..0x7f).contains(&b) && b != b'"' && b != b'\\'), "{what}: {text}");
            }
            Surface::Pages => assert_eq!(kind, "text/html; charset=utf-8", "{what}"),
        }
    }
    if kind.starts_with("text/html") {
        for markup in MARKUP {
            assert!(!answer.text.contains(markup), "{what}: {markup} stands in the page");
        }
        assert!(!answer.text.contains('\0'), "{what}");
    }
}

/// After an attack the bank still does what it is for.
async fn assert_alive(bank: &TestBank) {
    let app = App::register(bank).await;
    let token = app.connect(bank, "amelia", "accounts:read").await.access;
    assert_eq!(app.accounts(&token).await.len(), 3);
}
