//! What becomes of a connection: time, loss, refusal.

use static_cell::StaticCell;

use super::*;

#[test]
fn the_connection_is_kept_alive() {
    with_client(&Config::new(Version::V5), |driver, world, client| {
        let mut link = client.connect(world.open(), &connect()).unwrap();
        connected(driver, &mut link);
        settle(driver, &mut link);
        // [MQTT-3.1.2-22] The Server closes after one and a half times the Keep Alive.
        for _ in 0..5 {
            world.advance(10_000);
            assert_eq!(settle(driver, &mut link), ["PingResp"], "{driver:?}");
        }
        assert!(world.is_connected("device"));
    });
}

#[test]
fn an_answer_that_waits_in_the_transport_is_not_missed() {
    with_client(&Config::new(Version::V5), |driver, world, client| {
        let mut link = client.connect(world.open(), &connect()).unwrap();
        connected(driver, &mut link);
        settle(driver, &mut link);
        // The Server's PINGRESP is there, but the application has other things to do until after
        // it was due.
        world.hold(true);
        world.advance(10_000);
        assert!(settle(driver, &mut link).is_empty());
        world.hold(false);
        world.advance(14_000);
        let seen = settle(driver, &mut link);
        assert!(
            !seen.iter().any(|event| event.contains("Timeout")),
            "{driver:?}: {seen:?}"
        );
        assert!(
            seen.contains(&String::from("PingResp")),
            "{driver:?}: {seen:?}"
        );
    });
}

#[test]
fn a_dead_link_is_noticed() {
    with_client(&Config::new(Version::V5), |driver, world, client| {
        let mut link = client.connect(world.open(), &connect()).unwrap();
        connected(driver, &mut link);
        settle(driver, &mut link);
        world.silence();
        world.advance(10_000);
        assert!(settle(driver, &mut link).is_empty());
        world.advance(9_999);
        assert!(settle(driver, &mut link).is_empty());
        world.advance(1);
        assert_eq!(
            settle(driver, &mut link),
            [
                format!("{:?}", Disconnected::Timeout(Timeout::PingResp)),
                String::from("over")
            ]
        );
    });
}

#[test]
fn a_lost_connection_is_resumed() {
    with_client(&reconnecting(), |driver, world, client| {
        let mut link = client.connect(world.open(), &connect()).unwrap();
        connected(driver, &mut link);
        settle(driver, &mut link);
        world.silence();
        let message = publish("a", Payload::Bytes(b"x"), QoS::AtLeastOnce);
        link.commands().publish(&message).unwrap();
        assert!(settle(driver, &mut link).is_empty());
        world.close();
        assert_eq!(settle(driver, &mut link), ["Closed", "over"]);
        drop(link);

        // Published while there is no connection.
        client.commands().publish(&message).unwrap();
        assert_eq!(client.poll().map(|(step, _)| step), None);
        client.connect_failed();
        assert!(poll(pin!(client.next())).is_pending());
        world.advance(8_000);
        let due = Some(Step::Event(Event::ReconnectDue));
        assert_eq!(client.poll().map(|(step, _)| step), due);

        let mut link = client.connect(world.open(), &connect()).unwrap();
        connected(driver, &mut link);
        assert_eq!(settle(driver, &mut link), ["NoMatchingSubscribers"; 2]);
    });
}

#[test]
fn reconnect_due_waits_for_the_backoff() {
    with_client(&reconnecting(), |_, world, client| {
        drop(client.connect(world.open(), &connect()).unwrap());
        let mut due = pin!(client.reconnect_due());
        assert!(poll(due.as_mut()).is_pending());
        world.advance(8_000);
        assert_eq!(poll(due.as_mut()), Poll::Ready(true));
    });
}

