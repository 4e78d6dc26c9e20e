//! Each error names the statement that the packet breaks.

use mqtt_proto::Role::{Client, Server};
use mqtt_proto::Version::{V3_1_1, V5};
use mqtt_proto::{DecodeOptions, Packet, Role, Version};

#[track_caller]
fn breaks(version: Version, sender: Role, packet: &[u8], statement: Option<&str>) {
    let mut options = DecodeOptions::new(version, sender);
    options.maximum_packet_size = 60;
    let error = Packet::decode(&options, &mut &packet[..]).unwrap_err();
    assert_eq!(error.statement(&options, packet), statement, "{error}");
}

#[test]
fn the_same_fault_is_another_statement_in_another_packet() {
    for (first, v5, v3_1_1) in [
        (0xC1, "MQTT-2.1.3-1", "MQTT3-2.2.2-2"),
        (0x60, "MQTT-3.6.1-1", "MQTT3-3.6.1-1"),
        (0x80, "MQTT-3.8.1-1", "MQTT3-3.8.1-1"),
        (0xA0, "MQTT-3.10.1-1", "MQTT3-3.10.1-1"),
        (0xE1, "MQTT-3.14.1-1", "MQTT3-3.14.1-1"),
        (0x36, "MQTT-3.3.1-4", "MQTT3-3.3.1-4"),
        (0x38, "MQTT-3.3.1-2", "MQTT3-3.3.1-2"),
    ] {
        breaks(V5, Client, &[first, 0], Some(v5));
        breaks(V3_1_1, Client, &[first, 0], Some(v3_1_1));
    }
    breaks(V5, Client, &[0xF1, 0], Some("MQTT-3.15.1-1"));
    for (first, statement) in [
        (0x40, "MQTT-3.4.2-1"),
        (0x50, "MQTT-3.5.2-1"),
        (0x62, "MQTT-3.6.2-1"),
        (0x70, "MQTT-3.7.2-1"),
    ] {
        breaks(V5, Client, &[first, 3, 0, 1, 1], Some(statement));
        breaks(V5, Client, &[first, 2, 0, 0], Some("MQTT-2.2.1-5"));
        breaks(V3_1_1, Client, &[first, 2, 0, 0], Some("MQTT3-2.3.1-6"));
    }
    breaks(V5, Server, &[0x20, 3, 0, 1, 0], Some("MQTT-3.2.2-8"));
    breaks(V3_1_1, Server, &[0x20, 2, 0, 6], None);
    breaks(V5, Server, &[0x90, 4, 0, 1, 0, 3], Some("MQTT-3.9.3-2"));
    breaks(V3_1_1, Server, &[0x90, 3, 0, 1, 3], Some("MQTT3-3.9.3-2"));
    breaks(V5, Server, &[0xB0, 4, 0, 1, 0, 3], Some("MQTT-3.11.3-2"));
    breaks(V5, Client, &[0xE0, 1, 1], Some("MQTT-3.14.2-1"));
    breaks(V5, Client, &[0xF0, 1, 1], Some("MQTT-3.15.2-1"));
    breaks(V5, Client, &[0x82, 3, 0, 1, 0], Some("MQTT-3.8.3-2"));
    breaks(V5, Client, &[0xA2, 3, 0, 1, 0], Some("MQTT-3.10.3-2"));
    breaks(V5, Server, &[0x90, 3, 0, 1, 0], Some("MQTT-3.8.4-6"));
    breaks(V5, Server, &[0xB0, 3, 0, 1, 0], Some("MQTT-3.11.3-2"));
    breaks(V5, Server, &[0x90, 3, 0, 0, 0], Some("MQTT-2.2.1-6"));
}

#[test]
fn whose_fault_it_is_counts() {
    let publish = [0x32, 6, 0, 1, b't', 0, 0, 0];
    breaks(V5, Client, &publish, Some("MQTT-2.2.1-3"));
    breaks(V5, Server, &publish, Some("MQTT-2.2.1-4"));
    let alias = |alias| [0x30, 7, 0, 1, b't', 3, 0x23, 0, alias];
    breaks(V5, Client, &alias(1), Some("MQTT-3.3.2-9"));
    breaks(V5, Server, &alias(1), Some("MQTT-3.3.2-11"));
    breaks(V5, Server, &alias(0), Some("MQTT-3.3.2-8"));
    breaks(V5, Client, &[0x30, 59], Some("MQTT-3.2.2-15"));
    breaks(V5, Server, &[0x30, 59], Some("MQTT-3.1.2-24"));
    breaks(V3_1_1, Server, &[0x30, 59], None);
    let identifier = [0x30, 6, 0, 1, b't', 2, 0x0B, 1];
    breaks(V5, Client, &identifier, Some("MQTT-3.3.4-6"));
    let expiry = [0xE0, 7, 0, 5, 0x11, 0, 0, 0, 1];
    breaks(V5, Server, &expiry, Some("MQTT-3.14.2-2"));
}

