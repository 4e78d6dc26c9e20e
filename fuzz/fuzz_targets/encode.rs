#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::encode::check(data));
