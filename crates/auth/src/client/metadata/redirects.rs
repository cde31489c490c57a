//! Where browsers may be sent back to.

use lombard_domain::oauth::{ApplicationType, ErrorCode, Need, OauthError, RedirectUri};

use super::fields::{BadMetadata, Fields, invalid};

/// Reads `redirect_uris`; which of them must be secure, the profile says.
pub(super) fn read(fields: &Fields, secure: Need) -> Result<Vec<RedirectUri>, BadMetadata> {
    let native = application_type(fields)? == ApplicationType::Native;
    let texts = fields.list(NAME).map_err(|_| refused(format!("{NAME} must be an array of strings")))?;
    let texts = texts.unwrap_or_default();
    if texts.len() > REDIRECT_URIS_MAX {
        return Err(refused(format!("{NAME} can have at most {REDIRECT_URIS_MAX} members")));
    }
    let mut uris = Vec::with_capacity(texts.len());
    for (i, text) in texts.iter().enumerate() {
        let uri = RedirectUri::new(text).map_err(|why| refused(format!("{NAME}, number {}: {why}", i + 1)))?;
        // RFC 8252 7.3: only an app on the customer's own machine has a use for plain HTTP, and it must say that it is one.
        if uri.is_plain_http() && secure == Need::Required && !native {
            let why = "must be https; http on a loopback host is for the application_type native, and this one is web";
            return Err(refused(format!("{NAME}, number {}: {why}", i + 1)));
        }
        uris.push(uri);
    }
    Ok(uris)
}

/// A redirect URI that is not acceptable (RFC 7591 3.2.2).
pub(in crate::client) fn refused(description: String) -> BadMetadata {
    OauthError::new(ErrorCode::InvalidRedirectUri, description)
}

/// OpenID Connect Registration 2; UK Dynamic Client Registration 3.3 says `mobile` for `native`.
pub(super) fn application_type(fields: &Fields) -> Result<ApplicationType, BadMetadata> {
    match fields.text("application_type")? {
        None | Some("web") => Ok(ApplicationType::Web),
        Some("native" | "mobile") => Ok(ApplicationType::Native),
        Some(_) => Err(invalid("application_type can be web or native")),
    }
}

const NAME: &str = "redirect_uris";
/// Redirect URIs of one client.
const REDIRECT_URIS_MAX: usize = 20;
