//! Apps: how they register, prove who they are, and change or end their registration.

mod assertion;
mod authenticate;
mod certificate;
mod credentials;
mod key_cache;
mod keys;
mod metadata;
mod register;

pub use authenticate::Authenticated;
pub(crate) use authenticate::once;
pub use credentials::Credentials;
pub(crate) use key_cache::KeyCache;
pub(crate) use keys::Signed;
pub use metadata::{Asked, BadMetadata};
pub use register::{NewRegistration, Registrar, RegistrationView};
