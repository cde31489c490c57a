//! A customer authorises a consent that an app has lodged: how it is named, asked about, answered, renewed, and what the tokens say.

mod answer;
mod binding;
mod ends;
mod funds;
mod hybrid;
mod page;
mod renewal;
mod tokens;
mod wrong;

use lombard_testkit::{App, Page};

/// The error with which a browser was sent back to an app: its code and its words.
fn error_of(app: &App, page: &Page) -> (String, String) {
    assert!(page.url.starts_with(&app.redirect_uri), "not sent back: {} {} {}", page.status, page.url, page.html);
    let of = |name: &str| page.parameter(name).unwrap_or_default();
    assert_eq!((of("state").as_str(), of("iss")), ("the state of things", app.issuer.clone()), "{}", page.url);
    assert_eq!(of("code"), "");
    (of("error"), of("error_description"))
}