#[test]
fn a_wait_for_the_next_attempt_can_be_dropped() {
    with_client(&reconnecting(), |_, world, client| {
        let message = publish("a", Payload::Bytes(b"x"), QoS::AtMostOnce);
        let mut link = client.connect(world.open(), &connect()).unwrap();
        connected(Driver::Next, &mut link);
        let lost = link.commands().publish(&message).unwrap();
        drop(link);
        // The completion, once; then the attempt, once, however often its wait was dropped.
        let mut seen = Vec::new();
        for _ in 0..8_000 {
            while let Poll::Ready(next) = poll(pin!(client.next())) {
                seen.push(next.map(|(step, _)| step));
            }
            assert!(poll(pin!(client.reconnect_due())).is_pending());
            world.advance(1);
            if client.session().poll_timeout() <= Some(crate::Clock::now(world)) {
                break;
            }
        }
        let completed = Step::Completed(lost, Completion::Discarded);
        assert_eq!(seen, [Some(completed)]);
        assert_eq!(poll(pin!(client.reconnect_due())), Poll::Ready(true));
        // Nobody asked for a second attempt.
        assert_eq!(poll(pin!(client.reconnect_due())), Poll::Ready(false));
    });
    with_client(&Config::new(Version::V5), |_, world, client| {
        drop(client.connect(world.open(), &connect()).unwrap());
        // Nobody asked for it.
        assert_eq!(poll(pin!(client.reconnect_due())), Poll::Ready(false));
    });
}

#[test]
fn a_dropped_connection_is_closed() {
    with_client(&Config::new(Version::V5), |driver, world, client| {
        let mut link = client.connect(world.open(), &connect()).unwrap();
        connected(driver, &mut link);
        drop(link);
        assert_eq!(client.commands().session().state(), State::Disconnected);
        assert!(client.connect(world.open(), &connect()).is_ok());
    });
}

#[test]
fn the_error_of_the_transport_ends_the_connection() {
    with_client(&Config::new(Version::V5), |driver, world, client| {
        let mut link = client.connect(world.open(), &connect()).unwrap();
        connected(driver, &mut link);
        settle(driver, &mut link);
        world.break_transport();
        let message = publish("a", Payload::Bytes(b"x"), QoS::AtMostOnce);
        link.commands().publish(&message).unwrap();
        let mut seen = Vec::new();
        while let Poll::Ready(Some(told)) = driver.step(&mut link, |told| match told {
            Ok(Some((step, _))) => Some(Ok(format!("{step:?}"))),
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        }) {
            seen.push(told);
        }
        assert!(
            seen.contains(&Err(ErrorKind::ConnectionReset)),
            "{driver:?}: {seen:?}"
        );
        assert_eq!(link.commands().session().state(), State::Disconnected);
    });
}

#[test]
fn what_a_lost_transport_did_not_take_is_not_offered_to_it_again() {
    with_client(&Config::new(Version::V5), |driver, world, client| {
        let mut link = client.connect(world.open(), &connect()).unwrap();
        // The CONNECT is still to be written.
        world.close();
        link.commands()
            .disconnect(ReasonCode::Success, None)
            .unwrap();
        world.break_transport();
        let failed = driver.step(&mut link, |told| {
            matches!(told, Err(ErrorKind::ConnectionReset))
        });
        assert_eq!(failed, Poll::Ready(true));
        assert_eq!(settle(driver, &mut link), ["over"]);
    });
}

#[test]
fn a_flush_that_takes_long_does_not_hold_up_what_has_come() {
    with_client(&Config::new(Version::V5), |driver, world, client| {
        world.do_not_acknowledge();
        let mut link = client.connect(world.open(), &connect()).unwrap();
        connected(driver, &mut link);
        let message = publish("a", Payload::Bytes(b"x"), QoS::AtLeastOnce);
        link.commands().publish(&message).unwrap();
        assert_eq!(settle(driver, &mut link), ["NoMatchingSubscribers"]);
    });
}

#[test]
fn a_dead_link_does_not_hold_up_the_disconnect() {
    with_client(&Config::new(Version::V5), |driver, world, client| {
        if matches!(driver, Driver::Poll | Driver::BlockingNext) {
            // A blocking write takes as long as it takes.
            return;
        }
        let mut link = client.connect(world.open(), &connect()).unwrap();
        connected(driver, &mut link);
        settle(driver, &mut link);
        world.fill();
        link.commands()
            .disconnect(ReasonCode::Success, None)
            .unwrap();
        assert!(settle(driver, &mut link).is_empty());
        world.advance(10_000);
        assert_eq!(settle(driver, &mut link), ["Requested", "over"]);
    });
}

