//! Over a modem on a UART, blocking, from a main loop: AT commands open a TCP connection in
//! transparent mode, and then the UART is the transport.
//!
//! The commands are those of SIMCom's modules, such as the SIM800; others have the same under other
//! names. The modem is to be registered and attached already (`AT+CSTT`, `AT+CIICR`, `AT+CIFSR`).
//!
//! The UART has to keep what comes while nobody reads, by an interrupt or DMA into a ring
//! (`BufferedUart` in embassy's HALs), and to say so by `ReadReady`. Wire RTS and CTS: there is no
//! other way to slow a modem down.

use core::task::Poll;

use embedded_io::{Read, ReadReady, Write};
use mqtt_session::{Duration, Event, Instant};
use transport_embedded::{Client, Clock, Step};

use crate::thermostat::{self, Tables};

/// How long a command may take.
const COMMAND: Duration = Duration::from_secs(5);
/// How long the network may take to open a connection.
const OPEN: Duration = Duration::from_secs(75);
/// The silence around `+++`, by which the modem knows it from data.
const GUARD: Duration = Duration::from_millis(1100);
/// The longest line that is understood.
const LINE: usize = 64;

/// What went wrong between us and the modem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error<E> {
    /// The UART failed.
    Uart(E),
    /// The modem said `ERROR`, or could not connect.
    Refused,
    /// The modem said nothing that was expected in time.
    TimedOut,
}

impl<E> From<E> for Error<E> {
    fn from(error: E) -> Self {
        Self::Uart(error)
    }
}

/// A modem: its UART, the clock, and what to do while there is nothing to do.
#[derive(Debug)]
pub struct Modem<U, C, I> {
    /// Has buffers of its own; see the module.
    pub uart: U,
    /// Tells the time.
    pub clock: C,
    /// Called while nothing has come: let the core sleep until an interrupt (`wfi`), with one
    /// every few milliseconds, by the system timer.
    pub idle: I,
}

impl<U: Read + ReadReady + Write, C: Clock, I: FnMut()> Modem<U, C, I> {
    /// Connects, again and again, until the device was told to stop. The main loop.
    pub fn run(&mut self, client: &mut Client<'_, Tables, C>, host: &str, port: &str) {
        loop {
            if self.open(host, port).is_ok() {
                self.serve(client);
                // Whatever went wrong, `open` begins from scratch.
                let _ = self.hang_up();
            } else {
                client.connect_failed();
            }
            while !matches!(client.poll(), Some((Step::Event(Event::ReconnectDue), _))) {
                if client.session().poll_timeout().is_none() {
                    return; // the device was told to stop
                }
                (self.idle)();
            }
        }
    }

    fn serve(&mut self, client: &mut Client<'_, Tables, C>) {
        let Ok(mut connection) = client.connect(&mut self.uart, &thermostat::connect()) else {
            return; // the CONNECT does not fit: a mistake in this program
        };
        loop {
            match connection.poll() {
                Poll::Ready(Ok(Some((step, mut commands)))) => {
                    thermostat::handle(&step, &mut commands);
                }
                // A modem does not say in any other way that the server is gone than by `CLOSED`
                // among the data, which is no packet and ends the connection too.
                Poll::Ready(Ok(None) | Err(_)) => return,
                Poll::Pending => (self.idle)(),
            }
        }
    }

    /// Opens a TCP connection in transparent mode.
    fn open(&mut self, host: &str, port: &str) -> Result<(), Error<U::Error>> {
        if self.command(&["AT"], COMMAND, "OK").is_err() {
            // We were reset, and the modem was not: it takes commands for data.
            self.hang_up()?;
        }
        self.command(&["ATE0"], COMMAND, "OK")?;
        self.command(&["AT+CIPMODE=1"], COMMAND, "OK")?;
        let start = &["AT+CIPSTART=\"TCP\",\"", host, "\",\"", port, "\""];
        // `OK` comes first. From the line end after this on, every byte is the server's.
        self.command(start, OPEN, "CONNECT")
    }

    /// Back to commands, where the connection is closed if it is not already.
    fn hang_up(&mut self) -> Result<(), Error<U::Error>> {
        self.silence()?;
        // The line end is for a modem that is back at commands already: what it took for one, such
        // as a DISCONNECT, is refused, and the next command is not its tail.
        for part in [&b"+++"[..], b"\r\n"] {
            self.uart.write_all(part)?;
            self.uart.flush()?;
            self.silence()?;
        }
        self.command(&["AT+CIPCLOSE"], COMMAND, "CLOSE OK")
    }

    /// Sends nothing for a while, and drops what comes.
    fn silence(&mut self) -> Result<(), Error<U::Error>> {
        let end = self.clock.now() + GUARD;
        while self.byte(end)?.is_some() {}
        Ok(())
    }

    /// Sends a command and waits for the line that says that it worked.
    fn command(
        &mut self,
        parts: &[&str],
        limit: Duration,
        done: &str,
    ) -> Result<(), Error<U::Error>> {
        for part in parts {
            self.uart.write_all(part.as_bytes())?;
        }
        self.uart.write_all(b"\r\n")?;
        self.uart.flush()?;
        let end = self.clock.now() + limit;
        let mut line = [0; LINE];
        let mut length = 0;
        while let Some(byte) = self.byte(end)? {
            if byte != b'\n' {
                // Of a longer line, only that it is none of ours is kept.
                if let Some(slot) = line.get_mut(length) {
                    *slot = byte;
                }
                length += 1;
                continue;
            }
            match line.get(..length).unwrap_or_default().trim_ascii_end() {
                text if text == done.as_bytes() => return Ok(()),
                b"ERROR" | b"CONNECT FAIL" => return Err(Error::Refused),
                _ => length = 0, // an echo, an empty line, news of the network
            }
        }
        Err(Error::TimedOut)
    }

    /// The next byte, or none until `end`.
    fn byte(&mut self, end: Instant) -> Result<Option<u8>, U::Error> {
        loop {
            if self.uart.read_ready()? {
                let mut byte = [0];
                if self.uart.read(&mut byte)? == 1 {
                    return Ok(Some(byte[0]));
                }
            }
            if self.clock.now() >= end {
                return Ok(None);
            }
            (self.idle)();
        }
    }
}
