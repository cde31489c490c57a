//! Where the letters of a bank under test arrive, written with the words that its customers would read.

use std::sync::{Arc, Mutex, PoisonError};

use lombard_auth::{Post, PostError, PostItem, Posting};
use lombard_domain::receipt::Receipt;
use lombard_http::{Letter, Letterhead};

/// All letters of a bank.
#[derive(Clone)]
pub struct Mailbox {
    shared: Arc<Shared>,
}

struct Shared {
    head: Letterhead,
    manner: Mutex<MailManner>,
    mail: Mutex<Vec<Mail>>,
}

/// A letter that arrived.
#[derive(Clone, Debug)]
pub struct Mail {
    /// To whom.
    pub to: String,
    /// What it tells of.
    pub receipt: Receipt,
    /// Its words.
    pub letter: Letter,
}

/// What becomes of letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailManner {
    /// They arrive, and are confirmed.
    Taken,
    /// They arrive, and nobody ever says so.
    Unconfirmed,
    /// They do not arrive now.
    Later,
    /// They never arrive.
    Never,
}

impl Mailbox {
    /// An empty one of the bank at this address.
    pub(crate) fn new(issuer: &str) -> Self {
        let contact = Some("+44 20 7946 0000".to_owned());
        let head = Letterhead { bank_name: "Test bank".to_owned(), issuer: issuer.to_owned(), contact };
        let manner = Mutex::new(MailManner::Taken);
        Self { shared: Arc::new(Shared { head, manner, mail: Mutex::default() }) }
    }

    /// Deals with letters in this way from now on.
    pub fn behaves(&self, manner: MailManner) {
        *self.shared.manner.lock().unwrap_or_else(PoisonError::into_inner) = manner;
    }

    /// All letters that arrived, in the order in which they did.
    #[must_use]
    pub fn mail(&self) -> Vec<Mail> {
        self.shared.mail.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, item: PostItem<'_>) {
        let mail = Mail {
            to: item.to.to_owned(),
            receipt: item.receipt.clone(),
            letter: self.shared.head.write(item.receipt),
        };
        self.shared.mail.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
    }
}

impl Post for Mailbox {
    fn send<'a>(&'a self, item: PostItem<'a>) -> Posting<'a> {
        Box::pin(async move {
            let manner = *self.shared.manner.lock().unwrap_or_else(PoisonError::into_inner);
            match manner {
                MailManner::Later => Err(PostError::Later("not now".to_owned())),
                MailManner::Never => Err(PostError::Never("never".to_owned())),
                MailManner::Taken => {
                    self.keep(item);
                    Ok(())
                }
                MailManner::Unconfirmed => {
                    self.keep(item);
                    std::future::pending().await
                }
            }
        })
    }
}
