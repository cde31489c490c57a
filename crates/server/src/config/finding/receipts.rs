//! What is unfit in how customers are told.

use super::{Environment, Findings};
use crate::config::{Config, ReceiptSender};

impl Config {
    pub(super) fn check_receipts(&self, found: &mut Findings, environment: &Environment) {
        if self.receipts.sender == ReceiptSender::None {
            found.warn(
                "receipts.sender",
                "customers are told neither of a sign-in in a new browser nor of a new consent; use \"smtp\" or \"file\""
                    .to_owned(),
            );
        }
        for (key, text) in self.receipts.unusable(environment) {
            found.refuse(key, text);
        }
        if let Some(file) = &self.receipts.smtp_password_file {
            found.must_be_private("receipts.smtp_password_file", file);
        }
    }
}
