//! How the program is told to stop: one switch, seen by every listener and background job.
//!
//! Owns the signal handlers. It must never decide what stopping means for a part; each part waits and then ends its own work.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
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

/// The operator's wish that the program ends: SIGTERM from a service manager, or Ctrl-C.
///
/// From its making on, neither ends the program at once.
pub(crate) struct Ending {
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(unix)]
    interrupt: Signal,
}

impl Ending {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system does not let the program handle its signals.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
            #[cfg(unix)]
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the wish.
    ///
    /// # Errors
    /// The system does not let the program handle its signals.
    pub(crate) async fn asked(&mut self) -> io::Result<()> {
        #[cfg(unix)]
        {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
            }
            Ok(())
        }
        #[cfg(not(unix))]
        tokio::signal::ctrl_c().await
    }
}

/// The operator's wish that renewed files are read: SIGHUP, on systems that have it.
///
/// From its making on, none is lost and none ends the program.
pub(crate) struct Renewals {
    #[cfg(unix)]
    hangup: Signal,
}

impl Renewals {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system does not let the program handle its signals.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next wish; false when the program stops instead.
    pub(crate) async fn asked(&mut self, stop: &Stop) -> bool {
        #[cfg(unix)]
        return tokio::select! {
            received = self.hangup.recv() => received.is_some(),
            () = stop.wait() => false,
        };
        #[cfg(not(unix))]
        {
            stop.wait().await;
            false
        }
    }
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
