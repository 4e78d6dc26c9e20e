//! Over embassy-net: its `TcpSocket` is a transport as it is.

use embassy_net::tcp::TcpSocket;
use embassy_net::{IpEndpoint, Stack};
use embassy_time::Duration;
use transport_embedded::{Client, EmbassyClock};

use crate::thermostat::{self, Tables};

/// What holds half of what is on its way each way.
const SOCKET_BUFFER: usize = 1024;

/// Connects, again and again, until the device was told to stop. The body of a task.
///
/// Everything that is waited for has an end: the socket gives up on a peer that acknowledges
/// nothing, the session on one that answers nothing.
pub async fn run(
    client: &mut Client<'_, Tables, EmbassyClock>,
    stack: Stack<'_>,
    broker: IpEndpoint,
) {
    let (mut receive, mut transmit) = ([0; SOCKET_BUFFER], [0; SOCKET_BUFFER]);
    loop {
        let mut socket = TcpSocket::new(stack, &mut receive, &mut transmit);
        socket.set_timeout(Some(Duration::from_secs(20)));
        // A small packet would wait for the acknowledgement of the one before.
        socket.set_nagle_enabled(false);
        match socket.connect(broker).await {
            Ok(()) => {
                // By reference, so that the socket is still ours when the connection is over.
                if let Ok(mut connection) = client.connect(&mut socket, &thermostat::connect()) {
                    // Why it ended makes no difference here: the session's policy says what is next.
                    let _ = thermostat::serve(&mut connection).await;
                }
                // The peer learns of it; a socket that is only dropped says nothing.
                socket.close();
                let _ = socket.flush().await;
            }
            Err(_) => client.connect_failed(),
        }
        if !client.reconnect_due().await {
            return;
        }
    }
}
