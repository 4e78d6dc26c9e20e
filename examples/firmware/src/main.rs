//! An MQTT device: answers requests, takes an image larger than its RAM, sends a log that is as large.
#![no_std]
#![no_main]

mod device;

use cortex_m::singleton;
use cortex_m_rt::entry;
use cortex_m_semihosting::hprintln;
use firmware::clock::SysTickClock;
use firmware::executor::block_on;
use firmware::net::{self, Network};
use firmware::semihosting;
use mqtt_session::Session;
use transport_embedded::{Client, Resources};

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    semihosting::panic(info)
}

#[entry]
fn main() -> ! {
    let (Some(core), Some(port)) = (cortex_m::Peripherals::take(), semihosting::argument()) else {
        hprintln!("usage: firmware <port of the broker on the host's loopback>");
        semihosting::exit(false);
    };
    let clock = SysTickClock::start(core.SYST);

    // The memory of everything, in .bss: network 9 KiB, session, buffers.
    let network = singleton!(: net::Resources<4096, 2048> = net::Resources::new());
    let session = singleton!(: Session<device::Storage> = Session::new(device::config()));
    let buffers = singleton!(: Resources<1024, 256, 256> = Resources::new());
    let (Some(network), Some(session), Some(buffers)) = (network, session, buffers) else {
        semihosting::exit(false);
    };

    let mut network = Network::start(network);
    let mut client = Client::new(session, clock, buffers.buffers());
    block_on(device::run(
        &mut client,
        &mut network,
        (net::HOST, port).into(),
    ));
    semihosting::exit(true)
}
