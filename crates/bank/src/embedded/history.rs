//! Old data: who asks for what is not open is told so, who asks for nothing in particular gets what is open.
//!
//! What is open follows from how fresh the customer's sign-in is; [`ConsentAccess::history`] says since when. The shade is narrowed
//! by it already: here it is only told apart from what the consent itself does not give, which is left out in silence.

use lombard_auth::access::ConsentAccess;
use lombard_domain::permission::{Right, Window};
use lombard_domain::time::Instant;

use crate::error::{Error, Result};

/// The window that somebody asks for, within what is open.
///
/// # Errors
/// [`Error::HistoryClosed`] if one of its ends lies before what is open.
pub(crate) fn open<R: Right>(access: &ConsentAccess<R>, asked: Window) -> Result<Window> {
    window(access.history(), asked)
}

/// A place that somebody asks for: where a page begins.
///
/// # Errors
/// [`Error::HistoryClosed`] if it lies before what is open.
pub(crate) fn open_at<R: Right>(access: &ConsentAccess<R>, place: Instant) -> Result<()> {
    window(access.history(), Window { from: Some(place), to: None }).map(|_| ())
}

/// Whether something that lasts, such as a statement, lies wholly within what the consent gives.
///
/// # Errors
/// [`Error::HistoryClosed`] if it does, and begins before what is open.
pub(crate) fn open_whole<R: Right>(access: &ConsentAccess<R>, first: Instant, last: Instant) -> Result<bool> {
    whole(access.granted(), access.history(), first, last)
}

fn window(history: Option<Instant>, asked: Window) -> Result<Window> {
    let Some(since) = history else { return Ok(asked) };
    if [asked.from, asked.to].into_iter().flatten().any(|end| end < since) {
        return Err(Error::HistoryClosed { since });
    }
    Ok(asked.intersect(Window { from: Some(since), to: None }))
}

fn whole(granted: Window, history: Option<Instant>, first: Instant, last: Instant) -> Result<bool> {
    if !granted.contains(first) || !granted.contains(last) {
        return Ok(false);
    }
    window(history, Window { from: Some(first), to: Some(last) }).map(|_| true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(seconds)
    }

    fn ends() -> impl Strategy<Value = Option<Instant>> {
        proptest::option::of((0..100_i64).prop_map(at))
    }

    proptest! {
        /// Nothing from before what is open gets through, nothing else is lost, and nobody is refused who did not ask for it.
        #[test]
        fn a_window_holds_what_was_asked_for_and_is_open(from in ends(), to in ends(), since in ends(), place in 0..100_i64) {
            let asked = Window { from, to };
            let place = at(place);
            match window(since, asked) {
                Ok(narrowed) => {
                    prop_assert_eq!(narrowed.contains(place), asked.contains(place) && since.is_none_or(|since| since <= place));
                }
                Err(Error::HistoryClosed { since: told }) => {
                    prop_assert_eq!(Some(told), since);
                    prop_assert!(from.is_some_and(|from| from < told) || to.is_some_and(|to| to < told));
                }
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }

    #[test]
    fn the_border_itself_is_open() {
        for (from, to, allowed) in [
            (None, None, true),
            (Some(50), None, true),
            (Some(49), None, false),
            (Some(49), Some(60), false),
            (None, Some(50), true),
            (None, Some(49), false),
            (Some(60), Some(49), false),
        ] {
            let asked = Window { from: from.map(at), to: to.map(at) };
            assert_eq!(window(Some(at(50)), asked).is_ok(), allowed, "{asked:?}");
            assert_eq!(window(None, asked).ok(), Some(asked));
        }
    }

    #[test]
    fn what_the_consent_never_gave_is_not_there_and_what_is_too_old_is_refused() {
        let granted = Window { from: Some(at(20)), to: Some(at(90)) };
        for (first, last, expected) in [
            (60, 70, Some(true)),
            (50, 90, Some(true)),
            (49, 60, None),
            (20, 30, None),
            (19, 60, Some(false)),
            (60, 91, Some(false)),
        ] {
            assert_eq!(whole(granted, Some(at(50)), at(first), at(last)).ok(), expected, "{first} to {last}");
        }
        assert!(matches!(whole(granted, None, at(20), at(90)), Ok(true)));
    }
}
