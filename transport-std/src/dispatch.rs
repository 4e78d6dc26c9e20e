//! The callback thread: what the user gave us to call runs here, one at a time, in order.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::{io, thread};

use smol::channel::{Receiver, Sender, unbounded};

use crate::Message;
use crate::route::Delivery;

/// A subscription's callback, or the default handler.
pub(crate) type Callback = Arc<Mutex<dyn FnMut(Message) + Send>>;

/// One call into the user's code.
pub(crate) enum Job {
    Deliver {
        callback: Callback,
        delivery: Delivery,
    },
    Hook(Box<dyn FnOnce() + Send>),
}

/// Starts the thread. It ends when all senders are gone and every job is done, and then calls
/// `finish`.
pub(crate) fn spawn(
    finish: impl FnOnce() + Send + 'static,
) -> io::Result<(Sender<Job>, thread::ThreadId)> {
    let (sender, jobs) = unbounded();
    let thread = thread::Builder::new()
        .name("mqtt-callbacks".to_owned())
        .spawn(move || {
            run(&jobs);
            finish();
        })?;
    Ok((sender, thread.thread().id()))
}

fn run(jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv_blocking() {
        // A callback that panics is the user's fault and must not take the others with it.
        let outcome = catch_unwind(AssertUnwindSafe(|| match job {
            Job::Hook(hook) => hook(),
            Job::Deliver { callback, delivery } => {
                let Delivery {
                    message,
                    ticket,
                    held,
                } = delivery;
                let mut call = callback.lock().unwrap_or_else(PoisonError::into_inner);
                // The callback's from here on: were it counted still, one that waits could wait in vain.
                drop(held);
                call(message);
                // Acknowledged now, not sooner.
                drop(ticket);
            }
        }));
        if outcome.is_err() {
            tracing::error!("a callback panicked; the client goes on");
        }
    }
}
