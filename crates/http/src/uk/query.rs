//! Query parameters of lists: dates in every form that third parties send, and the place of a page.

use std::fmt::Display;
use std::str::FromStr;

use http::Uri;
use lombard_auth::Door;
use lombard_auth::access::LinkStamps;
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
        list.links(&[], Places { own: self.page, prev: page.prev, next: page.next, last: ListKey::LAST })
    }
}

/// A list that is read: where its pages are found.
pub(super) struct Listing {
    path: String,
    /// What says of its links that they belong to one access.
    stamps: Option<LinkStamps>,
}

/// The pages to which a page of a list leads.
#[derive(Clone, Copy)]
pub(super) struct Places<K> {
    /// The page that came; `None` for the first.
    pub(super) own: Option<K>,
    /// The page in front of it.
    pub(super) prev: Option<K>,
    /// The page behind it.
    pub(super) next: Option<K>,
    /// The last.
    pub(super) last: K,
}

impl Listing {
    /// A list of one account or of all accounts of a consent; its name ends the path.
    ///
    /// Lists are made here only, and links to their pages by [`Self::links`] only: what links must carry because of the right under
    /// which the list is read is taken from `reach` here and put into the query there.
    pub(super) fn of<R: Right>(app: &App, door: Door, reach: &Reach<'_, R>, name: &str) -> Self {
        let path = match reach.account() {
            Some(account) => format!("/accounts/{account}/{name}"),
            None => format!("/{name}"),
        };
        Self { path: address(app, door, &path), stamps: reach.access().link_stamps().cloned() }
    }

    /// The links of a page, with the filters that led to it.
    ///
    /// Those that lead on from what was read carry a stamp. Those that begin anew do not: the first page, and the last where the page
    /// that came is the whole list. Of a page at a place for which nobody vouches, which may be anywhere, only the next one does.
    pub(super) fn links<K: Display + Copy>(&self, filters: &[(&str, &str)], places: Places<K>) -> Links {
        let Places { own, prev, next, last } = places;
        let stamps = self.stamps.as_ref();
        let followed = stamps.filter(|stamps| stamps.is_followed());
        let begun = if own.is_none() { stamps } else { followed };
        let is_whole = prev.is_none() && next.is_none();
        let at = |key: K, stamps| self.address(filters, Some(&key.to_string()), stamps);
        let first = self.address(filters, None, None);
        Links {
            own: own.map_or_else(|| first.clone(), |key| at(key, followed)),
            first: Some(first),
            prev: prev.map(|key| at(key, begun)),
            next: next.map(|key| at(key, stamps)),
            last: Some(at(last, begun.filter(|_| !is_whole))),
        }
    }

    /// The address of one of its pages; without a page, of the first.
    fn address(&self, filters: &[(&str, &str)], page: Option<&str>, stamps: Option<&LinkStamps>) -> String {
        let pairs = filters.iter().copied().chain(page.map(|page| (PAGE, page)));
        let query = presence::stamped(pairs, stamps);
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
