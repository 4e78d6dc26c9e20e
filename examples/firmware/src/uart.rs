//! UART0, as a blocking transport: what a modem hangs on. QEMU connects it to a TCP socket.

use core::convert::Infallible;
use core::future::poll_fn;
use core::ptr;
use core::task::Poll;

use embedded_io::{ErrorType, Read, ReadReady, Write};

const DR: *mut u32 = 0x4000_C000 as *mut u32;
const FR: *const u32 = 0x4000_C018 as *const u32;
const FR_RXFE: u32 = 1 << 4;
const FR_TXFF: u32 = 1 << 5;

/// UART0 with its reset configuration, which is all that QEMU asks for.
pub struct Uart;

fn flag(mask: u32) -> bool {
    // SAFETY: a register of a controller that this chip has, by its data sheet.
    unsafe { ptr::read_volatile(FR) & mask != 0 }
}

impl ErrorType for Uart {
    type Error = Infallible;
}

impl ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(!flag(FR_RXFE))
    }
}

impl Read for Uart {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Infallible> {
        let mut count = 0;
        for slot in buf {
            while flag(FR_RXFE) {
                if count > 0 {
                    return Ok(count);
                }
            }
            // SAFETY: as above.
            *slot = unsafe { ptr::read_volatile(DR) } as u8;
            count += 1;
        }
        Ok(count)
    }
}

impl Write for Uart {
    fn write(&mut self, buf: &[u8]) -> Result<usize, Infallible> {
        for &byte in buf {
            while flag(FR_TXFF) {}
            // SAFETY: as above.
            unsafe { ptr::write_volatile(DR, u32::from(byte)) };
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// For an executor that polls all the time: nothing wakes it. What is not ready has moved nothing.
impl embedded_io_async::Read for Uart {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Infallible> {
        poll_fn(|_| {
            if buf.is_empty() || !flag(FR_RXFE) {
                Poll::Ready(Read::read(self, buf))
            } else {
                Poll::Pending
            }
        })
        .await
    }
}

impl embedded_io_async::Write for Uart {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Infallible> {
        Write::write(self, buf)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
