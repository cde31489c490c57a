//! Requests with statements and signatures: which are opened, and what is fetched for it.

use std::collections::HashMap;
use std::sync::Mutex;

use lombard_domain::oauth::Profile;
use serde_json::{Value, json};

use super::super::metadata::{Standing, Terms};
use super::super::statement::tests::{DIRECTORY, NOW, claims, signed, with};
use super::*;
use crate::jose::{Header, SigningKey, sign};
use crate::{Directory, Fetch, FetchError, Fetching};

const ISSUER: &str = "https://bank.example";
const DIRECTORY_KEYS: &str = "https://directory.example/jwks";
const SOFTWARE_KEYS: &str = "https://keys.directory.example/pocket-1";

/// A directory, a piece of software that it vouches for, and the documents that both publish.
struct World {
    directory: SigningKey,
    software: SigningKey,
    policy: Policy,
    web: Arc<Web>,
}

/// What can be fetched, and what was.
struct Web {
    documents: Mutex<HashMap<&'static str, Vec<u8>>>,
    fetched: Mutex<Vec<String>>,
}

impl Fetch for Web {
    fn get<'a>(&'a self, url: &'a str) -> Fetching<'a> {
        self.fetched.lock().unwrap().push(url.to_owned());
        let found = self.documents.lock().unwrap().get(url).cloned();
        Box::pin(async move { found.ok_or_else(|| FetchError("nothing is there".to_owned())) })
    }
}

impl World {
    fn new() -> Self {
        let [directory, software] = [(); 2].map(|()| SigningKey::generate(Alg::Es256).unwrap());
        let set = |key: &SigningKey| Jwks::new(vec![key.public().clone()]);
        let mut policy = Policy::for_issuer(ISSUER);
        policy.directories = vec![
            Directory { issuer: "https://other.example".to_owned(), keys: DirectoryKeys::Here(set(&software)) },
            Directory { issuer: DIRECTORY.to_owned(), keys: DirectoryKeys::At(DIRECTORY_KEYS.to_owned()) },
        ];
        let document = |key| set(key).to_json().to_string().into_bytes();
        let documents = HashMap::from([(DIRECTORY_KEYS, document(&directory)), (SOFTWARE_KEYS, document(&software))]);
        let web = Web { documents: Mutex::new(documents), fetched: Mutex::default() };
        Self { directory, software, policy, web: Arc::new(web) }
    }

    /// A cache that knows nothing yet.
    fn keys(&self) -> KeyCache {
        let web: Arc<dyn Fetch> = self.web.clone();
        KeyCache::new(web)
    }

    fn ground<'a>(&'a self, keys: &'a KeyCache, kept: Option<&'a str>) -> Ground<'a> {
        Ground {
            policy: &self.policy,
            keys,
            now: Instant::from_seconds(NOW),
            statement: self.policy.software_statement,
            kept,
        }
    }

    fn statement(&self, changes: &Value) -> String {
        signed(&self.directory, &with(claims(), changes))
    }

    /// The claims of a good signed request.
    fn request(&self) -> Value {
        json!({
            "iss": "pocket-1", "aud": ISSUER, "iat": NOW, "exp": NOW + 3600, "jti": "r-1", "scope": "openid accounts:read",
            "token_endpoint_auth_method": "private_key_jwt", "software_statement": self.statement(&json!({})),
        })
    }

    async fn open(&self, body: &Value, kept: Option<&str>) -> Result<Opened> {
        Asked::read(body.to_string().as_bytes())?.open(&self.ground(&self.keys(), kept)).await
    }

    async fn open_signed(&self, token: &str, kept: Option<&str>) -> Result<Opened> {
        Asked::read_signed(token.as_bytes())?.open(&self.ground(&self.keys(), kept)).await
    }
}

