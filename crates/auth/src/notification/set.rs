//! The security event token that a notification is told with (RFC 8417; UK Open Banking, `OBEventNotification1`).
//!
//! It names the consent and nobody: whoever wants to know more asks for the resource, with a right to it.

use std::sync::Arc;

use lombard_domain::id::NotificationId;
use lombard_domain::notification::{About, Notification, Reason};
use lombard_domain::oauth::Metadata;
use lombard_domain::time::Instant;
use serde_json::{Value, json};
use tracing::Instrument as _;

use crate::error::{Error, Result};
use crate::jose::Alg;
use crate::{Auth, Policy, SPANS};

/// A signed token, and which notification it tells.
pub type SignedSet = (NotificationId, String);

impl Auth {
    /// Signs the tokens of notifications of one app, away from the threads that answer calls: a signature takes a millisecond.
    ///
    /// They are signed when they are given and not when they are written, so that their key is published while they are fresh.
    pub(super) async fn sign_sets(&self, app: &Metadata, news: Vec<Notification>) -> Result<Vec<SignedSet>> {
        let base = Arc::<str>::from(base(self.policy(), app));
        let auth = self.clone();
        let signing = tokio::task::spawn_blocking(move || {
            let now = auth.now();
            news.iter().map(|one| Ok((one.id, auth.sign_set(&base, one, now)?))).collect()
        });
        signing.instrument(tracing::trace_span!(target: SPANS, "sign events")).await.map_err(Error::internal)?
    }

    fn sign_set(&self, base: &str, news: &Notification, now: Instant) -> Result<String> {
        let claims = claims(&self.policy().issuer, base, news, now);
        self.parts.keys.sign(Alg::Ps256, TYPE, &claims, now)
    }
}

/// Where an app calls the API: tokens that are bound to a certificate work only at the listener that asks for one.
fn base<'a>(policy: &'a Policy, app: &Metadata) -> &'a str {
    let mutual = app.tls_client_certificate_bound_access_tokens || app.use_mtls_endpoint_aliases;
    policy.mtls_base.as_deref().filter(|_| mutual).unwrap_or(&policy.issuer)
}

fn claims(issuer: &str, base: &str, news: &Notification, now: Instant) -> Value {
    // The one is in the singular and the other in the plural, as the standard's examples have them.
    let (kind, path) = match news.about {
        About::AccountAccessConsent(_) => ("account-access-consent", "aisp/account-access-consents"),
        About::FundsConfirmationConsent(_) => ("funds-confirmation-consents", "cbpii/funds-confirmation-consents"),
    };
    let id = news.about.consent_id();
    let uri = format!("{base}/open-banking/v4.0/{path}/{id}");
    let mut event = json!({"subject": {
        "subject_type": "http://openbanking.org.uk/rid_http://openbanking.org.uk/rty",
        "http://openbanking.org.uk/rid": id,
        "http://openbanking.org.uk/rty": kind,
        "http://openbanking.org.uk/rlk": [{"version": VERSION, "link": uri}],
    }});
    if let (Some(reason), Some(fields)) = (news.reason.map(Reason::code), event.as_object_mut()) {
        fields.insert("reason".to_owned(), reason.into());
    }
    let mut events = serde_json::Map::new();
    events.insert(news.topic.urn().to_owned(), event);
    json!({
        "iss": issuer,
        "iat": now.seconds(),
        "jti": news.id,
        "aud": news.client,
        "sub": uri,
        "txn": news.transaction,
        "toe": news.at.seconds(),
        "events": events,
    })
}

/// The `typ` of the tokens, so that none can be taken for another kind of token (RFC 8417 2.3 and 4.1).
const TYPE: &str = "secevent+jwt";
/// The version of the resources, as the standard's examples write it.
const VERSION: &str = "v4.0";

#[cfg(test)]
mod tests {
    use lombard_domain::id::{ClientId, ConsentId};
    use lombard_domain::notification::Topic;
    use lombard_domain::text::Text;

    use super::*;

    fn news(about: About, topic: Topic, reason: Option<Reason>) -> Notification {
        Notification {
            id: NotificationId::from_bits(1),
            client: ClientId::from_bits(2),
            topic,
            about,
            reason,
            at: Instant::from_seconds(1_700_000_000),
            transaction: Text::new("93bac548-d2de-4546-b106-880a5018460d").unwrap(),
        }
    }

    #[test]
    fn says_what_happened_to_which_consent_and_nothing_else() {
        let consent = ConsentId::from_bits(3);
        let told = news(About::AccountAccessConsent(consent), Topic::LinkedAccountUpdate, Some(Reason::AccountClosure));
        let now = Instant::from_seconds(1_700_000_009);
        let uri = format!("https://mtls.bank.example/open-banking/v4.0/aisp/account-access-consents/{consent}");
        let subject = json!({
            "subject_type": "http://openbanking.org.uk/rid_http://openbanking.org.uk/rty",
            "http://openbanking.org.uk/rid": consent.to_string(),
            "http://openbanking.org.uk/rty": "account-access-consent",
            "http://openbanking.org.uk/rlk": [{"version": "v4.0", "link": uri}],
        });
        let urn = "urn:uk:org:openbanking:events:account-access-consent-linked-account-update";
        assert_eq!(
            claims("https://bank.example", "https://mtls.bank.example", &told, now),
            json!({
                "iss": "https://bank.example",
                "iat": 1_700_000_009,
                "jti": "evt_00000000000000000000000001",
                "aud": "cli_00000000000000000000000002",
                "sub": uri,
                "txn": "93bac548-d2de-4546-b106-880a5018460d",
                "toe": 1_700_000_000,
                "events": {urn: {"subject": subject, "reason": "UK.OBIE.AccountClosure"}},
            })
        );
    }

    #[test]
    fn a_consent_to_confirm_funds_has_its_own_place() {
        let told = news(About::FundsConfirmationConsent(ConsentId::from_bits(3)), Topic::ResourceUpdate, None);
        let claims = claims("https://bank.example", "https://bank.example", &told, told.at);
        let uri =
            "https://bank.example/open-banking/v4.0/cbpii/funds-confirmation-consents/con_00000000000000000000000003";
        assert_eq!(claims["sub"], uri);
        let event = &claims["events"]["urn:uk:org:openbanking:events:resource-update"];
        assert_eq!(event["subject"]["http://openbanking.org.uk/rty"], "funds-confirmation-consents");
        assert!(event.get("reason").is_none());
    }
}
