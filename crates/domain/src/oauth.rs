//! The records and rules of OAuth 2.0 that need no database, no network and no cryptography.

mod client;
mod error;
mod pkce;
mod redirect_uri;
mod request;
mod scope;
mod token;

pub use client::{AuthMethod, Client, ClientStatus, GrantType, Metadata, WebUri};
pub use error::{ErrorCode, OauthError};
pub use pkce::{BadPkce, Challenge, Verifier};
pub use redirect_uri::{BadRedirectUri, RedirectUri};
pub use request::{AuthorizationRequest, BadOpaque, Opaque, Prompt};
pub use scope::{BadScope, Scope, ScopeSet};
pub use token::{AccessToken, Code, Grant, RefreshToken};
