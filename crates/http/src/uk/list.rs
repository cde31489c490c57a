//! What handlers of lists that are in order of account and identifier take from a call.

use axum::extract::FromRequestParts;
use http::request::Parts;
use lombard_auth::Door;
use lombard_bank::{ListQuery, Page, Reach};
use lombard_domain::permission::Right;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::envelope::Links;
use super::error::Problem;
use super::query::{self, ListFilters, Listing};
use crate::app::App;
use crate::parts::interaction::InteractionId;
use crate::parts::peer::At;

/// Which page of a list a call asks for, and what its answer needs to know of the call.
///
/// In a handler it stands behind the right to read: whoever may not read learns nothing about their query.
pub(super) struct Asked {
    filters: ListFilters,
    door: Door,
    id: InteractionId,
}

impl FromRequestParts<App> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Ok(id) = InteractionId::from_request_parts(parts, app).await;
        let At(door) = At::of(parts);
        match ListFilters::read(&parts.uri) {
            Ok(filters) => Ok(Self { filters, door, id }),
            Err(problem) => Err(problem.with_id(id.as_str())),
        }
    }
}

impl Asked {
    /// What the bank is asked for.
    pub(super) fn query(&self) -> ListQuery {
        self.filters.query()
    }

    /// The list whose name ends the path.
    pub(super) fn list<R: Right>(&self, app: &App, reach: &Reach<'_, R>, name: &str) -> Listing {
        Listing::of(app, self.door, reach, name)
    }

    /// The links of the page that came.
    pub(super) fn links<T>(&self, list: &Listing, page: &Page<T>) -> Links {
        self.filters.links(list, page)
    }

    /// What the bank could not answer.
    pub(super) fn failed(&self, error: lombard_bank::Error) -> Problem {
        Problem::from(error).with_id(self.id.as_str())
    }
}

impl IntoParams for Asked {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![query::page_parameter(PAGE_MAX)]
    }
}

/// Characters of the longest name of a page.
const PAGE_MAX: usize = 44;
