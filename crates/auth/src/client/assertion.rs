//! `private_key_jwt`: an app proves who it is by an assertion that it signed (RFC 7523, OpenID Connect Core 9).

use lombard_domain::oauth::{Alg, AssertionAudience, AuthMethod, Client};
use lombard_domain::time::Span;
use lombard_store::used_once::UsedOnce;

use super::keys::Signed;
use crate::jose::{Audience, Claims, Expiry, JoseError, Typ};
use crate::oauth::discovery::paths;
use crate::policy::Policy;
use crate::{Auth, digest};

/// Why an assertion does not hold, as a word for the record.
pub(super) type Reason = &'static str;

impl Auth {
    /// Checks an assertion of an app; what must be used up so that it counts once. `path` is that of the endpoint which is called.
    pub(super) async fn check_assertion(
        &self,
        client: &Client,
        assertion: &str,
        path: &str,
    ) -> Result<UsedOnce, Reason> {
        let metadata = &client.metadata;
        let only = metadata.token_endpoint_auth_signing_alg.map(|alg| [alg]);
        let algs = only.as_ref().map_or(Alg::ALL.as_slice(), <[_; 1]>::as_slice);
        let signed = Signed { token: assertion, typ: TYP, algs };
        if metadata.token_endpoint_auth_method != AuthMethod::PrivateKeyJwt {
            self.verify_in_vain(signed);
            return Err("method");
        }
        let verified = match self.verify_of(client, signed).await {
            Ok(verified) => verified,
            Err(error) => {
                if error == JoseError::UnknownKey {
                    self.verify_in_vain(signed);
                }
                return Err(reason(error));
            }
        };
        let claims = verified.claims().map_err(reason)?;
        self.check_claims(client, &claims, path)
    }

    /// As much work for an app that does not exist as for one that does.
    pub(super) fn check_assertion_in_vain(&self, assertion: &str) {
        self.verify_in_vain(Signed { token: assertion, typ: TYP, algs: &Alg::ALL });
    }

    fn check_claims(&self, client: &Client, claims: &Claims, path: &str) -> Result<UsedOnce, Reason> {
        let id = client.id.to_string();
        if claims.issuer() != Some(&id) || claims.subject() != Some(&id) {
            return Err("assertion-issuer");
        }
        let rule = client.metadata.security_profile.rules().assertion_audience;
        if !is_for_us(rule, claims.audience(), self.policy(), path) {
            return Err("assertion-audience");
        }
        let now = self.now();
        claims.check_times(now, Expiry::Required { leeway: LEEWAY }).map_err(reason)?;
        let expires_at = claims.expires_at().filter(|end| *end <= now.plus(LIFE_MAX)).ok_or("assertion-too-long")?;
        let name = claims.id().ok_or("assertion-jti")?;
        let digest = digest::of_parts(&[b"assertion", id.as_bytes(), name.as_bytes()]);
        Ok(UsedOnce { digest, expires_at: expires_at.plus(REMEMBERED) })
    }
}

/// Whether an assertion is made out for this server. For FAPI it must be so for the issuer alone, as a string (FAPI 2.0 Security
/// Profile 5.3.2.1-8): one made out for several could be used by one of them at another.
fn is_for_us(rule: AssertionAudience, audience: &Audience, policy: &Policy, path: &str) -> bool {
    match rule {
        AssertionAudience::Issuer => audience.is_only(&policy.issuer),
        AssertionAudience::IssuerOrEndpoint => {
            let bases = [Some(policy.issuer.as_str()), policy.mtls_base.as_deref()];
            let endpoints =
                bases.into_iter().flatten().flat_map(|base| [paths::TOKEN, path].map(|path| format!("{base}{path}")));
            audience.contains(&policy.issuer) || endpoints.into_iter().any(|endpoint| audience.contains(&endpoint))
        }
    }
}

fn reason(error: JoseError) -> Reason {
    match error {
        JoseError::Algorithm => "assertion-algorithm",
        JoseError::Expired => "assertion-expired",
        JoseError::NotYetValid => "assertion-not-yet-valid",
        JoseError::Signature => "assertion-signature",
        JoseError::Type => "assertion-type",
        JoseError::UnknownKey => "assertion-key",
        JoseError::Claim(_)
        | JoseError::Critical
        | JoseError::Crypto
        | JoseError::Header
        | JoseError::Key(_)
        | JoseError::Malformed
        | JoseError::Payload
        | JoseError::PrivateKey
        | JoseError::TooLarge
        | JoseError::UnsupportedKey(_) => "assertion-malformed",
    }
}

/// RFC 7523 asks for no type; newer clients name one.
const TYP: Typ<'_> = Typ::AbsentOrOneOf(&["JWT", "client-authentication+jwt"]);
/// Allowance for an app's clock that is behind ours.
const LEEWAY: Span = Span::seconds(10);
/// How long an assertion's name is remembered after its end: its allowance, and what a call takes from the check to the use.
const REMEMBERED: Span = Span::seconds(70);
/// How far ahead an assertion's end may lie; its name is remembered for so long.
const LIFE_MAX: Span = Span::hours(1);
