//! A registration request as it comes: an object, or an object that the app has signed (UK Dynamic Client Registration 3.3), with or
//! without a software statement in it.
//!
//! Owns the opening of both: whose signature is needed, where its key is, and that it holds. What the members mean is in
//! [`super::metadata`].

use std::sync::Arc;

use lombard_domain::oauth::{AuthMethod, ErrorCode, Need, OauthError};
use lombard_domain::time::{Instant, Span};
use lombard_store::used_once::UsedOnce;

use super::key_cache::KeyCache;
use super::metadata::{BadMetadata, Fields, invalid};
use super::statement::{Judge, SoftwareKeys, Statement, bad, unverified_claim};
use crate::error::{Error, Result};
use crate::jose::{Alg, Claims, Expiry, JoseError, Jwks, MAX_TOKEN_BYTES, Typ, VerifyRules, verify};
use crate::oauth::discovery::paths;
use crate::{DirectoryKeys, FetchError, Policy, digest};

#[cfg(test)]
mod tests;

/// A registration request as it came. Nothing in it is believed yet.
pub struct Asked(Form);

enum Form {
    Plain(Fields),
    Signed(String),
}

/// A registration request whose signatures hold.
pub struct Opened {
    /// What is asked for.
    pub fields: Fields,
    /// Who vouches for the app.
    pub statement: Option<Statement>,
    /// What of a signed request may come once only: its `jti`.
    pub once: Option<UsedOnce>,
}

impl Opened {
    /// Whoever has seen a statement can send it, so in a request that nobody signed the statement's keys alone say who the app is: it
    /// must prove itself with one of them, and not with a secret or a certificate of the sender's.
    ///
    /// # Errors
    /// `invalid_client_metadata` for another way of authentication.
    pub(super) fn is_known_by_its_keys(&self, method: AuthMethod) -> std::result::Result<(), BadMetadata> {
        let signed = self.once.is_some();
        let has_keys = self.statement.as_ref().is_some_and(|statement| statement.keys().is_some());
        let by_key = matches!(method, AuthMethod::PrivateKeyJwt | AuthMethod::SelfSignedTlsClientAuth);
        if signed || by_key || !has_keys {
            return Ok(());
        }
        Err(invalid(
            "token_endpoint_auth_method: with the keys of a software statement it is private_key_jwt or \
             self_signed_tls_client_auth, unless the request is signed with one of them",
        ))
    }
}

/// By what a request is opened.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) policy: &'a Policy,
    pub(super) keys: &'a KeyCache,
    pub(super) now: Instant,
    /// Whether there must be a software statement.
    pub(super) statement: Need,
    /// The statement that the client is registered with.
    pub(super) kept: Option<&'a str>,
}

impl Asked {
    /// Reads a body of JSON.
    ///
    /// # Errors
    /// `invalid_client_metadata` unless it is a JSON object of a bearable size.
    pub fn read(body: &[u8]) -> std::result::Result<Self, BadMetadata> {
        Fields::read(body).map(|fields| Self(Form::Plain(fields)))
    }

    /// Reads a body that is a signed token.
    ///
    /// # Errors
    /// `invalid_client_metadata` if it is too long to be one, or not text.
    pub fn read_signed(body: &[u8]) -> std::result::Result<Self, BadMetadata> {
        let text = std::str::from_utf8(body).ok().map(str::trim_ascii).filter(|text| text.len() <= MAX_TOKEN_BYTES);
        let text = text.ok_or_else(|| invalid("the body must be a signed token (JWS) of at most 16 KiB"))?;
        Ok(Self(Form::Signed(text.to_owned())))
    }

    /// Checks all signatures.
    pub(super) async fn open(&self, ground: &Ground<'_>) -> Result<Opened> {
        match &self.0 {
            Form::Plain(fields) => {
                let statement = match (named_statement(fields)?, ground.kept) {
                    (Some(token), _) => Some(vouched(token, ground).await?),
                    (None, Some(kept)) => Some(again(kept)?),
                    (None, None) if ground.statement == Need::Required => return Err(needed().into()),
                    (None, None) => None,
                };
                Ok(Opened { fields: fields.clone(), statement, once: None })
            }
            Form::Signed(token) => open_signed(token, ground).await,
        }
    }
}

/// The key of a signed request is in the statement that the request holds. So the statement is taken out first, believed only by
/// its own signature, and only then is the request looked at.
async fn open_signed(token: &str, ground: &Ground<'_>) -> Result<Opened> {
    let named = unverified_claim(token, STATEMENT).ok_or_else(needed)?;
    let statement = vouched(&named, ground).await?;
    let keys = software_keys(&statement, ground).await?;
    let rules = VerifyRules { typ: Typ::AbsentOrOneOf(&["JWT", "JOSE"]), algs: &Alg::ALL, keys: &*keys };
    let verified = verify(token, rules).map_err(|why| {
        tracing::info!(error = %why, "a signed registration does not hold");
        invalid("the request is not signed with a key of its software statement")
    })?;
    let claims = verified.claims().map_err(|why| match why {
        JoseError::Claim(name) => invalid(format!("{name} is not acceptable")),
        _ => invalid("the signed request is not a JSON object with distinct members"),
    })?;
    let once = fresh(&claims, &statement, ground)?;
    Ok(Opened { fields: Fields::read(verified.payload())?, statement: Some(statement), once: Some(once) })
}

