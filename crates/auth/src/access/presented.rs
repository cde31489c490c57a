//! What a call presents: an access token in the `Authorization` header and nowhere else.

use lombard_domain::secret::Secret;

use crate::jose::MAX_TOKEN_BYTES;

/// The access token of a call, unchecked.
pub struct Presented {
    token: Secret<String>,
}

impl Presented {
    /// Reads the values of all `Authorization` headers of a call (RFC 6750 2.1; a token in a query or body is not looked at).
    ///
    /// `None` if there is no header, more than one, another scheme, or no token in the form of RFC 6750.
    #[must_use]
    pub fn read<'a>(mut headers: impl Iterator<Item = &'a [u8]>) -> Option<Self> {
        let (Some(header), None) = (headers.next(), headers.next()) else { return None };
        let header = std::str::from_utf8(header).ok()?;
        let (scheme, token) = header.split_once(' ')?;
        let token = token.trim_matches(' ');
        let in_form = (1..=MAX_TOKEN_BYTES).contains(&token.len())
            && token
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'='));
        (scheme.eq_ignore_ascii_case("Bearer") && in_form).then(|| Self { token: Secret::new(token.to_owned()) })
    }

    pub(crate) fn token(&self) -> &str {
        self.token.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::Presented;

    fn read(headers: &[&str]) -> Option<String> {
        Presented::read(headers.iter().map(|header| header.as_bytes())).map(|presented| presented.token().to_owned())
    }

    #[test]
    fn takes_one_bearer_token_whatever_the_case_of_the_scheme() {
        for header in ["Bearer abc.def", "bearer abc.def", "BEARER  abc.def"] {
            assert_eq!(read(&[header]).as_deref(), Some("abc.def"), "{header}");
        }
    }

    #[test]
    fn takes_nothing_else() {
        let long = format!("Bearer {}", "a".repeat(20_000));
        for headers in [
            &[][..],
            &["Bearer abc", "Bearer abc"],
            &["Basic abc"],
            &["DPoP abc"],
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
