//! The pages that the bank's customer sees, as askama templates checked at compile time.
//!
//! Owns the words and the looks. Each page is a struct of plain values: a handler fills it and
//! renders it. The pages need no script, no inline style and nothing from another host, so that the
//! strictest content security policy holds. A page never decides, never reads a clock and never
//! marks a value as safe: everything that is printed is escaped.

mod app;
mod consent;
mod consents;
mod home;
#[cfg(test)]
mod markup;
mod message;
mod permission;
mod sign_in;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

pub(crate) use app::{AppCard, Caution, Vouched, VouchedBy};
pub(crate) use consent::{AccountLine, CHANGED, ConsentPage, NO_ACCOUNT_TICKED, Renewal, Window};
pub(crate) use consents::{ConsentLine, MyConsentsPage, Standing};
pub(crate) use home::{CustomerLine, HomePage, SandboxPage};
pub(crate) use message::{MessagePage, OauthError};
pub(crate) use permission::{Asked, Depth, Flow, PermissionLine, permission_lines};
pub(crate) use sign_in::{
    LoginPage, SIGN_IN_ONCE_MORE, SIGNED_OUT_FOR_SAFETY, ScaPage, TOO_MANY_ATTEMPTS, WRONG_CODE, WRONG_PASSWORD,
};

/// The path at which [`STYLESHEET`] must be served.
pub(crate) const STYLESHEET_PATH: &str = "/assets/lombard.css";

/// The one stylesheet, to be served as `text/css; charset=utf-8`.
///
/// Pages link it with a query made from its content, so it may be cached for ever.
pub(crate) const STYLESHEET: &str = include_str!("../../../assets/lombard.css");

/// What every page shows around its own content.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    /// The bank's name as its customers know it.
    pub(crate) bank_name: &'a str,
    /// Whether to warn loudly that this is a sandbox with demo data.
    pub(crate) sandbox: bool,
}

impl Frame<'_> {
    /// The stylesheet's address with the version of its content.
    pub(crate) fn stylesheet(&self) -> &'static str {
        static HREF: LazyLock<String> =
            LazyLock::new(|| format!("{STYLESHEET_PATH}?v={:016x}", fingerprint(STYLESHEET)));
        &HREF
    }
}

/// What an app wants from the customer, in the large.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To read account information.
    Accounts,
    /// To ask whether there is enough money in one account.
    Funds,
    /// Only to know who the customer is (OpenID Connect).
    SignIn,
}

impl Purpose {
    /// The end of the sentence that starts with the app's name.
    pub(crate) fn would_like(self) -> &'static str {
        match self {
            Self::Accounts => "would like to see information about your accounts",
            Self::Funds => "would like to ask whether there is enough money in your account",
            Self::SignIn => "would like to know who you are, so that you can sign in there",
        }
    }
}

/// The app on whose behalf the customer was sent here.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    /// The app's name, as it registered it.
    pub(crate) app: &'a str,
    /// What it wants.
    pub(crate) purpose: Purpose,
}

/// A link to another page of this server.
#[derive(Clone, Copy)]
pub(crate) struct Link<'a> {
    /// A path on this server, never a client's address.
    pub(crate) href: &'a str,
    /// The words to click.
    pub(crate) label: &'a str,
}

/// FNV-1a over the text: tells two versions of an asset apart; no protection against anyone.
fn fingerprint(text: &str) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    text.bytes().fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}
