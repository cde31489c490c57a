//! What a call presents: an access token in the `Authorization` header and nowhere else, and what came with it as proof.

use lombard_domain::secret::Secret;

use crate::jose::MAX_TOKEN_BYTES;
use crate::possession::Evidence;

/// The access token of a call, unchecked, and the evidence that its bearer may use it.
pub struct Presented<'a> {
    token: Secret<String>,
    scheme: Scheme,
    evidence: Evidence<'a>,
}

/// How a token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// By itself, or bound to a certificate (RFC 6750 2.1, RFC 8705 3).
    Bearer,
    /// With a proof (RFC 9449 7.1).
    Dpop,
}

impl<'a> Presented<'a> {
    /// Reads the values of all `Authorization` headers of a call (RFC 6750 2.1; a token in a query or body is not looked at).
    ///
    /// `None` if there is no header, more than one, another scheme, or no token in the form of RFC 6750.
    #[must_use]
    pub fn read<'h>(mut headers: impl Iterator<Item = &'h [u8]>, evidence: Evidence<'a>) -> Option<Self> {
        let (Some(header), None) = (headers.next(), headers.next()) else { return None };
        let header = std::str::from_utf8(header).ok()?;
        let (scheme, token) = header.split_once(' ')?;
        let scheme = match scheme {
            name if name.eq_ignore_ascii_case("Bearer") => Scheme::Bearer,
            name if name.eq_ignore_ascii_case("DPoP") => Scheme::Dpop,
            _ => return None,
        };
        let token = token.trim_matches(' ');
        let in_form = (1..=MAX_TOKEN_BYTES).contains(&token.len())
            && token
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'='));
        in_form.then(|| Self { token: Secret::new(token.to_owned()), scheme, evidence })
    }

    /// How the token is presented.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub(crate) fn token(&self) -> &str {
        self.token.expose()
    }

    pub(crate) fn evidence(&self) -> &Evidence<'a> {
        &self.evidence
    }
}

#[cfg(test)]
mod tests {
    use super::{Presented, Scheme};
    use crate::policy::Door;
    use crate::possession::Evidence;

    fn read(headers: &[&str]) -> Option<(Scheme, String)> {
        let evidence = Evidence { method: "GET", path: "/", door: Door::Public, proofs: Vec::new(), certificates: &[] };
        let presented = Presented::read(headers.iter().map(|header| header.as_bytes()), evidence)?;
        Some((presented.scheme(), presented.token().to_owned()))
    }

    #[test]
    fn takes_one_token_whatever_the_case_of_the_scheme() {
        for (header, scheme) in [
            ("Bearer abc.def", Scheme::Bearer),
            ("bearer abc.def", Scheme::Bearer),
            ("BEARER  abc.def", Scheme::Bearer),
            ("DPoP abc.def", Scheme::Dpop),
            ("dpop abc.def", Scheme::Dpop),
        ] {
            assert_eq!(read(&[header]), Some((scheme, "abc.def".to_owned())), "{header}");
        }
    }

    #[test]
    fn takes_nothing_else() {
        let long = format!("Bearer {}", "a".repeat(20_000));
        for headers in [
            &[][..],
            &["Bearer abc", "Bearer abc"],
            &["Basic abc"],
            &["MAC abc"],
            &["Bearer abc", "DPoP abc"],
            &["Bearer"],
            &["Bearer "],
            &["Bearer a b"],
            &["Bearer abc, Bearer def"],
            &["Bearer é"],
            &["Bearer a\0b"],
            &[long.as_str()],
        ] {
            assert!(read(headers).is_none(), "{headers:?}");
        }
    }
}
