//! The device on a modem that is played by the test: a SIM800, as far as the device sees it.

mod common;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use common::Server;
use embedded_io::{ErrorKind, ErrorType};
use mqtt_session::Instant;
use transport_embedded::{Client, Clock};
use transports::modem::Modem;
use transports::thermostat::Memory;

/// Milliseconds from the application's point of view.
#[derive(Clone)]
struct Time(Rc<RefCell<Played>>);

impl Clock for Time {
    fn now(&self) -> Instant {
        Instant::from_millis(self.0.borrow().now)
    }
}

/// The modem, and the world that it is in.
struct Played {
    server: Server,
    now: u64,
    /// When the device wrote last.
    written: u64,
    /// Transparent: what comes is data.
    data: bool,
    /// Connected, transparent or not.
    connected: bool,
    /// How many connections were asked for.
    opened: u32,
    line: Vec<u8>,
    /// What the device has not read yet.
    output: VecDeque<u8>,
    /// Every command, in order.
    commands: Vec<String>,
}

impl Played {
    fn say(&mut self, line: &str) {
        self.output.extend(b"\r\n");
        self.output.extend(line.as_bytes());
        self.output.extend(b"\r\n");
    }

    fn command(&mut self, command: &str) {
        // Whatever else comes is data that missed its connection, or the end of a line of it.
        if command.starts_with("AT") {
            self.commands.push(command.to_owned());
        }
        match command {
            "" => {}
            "AT" | "ATE0" | "AT+CIPMODE=1" => self.say("OK"),
            "AT+CIPSTART=\"TCP\",\"broker.example\",\"1883\"" => {
                self.opened += 1;
                self.say("OK");
                if self.opened == 1 {
                    self.say("STATE: IP CLOSED");
                    self.say("CONNECT FAIL");
                } else {
                    self.say("CONNECT");
                    self.server.open();
                    (self.data, self.connected) = (true, true);
                }
            }
            "AT+CIPCLOSE" if self.connected => {
                self.server.close();
                self.connected = false;
                self.say("CLOSE OK");
            }
            _ => self.say("ERROR"),
        }
    }

    fn data(&mut self, bytes: &[u8]) {
        // The second connection is lost as soon as the device has said something.
        if self.opened == 2 {
            self.server.close();
            (self.data, self.connected) = (false, false);
            return self.say("CLOSED");
        }
        self.server.handle_input(bytes);
        let mut buf = [0; 64];
        loop {
            let count = self.server.poll_transmit(&mut buf);
            if count == 0 {
                return;
            }
            self.output.extend(&buf[..count]);
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        let silent = self.now - self.written >= 1000;
        self.written = self.now;
        if self.data && silent && bytes == b"+++" {
            self.data = false;
            return self.say("OK");
        }
        if self.data {
            return self.data(bytes);
        }
        for &byte in bytes {
            match byte {
                b'\n' => {
                    let line = std::mem::take(&mut self.line);
                    self.command(String::from_utf8_lossy(&line).trim_end());
                }
                _ => self.line.push(byte),
            }
        }
    }
}

/// The device's end of the UART.
struct Uart(Rc<RefCell<Played>>);

impl ErrorType for Uart {
    type Error = ErrorKind;
}

impl embedded_io::Read for Uart {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        let output = &mut self.0.borrow_mut().output;
        let count = buf.len().min(output.len());
        assert_ne!(count, 0, "it would block");
        for (slot, byte) in buf.iter_mut().zip(output.drain(..count)) {
            *slot = byte;
        }
        Ok(count)
    }
}

impl embedded_io::ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        Ok(!self.0.borrow().output.is_empty())
    }
}

impl embedded_io::Write for Uart {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        self.0.borrow_mut().write(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

#[test]
fn is_set_and_turned_off() {
    let world = Rc::new(RefCell::new(Played {
        server: Server::start(),
        now: 0,
        written: 0,
        data: true, // the device was reset, the modem was not
        connected: true,
        opened: 0,
        line: Vec::new(),
        output: VecDeque::new(),
        commands: Vec::new(),
    }));
    let mut memory = Memory::new(7);
    let mut client = Client::new(
        &mut memory.session,
        Time(world.clone()),
        memory.buffers.buffers(),
    );
    let mut modem = Modem {
        uart: Uart(world.clone()),
        clock: Time(world.clone()),
        idle: || {
            let now = &mut world.borrow_mut().now;
            *now += 10;
            assert!(*now < 3_600_000, "does not end");
        },
    };
    modem.run(&mut client, "broker.example", "1883");

    let world = world.borrow();
    assert_eq!(world.server.states, ["21.5"]);
    assert!(!world.server.has_device());
    assert!(!world.connected);
    let open = [
        "ATE0",
        "AT+CIPMODE=1",
        "AT+CIPSTART=\"TCP\",\"broker.example\",\"1883\"",
    ];
    let expected = [
        &["AT+CIPCLOSE"][..], // of the connection that was left
        &open,                // refused
        &["AT"],
        &open, // lost
        &["AT+CIPCLOSE", "AT"],
        &open,
        &["AT+CIPCLOSE"],
    ];
    assert_eq!(world.commands, expected.concat());
}
