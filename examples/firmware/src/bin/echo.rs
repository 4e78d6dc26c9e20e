#![no_std]
#![no_main]
use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};
use embedded_io_async::{Read, Write};
use firmware::{clock, executor::block_on, net};

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    hprintln!("{}", info);
    debug::exit(debug::EXIT_FAILURE);
    loop {}
}

#[entry]
fn main() -> ! {
    let p = cortex_m::Peripherals::take().unwrap();
    clock::start(p.SYST);
    let res = cortex_m::singleton!(: net::Resources<4096, 2048> = net::Resources::new()).unwrap();
    let mut network = net::Network::start(res);
    let port: u16 = option_env!("ECHO_PORT").unwrap_or("12345").parse().unwrap();
    block_on(async {
        let mut s = network.connect((net::HOST, port).into()).await.unwrap();
        s.write(b"hello").await.unwrap();
        let mut b = [0; 64];
        let n = s.read(&mut b).await.unwrap();
        hprintln!("got {:?} at {} ms", core::str::from_utf8(&b[..n]), clock::millis());
    });
    debug::exit(debug::EXIT_SUCCESS);
    loop {}
}
