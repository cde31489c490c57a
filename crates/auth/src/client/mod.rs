//! Apps: how they register, prove who they are, and change or end their registration.

mod asked;
mod assertion;
mod authenticate;
mod certificate;
mod credentials;
mod key_cache;
mod keys;
mod metadata;
mod register;
mod statement;

pub use asked::{Asked, Opened};
pub use authenticate::Authenticated;
pub(crate) use authenticate::once;
pub use credentials::Credentials;
pub(crate) use key_cache::KeyCache;
pub(crate) use keys::Signed;
pub use metadata::{BadMetadata, Fields, Standing, Terms};
pub use register::{NewRegistration, Registrar, RegistrationView};
pub use statement::{Judge, Statement};
