//! What tests are made of: a whole bank over real TLS, a clock that can be moved, an app, a customer at a browser.
//!
//! A development dependency only. Nothing here is reachable from a release build, and nothing here goes round the front door:
//! tests speak HTTPS, as an app and a browser do.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot be set up must stop")]

mod answer;
mod app;
mod bank;
mod browser;
mod clock;
pub mod fapi;
mod fetch;
mod forge;
mod html;
mod keys;
mod lent_key;
mod lodged;
mod logo;
mod mail_server;
mod mailbox;
mod node;
mod one_answer;
mod outside;
mod pki;
pub mod postgres;
mod random;
mod receiver;
mod redis;
mod refusal;
mod rows;
mod serve;
mod standing;
mod watch;
mod wire;

pub use answer::Answer;
pub use app::{App, Presence, Tokens, Wanted};
pub use bank::{Engine, TestBank, example_folder};
pub use browser::{Browser, Page};
pub use clock::ManualClock;
pub use fetch::KeyServer;
pub use forge::{Defect, Draft, Signer, forge, random_text, with_private_part};
pub use html::Form;
pub use keys::{Purpose, TestKey};
pub use lodged::{Intent, IntentKind, intent_claims};
pub use logo::LogoServer;
pub use mail_server::{MailServer, MailTrouble, TakenMail};
pub use mailbox::{Mail, MailManner, Mailbox};
pub use node::Node;
pub use outside::https_client;
pub use pki::{Authority, ClientCertificate, Life, San, Subject};
pub use random::SeededRandom;
pub use receiver::{Manner, Received, Receiver};
pub use redis::RedisServer;
pub use refusal::refusal;
pub use wire::Wire;
