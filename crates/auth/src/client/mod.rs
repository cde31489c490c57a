//! Apps: how they register, prove who they are, and change or end their registration.

mod authenticate;
mod key_cache;
mod metadata;
mod register;

pub use authenticate::{Authenticated, Credentials};
pub use metadata::{Asked, BadMetadata};
pub use register::{NewRegistration, Registrar, RegistrationView};
