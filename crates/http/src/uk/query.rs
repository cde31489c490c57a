//! Query parameters of lists: dates in every form that third parties send, and the place of a page.

use std::str::FromStr;

use http::Uri;
use lombard_auth::Door;
use lombard_auth::oauth::Params;
use lombard_bank::{ListKey, ListQuery, Page, Reach};
use lombard_domain::permission::Right;
use lombard_domain::time::Instant;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::envelope::Links;
use super::error::Problem;
use crate::app::App;
use crate::parts::{body, presence};

/// What is asked of a list that is in order of account and identifier: a page, and nothing narrows it.
#[derive(Clone, Copy)]
pub(super) struct ListFilters {
    page: Option<ListKey>,
}

impl ListFilters {
    /// Reads the page of a link of ours; other parameters are ignored.
    pub(super) fn read(uri: &Uri) -> Result<Self, Problem> {
        Ok(Self { page: page(&query(uri)?)? })
    }

    /// What the bank is asked for.
    pub(super) fn query(self) -> ListQuery {
        ListQuery { page: self.page, ..ListQuery::default() }
    }

    /// The links of the page that came.
    pub(super) fn links<T>(self, list: &Listing, page: &Page<T>) -> Links {
        let at = |key: ListKey| list.address(&[], Some(&key.to_string()));
        Links {
            own: self.page.map_or_else(|| list.address(&[], None), at),
            first: Some(list.address(&[], None)),
            prev: page.prev.map(at),
            next: page.next.map(at),
            last: Some(at(ListKey::LAST)),
        }
    }
}

/// A list that is read: where its pages are found.
pub(super) struct Listing {
    path: String,
    /// What says that its pages belong to one access.
    stamp: Option<String>,
}

impl Listing {
    /// A list of one account or of all accounts of a consent; its name ends the path.
    ///
    /// Lists are made here only, and links to their pages by [`Self::address`] only: what all links must carry because of the right
    /// under which the list is read is taken from `reach` here and put into the query there.
    pub(super) fn of<R: Right>(app: &App, door: Door, reach: &Reach<'_, R>, name: &str) -> Self {
        let path = match reach.account() {
            Some(account) => format!("/accounts/{account}/{name}"),
            None => format!("/{name}"),
        };
        Self { path: address(app, door, &path), stamp: reach.access().link_stamp().map(str::to_owned) }
    }

    /// The address of one of its pages, with the filters that led to it; without a page, of the first.
    pub(super) fn address(&self, filters: &[(&str, &str)], page: Option<&str>) -> String {
        // The first page begins anew: what is read there is another access.
        let stamp = self.stamp.as_deref().filter(|_| page.is_some());
        let pairs = filters.iter().copied().chain(page.map(|page| (PAGE, page)));
        let pairs = pairs.chain(stamp.map(|stamp| (presence::STAMP, stamp)));
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        if query.is_empty() { self.path.clone() } else { format!("{}?{query}", self.path) }
    }
}

/// The address of a resource, absolute, at the listener by which the call came: a token that is bound to a certificate works
/// at that one only.
pub(super) fn address(app: &App, door: Door, path: &str) -> String {
    format!("{}/open-banking/v4.0/aisp{path}", app.auth.policy().base(door))
}

/// The parameters of an address.
pub(super) fn query(uri: &Uri) -> Result<Params, Problem> {
    body::query(uri).map_err(|_| Problem::field("U002", "The query cannot be read", "query"))
}

/// The place of a page, as a link of ours names it.
pub(super) fn page<K: FromStr>(params: &Params) -> Result<Option<K>, Problem> {
    match params.get(PAGE) {
        Ok(None) => Ok(None),
        Ok(Some(text)) => text.parse().map(Some).map_err(|_| Problem::field("U002", "Not a page of this list", PAGE)),
        Err(_) => Err(Problem::field("U002", "The parameter is repeated", PAGE)),
    }
}

/// A date and time, and the text for it in links.
pub(super) fn date_time(params: &Params, name: &'static str) -> Result<(Option<Instant>, Option<String>), Problem> {
    let text = params.get(name).map_err(|_| Problem::field("U003", "The parameter is repeated", name))?;
    let Some(text) = text else { return Ok((None, None)) };
    let instant = Instant::from_iso_8601(text).ok_or_else(|| Problem::field("U003", "Not a date and time", name))?;
    Ok((Some(instant), Some(text.to_owned())))
}

/// The description of the parameter that names a page, in so many characters at most.
pub(super) fn page_parameter(length_max: usize) -> Parameter {
    let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(2)).max_length(Some(length_max));
    let page = ParameterBuilder::new().name(PAGE).parameter_in(ParameterIn::Query).schema(Some(text.build()));
    page.description(Some("A page of this list, as a link of ours names it; without it, the first")).build()
}

/// The parameter that names a page in links of ours.
const PAGE: &str = "page";
