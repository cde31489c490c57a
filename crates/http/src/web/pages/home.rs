//! What stands at `/`: plain in production; in the sandbox, everything that a developer needs next.

use askama::Template;

use super::{Frame, Link};

/// `GET /` in production.
#[derive(Template)]
#[template(path = "home.html")]
pub(crate) struct HomePage<'a> {
    /// The bank around the page.
    pub(crate) frame: Frame<'a>,
}

/// `GET /` in the sandbox. Shows passwords, so it must never be reachable in production.
#[derive(Template)]
#[template(path = "sandbox.html")]
pub(crate) struct SandboxPage<'a> {
    /// The bank around the page.
    pub(crate) frame: Frame<'a>,
    /// The issuer's URL.
    pub(crate) issuer: &'a str,
    /// The people one can sign in as.
    pub(crate) customers: Vec<CustomerLine<'a>>,
    /// The code that always works.
    pub(crate) second_factor: &'a str,
    /// Discovery documents: paths on this server.
    pub(crate) documents: Vec<Link<'a>>,
}

/// A sandbox customer.
pub(crate) struct CustomerLine<'a> {
    /// What they are called.
    pub(crate) name: &'a str,
    /// What they sign in with.
    pub(crate) username: &'a str,
    /// Their password.
    pub(crate) password: &'a str,
}

#[cfg(test)]
mod samples {
    use super::super::tests::Ink;
    use super::*;

    impl HomePage<'static> {
        /// Production.
        pub(in super::super) fn sample(ink: Ink) -> Self {
            Self { frame: Frame { sandbox: false, ..Frame::sample(ink) } }
        }
    }

    impl SandboxPage<'static> {
        /// Three people, four documents.
        pub(in super::super) fn sample(ink: Ink) -> Self {
            let person = |name: &str, username: &str, password: &str| CustomerLine {
                name: ink.write(name),
                username: ink.write(username),
                password: ink.write(password),
            };
            Self {
                frame: Frame::sample(ink),
                issuer: ink.write("https://localhost:8443"),
                customers: vec![
                    person("Anna Novak", "anna.novak", "sandbox-anna"),
                    person("Bartholomew Featherstonehaugh", "bart", "sandbox-bart"),
                    person("Chen Li", "chen.li", "sandbox-chen"),
                ],
                second_factor: ink.write("123456"),
                documents: vec![
                    Link { href: "/.well-known/openid-configuration", label: ink.write("OpenID Connect discovery") },
                    Link {
                        href: "/.well-known/oauth-authorization-server",
                        label: "OAuth authorization server metadata",
                    },
                    Link { href: "/.well-known/oauth-protected-resource", label: "What the API accepts" },
                    Link { href: "/jwks", label: "Signing keys" },
                ],
            }
        }
    }
}
