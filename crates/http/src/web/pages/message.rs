//! Pages that only say something: what went wrong, that nothing is here, that the customer is signed
//! out. They name what to do next, and never what would help an attacker.

use askama::Template;

use super::{Frame, Link};

/// A page with a message.
#[derive(Template)]
#[template(path = "message.html")]
pub(crate) struct MessagePage<'a> {
    /// The bank around the page.
    pub(crate) frame: Frame<'a>,
    /// What happened, in a few words.
    pub(crate) heading: &'a str,
    /// What happened, in a sentence for a person.
    pub(crate) sentence: &'a str,
    /// What to do now.
    pub(crate) advice: &'a str,
    /// The OAuth error, for the makers of the app.
    pub(crate) error: Option<OauthError<'a>>,
    /// What to quote when asking for help.
    pub(crate) incident: Option<&'a str>,
    /// Where to go from here.
    pub(crate) link: Option<Link<'a>>,
}

/// An error of RFC 6749 section 4.1.2.1 that must not be sent to the redirect URI.
#[derive(Clone, Copy)]
pub(crate) struct OauthError<'a> {
    /// Its code, such as `invalid_request`.
    pub(crate) code: &'a str,
    /// What is wrong, in words for a developer.
    pub(crate) detail: Option<&'a str>,
}

impl<'a> MessagePage<'a> {
    /// 400: an authorization request that cannot be trusted, so nobody is sent back.
    #[must_use]
    pub(crate) fn oauth_error(frame: Frame<'a>, incident: &'a str, error: OauthError<'a>) -> Self {
        Self {
            error: Some(error),
            ..Self::new(
                frame,
                Some(incident),
                [
                    "We stopped this request",
                    "An app sent you here, but its request is not one that we can trust. \
                     Nothing was shared.",
                    "Go back to the app and try again. If it happens again, give the app’s makers \
                     the code and the id below.",
                ],
            )
        }
    }

    /// 404: no such page.
    #[must_use]
    pub(crate) fn not_found(frame: Frame<'a>, incident: &'a str) -> Self {
        Self {
            link: Some(TO_CONSENTS),
            ..Self::new(
                frame,
                Some(incident),
                [
                    "There is no page here",
                    "The address may be mistyped, or the page may be gone.",
                    "If an app sent you here, go back to it and try again.",
                ],
            )
        }
    }

    /// 400 or 410: the interaction is over, used up or unknown.
    #[must_use]
    pub(crate) fn expired(frame: Frame<'a>, incident: &'a str) -> Self {
        Self::new(
            frame,
            Some(incident),
            [
                "This sign-in has expired",
                "For your safety a sign-in stays open for some minutes only, and works once.",
                "Go back to the app and start again there.",
            ],
        )
    }

    /// 403: a form whose CSRF token is missing or old.
    #[must_use]
    pub(crate) fn stale_form(frame: Frame<'a>, incident: &'a str) -> Self {
        Self::new(
            frame,
            Some(incident),
            [
                "That page was too old",
                "We could not be sure that it was you who sent that form, so we did nothing.",
                "Go back, load the page again and repeat what you did. Cookies must be allowed.",
            ],
        )
    }

    /// 500: our fault.
    #[must_use]
    pub(crate) fn went_wrong(frame: Frame<'a>, incident: &'a str) -> Self {
        Self::new(
            frame,
            Some(incident),
            [
                "Something went wrong",
                "That was our fault, not yours. We have a record of it.",
                "Wait a moment and try again. If it happens again, tell us the id below.",
            ],
        )
    }

    /// 503: more work than we can take on now.
    #[must_use]
    pub(crate) fn too_busy(frame: Frame<'a>, incident: &'a str) -> Self {
        Self::new(
            frame,
            Some(incident),
            [
                "We are very busy right now",
                "Many people are signing in at this moment. Nothing is lost.",
                "Wait a minute, then load this page again.",
            ],
        )
    }

    /// 429: more pages than one person opens.
    #[must_use]
    pub(crate) fn too_many(frame: Frame<'a>, incident: &'a str) -> Self {
        Self::new(
            frame,
            Some(incident),
            [
                "Too many requests",
                "More pages were asked for from your network, or in your name, than we answer at once.",
                "Wait a minute, then load this page again.",
            ],
        )
    }

    /// 200: after signing out.
    #[must_use]
    pub(crate) fn signed_out(frame: Frame<'a>) -> Self {
        Self {
            link: Some(Link { label: "Sign in again", ..TO_CONSENTS }),
            ..Self::new(
                frame,
                None,
                [
                    "You are signed out",
                    "Nobody can use this browser to see what you share.",
                    "Apps that you allowed keep their access until it ends or you stop it.",
                ],
            )
        }
    }

    fn new(frame: Frame<'a>, incident: Option<&'a str>, [heading, sentence, advice]: [&'a str; 3]) -> Self {
        Self { frame, heading, sentence, advice, error: None, incident, link: None }
    }
}

/// The customer's own page.
const TO_CONSENTS: Link<'static> = Link { href: "/my/consents", label: "Apps you share with" };

#[cfg(test)]
mod samples {
    use super::super::tests::Ink;
    use super::*;

    impl MessagePage<'static> {
        /// A request with a redirect URI that was never registered.
        pub(in super::super) fn sample(ink: Ink) -> Self {
            let error = OauthError {
                code: ink.write("invalid_request"),
                detail: Some(ink.write("redirect_uri is not one that this client registered")),
            };
            Self::oauth_error(Frame::sample(ink), ink.write(INCIDENT), error)
        }

        /// All the others, with their file names.
        pub(in super::super) fn samples(ink: Ink) -> Vec<(&'static str, Self)> {
            let (frame, incident) = (Frame::sample(ink), ink.write(INCIDENT));
            vec![
                ("not-found", Self::not_found(frame, incident)),
                ("expired", Self::expired(frame, incident)),
                ("stale-form", Self::stale_form(frame, incident)),
                ("went-wrong", Self::went_wrong(frame, incident)),
                ("too-busy", Self::too_busy(frame, incident)),
                ("too-many", Self::too_many(frame, incident)),
                ("signed-out", Self::signed_out(frame)),
            ]
        }
    }

    const INCIDENT: &str = "0197a3c2-5d1e-7b60-9a44-c8f1e2d3b4a5";
}
