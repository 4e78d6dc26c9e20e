use chrono::TimeZone as _;

use super::*;

fn message() -> Message {
    let mut message = Message::new("a/topic", "{\"b\":1,\"a\":[2, 3]}")
        .qos(QoS::AtLeastOnce)
        .retain(true)
        .property(Property::UserProperty("k".into(), "v".into()))
        .property(Property::ContentType("text/x".into()))
        .property(Property::UserProperty("k".into(), "w".into()))
        .property(Property::CorrelationData("id".into()))
        .property(Property::ResponseTopic("r".into()))
        .property(Property::MessageExpiryInterval(60))
        .property(Property::PayloadFormatIndicator(true));
    message.packet_id = PacketId::new(7);
    message
}

fn print(format: &str, message: &Message) -> String {
    let time = Local.timestamp_opt(1_600_000_000, 123_456_789).unwrap();
    let view = View { message, time };
    let format = Format::parse(format, false).unwrap();
    String::from_utf8(format.render(&view, "\n").unwrap()).unwrap()
}

#[test]
fn parameters() {
    let message = message();
    assert_eq!(
        print("%t %q %r %l %m %p", &message),
        "a/topic 1 1 18 7 {\"b\":1,\"a\":[2, 3]}\n"
    );
    assert_eq!(
        print("%C|%D|%E|%F|%R|%P", &message),
        "text/x|id|60|1|r|k:v k:w\n"
    );
    assert_eq!(print("%A|%S|%%", &message), "||%\n");
    assert_eq!(
        print("%x %X", &Message::new("a", "\n\u{FF}")),
        "0ac3bf 0AC3BF\n"
    );
    assert_eq!(
        print("%U @s @N @@", &message),
        "1600000000.123456789 1600000000 123456789 @\n"
    );
    assert_eq!(
        print(r"\\\n\t\0\a\e\r\v", &message),
        "\\\n\t\0\x07\x1B\r\x0B\n"
    );
}

#[test]
fn fields() {
    let message = message();
    assert_eq!(
        print("%10t|%-10t|%.2t|%6.2t|%02t", &message),
        "   a/topic|a/topic   |a/|    a/|a/topic\n"
    );
    assert_eq!(
        print("%05l|%5l|%-5l|%-05l", &message),
        "00018|   18|18   |18   \n"
    );
    assert_eq!(print("%4A|%04A", &message), "    |0000\n");
    // Of a payload it is the bytes that are counted, of its hexadecimal form the digits.
    assert_eq!(
        print("%4p|%06x|%.2x", &Message::new("a", "é")),
        "  é|00c3a9|c3\n"
    );
}

#[test]
fn json() {
    let message = message();
    let text = print("%J", &message);
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["payload"], json!({"b": 1, "a": [2, 3]}));
    assert!(
        text.contains(r#""payload":{"b":1,"a":[2,3]}"#),
        "in the order that it had: {text}"
    );
    assert_eq!(
        value["properties"]["user-properties"],
        json!({"k": ["v", "w"]})
    );
    assert_eq!(value["properties"]["message-expiry-interval"], 60);
    assert_eq!(
        (&value["qos"], &value["retain"], &value["mid"]),
        (&json!(1), &json!(1), &json!(7))
    );
    assert!(value["tst"].as_str().unwrap().contains(".123456Z"));

    let value: Value = serde_json::from_str(&print("%j", &Message::new("t", "a\"\\\n"))).unwrap();
    assert_eq!(value["payload"], "a\"\\\n");
    assert_eq!((value.get("mid"), value.get("properties")), (None, None));

    let view = View {
        message: &Message::new("t", "{"),

        time: Local::now(),
    };
    assert_eq!(
        Format::parse("%J", false).unwrap().render(&view, "\n"),
        Err(NotJson)
    );
}

#[test]
fn without_a_format() {
    let view = |message| View {
        message,

        time: Local::now(),
    };
    let (full, empty) = (Message::new("t", "p"), Message::new("t", ""));
    let render = |format: &Format, message, eol| format.render(&view(message), eol).unwrap();
    assert_eq!(render(&Format::Payload, &full, "\n"), b"p\n");
    assert_eq!(render(&Format::Payload, &empty, "\n"), b"");
    assert_eq!(render(&Format::Verbose, &full, ""), b"t p");
    assert_eq!(render(&Format::Verbose, &empty, "\n"), b"t (null)\n");
    assert_eq!(render(&Format::Verbose, &empty, ""), b"");
}

#[test]
fn wrong_formats() {
    let error = |format| Format::parse(format, false).unwrap_err().to_string();
    assert_eq!(
        error("%q%"),
        "Incomplete format specifier at column 3 of the format."
    );
    assert_eq!(
        error("%10"),
        "Incomplete format specifier at column 1 of the format."
    );
    assert_eq!(
        error("a%Q"),
        "Invalid format specifier 'Q' at column 3 of the format."
    );
    assert_eq!(
        error("a@!"),
        "Invalid time specifier '!' at column 3 of the format."
    );
    assert_eq!(
        error(r"\q"),
        "Invalid escape specifier 'q' at column 2 of the format."
    );
    assert_eq!(
        error("\\"),
        "Incomplete format specifier at column 1 of the format."
    );
    assert_eq!(
        error("%99999t"),
        "Field wider than 10000 at column 6 of the format."
    );
}
