//! Each switch of `Leniency`: what it lets in, what it does not, and that it is off by default.

use mqtt_proto::Role::{Client, Server};
use mqtt_proto::Version::{V3_1_1, V5};
use mqtt_proto::{
    DecodeErrorKind, DecodeOptions, EncodeError, Leniency, Packet, ReasonCode, Role, Version,
};

#[derive(Clone, Copy)]
struct Switch {
    on: fn(&mut Leniency),
    version: Version,
}

const REASON_CODES: Switch = Switch {
    on: |leniency| leniency.reason_codes = true,
    version: V5,
};
const RETURN_CODES: Switch = Switch {
    on: |leniency| leniency.return_codes = true,
    version: V3_1_1,
};

impl Switch {
    fn options(self, sender: Role, on: bool) -> DecodeOptions {
        let mut options = DecodeOptions::new(self.version, sender);
        assert_eq!(options.leniency, Leniency::STRICT);
        if on {
            (self.on)(&mut options.leniency);
            assert_ne!(options.leniency, Leniency::STRICT);
        }
        options
    }

    /// Refused without it, taken with it; not to be encoded again.
    #[track_caller]
    fn lets_in(self, sender: Role, bytes: &[u8], code: u8) -> Packet<'_> {
        let packet = self.taken(sender, bytes, code);
        let unsendable = packet.encoded_len(self.version).unwrap_err();
        assert!(matches!(
            unsendable,
            EncodeError::ReasonCodeNotAllowed(_) | EncodeError::NotInVersion
        ));
        packet
    }

    /// Refused without it, taken with it, and encoded as `again`.
    #[track_caller]
    fn lets_through(self, sender: Role, bytes: &[u8], code: u8, again: &[u8]) {
        let packet = self.taken(sender, bytes, code);
        let mut buf = [0; 16];
        let len = packet.encode(self.version, &mut buf).unwrap();
        assert_eq!(&buf[..len], again);
    }

    #[track_caller]
    fn taken(self, sender: Role, bytes: &[u8], code: u8) -> Packet<'_> {
        let decode = |on| Packet::decode(&self.options(sender, on), &mut &bytes[..]);
        let error = decode(false).unwrap_err();
        assert_eq!(error.kind, DecodeErrorKind::InvalidReasonCode(code));
        decode(true).unwrap().unwrap()
    }

    #[track_caller]
    fn keeps_out(self, sender: Role, bytes: &[u8], code: u8) {
        for on in [false, true] {
            let error = Packet::decode(&self.options(sender, on), &mut &bytes[..]).unwrap_err();
            assert_eq!(error.kind, DecodeErrorKind::InvalidReasonCode(code));
        }
    }
}

/// [MQTT-3.4.2-1], as mochi-mqtt breaks it.
#[test]
fn reason_codes_of_another_packet() {
    let switch = REASON_CODES;
    let Packet::PubAck(ack) = switch.lets_in(Server, &[0x40, 3, 0, 7, 1], 1) else {
        panic!()
    };
    assert_eq!(ack.reason, ReasonCode::GrantedQoS1);
    switch.lets_in(Server, &[0x50, 3, 0, 7, 0x8F], 0x8F);
    switch.lets_in(Client, &[0x62, 3, 0, 7, 0x80], 0x80);
    switch.lets_in(Server, &[0x90, 5, 0, 7, 0, 0, 0x82], 0x82);
    switch.lets_in(Server, &[0xE0, 1, 0x84], 0x84);
    for unknown in [0x03, 0x1A, 0x7F, 0xA3, 0xFF] {
        switch.keeps_out(Server, &[0x40, 3, 0, 7, unknown], unknown);
        switch.keeps_out(Server, &[0x90, 4, 0, 7, 0, unknown], unknown);
    }
}

/// The encoder is not told who sends.
#[test]
fn reason_codes_of_the_other_side() {
    for (sender, bytes, code) in [
        (Client, &[0x40, 3, 0, 1, 0x10][..], 0x10),
        (Client, &[0xE0, 1, 0x8B], 0x8B),
        (Client, &[0xF0, 5, 0, 3, 0x15, 0, 0], 0x00),
        (Server, &[0xE0, 1, 0x04], 0x04),
        (Server, &[0xF0, 5, 0x19, 3, 0x15, 0, 0], 0x19),
    ] {
        REASON_CODES.lets_through(sender, bytes, code, bytes);
    }
}

/// Where 3.1.1 has a return code for it, that is encoded.
#[test]
fn reason_codes_in_a_connack_of_3_1_1() {
    for (reason, return_code) in [(0x84, 1), (0x85, 2), (0x86, 4), (0x87, 5), (0x88, 3)] {
        let bytes = [0x20, 2, 0, reason];
        RETURN_CODES.lets_through(Server, &bytes, reason, &[0x20, 2, 0, return_code]);
    }
}

/// [MQTT3-3.9.3-2], as mochi-mqtt breaks it.
#[test]
fn return_codes_of_5() {
    let switch = RETURN_CODES;
    let Packet::SubAck(suback) = switch.lets_in(Server, &[0x90, 4, 0, 7, 1, 0x91], 0x91) else {
        panic!()
    };
    let reasons: Vec<_> = suback.reasons.iter().collect();
    let in_use = ReasonCode::PacketIdentifierInUse;
    assert_eq!(reasons, [ReasonCode::GrantedQoS1, in_use]);
    let Packet::ConnAck(connack) = switch.lets_in(Server, &[0x20, 2, 0, 0x8A], 0x8A) else {
        panic!()
    };
    assert_eq!(connack.reason, ReasonCode::Banned);
    // What is no failure, or nothing at all.
    for other in [0x04, 0x10, 0x18, 0x7F, 0xA3] {
        switch.keeps_out(Server, &[0x90, 3, 0, 7, other], other);
    }
    for other in [0x06, 0x10, 0xA3] {
        switch.keeps_out(Server, &[0x20, 2, 0, other], other);
    }
}

/// A switch of one version says nothing of the other.
#[test]
fn switches_are_of_one_version() {
    let mut options = DecodeOptions::new(V5, Server);
    options.leniency.return_codes = true;
    assert!(Packet::decode(&options, &mut &[0x40, 3, 0, 7, 1][..]).is_err());
    assert!(Packet::decode(&options, &mut &[0x20, 3, 0, 0x91, 0][..]).is_err());
    let mut options = DecodeOptions::new(V3_1_1, Server);
    options.leniency.reason_codes = true;
    assert!(Packet::decode(&options, &mut &[0x90, 3, 0, 7, 0x91][..]).is_err());
    assert!(Packet::decode(&options, &mut &[0x20, 2, 0, 0x8A][..]).is_err());
}
