//! A bank as apps and customers see it from outside, and what customers sign in with.

use aws_lc_rs::hmac;
use lombard_testkit::{App, Browser, Page, Tokens, Wanted};
use reqwest::StatusCode;

/// A bank: its address and the authority that its clients trust.
#[derive(Clone, Debug)]
pub(crate) struct Bank {
    pub(crate) issuer: String,
    pub(crate) ca_pem: String,
}

/// What a customer signs in with.
#[derive(Clone, Debug)]
pub(crate) struct Customer {
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) code: String,
}

impl Bank {
    /// A new browser.
    pub(crate) fn browser(&self) -> Browser {
        Browser::at(&self.issuer, &self.ca_pem)
    }

    /// Registers an app over the network.
    pub(crate) async fn register(&self) -> App {
        App::register_at(&self.issuer, &self.ca_pem).await
    }

    /// An app that was added on the command line, from what the command printed.
    pub(crate) fn added(&self, printed: &str) -> App {
        let value = |name: &str| {
            let line = printed.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("no {name} in {printed}")).trim().to_owned()
        };
        App::at(&self.issuer, &self.ca_pem, &value("client_id"), &value("client_secret"))
    }

    /// A customer signs in to answer an app; the page that they come to.
    pub(crate) async fn sign_in(&self, app: &App, customer: &Customer, wanted: &Wanted) -> (Browser, Page) {
        let browser = self.browser();
        let page = browser.open(&app.authorize_url(wanted)).await;
        let page = browser.sign_in_with(&page, &customer.username, &customer.password, &customer.code).await;
        (browser, page)
    }

    /// A customer allows everything that is asked for; the code that the app gets.
    pub(crate) async fn allow(&self, app: &App, customer: &Customer, wanted: &Wanted) -> String {
        let (browser, page) = self.sign_in(app, customer, wanted).await;
        assert!(page.url.ends_with("/consent"), "not asked: {} {}", page.status, page.html);
        let back = browser.submit(&page, &[], "consent-allow").await;
        back.parameter("code").unwrap_or_else(|| panic!("no code in {} {}", back.url, back.html))
    }

    /// From consent to tokens.
    pub(crate) async fn connect(&self, app: &App, customer: &Customer, scope: &str) -> Tokens {
        let wanted = Wanted::scopes(scope);
        let code = self.allow(app, customer, &wanted).await;
        let answer = app.redeem(&code, &wanted).await;
        assert_eq!(answer.status(), StatusCode::OK);
        Tokens::of(answer.json().await.unwrap())
    }
}

/// The code that an authenticator shows for an `otpauth` URI at a moment, in seconds since 1970 (RFC 6238, RFC 4226 5.3).
pub(crate) fn totp(uri: &str, seconds: u64) -> String {
    let secret = uri.split(['?', '&']).find_map(|part| part.strip_prefix("secret=")).expect("a secret");
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &base32(secret));
    let tag = hmac::sign(&key, &(seconds / 30).to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[19] & 0x0f);
    let number = u32::from_be_bytes([tag[offset] & 0x7f, tag[offset + 1], tag[offset + 2], tag[offset + 3]]);
    format!("{:06}", number % 1_000_000)
}

fn base32(text: &str) -> Vec<u8> {
    let digit = |letter: char| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).expect("base32");
    let bits: String = text.chars().map(|letter| format!("{:05b}", digit(letter))).collect();
    let whole = bits.as_bytes().chunks_exact(8);
    whole.map(|byte| u8::from_str_radix(str::from_utf8(byte).unwrap(), 2).unwrap()).collect()
}

#[test]
fn computes_the_codes_of_rfc_6238() {
    let uri = "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=x";
    for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
        assert_eq!(totp(uri, seconds), code);
    }
}
