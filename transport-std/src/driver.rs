//! The loop that moves bytes, time, commands and events between a transport, a clock, the user
//! and the session. It knows no protocol.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use mqtt_proto::ReasonCode;
use mqtt_session::{Event, Instant};
use smol::Timer;
use smol::channel::Receiver;
use smol::io::{AsyncRead, AsyncWrite};
use smol::stream::Stream;

use crate::clock::Clock;
use crate::command::Command;
use crate::connection::{Connection, Output};
use crate::engine::{Ended, Engine};
use crate::inbound::Inbound;
use crate::tap::Tapped;
use crate::tcp::Transport;
use crate::{ConnectError, ConnectionLost, OptionsError};

/// The largest packet, or part of a PUBLISH before its payload, that is taken, in bytes: a topic of the largest size, and as much again for properties.
const SCRATCH: usize = 128 << 10;

pub(crate) struct Driver {
    engine: Engine,
    commands: Pin<Box<Receiver<Command>>>,
    clock: Clock,
    alarm: Alarm,
}

/// What ended the time without a connection.
enum Offline<T> {
    /// What was waited for.
    Done(T),
    ReconnectDue,
    Closing,
}

impl Driver {
    pub(crate) fn new(engine: Engine, commands: Receiver<Command>) -> Self {
        Self {
            engine,
            commands: Box::pin(commands),
            clock: Clock::start(),
            alarm: Alarm {
                timer: Timer::never(),
                armed: None,
            },
        }
    }

    /// Runs until the user is done, or until a connection cannot be had: the first, with `once`,
    /// or any where reconnecting is off.
    pub(crate) async fn run(mut self, transport: impl Transport, once: bool) {
        let error = self.connections(transport, once).await;
        // From here on no command is taken; those that are there say so when dropped.
        self.commands.close();
        while self.commands.try_recv().is_ok() {}
        self.engine.close(error);
    }

    async fn connections(&mut self, transport: impl Transport, once: bool) -> Option<ConnectError> {
        let mut first = true;
        let mut retry = false;
        loop {
            self.engine.attempt += 1;
            if retry {
                // The first attempt of all was none to connect again.
                let again = self.engine.attempt - u32::from(first);
                self.engine.reconnecting(again);
            }
            retry = true;
            let told = once && first;
            let error = match self.offline(transport.open()).await {
                Offline::Closing | Offline::ReconnectDue => return None,
                Offline::Done(Err(error)) => {
                    self.closed();
                    self.engine.not_connected(told, error.clone());
                    error
                }
                Offline::Done(Ok(stream)) => {
                    let ended = match self.serve(stream, first).await {
                        Ok(ended) => ended,
                        Err(error) => return Some(ConnectError::Options(error)),
                    };
                    first &= !self.engine.shared.link.is_connected();
                    self.engine.ended(told && first, ended)?
                }
            };
            if (once && first) || self.engine.options.reconnect.is_none() {
                return Some(error);
            }
            if let Offline::Closing = self.offline(std::future::pending::<()>()).await {
                return None;
            }
        }
    }

    /// Waits for `work`, or until it is time to reconnect, while there is no connection.
    async fn offline<T>(&mut self, work: impl Future<Output = T>) -> Offline<T> {
        let mut work = pin!(work);
        loop {
            let now = self.clock.now();
            self.take_commands(now);
            while let Some(event) = self.engine.session.handle_timeout(now) {
                if let Event::ReconnectDue = event {
                    return Offline::ReconnectDue;
                }
            }
            self.engine.completions();
            self.engine.retry(now);
            if self.engine.is_closing(now) {
                return Offline::Closing;
            }
            let deadline = self.engine.deadline();
            let mut command = None;
            let done = poll_fn(|cx| {
                if let Poll::Ready(done) = work.as_mut().poll(cx) {
                    return Poll::Ready(Some(done));
                }
                if let Poll::Ready(Some(next)) = self.commands.as_mut().poll_next(cx) {
                    command = Some(next);
                    return Poll::Ready(None);
                }
                self.alarm.poll(cx, self.clock, deadline).map(|()| None)
            })
            .await;
            if let Some(command) = command {
                self.engine.command(self.clock.now(), command);
            }
            if let Some(done) = done {
                return Offline::Done(done);
            }
        }
    }

