//! The Ethernet controller of the LM3S6965, as a device of smoltcp's.

use core::ptr;

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;
use cortex_m_rt::exception;
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;

/// Ethernet header and payload, without the checksum.
const FRAME: usize = 1514;

/// The controller's registers, at `BASE`.
const BASE: usize = 0x4004_8000;
const RIS_IACK: usize = 0x000;
const IM: usize = 0x004;
const RCTL: usize = 0x008;
const TCTL: usize = 0x00C;
const DATA: usize = 0x010;
const IA0: usize = 0x014;
const IA1: usize = 0x018;
const NP: usize = 0x034;
const TR: usize = 0x038;

const INT_RX: u32 = 1;
const RCTL_RXEN: u32 = 1;
const RCTL_RSTFIFO: u32 = 1 << 4;
const TCTL_TXEN: u32 = 1;
const TCTL_PADEN: u32 = 1 << 1;
const TCTL_CRC: u32 = 1 << 2;
const TR_NEWTX: u32 = 1;

#[derive(Clone, Copy)]
struct Irq;

impl Irq {
    const NUMBER: u16 = 42;
}

// SAFETY: 42 is the controller's interrupt in the data sheet of the LM3S6965, and fixed.
unsafe impl InterruptNumber for Irq {
    fn number(self) -> u16 {
        Self::NUMBER
    }
}

/// The controller, with a buffer for one frame each way.
pub struct Ethernet {
    received: [u8; FRAME],
    transmitted: [u8; FRAME],
}

impl Ethernet {
    /// The controller before [`start`](Self::start).
    pub const fn new() -> Self {
        Self {
            received: [0; FRAME],
            transmitted: [0; FRAME],
        }
    }

    /// Starts the controller with this hardware address.
    pub fn start(&mut self, address: [u8; 6]) {
        let [a, b, c, d, e, f] = address;
        write(IA0, u32::from_le_bytes([a, b, c, d]));
        write(IA1, u32::from_le_bytes([e, f, 0, 0]));
        write(RCTL, RCTL_RSTFIFO);
        write(TCTL, TCTL_TXEN | TCTL_PADEN | TCTL_CRC);
        write(RCTL, RCTL_RXEN);
        // SAFETY: the handler below touches nothing but the controller's interrupt mask.
        unsafe { NVIC::unmask(Irq) };
    }

    /// Takes one frame from the controller. One that is longer than Ethernet allows is dropped.
    fn receive_frame(&mut self) -> Option<usize> {
        if read(NP) == 0 {
            return None;
        }
        // The first word: two bytes of length, which count themselves and the checksum, and two of the frame.
        let [low, high, first, second] = read(DATA).to_le_bytes();
        let total = usize::from(u16::from_le_bytes([low, high]));
        let length = total.saturating_sub(6);
        let fits = length <= FRAME;
        let mut put = |at: usize, byte: u8| {
            if let (true, Some(slot)) = (at < length, self.received.get_mut(at)) {
                *slot = byte;
            }
        };
        put(0, first);
        put(1, second);
        let mut at = 2;
        let mut taken = 4;
        while taken < total {
            for byte in read(DATA).to_le_bytes() {
                put(at, byte);
                at += 1;
            }
            taken += 4;
        }
        fits.then_some(length)
    }
}

impl Default for Ethernet {
    fn default() -> Self {
        Self::new()
    }
}

impl Device for Ethernet {
    type RxToken<'a> = Received<'a>;
    type TxToken<'a> = Transmit<'a>;

    fn receive(&mut self, _now: Instant) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        let length = self.receive_frame()?;
        Some((
            Received(self.received.get(..length)?),
            Transmit(&mut self.transmitted),
        ))
    }

    fn transmit(&mut self, _now: Instant) -> Option<Self::TxToken<'_>> {
        (read(TR) & TR_NEWTX == 0).then_some(Transmit(&mut self.transmitted))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = FRAME;
        capabilities.max_burst_size = Some(1);
        capabilities
    }
}

/// A frame that was received.
pub struct Received<'a>(&'a [u8]);

impl RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(self.0)
    }
}

/// Room for a frame to be sent.
pub struct Transmit<'a>(&'a mut [u8; FRAME]);

impl TxToken for Transmit<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, f: F) -> R {
        let frame = &mut self.0[..length];
        let result = f(frame);
        // The first word: the length of the frame's payload, and the frame's first two bytes.
        let [low, high] = (length.saturating_sub(14) as u16).to_le_bytes();
        let (first, rest) = frame.split_at(2);
        write(DATA, u32::from_le_bytes([low, high, first[0], first[1]]));
        for chunk in rest.chunks(4) {
            let mut word = [0; 4];
            word[..chunk.len()].copy_from_slice(chunk);
            write(DATA, u32::from_le_bytes(word));
        }
        write(TR, TR_NEWTX);
        result
    }
}

/// Sleeps until a frame has come, or until the next tick.
pub fn wait() {
    write(IM, INT_RX);
    cortex_m::asm::wfi();
}

#[exception]
unsafe fn DefaultHandler(irq: i16) {
    // The frame is taken outside the interrupt; until then the controller keeps quiet.
    if irq == Irq::NUMBER as i16 {
        write(RIS_IACK, INT_RX);
        write(IM, 0);
    }
}

fn read(register: usize) -> u32 {
    // SAFETY: a register of a controller that this chip has, by its data sheet.
    unsafe { ptr::read_volatile((BASE + register) as *const u32) }
}

fn write(register: usize, value: u32) {
    // SAFETY: as above.
    unsafe { ptr::write_volatile((BASE + register) as *mut u32, value) }
}
