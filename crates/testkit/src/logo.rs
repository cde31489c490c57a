//! An app's server with a picture that it calls its logo.

use crate::one_answer::OneAnswer;

/// An app's server with one picture, or with what it says is one.
pub struct LogoServer(OneAnswer);

impl LogoServer {
    /// A server that answers with this content type and these bytes.
    pub async fn start(kind: &'static str, bytes: &[u8]) -> Self {
        Self(OneAnswer::start(kind, bytes, "https://127.0.0.1:1/").await)
    }

    /// Where its picture is.
    #[must_use]
    pub fn uri(&self) -> String {
        self.0.uri("/logo.png")
    }

    /// Answers every request in this way from now on.
    ///
    /// # Panics
    /// If there is no such status.
    pub fn answer_with(&self, status: u16, kind: &'static str, bytes: &[u8]) {
        self.0.answer_with(status, kind, bytes);
    }

    /// How often it was asked.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.0.requests()
    }
}
