use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use smol::channel::Sender;

use crate::dispatch::Job;
use crate::shared::Shared;

/// Tells, when the I/O thread ends in whatever way, all that wait for it.
pub(crate) struct Finish {
    pub(crate) shared: Arc<Shared>,
    pub(crate) jobs: Sender<Job>,
}

impl Drop for Finish {
    fn drop(&mut self) {
        self.shared.room.close();
        self.shared.link.close(None);
        // The callback thread does what is there, then ends.
        self.jobs.close();
    }
}

/// Something that happens once.
#[derive(Default)]
pub(crate) struct Latch {
    happened: Mutex<bool>,
    changed: Condvar,
}

impl Latch {
    pub(crate) fn open(&self) {
        *self.happened.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    pub(crate) fn wait_timeout(&self, timeout: Duration) {
        let happened = self.happened.lock().unwrap_or_else(PoisonError::into_inner);
        drop(
            self.changed
                .wait_timeout_while(happened, timeout, |happened| !*happened),
        );
    }
}