#[test]
fn an_outcome_that_comes_with_the_end_is_not_lost() {
    with_client(&Config::new(Version::V5), |driver, world, client| {
        let mut link = client.connect(world.open(), &connect()).unwrap();
        connected(driver, &mut link);
        settle(driver, &mut link);
        let message = publish("a", Payload::Bytes(b"x"), QoS::AtMostOnce);
        let token = link.commands().publish(&message).unwrap();
        drop(link);
        let lost = Some(Step::Completed(token, Completion::Discarded));
        assert_eq!(client.poll().map(|(step, _)| step), lost);
    });
}

#[test]
fn without_receive_maximum_nothing_is_read_until_the_application_acknowledges() {
    let mut config = Config::new(Version::V3_1_1);
    config.manual_ack = true;
    with_client(&config, |driver, world, client| {
        let mut link = client
            .connect(world.open(), &Connect::new(Version::V3_1_1, "device"))
            .unwrap();
        connected(driver, &mut link);
        subscribe(&mut link, "a", QoS::AtLeastOnce);
        settle(driver, &mut link);
        world.inject(&messages(Version::V3_1_1, 6, QoS::AtLeastOnce, b"x"));

        let mut acks = Vec::new();
        while let Poll::Ready(ack) = driver.step(&mut link, |told| match told {
            Ok(Some((Step::Event(Event::Message(message)), _))) => message.ack,
            _ => None,
        }) {
            acks.extend(ack);
        }
        // As many as the session can track.
        assert_eq!(acks.len(), 4, "{driver:?}");
        for ack in acks {
            link.commands()
                .acknowledge(ack, ReasonCode::Success)
                .unwrap();
        }
        assert_eq!(settle(driver, &mut link), ["message 1", "message 1"]);
    });
}

#[test]
fn no_pingresp_is_missed_while_the_application_does_not_acknowledge() {
    let mut config = Config::new(Version::V3_1_1);
    config.manual_ack = true;
    with_client(&config, |driver, world, client| {
        let mut connect = Connect::new(Version::V3_1_1, "device");
        connect.keep_alive = 10;
        let mut link = client.connect(world.open(), &connect).unwrap();
        connected(driver, &mut link);
        subscribe(&mut link, "a", QoS::AtLeastOnce);
        settle(driver, &mut link);
        world.inject(&messages(Version::V3_1_1, 6, QoS::AtLeastOnce, b"x"));
        let mut acks = Vec::new();
        let mut seen = Vec::new();
        // It is away for six times the Keep Alive, and the Server is healthy.
        for _ in 0..12 {
            while let Poll::Ready((ack, said)) = driver.step(&mut link, |told| match told {
                Ok(Some((Step::Event(Event::Message(message)), _))) => (message.ack, None),
                Ok(Some((Step::Again, _))) => (None, None),
                Ok(Some((step, _))) => (None, Some(format!("{step:?}"))),
                other => panic!("{driver:?}: {}", other.is_ok()),
            }) {
                acks.extend(ack);
                seen.extend(said);
            }
            world.advance(5_000);
        }
        assert_eq!((acks.len(), seen.as_slice()), (4, &[][..]), "{driver:?}");
        assert!(world.is_connected("device"), "{driver:?}");
        for ack in acks {
            link.commands()
                .acknowledge(ack, ReasonCode::Success)
                .unwrap();
        }
        let mut seen = settle(driver, &mut link);
        seen.dedup();
        assert_eq!(seen, ["message 1", "PingResp"], "{driver:?}");

        // It is read again, so a PINGRESP that does not come is missed.
        world.silence();
        world.advance(10_000);
        assert!(settle(driver, &mut link).is_empty());
        world.advance(10_000);
        let dead = format!("{:?}", Disconnected::Timeout(Timeout::PingResp));
        assert_eq!(settle(driver, &mut link), [&dead, "over"], "{driver:?}");
    });
}

