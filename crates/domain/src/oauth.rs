//! The records and rules of OAuth 2.0 that need no database, no network and no cryptography.

mod alg;
mod auth_method;
mod binding;
mod client;
mod detail;
mod error;
mod pkce;
mod profile;
mod redirect_uri;
mod request;
mod response_type;
mod scope;
mod software;
mod token;
mod verification;
mod vouched;

pub use alg::Alg;
pub use auth_method::AuthMethod;
pub use binding::{BadThumbprint, Binding, Thumbprint};
pub use client::{ApplicationType, Client, ClientStatus, GrantType, Metadata, WebUri};
pub use detail::{AccountInformation, Action, BadDetails, Details, Lodged};
pub use error::{ErrorCode, OauthError};
pub use pkce::{BadPkce, Challenge, Verifier};
pub use profile::{AssertionAudience, Need, Profile, ResponseMode, Rules};
pub use redirect_uri::{BadRedirectUri, RedirectUri};
pub use request::{AuthorizationRequest, BadOpaque, GrantManagement, Opaque, Prompt};
pub use response_type::ResponseType;
pub use scope::{BadScope, Scope, ScopeSet};
pub use software::{Role, Software};
pub use token::{AccessToken, Code, Grant, RefreshToken};
pub use verification::Verification;
pub use vouched::Vouched;
