//! Apps: how they register, prove who they are, and change or end their registration.

mod asked;
mod assertion;
mod authenticate;
mod certificate;
mod credentials;
mod identity;
mod key_cache;
mod keys;
mod logo;
mod metadata;
mod picture;
mod register;
mod statement;

pub use asked::{Asked, Opened};
pub use authenticate::Authenticated;
pub(crate) use authenticate::once;
pub use credentials::Credentials;
pub use identity::{AppRules, Identity, Imitated, LookAlikes};
pub(crate) use key_cache::KeyCache;
pub(crate) use keys::Signed;
pub use logo::Fetched;
pub use metadata::{BadMetadata, Fields, Standing, Terms};
pub use picture::{BadPicture, SIDE, redraw};
pub use register::{NewRegistration, Registrar, RegistrationView};
pub use statement::{Judge, Statement};
