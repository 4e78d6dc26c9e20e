//! Whole conversations, whatever the pieces that bytes move in.

use super::*;

/// What one conversation comes to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Log {
    messages: Vec<(String, Vec<u8>)>,
    outcomes: Vec<String>,
    payload: Vec<u8>,
    topic: String,
}

impl Log {
    fn event(&mut self, event: &Event<'_>, commands: &mut Commands<'_, Tables, World>) {
        match event {
            Event::Connected(_) => {
                let filter = TopicFilter::new("in/#").unwrap();
                let subscription = [Subscription::new(filter, QoS::ExactlyOnce)];
                commands
                    .subscribe((&subscription).into(), Properties::EMPTY)
                    .unwrap();
            }
            Event::Subscribed(_) => {
                for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
                    let payload = [qos as u8; 40];
                    let message = publish("in/short", Payload::Bytes(&payload), qos);
                    commands.publish(&message).unwrap();
                }
                let message = publish("in/long", Payload::Streamed(STREAMED), QoS::ExactlyOnce);
                commands.publish(&message).unwrap();
            }
            Event::Message(message) => {
                self.topic = String::from(message.topic.as_str());
                self.payload.clear();
                if message.topic.as_str() == "in/short" && message.qos == QoS::AtLeastOnce {
                    // What is held is published: it borrows the buffers, not the session.
                    let echo = publish(
                        "in/echo",
                        Payload::Bytes(message.topic.as_str().as_bytes()),
                        QoS::AtLeastOnce,
                    );
                    commands.publish(&echo).unwrap();
                }
                self.piece(message.payload, message.remaining);
            }
            Event::Payload(chunk) => self.piece(chunk.payload, chunk.remaining),
            Event::Published(published) => self.outcomes.push(format!("{:?}", published.reason)),
            Event::Disconnected(why) => self.outcomes.push(format!("{why:?}")),
            _ => {}
        }
        // Three short ones, one long, the echo; four acknowledgements and one that was sent.
        if self.messages.len() == 5 && self.outcomes.len() == 5 {
            commands.disconnect(ReasonCode::Success, None).unwrap();
        }
    }

    fn piece(&mut self, payload: &[u8], remaining: u32) {
        self.payload.extend_from_slice(payload);
        if remaining == 0 {
            let payload = std::mem::take(&mut self.payload);
            self.messages
                .push((std::mem::take(&mut self.topic), payload));
        }
    }

    fn sorted(mut self) -> Self {
        // Echoes and acknowledgements come as the pieces have it.
        self.messages.sort();
        self.outcomes.sort();
        self
    }
}

fn streamed(offset: u32) -> u8 {
    offset.to_le_bytes()[0] ^ offset.to_le_bytes()[1]
}

/// A whole conversation: every QoS, payloads larger than the buffers both ways.
fn converse(world: &World, driver: Driver) -> Log {
    let mut session = Session::<Tables>::new(Config::new(Version::V5));
    let mut resources = Resources::<64, 64, 80>::new();
    let mut client = Client::new(&mut session, world.clone(), resources.buffers());
    let mut link = client.connect(world.open(), &connect()).unwrap();
    let mut log = Log::default();
    for _ in 0..100_000 {
        let told = driver.step(&mut link, |told| -> Option<Option<PayloadDue>> {
            let (step, mut commands) = told.unwrap()?;
            match step {
                Step::Event(event) => log.event(&event, &mut commands),
                Step::Completed(_, completion) => log.outcomes.push(format!("{completion:?}")),
                Step::PayloadDue(due) => return Some(Some(due)),
                Step::Again => {}
            }
            Some(None)
        });
        match told {
            Poll::Ready(Some(None)) => {}
            Poll::Ready(Some(Some(due))) => {
                let chunk: Vec<u8> = (due.offset..STREAMED).map(streamed).take(50).collect();
                let sent = driver.send(&mut link, &chunk).unwrap();
                assert!(sent <= chunk.len());
            }
            Poll::Ready(None) => return log.sorted(),
            Poll::Pending => panic!("{driver:?} waits for nothing; so far {log:?}"),
        }
    }
    panic!("{driver:?} does not end");
}

#[test]
fn every_chunking_and_every_drop_come_to_the_same() {
    let expected = Log {
        messages: vec![
            (String::from("in/echo"), b"in/short".to_vec()),
            (
                String::from("in/long"),
                (0..STREAMED).map(streamed).collect(),
            ),
            (String::from("in/short"), vec![0; 40]),
            (String::from("in/short"), vec![1; 40]),
            (String::from("in/short"), vec![2; 40]),
        ],
        outcomes: vec![
            String::from("Requested"),
            String::from("Sent"),
            String::from("Success"),
            String::from("Success"),
            String::from("Success"),
            String::from("Success"),
        ],
        payload: vec![],
        topic: String::new(),
    };
    for chunk in (1..=20).chain([40, 63, 64, 65, 80, 1000]) {
        for driver in DRIVERS {
            assert_eq!(
                converse(&World::new(chunk), driver),
                expected,
                "{chunk} {driver:?}"
            );
            let world = World::new(chunk).stalling();
            assert_eq!(
                converse(&world, driver),
                expected,
                "{chunk} {driver:?}, stalling"
            );
        }
    }
}

/// Where the Server takes nothing before all is taken that it has written, whoever only writes stands
/// still for ever. A blocking write can do nothing else.
#[test]
fn both_sides_send_more_than_the_network_holds() {
    const PIECE: usize = 1000;
    for driver in [Driver::Next, Driver::NextDropped] {
        for world in [
            World::new(1000),
            World::new(7),
            World::new(1000).stalling(),
            World::new(7).stalling(),
        ] {
            let world = world.holding(256);
            let mut session = Session::<Tables>::new(Config::new(Version::V5));
            let mut resources = Resources::<64, 64, 80>::new();
            let mut client = Client::new(&mut session, world.clone(), resources.buffers());
            let mut link = client.connect(world.open(), &connect()).unwrap();
            connected(driver, &mut link);
            subscribe(&mut link, "a", QoS::AtMostOnce);
            settle(driver, &mut link);

            world.inject(&messages(Version::V5, 10, QoS::AtMostOnce, &[7; PIECE]));
            let upload = publish("out", Payload::Streamed(10_000), QoS::AtLeastOnce);
            link.commands().publish(&upload).unwrap();
            let (mut received, mut published) = (0, false);
            while received < 10 * PIECE || !published {
                let due = driver.step(&mut link, |told| match told {
                    Ok(Some((Step::PayloadDue(due), _))) => Some(due),
                    Ok(Some((Step::Event(event), _))) => {
                        match event {
                            Event::Message(message) => received += message.payload.len(),
                            Event::Payload(chunk) => received += chunk.payload.len(),
                            Event::Published(_) => published = true,
                            _ => {}
                        }
                        None
                    }
                    Ok(Some(_)) => None,
                    other => panic!("{driver:?}: {}", other.is_ok()),
                });
                match due {
                    Poll::Ready(Some(_)) => {
                        assert!(driver.send(&mut link, &[1; 200]).unwrap() <= 200);
                    }
                    Poll::Ready(None) => {}
                    Poll::Pending => panic!("{driver:?} waits for nothing at {received}"),
                }
            }
            assert_eq!(received, 10 * PIECE);
        }
    }
}