    /// Serves one Network Connection from CONNECT to its end.
    async fn serve(
        &mut self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        first: bool,
    ) -> Result<Ended, OptionsError> {
        let stream = Tapped::new(stream, self.engine.options.hooks.wire.clone());
        let mut scratch = vec![0; SCRATCH];
        let mut output = Output::new();
        let reader = self
            .engine
            .connect(self.clock.now(), first, &mut output, &mut scratch)?;
        let inbound = Inbound::new(self.engine.options.maximum_packet_size);
        let mut connection = Connection::new(stream, reader, inbound, output);
        loop {
            let now = self.clock.now();
            self.take_commands(now);
            let mut ended = connection.take_input(&mut self.engine, now);
            while ended.is_none()
                && let Some(event) = self.engine.session.handle_timeout(now)
            {
                ended = self.engine.event(event, &mut connection.inbound);
            }
            self.engine.retry(now);
            connection.fill_output(&mut self.engine, now);
            let over = connection.output.is_empty() || self.engine.is_overdue(now);
            if ended.is_none() && self.engine.is_closing(now) && over {
                // An error says that there is nobody to say goodbye to.
                let _ = self
                    .engine
                    .session
                    .disconnect(now, ReasonCode::Success, None);
                ended = Some(Ended::Requested);
            }
            if let Some(ended) = ended {
                // [MQTT-3.14.4-2]
                connection.farewell(&mut self.engine, now).await;
                self.closed();
                return Ok(ended);
            }
            if connection.is_unblocked() {
                continue;
            }
            if let Err(lost) = self.wait(&mut connection, now).await {
                return Ok(self.closed().filter(|_| lost.is_none()).unwrap_or_else(|| {
                    Ended::Lost(lost.map_or(ConnectionLost::Closed, |error| {
                        ConnectionLost::Io(Arc::new(error))
                    }))
                }));
            }
        }
    }

    /// Waits until there is something to do. `Err`: the transport is closed, with or without an error.
    async fn wait(
        &mut self,
        connection: &mut Connection<'_, impl AsyncRead + AsyncWrite + Unpin>,
        now: Instant,
    ) -> Result<(), Option<io::Error>> {
        let reading = self.engine.is_reading(now);
        let deadline = self.engine.deadline();
        let mut command = None;
        let outcome = poll_fn(|cx| {
            let transport = connection.poll(cx, reading);
            if let Poll::Ready(Some(next)) = self.commands.as_mut().poll_next(cx) {
                command = Some(next);
            }
            let alarm = self.alarm.poll(cx, self.clock, deadline);
            match transport {
                Poll::Pending if command.is_some() || alarm.is_ready() => Poll::Ready(Ok(())),
                transport => transport,
            }
        })
        .await;
        if let Some(command) = command {
            self.engine.command(self.clock.now(), command);
        }
        outcome
    }

    fn take_commands(&mut self, now: Instant) {
        while let Ok(command) = self.commands.try_recv() {
            self.engine.command(now, command);
        }
    }

    /// The transport is closed, or could not be opened. What the session says of it, if it has
    /// not said so before.
    fn closed(&mut self) -> Option<Ended> {
        let ended = match self.engine.session.handle_close(self.clock.now()) {
            Some(Event::Disconnected(disconnected)) => Some(disconnected.into()),
            _ => None,
        };
        self.engine.completions();
        ended
    }
}

/// A timer that is set anew only where it would ring too late.
struct Alarm {
    timer: Timer,
    armed: Option<Instant>,
}

impl Alarm {
    /// Ready at the deadline, or sooner.
    fn poll(&mut self, cx: &mut Context<'_>, clock: Clock, deadline: Option<Instant>) -> Poll<()> {
        let Some(deadline) = deadline else {
            return Poll::Pending;
        };
        if self.armed.is_none_or(|armed| armed > deadline) {
            self.timer.set_after((deadline - clock.now()).into());
            self.armed = Some(deadline);
        }
        Pin::new(&mut self.timer)
            .poll(cx)
            .map(|_| self.armed = None)
    }
}

#[cfg(test)]
mod tests;
