//! How much of the stack was ever used: `cortex-m-rt` paints it before `main`.

use core::ptr;

const PAINT: u32 = 0xCCCC_CCCC;

unsafe extern "C" {
    static mut _stack_end: u32;
    static mut _stack_start: u32;
}

/// The bytes of stack used since reset, at most.
pub fn used() -> u32 {
    let (mut word, top) = (&raw const _stack_end, &raw const _stack_start);
    // SAFETY: all words between the two symbols of the linker script are the stack's.
    while word < top && unsafe { ptr::read_volatile(word) } == PAINT {
        word = word.wrapping_add(1);
    }
    (top as u32).wrapping_sub(word as u32)
}
