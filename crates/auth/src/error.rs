//! Why a use case did not succeed, by what the caller must do about it.

use lombard_domain::oauth::{ErrorCode, OauthError};

/// The result of a use case.
pub type Result<T> = std::result::Result<T, Error>;

/// A use case that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Too much is going on; a repetition may succeed, nothing was changed.
    #[error("too busy")]
    Busy,
    /// Something of ours is broken.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Too many calls; nothing was changed.
    #[error(transparent)]
    Limited(#[from] crate::limit::Limited),
    /// The app must be told.
    #[error(transparent)]
    Oauth(#[from] OauthError),
}

impl Error {
    /// An error that the app must be told.
    pub(crate) fn oauth(code: ErrorCode, description: &'static str) -> Self {
        Self::Oauth(OauthError::new(code, description))
    }

    /// Something of ours that is broken.
    pub(crate) fn internal(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Internal(Box::new(error))
    }
}

impl From<lombard_store::Error> for Error {
    fn from(error: lombard_store::Error) -> Self {
        if error.is_transient() {
            tracing::warn!(error = %chain(&error), "the database could not do it now");
            return Self::Busy;
        }
        Self::internal(error)
    }
}

/// An error and everything that it came from, in one line for the log.
#[must_use]
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let sources = std::iter::successors(error.source(), |source| source.source());
    sources.fold(error.to_string(), |line, source| format!("{line}: {source}"))
}

impl From<crate::jose::JoseError> for Error {
    /// Only signing fails this way; what others signed is checked where it comes in.
    fn from(error: crate::jose::JoseError) -> Self {
        Self::internal(error)
    }
}
