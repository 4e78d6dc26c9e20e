//! The device on one stack of embassy-net, the broker on another, and a cable between them.

mod common;

use common::{Server, run};
use embassy_futures::join::{join, join4};
use embassy_futures::select::{Either, select};
use embassy_net::tcp::TcpSocket;
use embassy_net::{Config, Ipv4Address, Ipv4Cidr, Runner, Stack, StackResources, StaticConfigV4};
use embassy_net_driver_channel as channel;
use embassy_net_driver_channel::driver::{HardwareAddress, LinkState};
use transport_embedded::{Client, EmbassyClock};
use transports::embassy;
use transports::thermostat::Memory;

const MTU: usize = 1500;
const PORT: u16 = 1883;
const DEVICE: Ipv4Address = Ipv4Address::new(10, 0, 0, 7);
const BROKER: Ipv4Address = Ipv4Address::new(10, 0, 0, 1);

type Driver = channel::Device<'static, MTU>;
type Port = channel::Runner<'static, MTU>;

/// Drivers, sockets and what they hold live as long as a device does.
fn stack(address: Ipv4Address) -> (Stack<'static>, Runner<'static, Driver>, Port) {
    let state = Box::leak(Box::new(channel::State::<MTU, 4, 4>::new()));
    let (mut port, driver) = channel::new(state, HardwareAddress::Ip);
    port.set_link_state(LinkState::Up);
    let config = Config::ipv4_static(StaticConfigV4 {
        address: Ipv4Cidr::new(address, 24),
        gateway: None,
        dns_servers: Default::default(),
    });
    let resources = Box::leak(Box::new(StackResources::<2>::new()));
    let (stack, runner) =
        embassy_net::new(driver, config, resources, u64::from(address.octets()[3]));
    (stack, runner, port)
}

/// One direction of the cable.
async fn carry(mut from: channel::TxRunner<'_, MTU>, mut to: channel::RxRunner<'_, MTU>) -> ! {
    loop {
        let packet = from.tx_buf().await;
        let count = packet.len();
        to.rx_buf().await[..count].copy_from_slice(packet);
        to.rx_done(count);
        from.tx_done();
    }
}

/// The first connection is cut as soon as the device has said something, the second is served.
async fn broker(stack: Stack<'_>, server: &mut Server) {
    let (mut receive, mut transmit) = ([0; 1024], [0; 1024]);
    {
        let mut socket = TcpSocket::new(stack, &mut receive, &mut transmit);
        socket.accept(PORT).await.unwrap();
        socket.wait_read_ready().await;
        socket.abort();
        socket.flush().await.unwrap();
    }
    let mut socket = TcpSocket::new(stack, &mut receive, &mut transmit);
    socket.set_nagle_enabled(false);
    socket.accept(PORT).await.unwrap();
    server.serve(&mut socket).await.unwrap();
    socket.close();
    socket.flush().await.unwrap();
}

#[test]
fn is_set_and_turned_off() {
    let (device, mut device_runner, device_port) = stack(DEVICE);
    let (server_stack, mut server_runner, server_port) = stack(BROKER);
    let (_, device_rx, device_tx) = device_port.split();
    let (_, server_rx, server_tx) = server_port.split();
    let network = join4(
        device_runner.run(),
        server_runner.run(),
        carry(device_tx, server_rx),
        carry(server_tx, device_rx),
    );

    let mut server = Server::start();
    let mut memory = Memory::new(7);
    let mut client = Client::new(&mut memory.session, EmbassyClock, memory.buffers.buffers());
    let device = embassy::run(&mut client, device, (BROKER, PORT).into());
    let ended = run(select(
        network,
        join(device, broker(server_stack, &mut server)),
    ));
    assert!(matches!(ended, Either::Second(_)), "the network ended");
    assert_eq!(server.states, ["21.5"]);
    assert!(!server.has_device());
}
