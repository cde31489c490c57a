//! What a directory says of an app, and what the app then asks for: a line of claims, properly signed, and the request behind it.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use lombard_auth::client::{Asked, Fields, Judge, Standing, Statement, Terms};
use lombard_auth::jose::{Alg, Header, Jwks, SigningKey, sign};
use lombard_domain::oauth::{Profile, Role};
use lombard_domain::time::{Instant, Span};
use serde_json::{Map, Value, json};

const DIRECTORY: &str = "directory";
const NOW: i64 = 1_800_000_000;

fn key() -> &'static SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    KEY.get_or_init(|| SigningKey::generate(Alg::EdDsa).expect("a key"))
}

/// A good statement, so that the input reaches what is behind the first checks.
fn claims(changes: Map<String, Value>) -> Value {
    let mut claims = json!({
        "iss": DIRECTORY, "iat": NOW, "software_id": "s", "software_client_name": "App", "software_roles": ["AISP"],
        "org_id": "o", "org_name": "Org", "software_redirect_uris": ["https://app.example/cb"],
        "software_jwks_endpoint": "https://app.example/jwks",
    });
    claims.as_object_mut().expect("an object").extend(changes);
    claims
}

fuzz_target!(|bytes: &[u8]| {
    let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
    let (said, asked) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let keys = Jwks::new(vec![key().public().clone()]);
    let judge = Judge { issuer: DIRECTORY, keys: &keys, age_max: Span::hours(1), now: Instant::from_seconds(NOW) };
    let _ = Asked::read_signed(said);
    if let Ok(text) = std::str::from_utf8(said) {
        assert!(Statement::verify(text, &judge).is_err(), "nobody has signed this");
    }
    let Ok(changes) = serde_json::from_slice(said) else { return };
    let token = sign(key(), Header::with_kid("JWT", key().kid()), &claims(changes)).expect("a token");
    let Ok(statement) = Statement::verify(&token, &judge) else { return };
    let Ok(fields) = Fields::read(asked) else { return };
    let terms = Terms {
        default_name: "nobody",
        minimum_profile: Profile::Baseline,
        default_profile: Profile::Fapi2Security,
        standing: Standing::App,
        statement: Some(&statement),
    };
    let Ok(metadata) = fields.check(&terms) else { return };
    for uri in &metadata.redirect_uris {
        assert!(statement.redirect_uris().iter().any(|known| known == uri.as_str()));
    }
    assert!(statement.software().software_roles.contains(&Role::Aisp) || metadata.scope.permissions().is_empty());
    assert_eq!(metadata.software.as_ref(), Some(statement.software()));
    assert_eq!(metadata.software_statement.as_deref(), Some(token.as_str()));
    assert!(metadata.jwks.is_none() || metadata.jwks_uri.is_none());
});
