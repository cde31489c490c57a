//! What handlers about statements take from a call: which one is named, or which are asked for.

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use lombard_bank::{StatementKey, StatementQuery};
use lombard_domain::id::StatementId;

use super::dated::{self, Dated};
use super::error::Problem;
use crate::app::App;
use crate::parts::interaction::InteractionId;

/// The statement in a path. In a handler it stands behind the right to read.
pub(super) struct Named(Option<StatementId>);

impl FromRequestParts<App> for Named {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let Ok(params) = RawPathParams::from_request_parts(parts, app).await else { return Ok(Self(None)) };
        let text = params.iter().find(|(name, _)| *name == "statement").map(|(_, text)| text);
        Ok(Self(text.and_then(|text| text.parse().ok())))
    }
}

impl Named {
    /// Its identifier; what cannot be read is a statement that does not exist.
    pub(super) fn id(&self, call: &InteractionId) -> Result<StatementId, Problem> {
        self.0.ok_or_else(|| unknown(call))
    }
}

/// The account has no statement under this name, or none that may be seen: nobody can tell which.
pub(super) fn unknown(call: &InteractionId) -> Problem {
    Problem::unknown("There is no such statement of this account").with_id(call.as_str())
}

/// Statements, narrowed to those that lie wholly in a span of time.
pub(super) enum ByPeriod {}

/// Which statements a call asks for.
pub(super) type Asked = dated::Asked<ByPeriod>;

impl Dated for ByPeriod {
    type Key = StatementKey;
    const LAST: StatementKey = StatementKey::LAST;
    const FROM: (&'static str, &'static str) = ("fromStatementDateTime", "Statements that begin then or later");
    const TO: (&'static str, &'static str) = ("toStatementDateTime", "Statements that end then or earlier");
    const PAGE_MAX: usize = 50;
}

impl Asked {
    /// What the bank is asked for.
    pub(super) fn query(&self) -> StatementQuery {
        StatementQuery { page: self.page, window: self.window, ..StatementQuery::default() }
    }
}
