use mqtt_proto::Connect;
use mqtt_session::{ConnectError, Event, Session, State, Storage};

use crate::link::{Link, completed};
use crate::{Buffers, Clock, Commands, Connection, Step, Timer};

/// A session with the memory and the clock that its connections need. Lives as long as the
/// device; connections come and go.
///
/// Without a transport type: `Client<'static, Inline<2048, 8, 4>, EmbassyClock>` is a name that
/// a `static` can have and a task can take.
#[derive(Debug)]
pub struct Client<'b, S: Storage, C> {
    session: &'b mut Session<S>,
    clock: C,
    buffers: Buffers<'b>,
}

impl<'b, S: Storage, C: Clock> Client<'b, S, C> {
    /// A client without a connection.
    pub fn new(session: &'b mut Session<S>, clock: C, buffers: Buffers<'b>) -> Self {
        Self {
            session,
            clock,
            buffers,
        }
    }

    /// The session, for its getters.
    #[must_use]
    pub fn session(&self) -> &Session<S> {
        self.session
    }

    /// Publish, subscribe and the like, with or without a connection.
    pub fn commands(&mut self) -> Commands<'_, S, C> {
        Commands {
            session: self.session,
            clock: &self.clock,
        }
    }

    /// Begins an MQTT connection over a transport that was just opened, asynchronous or blocking.
    /// Does not wait: the first call of [`Connection::next`] or [`Connection::poll`] sends the
    /// CONNECT.
    ///
    /// Pass `&mut transport` to keep the transport, for instance to close it in its own way.
    ///
    /// # Errors
    /// The CONNECT does not fit [`Buffers::transmit`], or does not fit the session.
    #[inline(never)]
    pub fn connect<T>(
        &mut self,
        transport: T,
        connect: &Connect<'_>,
    ) -> Result<Connection<'_, S, C, T>, ConnectError> {
        let now = self.clock.now();
        if self.session.state() != State::Disconnected {
            // A connection that was forgotten (`mem::forget`) instead of dropped.
            let _ = self.session.handle_close(now);
        }
        let Buffers {
            receive,
            scratch,
            transmit,
        } = &mut self.buffers;
        let (count, reader) = self.session.connect(now, connect, transmit, scratch)?;
        Ok(Connection {
            commands: Commands {
                session: self.session,
                clock: &self.clock,
            },
            link: Link::new(reader, receive, transmit, count),
            transport,
        })
    }

    /// Tells the session that a transport could not be opened: its reconnect policy counts that
    /// as an attempt.
    pub fn connect_failed(&mut self) {
        // There was no connection, so there is no event that speaks of its end.
        let _ = self.session.handle_close(self.clock.now());
    }

    /// What happens while there is no connection, if it has happened: a completion, or
    /// [`Event::ReconnectDue`]. Does not wait.
    pub fn poll(&mut self) -> Option<(Step<'static>, Commands<'_, S, C>)> {
        let step = self.step()?;
        Some((step, self.commands()))
    }

    fn step(&mut self) -> Option<Step<'static>> {
        if let Some(step) = completed(self.session) {
            return Some(step);
        }
        let event = self.session.handle_timeout(self.clock.now())?;
        Some(Step::Event(event))
    }
}

impl<S: Storage, C: Timer> Client<'_, S, C> {
    /// Waits while there is no connection for what happens then: a completion, or
    /// [`Event::ReconnectDue`]. `None`: nothing will, because the session was given no reconnect
    /// policy or was disconnected by the application.
    ///
    /// Cancel-safe: what has not been returned is still there.
    pub async fn next(&mut self) -> Option<(Step<'static>, Commands<'_, S, C>)> {
        let step = loop {
            if let Some(step) = self.step() {
                break step;
            }
            self.clock.wait_until(self.session.poll_timeout()?).await;
        };
        Some((step, self.commands()))
    }

    /// Waits until the session's reconnect policy wants the next attempt; completions are dropped
    /// on the way, so use [`next`](Self::next) where they matter. `false`: no attempt is wanted.
    ///
    /// Cancel-safe.
    pub async fn reconnect_due(&mut self) -> bool {
        loop {
            match self.next().await {
                Some((Step::Event(Event::ReconnectDue), _)) => return true,
                Some(_) => {}
                None => return false,
            }
        }
    }
}
