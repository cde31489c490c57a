//! Security profiles: what a client of each must do. The table is [`Profile::rules`], and nothing else decides by profile.

use super::auth_method::AuthMethod;
use super::response_type::ResponseType;

/// A security profile, the weakest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Profile {
    /// OAuth 2.0 under RFC 9700, with PKCE. What FAPI demands can be chosen piece by piece.
    #[default]
    #[serde(rename = "baseline")]
    Baseline,
    /// FAPI 2.0 Security Profile.
    #[serde(rename = "fapi2-security")]
    Fapi2Security,
    /// FAPI 2.0 Security Profile with Message Signing.
    #[serde(rename = "fapi2-message-signing")]
    Fapi2MessageSigning,
}

/// What the clients of a profile must do, and may.
#[derive(Debug)]
pub struct Rules {
    /// How they may prove who they are.
    pub auth_methods: &'static [AuthMethod],
    /// For whom their assertions must be made out.
    pub assertion_audience: AssertionAudience,
    /// Whether every token is bound to a key of theirs.
    pub sender_constraint: Need,
    /// Whether every request is pushed.
    pub pushed_request: Need,
    /// Whether every request is a signed object.
    pub signed_request: Need,
    /// What they may ask to get from the authorization endpoint.
    pub response_types: &'static [ResponseType],
    /// How answers may come back.
    pub response_modes: &'static [ResponseMode],
    /// Whether redirect URIs are `https` even on the app's own machine, unless it says that it is native
    /// (FAPI 2.0 Security Profile 5.3.2.2-8).
    pub secure_redirect: Need,
}

/// Whether something must be or may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The client decides at registration.
    Optional,
    /// Without it nothing is done.
    Required,
}

/// For whom an assertion must be made out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssertionAudience {
    /// The issuer, as a string, and nothing else (FAPI 2.0 Security Profile 5.3.2.1-8).
    Issuer,
    /// The issuer, the token endpoint, or the endpoint that is called (RFC 7523 3, RFC 9126 2), also among others.
    IssuerOrEndpoint,
}

/// How the answer to an authorization request comes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum ResponseMode {
    /// As parameters in the redirect URI's query (OAuth 2.0 Multiple Response Types 2.1).
    #[default]
    #[serde(rename = "query")]
    Query,
    /// As one signed parameter in the query (JARM 2.3.1).
    #[serde(rename = "query.jwt")]
    QueryJwt,
    /// As parameters in the redirect URI's fragment, which browsers send to no server (OAuth 2.0 Multiple Response Types 2.1).
    #[serde(rename = "fragment")]
    Fragment,
    /// As one signed parameter in the fragment (JARM 2.3.2).
    #[serde(rename = "fragment.jwt")]
    FragmentJwt,
    /// The usual signed form of the response type: [`ResponseMode::QueryJwt`] for a code, [`ResponseMode::FragmentJwt`] where an ID
    /// token comes with it (JARM 2.3.4).
    #[serde(rename = "jwt")]
    Jwt,
}

impl ResponseMode {
    /// Every mode.
    pub const ALL: &[Self] = &[Self::Query, Self::QueryJwt, Self::Fragment, Self::FragmentJwt, Self::Jwt];

    /// Those in which a code alone comes back, the usual one first.
    pub const OF_CODES: &[Self] = &[Self::Query, Self::QueryJwt, Self::Jwt];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fragment => "fragment",
            Self::FragmentJwt => "fragment.jwt",
            Self::Jwt => "jwt",
            Self::Query => "query",
            Self::QueryJwt => "query.jwt",
        }
    }

    /// Whether the answer is signed.
    #[must_use]
    pub fn is_signed(self) -> bool {
        match self {
            Self::FragmentJwt | Self::Jwt | Self::QueryJwt => true,
            Self::Fragment | Self::Query => false,
        }
    }
}

impl Profile {
    /// Every profile.
    pub const ALL: &[Self] = &[Self::Baseline, Self::Fapi2Security, Self::Fapi2MessageSigning];

    /// The name in metadata and settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Fapi2Security => "fapi2-security",
            Self::Fapi2MessageSigning => "fapi2-message-signing",
        }
    }

    /// The table.
    #[must_use]
    pub fn rules(self) -> &'static Rules {
        match self {
            Self::Baseline => &Rules {
                auth_methods: AuthMethod::ALL,
                assertion_audience: AssertionAudience::IssuerOrEndpoint,
                sender_constraint: Need::Optional,
                pushed_request: Need::Optional,
                signed_request: Need::Optional,
                response_types: ResponseType::ALL,
                response_modes: ResponseMode::ALL,
                secure_redirect: Need::Optional,
            },
            Self::Fapi2Security => &Rules {
                auth_methods: STRONG,
                assertion_audience: AssertionAudience::Issuer,
                sender_constraint: Need::Required,
                pushed_request: Need::Required,
                signed_request: Need::Optional,
                response_types: CODE_ONLY,
                response_modes: ResponseMode::OF_CODES,
                secure_redirect: Need::Required,
            },
            Self::Fapi2MessageSigning => &Rules {
                auth_methods: STRONG,
                assertion_audience: AssertionAudience::Issuer,
                sender_constraint: Need::Required,
                pushed_request: Need::Required,
                signed_request: Need::Required,
                response_types: CODE_ONLY,
                response_modes: &[ResponseMode::QueryJwt, ResponseMode::Jwt],
                secure_redirect: Need::Required,
            },
        }
    }
}

/// FAPI 2.0 Security Profile 5.3.2.2-1.
const CODE_ONLY: &[ResponseType] = &[ResponseType::Code];
/// FAPI 2.0 Security Profile 5.3.2.1-6.
const STRONG: &[AuthMethod] =
    &[AuthMethod::PrivateKeyJwt, AuthMethod::TlsClientAuth, AuthMethod::SelfSignedTlsClientAuth];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_profile_is_at_least_as_strict_as_the_one_before() {
        let strict = |need| need == Need::Required;
        for pair in Profile::ALL.windows(2) {
            let (weak, strong) = (pair[0].rules(), pair[1].rules());
            assert!(pair[0] < pair[1]);
            assert!(strong.auth_methods.iter().all(|method| weak.auth_methods.contains(method)));
            assert!(strong.response_types.iter().all(|one| weak.response_types.contains(one)));
            assert!(strong.response_modes.iter().all(|mode| weak.response_modes.contains(mode)));
            for (weak, strong) in [
                (weak.sender_constraint, strong.sender_constraint),
                (weak.pushed_request, strong.pushed_request),
                (weak.signed_request, strong.signed_request),
                (weak.secure_redirect, strong.secure_redirect),
            ] {
                assert!(strict(strong) || !strict(weak));
            }
        }
    }

    #[test]
    fn every_response_type_of_a_profile_can_be_answered() {
        for profile in Profile::ALL {
            let rules = profile.rules();
            for one in rules.response_types {
                assert!(one.modes().iter().any(|mode| rules.response_modes.contains(mode)), "{profile:?} {one:?}");
            }
            assert!(
                rules
                    .response_modes
                    .iter()
                    .all(|mode| rules.response_types.iter().any(|one| one.modes().contains(mode)))
            );
        }
    }

    #[test]
    fn has_one_name_for_each() {
        for profile in Profile::ALL {
            assert_eq!(serde_json::to_value(profile).unwrap(), profile.name());
        }
        for mode in ResponseMode::ALL {
            assert_eq!(serde_json::to_value(mode).unwrap(), mode.name());
        }
    }
}
