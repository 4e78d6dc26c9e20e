//! Wills: published when the connection is lost, and only then.

use transport_std::{Message, Property, QoS, Version};

use super::broker::Broker;
use super::proxy::Proxy;
use super::tools::{self, Judge};
use super::{LEVELS, VERSIONS, connect, disconnect, options, publish};

#[test]
fn a_will_is_published_when_the_connection_is_lost() {
    let broker = Broker::start();
    for version in VERSIONS {
        for qos in LEVELS {
            let digit = tools::digit(qos);
            let judge = Judge::subscribe(
                &broker,
                version,
                &format!("judge-{version}-{digit}"),
                "will",
                "%q %p",
            );
            let proxy = Proxy::start(broker.port());
            let will = Message::new("will", "lost").qos(qos);
            let client = connect(
                options(proxy.port(), version, "testator")
                    .will(will)
                    .reconnect(None),
            );
            proxy.cut_now();
            assert_eq!(judge.next(), format!("{digit} lost"));
            drop(client);
        }
    }
}

#[test]
fn a_retained_will_stays() {
    let broker = Broker::start();
    for version in VERSIONS {
        let topic = format!("kept/{version}");
        let proxy = Proxy::start(broker.port());
        let will = Message::new(topic.as_str(), "lost")
            .qos(QoS::AtLeastOnce)
            .retain(true);
        let client = connect(
            options(proxy.port(), version, "testator")
                .will(will)
                .reconnect(None),
        );
        let first = Judge::subscribe(
            &broker,
            version,
            &format!("first-{version}"),
            &topic,
            "%r %p",
        );
        proxy.cut_now();
        assert_eq!(first.next(), "0 lost");
        let late = Judge::subscribe(
            &broker,
            version,
            &format!("late-{version}"),
            &topic,
            "%r %p",
        );
        assert_eq!(late.next(), "1 lost");
        drop(client);
    }
}

#[test]
fn the_properties_of_a_will_arrive() {
    let broker = Broker::start();
    let judge = Judge::subscribe(&broker, Version::V5, "judge", "will", "%C %P %p");
    let proxy = Proxy::start(broker.port());
    let will = Message::new("will", "lost")
        .property(Property::ContentType("text/plain".into()))
        .property(Property::UserProperty("key".into(), "value".into()));
    let client = connect(
        options(proxy.port(), Version::V5, "testator")
            .will(will)
            .reconnect(None),
    );
    proxy.cut_now();
    assert_eq!(judge.next(), "text/plain key:value lost");
    drop(client);
}

#[test]
fn a_disconnect_takes_the_will_back() {
    let broker = Broker::start();
    for version in VERSIONS {
        let judge = Judge::subscribe(&broker, version, &format!("judge-{version}"), "will", "%p");
        let client =
            connect(options(broker.port(), version, "testator").will(Message::new("will", "lost")));
        disconnect(&client);
        broker.wait_log(&["Received DISCONNECT from testator"]);
        let other = connect(options(broker.port(), version, "other"));
        publish(
            &other,
            Message::new("will", "not a will").qos(QoS::AtLeastOnce),
        );
        assert_eq!(judge.next(), "not a will", "the first that comes");
        disconnect(&other);
    }
}