/// What the app is told.
fn told<T>(outcome: Result<T>) -> (ErrorCode, String) {
    match outcome {
        Ok(_) => panic!("it is taken"),
        Err(Error::Oauth(error)) => (error.code, error.description.into_owned()),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_statement_holds_by_the_keys_that_its_directory_publishes() {
    let world = World::new();
    let body = json!({"software_statement": world.statement(&json!({}))});
    let opened = world.open(&body, None).await.unwrap();
    assert_eq!(opened.statement.unwrap().software().software_id.as_str(), "pocket-1");
    assert!(opened.once.is_none());
    assert_eq!(*world.web.fetched.lock().unwrap(), [DIRECTORY_KEYS]);
    // What we cannot fetch is not the app's fault, and says nothing of why.
    for document in [None, Some(b"<html>".to_vec())] {
        world.web.documents.lock().unwrap().remove(DIRECTORY_KEYS);
        world.web.documents.lock().unwrap().extend(document.map(|document| (DIRECTORY_KEYS, document)));
        assert_eq!(told(world.open(&body, None).await).0, ErrorCode::TemporarilyUnavailable);
    }
}

#[tokio::test]
async fn a_statement_of_somebody_else_is_not_approved() {
    let world = World::new();
    for (issuer, expected) in [
        (json!("https://unknown.example"), ErrorCode::UnapprovedSoftwareStatement),
        (json!(""), ErrorCode::UnapprovedSoftwareStatement),
        (json!(null), ErrorCode::InvalidSoftwareStatement),
    ] {
        let body = json!({"software_statement": world.statement(&json!({"iss": issuer}))});
        assert_eq!(told(world.open(&body, None).await).0, expected, "{issuer}");
    }
    // A directory vouches with its own keys only, not with another's.
    let borrowed = world.statement(&json!({"iss": "https://other.example"}));
    let outcome = told(world.open(&json!({"software_statement": borrowed}), None).await);
    assert_eq!(outcome.0, ErrorCode::InvalidSoftwareStatement);
    assert_eq!(told(world.open(&json!({"software_statement": 7}), None).await).0, ErrorCode::InvalidSoftwareStatement);
    assert!(world.web.fetched.lock().unwrap().is_empty());
}

#[tokio::test]
async fn where_one_is_needed_nobody_registers_without() {
    let mut world = World::new();
    assert!(world.open(&json!({}), None).await.unwrap().statement.is_none());
    world.policy.software_statement = Need::Required;
    for body in [json!({}), json!({"software_statement": null})] {
        let (code, why) = told(world.open(&body, None).await);
        assert_eq!(code, ErrorCode::InvalidSoftwareStatement);
        assert!(why.contains("software_statement is needed"), "{why}");
    }
}

#[tokio::test]
async fn the_statement_of_a_client_stays_in_force() {
    let world = World::new();
    let old = world.statement(&json!({"iat": 1}));
    for body in [json!({}), json!({"software_statement": old})] {
        let opened = world.open(&body, Some(&old)).await.unwrap();
        assert_eq!(opened.statement.unwrap().token(), old);
    }
    assert!(world.web.fetched.lock().unwrap().is_empty(), "it was verified when it came");
    let newer = world.statement(&json!({"software_client_name": "Renamed"}));
    let opened = world.open(&json!({"software_statement": newer}), Some(&old)).await.unwrap();
    assert_eq!(opened.statement.unwrap().token(), newer);
    for other in [json!({"software_id": "pocket-2"}), json!({"iat": 2})] {
        let body = json!({"software_statement": world.statement(&other)});
        assert_eq!(told(world.open(&body, Some(&old)).await).0, ErrorCode::InvalidSoftwareStatement, "{other}");
    }
}

#[tokio::test]
async fn a_signed_request_is_opened_with_the_keys_of_its_statement() {
    let world = World::new();
    let token = signed(&world.software, &world.request());
    let opened = world.open_signed(&format!(" {token}\n"), None).await.unwrap();
    assert_eq!(*world.web.fetched.lock().unwrap(), [DIRECTORY_KEYS, SOFTWARE_KEYS]);
    let once = opened.once.unwrap();
    // A minute beyond its end, because it is used up a moment after it was checked.
    assert_eq!(once.expires_at, Instant::from_seconds(NOW + 3660));
    let terms = Terms {
        default_name: "nobody",
        minimum_profile: Profile::Fapi2Security,
        default_profile: Profile::Fapi2Security,
        standing: Standing::App,
        statement: opened.statement.as_ref(),
    };
    let metadata = opened.fields.check(&terms).unwrap();
    assert_eq!(metadata.scope.to_string(), "openid accounts:read");
    assert_eq!(metadata.client_name.as_str(), "Pocket Ledger");

    let same = world.open_signed(&signed(&world.software, &world.request()), None).await.unwrap();
    assert_eq!(same.once.unwrap().digest, once.digest, "the name counts, not the signature");
    let other = with(world.request(), &json!({"jti": "r-2", "aud": [format!("{ISSUER}/register")]}));
    let other = world.open_signed(&signed(&world.software, &other), None).await.unwrap();
    assert_ne!(other.once.unwrap().digest, once.digest);
    let keys = Jwks::new(vec![world.software.public().clone()]).to_json();
    let inline = world.statement(&json!({"software_jwks_endpoint": null, "software_jwks": keys}));
    let inline = with(world.request(), &json!({"software_statement": inline}));
    assert!(world.open_signed(&signed(&world.software, &inline), None).await.is_ok());
}

#[tokio::test]
async fn a_signed_request_that_does_not_hold_is_refused() {
    let world = World::new();
    let good = world.request();
    for (changes, named) in [
        (json!({"iss": "pocket-2"}), "iss"),
        (json!({"aud": "https://bank.example/"}), "aud"),
        (json!({"aud": ["https://another.example"]}), "aud"),
        (json!({"exp": NOW}), "exp"),
        (json!({"exp": NOW + 3601}), "exp"),
        (json!({"iat": NOW - 7200, "exp": NOW + 3601}), "exp"),
        (json!({"iat": NOW + 61}), "iat"),
        (json!({"jti": ""}), "jti"),
        (json!({"exp": "soon"}), "exp"),
    ] {
        let (code, why) = told(world.open_signed(&signed(&world.software, &with(good.clone(), &changes)), None).await);
        assert_eq!(code, ErrorCode::InvalidClientMetadata, "{changes}");
        assert!(why.contains(named), "{changes}: {why}");
    }
    for absent in ["iss", "aud", "exp", "iat", "jti"] {
        let mut less = good.clone();
        less.as_object_mut().unwrap().remove(absent);
        let (code, why) = told(world.open_signed(&signed(&world.software, &less), None).await);
        assert_eq!(code, ErrorCode::InvalidClientMetadata, "{absent}");
        assert!(why.contains(absent), "{absent}: {why}");
    }
    for foreign in [
        signed(&world.directory, &good),
        signed(&SigningKey::generate(Alg::Es256).unwrap(), &good),
        sign(&world.software, Header::with_kid("at+jwt", world.software.kid()), &good).unwrap(),
        sign(&world.directory, Header::with_jwk("JWT", world.directory.public()), &good).unwrap(),
    ] {
        let (code, why) = told(world.open_signed(&foreign, None).await);
        assert_eq!(code, ErrorCode::InvalidClientMetadata);
        assert!(why.contains("not signed with a key of its software statement"), "{why}");
    }
}

#[tokio::test]
async fn a_signed_request_needs_a_statement_with_keys() {
    let world = World::new();
    for garbage in ["", "x", "a.b.c", "e30.e30.e30", "{}"] {
        assert_eq!(told(world.open_signed(garbage, None).await).0, ErrorCode::InvalidSoftwareStatement, "{garbage}");
    }
    let long = "x".repeat(MAX_TOKEN_BYTES + 1);
    assert_eq!(told(world.open_signed(&long, None).await).0, ErrorCode::InvalidClientMetadata);
    let keyless = world.statement(&json!({"software_jwks_endpoint": null}));
    for statement in [json!(null), json!(7), json!("x"), json!(keyless)] {
        let body = with(world.request(), &json!({"software_statement": statement}));
        let code = told(world.open_signed(&signed(&world.software, &body), None).await).0;
        assert_eq!(code, ErrorCode::InvalidSoftwareStatement, "{statement}");
    }
    let token = signed(&world.software, &world.request());
    for document in [None, Some(b"{}".to_vec()), Some(br#"{"keys":[{"kty":"EC","d":"AQ"}]}"#.to_vec())] {
        world.web.documents.lock().unwrap().remove(SOFTWARE_KEYS);
        world.web.documents.lock().unwrap().extend(document.map(|document| (SOFTWARE_KEYS, document)));
        assert_eq!(told(world.open_signed(&token, None).await).0, ErrorCode::InvalidSoftwareStatement);
    }
}
