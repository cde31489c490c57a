//! An app of FAPI 2.0 Security Profile: `private_key_jwt`, DPoP, ES256, pushed requests.
//!
//! Only through the front door, over HTTPS. Its keys are the testkit's; the testkit's own FAPI app is not used, because that one
//! knows a bank inside its own process.

mod app;
mod credentials;
mod flow;
mod supply;

pub(crate) use app::App;
pub(crate) use flow::{FLOW_SIGNATURES, Flows};
pub(crate) use supply::{Signer, Supply};

#[cfg(test)]
mod tests;