#[test]
fn a_connect_is_judged_by_the_version_that_it_names() {
    let connect = |level: u8, flags: u8, rest: &[u8]| {
        let len = u8::try_from(rest.len() + 10).unwrap();
        let head = [0x10, len, 0, 4, b'M', b'Q', b'T', b'T', level, flags, 0, 60];
        [&head, rest].concat()
    };
    for (flags, v5, v3_1_1) in [
        (0x03, "MQTT-3.1.2-3", "MQTT3-3.1.2-3"),
        (0x0A, "MQTT-3.1.2-11", "MQTT3-3.1.2-13"),
        (0x22, "MQTT-3.1.2-13", "MQTT3-3.1.2-15"),
        (0x1E, "MQTT-3.1.2-12", "MQTT3-3.1.2-14"),
    ] {
        breaks(V3_1_1, Client, &connect(5, flags, &[0, 0, 0]), Some(v5));
        breaks(V5, Client, &connect(4, flags, &[0, 0]), Some(v3_1_1));
    }
    breaks(
        V5,
        Client,
        &connect(4, 0x42, &[0, 0]),
        Some("MQTT3-3.1.2-22"),
    );
    breaks(V5, Client, &connect(4, 0, &[0, 0]), Some("MQTT3-3.1.3-7"));
    breaks(V5, Client, &connect(3, 0, &[0, 0]), Some("MQTT-3.1.2-2"));
    breaks(
        V5,
        Client,
        b"\x10\x0C\0\x04MQTt\x04\x02\0\0\0\0",
        Some("MQTT3-3.1.2-1"),
    );
    breaks(V5, Server, &[0x20, 3, 2, 0, 0], Some("MQTT-3.2.2-1"));
    breaks(V3_1_1, Server, &[0x20, 2, 1, 5], Some("MQTT3-3.2.2-4"));
}

#[test]
fn strings_and_topics() {
    let subscribe = |filter: &[u8], options| {
        let len = u8::try_from(filter.len()).unwrap();
        [&[0x82, len + 6, 0, 1, 0, 0, len], filter, &[options]].concat()
    };
    for (filter, statement) in [
        (&b"\xFF"[..], "MQTT-1.5.4-1"),
        (b"\0", "MQTT-1.5.4-2"),
        (b"", "MQTT-4.7.3-1"),
        (b"#/a", "MQTT-4.7.1-1"),
        (b"a+", "MQTT-4.7.1-2"),
        (b"$share//a", "MQTT-4.8.2-1"),
        (b"$share/", "MQTT-4.8.2-1"),
        (b"$share/g", "MQTT-4.8.2-2"),
        (b"$share/+/a", "MQTT-4.8.2-2"),
    ] {
        // Whatever byte follows the filter.
        for options in [0, b'/'] {
            breaks(V5, Client, &subscribe(filter, options), Some(statement));
        }
    }
    breaks(
        V5,
        Client,
        &subscribe(b"$share/g/a", 4),
        Some("MQTT-3.8.3-4"),
    );
    breaks(V5, Client, &subscribe(b"a", 0x40), Some("MQTT-3.8.3-5"));
    breaks(V5, Client, &subscribe(b"a", 3), None);
    breaks(
        V3_1_1,
        Client,
        &[0x82, 6, 0, 1, 0, 1, b'a', 3],
        Some("MQTT3-3-8.3-4"),
    );
    let publish = [0x30, 4, 0, 1, b'#', 0];
    breaks(V5, Client, &publish, Some("MQTT-3.3.2-2"));
    breaks(V3_1_1, Client, &publish, Some("MQTT3-3.3.2-2"));
    let response = [0x32, 10, 0, 1, b'a', 0, 1, 4, 0x08, 0, 1, b'#'];
    breaks(V5, Client, &response, Some("MQTT-3.3.2-14"));
    // In a Will it is a topic name like any other.
    let will = b"\x10\x14\0\x04MQTT\x05\x06\0\0\0\0\0\0\0\x02a+\0\0";
    breaks(V5, Client, will, Some("MQTT-4.7.0-1"));
    breaks(V5, Client, &[0xC0, 0x80, 0], Some("MQTT-1.5.5-1"));
    breaks(V5, Client, &[0xF0, 0], Some("MQTT-4.12.0-5"));
    breaks(V5, Client, &[0x00], None);
}

