//! Laying out documents away from the threads that answer calls: a long one takes so long that everybody else would wait.

use std::sync::Arc;

use lombard_store::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Sheet;

/// Lays out documents, few at once. Cheap to clone; clones share their turns.
#[derive(Clone)]
pub(crate) struct Printer {
    turns: Arc<Semaphore>,
}

/// The right to lay out one document.
pub(crate) struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Printer {
    /// A printer with [`AT_ONCE`] turns.
    pub(crate) fn new() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Waits for a turn. It is taken before a document's entries are read, so that nobody waits with thousands of them in hand.
    pub(crate) async fn turn(&self) -> Turn {
        // Nobody closes the semaphore.
        Turn { _permit: Arc::clone(&self.turns).acquire_owned().await.ok() }
    }
}

impl Turn {
    /// Lays out a document.
    ///
    /// The turn travels with the work: a caller that hangs up does not let another begin before this one has ended.
    ///
    /// # Errors
    /// When the work did not finish.
    pub(crate) async fn print(self, sheet: Sheet) -> Result<Vec<u8>, Error> {
        let printing = tokio::task::spawn_blocking(move || {
            let pdf = sheet.pdf();
            drop(self);
            pdf
        });
        Ok(printing.await?)
    }
}

/// Documents that are laid out at the same time.
const AT_ONCE: usize = 2;

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::super::tests::long_sheet;
    use super::*;

    /// Whether a future is ready when it is asked once.
    fn is_ready<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> bool {
        matches!(future.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(_))
    }

    #[tokio::test]
    async fn a_long_document_does_not_stop_the_thread_that_asks_for_it() {
        let printer = Printer::new();
        let mut printing = pin!(async { printer.turn().await.print(long_sheet()).await });
        assert!(!is_ready(printing.as_mut()), "it was laid out on this thread");
        assert!(printing.await.unwrap().starts_with(b"%PDF"));
    }

    #[tokio::test]
    async fn only_so_many_are_laid_out_at_once_and_each_gives_its_turn_to_the_next() {
        let printer = Printer::new();
        let mut taken = Vec::new();
        for _ in 0..AT_ONCE {
            taken.push(printer.turn().await);
        }
        assert!(!is_ready(pin!(printer.clone().turn())), "one more than there may be");
        assert!(taken.pop().unwrap().print(long_sheet()).await.is_ok());
        assert!(is_ready(pin!(printer.turn())));
    }

    /// Who hangs up does not let others begin before the work has ended.
    #[tokio::test]
    async fn a_turn_lasts_as_long_as_the_work() {
        let printer = Printer::new();
        let _other = printer.turn().await;
        {
            let mut printing = pin!(printer.turn().await.print(long_sheet()));
            assert!(!is_ready(printing.as_mut()));
        }
        assert!(!is_ready(pin!(printer.turn())), "the work goes on");
        printer.turn().await;
    }
}
