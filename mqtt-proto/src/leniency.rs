/// What a decoder takes though the specification forbids it, for the sake of known peers.
///
/// Nothing by default. Each switch names a peer that was seen to need it.
///
/// An encoder has no leniency, so that what was taken by it is not always encoded again as it came. It
/// refuses a reason code that nobody may send in the packet. One that only the other side may send it
/// encodes: it is not told who sends. And in a CONNACK of 3.1.1 a reason code of 5.0 for which
/// there is a return code becomes that: 0x84 a 1.
///
/// ```
/// use mqtt_proto::{DecodeOptions, Leniency, Packet, Role, Version};
///
/// let puback = [0x40, 3, 0, 7, 0x01];
/// let mut options = DecodeOptions::new(Version::V5, Role::Server);
/// assert!(Packet::decode(&options, &mut &puback[..]).is_err());
/// options.leniency.reason_codes = true;
/// assert!(Packet::decode(&options, &mut &puback[..]).is_ok());
/// # assert_eq!(Leniency::default(), Leniency::STRICT);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Leniency {
    /// In 5.0, a reason code of another packet or of the other side, against [MQTT-3.4.2-1] and its
    /// likes; one that does not exist is refused all the same. It is a failure from 0x80 on.
    ///
    /// mochi-mqtt (server, version 2) answers a PUBLISH of QoS 1 with a PUBACK of 0x01.
    pub reason_codes: bool,
    /// In 3.1.1, a failure's reason code of 5.0 as return code of a SUBACK, against
    /// [MQTT3-3.9.3-2], or of a CONNACK.
    ///
    /// mochi-mqtt (server, version 2) answers a SUBSCRIBE under an identifier in use with a
    /// SUBACK of 0x91.
    pub return_codes: bool,
}

impl Leniency {
    /// Nothing that the specification forbids.
    pub const STRICT: Self = Self {
        reason_codes: false,
        return_codes: false,
    };
}