/// [MQTT-2.2.2-1]
#[test]
fn a_missing_property_length() {
    let missing = Some("MQTT-2.2.2-1");
    breaks(V5, Client, &[0x30, 3, 0, 1, b'a'], missing);
    breaks(V5, Client, &[0x32, 5, 0, 1, b'a', 0, 1], missing);
    breaks(V5, Client, b"\x10\x0A\0\x04MQTT\x05\0\0\0", missing);
    breaks(V5, Server, &[0x20, 2, 0, 0], missing);
    breaks(V5, Client, &[0x82, 2, 0, 1], missing);
    breaks(V5, Client, &[0xF0, 1, 0x18], missing);
    breaks(V5, Server, &[0xF0, 1, 0x18, 0xD0, 0], missing);
    // A Will's.
    for will in [
        &b"\x10\x0F\0\x04MQTT\x05\x04\0\0\0\0\x02ab"[..],
        b"\x10\x11\0\x04MQTT\x05\x36\0\0\x03\x21\0\x01\0\x01a",
    ] {
        breaks(V5, Client, will, missing);
    }
    // What follows the packet is none of it.
    breaks(V5, Server, &[0x90, 2, 0, 1, 0xD0, 0], missing);
    // Another field is cut short.
    for packet in [
        &[0x30, 3, 0, 2, b'a'][..],
        &[0x32, 3, 0, 1, b'a'],
        &[0x32, 4, 0, 1, b'a', 0],
        &[0x30, 4, 0, 1, b'a', 1],
        &[0x30, 4, 0, 1, b'a', 0x80],
        &[0x30, 1, 0],
        &[0x30, 0],
        &[0x82, 1, 0],
        &[0x40, 0],
        b"\x10\x0B\0\x04MQTT\x05\0\0\0\0",
        // Of a Will its topic name, of none a user name.
        b"\x10\x10\0\x04MQTT\x05\x04\0\0\0\0\x02ab\0",
        b"\x10\x0F\0\x04MQTT\x05\x80\0\0\0\0\x02ab",
        b"\x10\x0E\0\x04MQTT\x05\x04\0\0\0\0\x02a",
    ] {
        breaks(V5, Client, packet, None);
    }
    breaks(V3_1_1, Client, b"\x10\x0A\0\x04MQTT\x04\x02\0\0", None);
    let will = b"\x10\x0E\0\x04MQTT\x04\x06\0\0\0\x02ab";
    breaks(V3_1_1, Client, will, None);
}

#[test]
fn what_breaks_no_statement_goes_against_a_section() {
    let section = |version, sender, packet: &[u8]| {
        let options = DecodeOptions::new(version, sender);
        let error = Packet::decode(&options, &mut &packet[..]).unwrap_err();
        error.section(&options, packet)
    };
    for (packet, expected) in [
        (&[0x00, 0][..], "2.1.2"),
        (&[0xD0, 0], "2.1.2"),
        (&[0x30, 0xFF, 0xFF, 0xFF, 0xFF], "1.5.5"),
        (&[0x40, 1, 0], "2.1.4"),
        (&[0xC0, 1, 0], "2.1.4"),
        (&[0x30, 3, 0, 0, 0], "3.3.2.1"),
        (&[0x30, 5, 0, 1, b'a', 1, 0x7F], "2.2.2.2"),
        (&[0x30, 9, 0, 1, b'a', 5, 0x11, 0, 0, 0, 0], "2.2.2.2"),
        (&[0x30, 8, 0, 1, b'a', 4, 1, 0, 1, 0], "3.3.2.3"),
        (&[0x30, 6, 0, 1, b'a', 2, 1, 2], "3.3.2.3"),
        (&[0x82, 7, 0, 1, 0, 0, 1, b'a', 3], "3.8.3.1"),
        (&[0x82, 7, 0, 1, 0, 0, 1, b'a', 0x30], "3.8.3.1"),
    ] {
        assert_eq!(section(V5, Client, packet), Some(expected), "{packet:02x?}");
    }
    for (packet, expected) in [
        (&[0xF0, 0][..], "2.2.1"),
        (&[0x20, 2, 0, 6], "3.2.2.3"),
        (&[0x20, 2, 2, 0], "3.2.2.1"),
        (&[0xD0, 0x80, 0], "2.2.3"),
        (&[0xD0, 1, 0], "2.2.3"),
    ] {
        let found = section(V3_1_1, Server, packet);
        assert_eq!(found, Some(expected), "{packet:02x?}");
    }
    // A property twice, in each packet that may have it.
    let twice = |first, before: &[u8]| {
        let reason = [0x1F, 0, 0, 0x1F, 0, 0];
        let len = u8::try_from(before.len() + 1 + reason.len()).unwrap();
        let packet = [&[first, len], before, &[6], &reason].concat();
        section(V5, Server, &packet)
    };
    for (first, before, expected) in [
        (0x20, &[0, 0][..], "3.2.2.3"),
        (0x40, &[0, 1, 0], "3.4.2.2"),
        (0x50, &[0, 1, 0], "3.5.2.2"),
        (0x62, &[0, 1, 0], "3.6.2.2"),
        (0x70, &[0, 1, 0], "3.7.2.2"),
        (0x90, &[0, 1], "3.9.2.1"),
        (0xB0, &[0, 1], "3.11.2.1"),
        (0xE0, &[0], "3.14.2.2"),
        (0xF0, &[0], "3.15.2.2"),
    ] {
        assert_eq!(twice(first, before), Some(expected), "{first:02x}");
    }
    // A statement says it, or it is the receiver's limit.
    assert_eq!(section(V5, Client, &[0xC1, 0]), None);
    assert_eq!(section(V5, Client, &[0xC0, 0x80, 0]), None);
    let mut small = DecodeOptions::new(V3_1_1, Client);
    small.maximum_packet_size = 60;
    let packet = [0x30, 59];
    let error = Packet::decode(&small, &mut &packet[..]).unwrap_err();
    assert_eq!(error.section(&small, &packet), None);
}
