//! The two steps of signing in: password, then code. Used for an app's request and, with no app,
//! for the customer's own dashboard. Never repeats a password or a code back.

use askama::Template;

use super::{Asking, Frame};

/// Said for an unknown user name as well, so that nobody can learn who is a customer.
pub(crate) const WRONG_PASSWORD: &str = "That user name and password do not match.";
/// Said when the code is wrong or too old.
pub(crate) const WRONG_CODE: &str = "That code is not right. Wait for the next one and try again.";
/// Said while sign-in is locked.
pub(crate) const TOO_MANY_ATTEMPTS: &str = "Too many attempts, so sign-in is locked for a while. \
     Wait some minutes, then try again. If this was not you, call us.";

/// Said when a customer must sign in a second time before they allow an app something; never what the bank has noticed.
pub(crate) const SIGN_IN_ONCE_MORE: &str = "For your safety, please sign in once more before you go on. \
     If you did not expect an app to ask for your data, choose Cancel.";
/// Said when the bank has ended a session; never why.
pub(crate) const SIGNED_OUT_FOR_SAFETY: &str = "For your safety we signed you out. Please sign in again. \
     If you did not expect this, call us.";

/// `GET /interaction/{id}/login` and the dashboard's own sign-in.
#[derive(Template)]
#[template(path = "login.html")]
pub(crate) struct LoginPage<'a> {
    /// The bank around the page.
    pub(crate) frame: Frame<'a>,
    /// The app that sent the customer here; none for the dashboard.
    pub(crate) asking: Option<Asking<'a>>,
    /// Where the form posts to.
    pub(crate) action: &'a str,
    /// Where the cancel button posts to; no button without it.
    pub(crate) cancel_action: Option<&'a str>,
    /// The token that proves that the form is ours.
    pub(crate) csrf: &'a str,
    /// What the customer typed before, to spare typing it again.
    pub(crate) username: &'a str,
    /// Why the last attempt did not work.
    pub(crate) error: Option<&'a str>,
    /// Help for the sandbox: whom one can sign in as.
    pub(crate) hint: Option<&'a str>,
}

/// `GET /interaction/{id}/sca` and the dashboard's own second step.
#[derive(Template)]
#[template(path = "sca.html")]
pub(crate) struct ScaPage<'a> {
    /// The bank around the page.
    pub(crate) frame: Frame<'a>,
    /// The app that sent the customer here; none for the dashboard.
    pub(crate) asking: Option<Asking<'a>>,
    /// Where the form posts to.
    pub(crate) action: &'a str,
    /// Where the cancel button posts to; no button without it.
    pub(crate) cancel_action: Option<&'a str>,
    /// The token that proves that the form is ours.
    pub(crate) csrf: &'a str,
    /// Why the last attempt did not work.
    pub(crate) error: Option<&'a str>,
    /// Help for the sandbox: the fixed code.
    pub(crate) hint: Option<&'a str>,
}

#[cfg(test)]
mod samples {
    use super::super::{Purpose, tests::Ink};
    use super::*;

    impl LoginPage<'static> {
        /// An app asks; the last attempt failed.
        pub(in super::super) fn sample(ink: Ink) -> Self {
            Self {
                frame: Frame::sample(ink),
                asking: Some(Asking::sample(ink)),
                action: "/interaction/int_7f3a/login",
                cancel_action: Some("/interaction/int_7f3a/cancel"),
                csrf: ink.write("c5rfT0ken"),
                username: ink.write("anna.novak"),
                error: Some(ink.write(WRONG_PASSWORD)),
                hint: Some(ink.write("Sign in as anna.novak with the password “sandbox-anna”.")),
            }
        }

        /// The dashboard's own sign-in, first visit.
        pub(in super::super) fn sample_own(ink: Ink) -> Self {
            Self {
                asking: None,
                action: "/my/sign-in",
                cancel_action: Some("/my/cancel"),
                username: "",
                error: None,
                hint: None,
                ..Self::sample(ink)
            }
        }

        /// An app asks only who the customer is; first visit.
        pub(in super::super) fn sample_sign_in_only(ink: Ink) -> Self {
            let asking = Asking { purpose: Purpose::SignIn, ..Asking::sample(ink) };
            let sample = Self::sample(ink);
            Self { asking: Some(asking), username: "", error: None, ..sample }
        }
    }

    impl LoginPage<'static> {
        /// An app asks about money in an account; first visit.
        pub(in super::super) fn sample_funds(ink: Ink) -> Self {
            let asking = Asking { purpose: Purpose::Funds, ..Asking::sample(ink) };
            Self { asking: Some(asking), ..Self::sample_sign_in_only(ink) }
        }
    }

    impl ScaPage<'static> {
        /// An app asks; the last code was wrong.
        pub(in super::super) fn sample(ink: Ink) -> Self {
            Self {
                frame: Frame::sample(ink),
                asking: Some(Asking::sample(ink)),
                action: "/interaction/int_7f3a/sca",
                cancel_action: Some("/interaction/int_7f3a/cancel"),
                csrf: ink.write("c5rfT0ken"),
                error: Some(ink.write(WRONG_CODE)),
                hint: Some(ink.write("In this sandbox the code is always 123456.")),
            }
        }

        /// The dashboard's own second step, first visit.
        pub(in super::super) fn sample_own(ink: Ink) -> Self {
            let sample = Self::sample(ink);
            Self {
                asking: None,
                action: "/my/sca",
                cancel_action: Some("/my/cancel"),
                error: None,
                hint: None,
                ..sample
            }
        }
    }
}