/// The claims of a signed request that are not metadata. A request for another bank must not register anybody here, so `aud` is
/// the issuer or the registration endpoint.
fn fresh(claims: &Claims, statement: &Statement, ground: &Ground<'_>) -> std::result::Result<UsedOnce, BadMetadata> {
    let software = statement.software();
    if claims.issuer() != Some(software.software_id.as_str()) {
        return Err(invalid("iss must be the software_id of the software statement"));
    }
    let readers = [ground.policy.issuer.clone(), ground.policy.endpoint(paths::REGISTER)];
    if !readers.iter().any(|reader| claims.audience().contains(reader)) {
        return Err(invalid("aud must be the issuer of this server"));
    }
    let expiry = Expiry::Required { leeway: Span::seconds(0) };
    claims.check_times(ground.now, expiry).map_err(|_| invalid("exp or iat: the signed request is not valid now"))?;
    let issued_at = claims.issued_at().ok_or_else(|| invalid("iat is missing"))?;
    // A clock that is a little ahead of ours may count the hour from its own time.
    let latest = issued_at.max(ground.now).plus(REQUEST_LIFE_MAX);
    let expires_at = claims.expires_at().filter(|end| *end <= latest);
    let expires_at = expires_at.ok_or_else(|| invalid("exp can be at most an hour ahead"))?;
    let id = claims.id().ok_or_else(|| invalid("jti is missing"))?;
    let name = ["registration", software.iss.as_str(), software.software_id.as_str(), id].join("\n");
    // Remembered beyond its end: it is used up a moment after it was checked.
    Ok(UsedOnce { digest: digest::of(&name), expires_at: expires_at.plus(AFTERWARDS) })
}

/// The statement that a request holds.
fn named_statement(fields: &Fields) -> std::result::Result<Option<&str>, BadMetadata> {
    fields.text(STATEMENT).map_err(|_| bad("software_statement must be a string"))
}

/// A statement that holds: because its directory has signed it, or because it is the one that the client is registered with.
async fn vouched(token: &str, ground: &Ground<'_>) -> Result<Statement> {
    let kept = ground.kept.map(again).transpose()?;
    if let Some(kept) = kept.as_ref().filter(|kept| kept.token() == token) {
        // RFC 7592 2.2: a client sends back what it was told, also when the statement is old by then.
        return Ok(kept.clone());
    }
    let token = token.trim_ascii();
    let Some(issuer) = unverified_claim(token, "iss") else {
        return Err(bad("the software statement is not a signed token that names its directory as iss").into());
    };
    let directory = ground.policy.directories.iter().find(|directory| directory.issuer == issuer);
    let Some(directory) = directory else {
        let why = "the software statement is not of a directory that is trusted here";
        return Err(Error::oauth(ErrorCode::UnapprovedSoftwareStatement, why));
    };
    let judge = |keys: &Jwks| {
        let age_max = ground.policy.software_statement_age;
        Statement::verify(token, &Judge { issuer: &directory.issuer, keys, age_max, now: ground.now })
    };
    let statement = match &directory.keys {
        DirectoryKeys::Here(keys) => judge(keys)?,
        DirectoryKeys::At(url) => {
            let known = ground.keys.at(url, ground.now).await.map_err(|error| unreachable(url, &error))?;
            match judge(&known) {
                Ok(statement) => statement,
                // The directory may have a new key.
                Err(_) => judge(&*ground.keys.newer(url, ground.now).await.map_err(|error| unreachable(url, &error))?)?,
            }
        }
    };
    if kept.is_some_and(|kept| !kept.is_of_the_software_of(&statement)) {
        return Err(bad("the software statement is of another software than the client is registered for").into());
    }
    Ok(statement)
}

/// What we have stored was verified when it came.
fn again(kept: &str) -> Result<Statement> {
    Statement::verified_before(kept).map_err(Error::internal)
}

/// That a directory is out of reach is nothing that the app can mend.
fn unreachable(url: &str, error: &FetchError) -> Error {
    tracing::warn!(url, %error, "the keys of a directory cannot be had");
    Error::Oauth(OauthError::new(ErrorCode::TemporarilyUnavailable, "the directory cannot be asked; try again later"))
}

/// The keys that a statement names.
async fn software_keys(statement: &Statement, ground: &Ground<'_>) -> Result<Arc<Jwks>> {
    match statement.keys() {
        None => Err(bad("the software statement names no keys, so the request cannot be signed with one").into()),
        Some(SoftwareKeys::Here(keys)) => {
            let document = serde_json::to_vec(keys).map_err(Error::internal)?;
            let keys = Jwks::parse(&document);
            Ok(Arc::new(keys.map_err(|_| bad("the keys that the software statement names are not a key set"))?))
        }
        Some(SoftwareKeys::At(url)) => ground.keys.at(url, ground.now).await.map_err(|error| {
            tracing::info!(url, %error, "the keys of a piece of software cannot be had");
            bad("the keys that the software statement names cannot be had").into()
        }),
    }
}

fn needed() -> BadMetadata {
    bad("software_statement is needed to register here")
}

const STATEMENT: &str = "software_statement";
/// From the check of a request to its use no call takes longer.
const AFTERWARDS: Span = Span::minutes(1);
/// How far ahead a signed request may end.
const REQUEST_LIFE_MAX: Span = Span::hours(1);
