//! How the program is told to stop: one switch, seen by every listener and background job.
//!
//! Owns the signal handlers. It must never decide what stopping means for a part; each part waits and then ends its own work.

use std::io;

use tokio::sync::watch;

/// Turns the stop on; when it is dropped, the stop is on as well.
#[derive(Debug)]
pub(crate) struct Switch(watch::Sender<bool>);

/// What the parts of the program hold to learn that they should end.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

/// Makes a switch and the first of its watchers.
pub(crate) fn pair() -> (Switch, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Switch(sender), Stop(receiver))
}

impl Switch {
    /// Tells every watcher to stop; a second call changes nothing.
    pub(crate) fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Whether the program is stopping.
    pub(crate) fn is_on(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Waits until the program is told to stop.
    pub(crate) async fn wait(&self) {
        // An error means that the switch is gone, which is a stop too.
        let _ = self.0.clone().wait_for(|on| *on).await;
    }
}

/// Waits for the operator: SIGTERM from a service manager, or Ctrl-C.
///
/// # Errors
/// The system does not let the program handle its signals.
pub(crate) async fn asked_by_operator() -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(())
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

/// Waits for SIGHUP; false when the program stops instead, or the system has no such signal.
pub(crate) async fn hung_up(stop: &Stop) -> bool {
    #[cfg(unix)]
    if let Ok(mut hangup) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()) {
        return tokio::select! {
            received = hangup.recv() => received.is_some(),
            () = stop.wait() => false,
        };
    }
    stop.wait().await;
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn is_seen_by_watchers_made_before_and_after() {
        let (switch, stop) = pair();
        let early = stop.clone();
        assert!(!stop.is_on());
        switch.stop();
        early.wait().await;
        stop.clone().wait().await;
        assert!(stop.is_on());
    }

    #[tokio::test]
    async fn a_switch_that_is_gone_is_a_stop() {
        let (switch, stop) = pair();
        drop(switch);
        stop.wait().await;
        assert!(stop.is_on());
    }
}
