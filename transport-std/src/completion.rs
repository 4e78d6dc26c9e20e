use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::shared::Shared;
use crate::{DisconnectError, PublishError, SubscribeError, UnsubscribeError};

/// A value that one thread gives once and others wait for.
pub(crate) struct Cell<T> {
    value: Mutex<Option<T>>,
    given: Condvar,
    shared: Arc<Shared>,
}

impl<T: Clone> Cell<T> {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            value: Mutex::new(None),
            given: Condvar::new(),
            shared,
        }
    }

    /// Gives the value. Only the first one counts.
    pub(crate) fn give(&self, value: T) {
        let mut slot = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_some() {
            return;
        }
        *slot = Some(value);
        drop(slot);
        self.given.notify_all();
    }

    /// The value if it is there. To ask is not to wait.
    pub(crate) fn get(&self) -> Option<T> {
        let slot = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        slot.clone()
    }

    pub(crate) fn wait(&self) -> T {
        let mut slot = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        let _want = slot.is_none().then(|| self.shared.wanted.want());
        loop {
            if let Some(value) = &*slot {
                return value.clone();
            }
            slot = self
                .given
                .wait(slot)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(crate) fn wait_timeout(&self, timeout: Duration) -> Option<T> {
        let slot = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        let _want = slot.is_none().then(|| self.shared.wanted.want());
        let (slot, _) = self
            .given
            .wait_timeout_while(slot, timeout, |slot| slot.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        slot.clone()
    }
}

/// The duty to give a value: dropped without, it gives "the client is closed", so that no
/// outcome is ever silent.
pub(crate) struct Promise<T: Clone, E: Clone + Closed> {
    cell: Arc<Cell<Result<T, E>>>,
}

/// An error that says that the client is closed.
pub(crate) trait Closed {
    const CLOSED: Self;
}

impl<T: Clone, E: Clone + Closed> Promise<T, E> {
    /// A promise and the cell that it will fill.
    pub(crate) fn new(shared: &Arc<Shared>) -> (Self, Arc<Cell<Result<T, E>>>) {
        let cell = Arc::new(Cell::new(Arc::clone(shared)));
        (
            Self {
                cell: Arc::clone(&cell),
            },
            cell,
        )
    }

    pub(crate) fn give(self, value: Result<T, E>) {
        self.cell.give(value);
    }
}

impl<T: Clone, E: Clone + Closed> Drop for Promise<T, E> {
    fn drop(&mut self) {
        self.cell.give(Err(E::CLOSED));
    }
}

impl Closed for PublishError {
    const CLOSED: Self = Self::Closed;
}

impl Closed for SubscribeError {
    const CLOSED: Self = Self::Closed;
}

impl Closed for UnsubscribeError {
    const CLOSED: Self = Self::Closed;
}

impl Closed for DisconnectError {
    const CLOSED: Self = Self::Closed;
}
