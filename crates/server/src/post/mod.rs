//! How customers are told what was done in their name: as a letter in a folder, or by e-mail.
//!
//! Makes one message of a receipt, the same each time, so that a repetition can be recognised. It must never put anything into a log
//! that a customer, or a mail server speaking of them, said.

mod file;
mod line;
mod smtp;
#[cfg(test)]
mod tests;

use std::time::{Duration, UNIX_EPOCH};

use lettre::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lombard_auth::{Post, PostError, PostItem, Posting};
use lombard_http::Letterhead;

pub(crate) use file::FilePost;
pub(crate) use smtp::{Login, Security, SmtpPost, SmtpServer};

/// Who writes, and in whose name.
#[derive(Clone, Debug)]
pub(crate) struct Stationery {
    pub(crate) head: Letterhead,
    pub(crate) from: Mailbox,
}

impl Stationery {
    /// The message for a receipt (RFC 5322), and whom it is for.
    ///
    /// # Errors
    /// [`PostError::NoAddress`] if the customer's address is none.
    fn message(&self, item: PostItem<'_>) -> Result<(Message, Address), PostError> {
        let to: Address = item.to.parse().map_err(|_| PostError::NoAddress)?;
        let letter = self.head.write(item.receipt);
        let seconds = u64::try_from(item.receipt.at.seconds()).unwrap_or(0);
        // The moment of what it tells of, which is the same each time.
        let date = UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH);
        let message = Message::builder()
            .message_id(Some(format!("<{}@{}>", item.receipt.id, self.from.email.domain())))
            .date(date)
            .from(self.from.clone())
            .to(Mailbox::from(to.clone()))
            .subject(letter.subject)
            // RFC 3834 5: nobody's holiday is to be answered to it.
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.replace('\n', "\r\n"))
            .map_err(|error| PostError::Never(format!("no message can be made: {error}")))?;
        Ok((message, to))
    }
}

/// Leaves the sending to the server: for operators' commands, which write receipts and end.
pub(crate) struct LeftToServer;

impl Post for LeftToServer {
    fn send<'a>(&'a self, _: PostItem<'a>) -> Posting<'a> {
        Box::pin(async { Err(PostError::Later("this program sends nothing".to_owned())) })
    }
}
