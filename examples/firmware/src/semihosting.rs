//! The debugger's side of the board: in QEMU, the terminal and the exit status.

use cortex_m_semihosting::{debug, hprintln, syscall1};

/// Ends the emulation.
pub fn exit(success: bool) -> ! {
    debug::exit(if success {
        debug::EXIT_SUCCESS
    } else {
        debug::EXIT_FAILURE
    });
    loop {
        cortex_m::asm::wfi();
    }
}

/// The number that the command line gives after the firmware's name: the broker's port.
pub fn argument() -> Option<u16> {
    const SYS_GET_CMDLINE: usize = 0x15;
    let mut line = [0_u8; 80];
    let mut request = [line.as_mut_ptr() as usize, line.len()];
    // SAFETY: the request is what the call expects: the buffer and its length, which it writes to.
    let status = unsafe { syscall1(SYS_GET_CMDLINE, &raw mut request as usize) };
    if status != 0 {
        return None;
    }
    let text = core::str::from_utf8(line.get(..request[1])?).ok()?;
    text.trim_end_matches('\0').split(' ').nth(1)?.parse().ok()
}

/// Says what panicked, and ends the emulation.
pub fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    hprintln!("{}", info);
    exit(false)
}

/// Prints a number, without the formatting machinery that `hprintln` brings.
pub fn number(number: u32) {
    const SYS_WRITE0: usize = 0x04;
    let mut text = *b"0000000000\n\0";
    let mut rest = number;
    for digit in text[..10].iter_mut().rev() {
        *digit += (rest % 10) as u8;
        rest /= 10;
    }
    // SAFETY: the call reads a string that ends with a zero.
    unsafe { syscall1(SYS_WRITE0, text.as_ptr() as usize) };
}