#[test]
fn what_comes_is_read_while_a_write_or_a_flush_waits() {
    for unacknowledged in [false, true] {
        let world = World::new(1000);
        let mut session = Session::<Tables>::new(Config::new(Version::V5));
        let mut resources = Resources::<256, 128, 128>::new();
        let mut client = Client::new(&mut session, world.clone(), resources.buffers());
        let mut link = client.connect(world.open(), &connect()).unwrap();
        connected(Driver::Next, &mut link);
        subscribe(&mut link, "a", QoS::AtMostOnce);
        settle(Driver::Next, &mut link);
        if unacknowledged {
            world.do_not_acknowledge();
        } else {
            world.fill();
        }
        let message = publish("b", Payload::Bytes(b"x"), QoS::AtLeastOnce);
        link.commands().publish(&message).unwrap();
        settle(Driver::Next, &mut link);

        let mut next = pin!(link.next());
        assert!(poll(next.as_mut()).is_pending());
        world.inject(&messages(Version::V5, 1, QoS::AtMostOnce, b"x"));
        let came = poll(next.as_mut()).map(|told| {
            matches!(told, Ok(Some((Step::Event(Event::Message(message)), _))) if message.payload == b"x")
        });
        assert_eq!(came, Poll::Ready(true), "unacknowledged: {unacknowledged}");
    }
}

/// The future of a write that waits lives until it is woken: to keep the waker of one that was dropped
/// is not asked of a transport.
#[test]
fn a_transport_may_forget_the_waker_of_what_was_dropped() {
    struct Forgetful(std::rc::Rc<std::cell::Cell<usize>>);
    impl embedded_io::ErrorType for Forgetful {
        type Error = ErrorKind;
    }
    struct Waiting(std::rc::Rc<std::cell::Cell<usize>>);
    impl Drop for Waiting {
        fn drop(&mut self) {
            self.0.set(self.0.get() - 1);
        }
    }
    impl Forgetful {
        async fn wait(&mut self) -> Result<usize, ErrorKind> {
            self.0.set(self.0.get() + 1);
            let _waiting = Waiting(self.0.clone());
            std::future::pending().await
        }
    }
    impl embedded_io_async::Read for Forgetful {
        async fn read(&mut self, _: &mut [u8]) -> Result<usize, ErrorKind> {
            self.wait().await
        }
    }
    impl embedded_io_async::Write for Forgetful {
        async fn write(&mut self, _: &[u8]) -> Result<usize, ErrorKind> {
            self.wait().await
        }
        async fn flush(&mut self) -> Result<(), ErrorKind> {
            Ok(())
        }
    }
    let waiting = std::rc::Rc::new(std::cell::Cell::new(0));
    let mut session = Session::<Tables>::new(Config::new(Version::V5));
    let mut resources = Resources::<256, 128, 128>::new();
    let mut client = Client::new(&mut session, World::new(1), resources.buffers());
    let mut link = client
        .connect(Forgetful(waiting.clone()), &connect())
        .unwrap();
    let mut next = pin!(link.next());
    for _ in 0..3 {
        assert!(poll(next.as_mut()).is_pending());
        assert_eq!(waiting.get(), 1);
    }
}

/// A client has a name that a `static` and a task can have.
#[test]
fn a_client_can_be_static() {
    use std::sync::{Mutex, PoisonError};

    struct Fixed;
    impl crate::Clock for Fixed {
        fn now(&self) -> mqtt_session::Instant {
            mqtt_session::Instant::from_millis(0)
        }
    }

    static CLIENT: Mutex<Option<Client<'static, Tables, Fixed>>> = Mutex::new(None);
    static SESSION: StaticCell<Session<Tables>> = StaticCell::new();
    static RESOURCES: StaticCell<Resources<64, 64, 64>> = StaticCell::new();

    fn task(client: &mut Client<'static, Tables, Fixed>) -> State {
        client.session().state()
    }

    let session = SESSION.init(Session::new(Config::new(Version::V5)));
    let buffers = RESOURCES.init(Resources::new()).buffers();
    let mut client = CLIENT.lock().unwrap_or_else(PoisonError::into_inner);
    let client = client.insert(Client::new(session, Fixed, buffers));
    assert_eq!(task(client), State::Disconnected);
}
