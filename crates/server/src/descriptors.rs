//! File descriptors: every connection needs one, and the system gives a process only so many.
//!
//! The soft limit is raised to the hard one, which needs no right. What still does not fit is cut off the cap on connections, so
//! that the server refuses newcomers in good order instead of failing at whatever it opens next.

/// Makes room for so many connections; gives how many there is room for.
pub(crate) fn make_room(connections: usize) -> usize {
    let Some(limit) = raised() else { return connections };
    let fitting = fitting(connections, limit);
    if fitting < connections {
        tracing::warn!(
            max_connections = connections,
            descriptors = limit,
            used = fitting,
            "the system allows too few file descriptors for max_connections; raise its limit (ulimit -Hn, LimitNOFILE)"
        );
    }
    fitting
}

/// Connections that leave enough descriptors for everything else.
fn fitting(connections: usize, descriptors: u64) -> usize {
    let room = descriptors.saturating_sub(RESERVED).max(descriptors / 2).max(1);
    connections.min(usize::try_from(room).unwrap_or(usize::MAX))
}

/// The limit of this process after it was raised as far as it can be; `None` if there is none.
#[cfg(unix)]
fn raised() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limits = getrlimit(Resource::Nofile);
    if limits.current != limits.maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limits.maximum, maximum: limits.maximum })
    {
        // Some systems name a hard limit that they do not grant.
        tracing::warn!(%error, "the limit of file descriptors could not be raised");
    }
    getrlimit(Resource::Nofile).current
}

#[cfg(not(unix))]
fn raised() -> Option<u64> {
    None
}

/// Descriptors for the database, files, calls to others and the operators' socket.
const RESERVED: u64 = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_descriptors_for_the_rest() {
        for (connections, descriptors, expected) in [
            (16_384, 20_000, 16_384),
            (16_384, 17_408, 16_384),
            (16_384, 10_000, 8_976),
            (16_384, 1_024, 512),
            (100, 1_024, 100),
            (16_384, 0, 1),
        ] {
            assert_eq!(fitting(connections, descriptors), expected, "{connections} of {descriptors}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn raises_the_soft_limit_to_the_hard_one() {
        use rustix::process::{Resource, getrlimit};
        let limit = raised();
        let limits = getrlimit(Resource::Nofile);
        assert_eq!((limits.current, limit), (limits.maximum, limits.maximum));
    }
}
