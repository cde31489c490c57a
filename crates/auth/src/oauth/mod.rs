//! The endpoints of OAuth 2.0 and OpenID Connect, as use cases.

pub mod authorize;
pub mod discovery;
pub mod grant_management;
mod introspect;
mod params;
mod revoke;
pub mod token;

pub use introspect::Introspection;
pub use params::Params;
