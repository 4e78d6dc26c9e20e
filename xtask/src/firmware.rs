//! `cargo xtask firmware`: the device of `examples/firmware` in an emulator, against a real broker.
//!
//! Every wait is for something that is said, by the device or by the broker, and has a limit
//! only so that a failure ends.

mod proxy;

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::bare_metal::{Build, TARGET};
use crate::process::{Listen, Process};
use proxy::Proxy;

/// Sixty-four times the RAM of the device.
const IMAGE: usize = 4 * 1024 * 1024;
/// As in the device.
const LOG: u32 = 1024 * 1024;

/// Builds the device in both versions and runs it; builds it for a Cortex-M0 too.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let package = root.join("examples/firmware");
    let build = |target, features| {
        Build {
            package: &package,
            target,
            bin: "firmware",
            features,
        }
        .run()
    };
    build("thumbv6m-none-eabi", "")?;
    for (version, features) in [("5.0", ""), ("3.1.1", "v3")] {
        println!("== MQTT {version}");
        let firmware = build(TARGET, features)?;
        let folder = root.join("target/firmware").join(version);
        std::fs::create_dir_all(&folder)
            .map_err(|error| format!("{}: {error}", folder.display()))?;
        Scenario::start(&folder, &firmware, version)?.play()?;
    }
    Ok(())
}

struct Scenario {
    folder: PathBuf,
    version: &'static str,
    broker: Process,
    port: u16,
    proxy: Proxy,
    device: Process,
}

impl Scenario {
    fn start(folder: &Path, firmware: &Path, version: &'static str) -> Result<Self, String> {
        let port = free_port()?;
        let broker = broker(folder, port)?;
        let proxy =
            Proxy::start(port).map_err(|error| format!("cannot start the proxy: {error}"))?;
        let mut qemu = Command::new("qemu-system-arm");
        qemu.args([
            "-cpu",
            "cortex-m3",
            "-machine",
            "lm3s6965evb",
            "-nographic",
            "-monitor",
            "none",
        ])
        .args([
            "-serial",
            "none",
            "-nic",
            "user,model=stellaris",
            "-semihosting-config",
        ])
        .arg(format!(
            "enable=on,target=native,arg=firmware,arg={}",
            proxy.port()
        ))
        .arg("-kernel")
        .arg(firmware);
        let device = Process::start("device", &mut qemu, Listen::Output)?;
        Ok(Self {
            folder: folder.to_owned(),
            version,
            broker,
            port,
            proxy,
            device,
        })
    }

    fn play(mut self) -> Result<(), String> {
        self.connects(false)?;
        self.publishes()?;
        self.answers()?;
        self.keeps_alive()?;
        self.skips()?;
        self.takes_image("1", "AtLeastOnce")?;
        self.takes_image("2", "ExactlyOnce")?;
        self.sends_log()?;
        self.survives_broker()?;
        self.answers()?;
        self.publish("device/stop", &["-m", ""])?;
        self.device.expect_exit()
    }

    /// The device connects and subscribes to all that it listens to.
    fn connects(&mut self, session_present: bool) -> Result<(), String> {
        self.device
            .expect(&format!("connected session_present={session_present}"))?;
        for _ in 0..6 {
            self.device.expect("subscribed")?;
        }
        done("connects and subscribes")
    }

    /// QoS 0, 1 and 2.
    fn publishes(&mut self) -> Result<(), String> {
        let mut subscriber = self.subscribe("device/out", &["-C", "3", "-F", "%q %p"])?;
        self.publish("device/publish", &["-m", ""])?;
        self.device.expect("completed Sent")?;
        self.device.expect("published Success")?;
        self.device.expect("published Success")?;
        for line in ["0 out", "1 out", "2 out"] {
            subscriber.expect(line)?;
        }
        subscriber.expect_exit()?;
        done("publishes at QoS 0, 1 and 2")
    }

    /// A request is answered, in 5.0 where it says and with its correlation data.
    fn answers(&mut self) -> Result<(), String> {
        let (topic, format, request): (_, _, &[&str]) = if self.version == "5.0" {
            let properties = &[
                "-D",
                "publish",
                "response-topic",
                "replies/7",
                "-D",
                "publish",
                "correlation-data",
                "42",
            ];
            ("replies/7", "%p %D", properties)
        } else {
            ("device/response", "%p 42", &[])
        };
        let mut subscriber = self.subscribe(topic, &["-C", "1", "-F", format])?;
        self.publish("device/request", &[&["-m", "question"], request].concat())?;
        subscriber.expect("question 42")?;
        subscriber.expect_exit()?;
        self.device.expect("published Success")?;
        done("answers a request")
    }

    fn keeps_alive(&mut self) -> Result<(), String> {
        for _ in 0..2 {
            self.broker.expect_part("Received PINGREQ from device")?;
            self.broker.expect_part("Sending PINGRESP to device")?;
        }
        done("keeps the connection alive")
    }

    /// What is too large or not wanted is skipped, and the connection stays.
    fn skips(&mut self) -> Result<(), String> {
        let topic = format!("device/other/{}", "long".repeat(500));
        self.publish(&topic, &["-m", "x"])?;
        self.device.expect_next("oversized AtLeastOnce")?;
        let unwanted = self.folder.join("unwanted");
        write(&unwanted, &[0; 100_000])?;
        self.publish(
            "device/other/unwanted",
            &["-f", &unwanted.to_string_lossy()],
        )?;
        self.device.expect_next("unwanted 100000")?;
        done("skips what is too large and what is not wanted")
    }

    /// A retained message larger than the device's RAM.
    fn takes_image(&mut self, qos: &str, name: &str) -> Result<(), String> {
        let image: Vec<u8> = (0..IMAGE)
            .map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect();
        let path = self.folder.join("image");
        write(&path, &image)?;
        self.publish(
            "device/image",
            &["-r", "-q", qos, "-f", &path.to_string_lossy()],
        )?;
        self.publish("device/image/get", &["-m", ""])?;
        self.device.expect("subscribed")?;
        self.device.expect(&format!("image {name}"))?;
        let digest = Sha256::digest(&image);
        self.device
            .expect_next(&format!("image {IMAGE} {:02x?}", digest.as_slice()))?;
        self.device.expect("unsubscribed")?;
        // Of this message: the device has acknowledged others.
        let sent = self
            .broker
            .expect_parts(&["Sending PUBLISH to device (", "'device/image',"])?;
        let packet_id = sent
            .split(", ")
            .find_map(|field| field.strip_prefix('m'))
            .ok_or_else(|| format!("no packet identifier in: {sent}"))?;
        let acknowledgement = if qos == "1" { "PUBACK" } else { "PUBCOMP" };
        self.broker.expect_part(&format!(
            "Received {acknowledgement} from device (Mid: {packet_id},"
        ))?;
        done(&format!("takes {IMAGE} bytes at QoS {qos}"))
    }

    /// 1 MiB that is generated, over a connection that breaks half way.
    fn sends_log(&mut self) -> Result<(), String> {
        let received = self.folder.join("log");
        let output =
            File::create(&received).map_err(|error| format!("{}: {error}", received.display()))?;
        let mut subscriber = self.subscribe_to(output, "device/log", &["-C", "1", "-N"])?;
        self.proxy.cut_after(u64::from(LOG / 2));
        self.publish("device/log/get", &["-m", ""])?;
        self.device.expect("connected session_present=true")?;
        self.device.expect("log sent Success")?;
        subscriber.expect_exit()?;
        let mut bytes = Vec::new();
        File::open(&received)
            .and_then(|mut file| file.read_to_end(&mut bytes))
            .map_err(|error| format!("{}: {error}", received.display()))?;
        let expected = (0..LOG).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8);
        if !bytes.iter().copied().eq(expected) {
            return Err(format!(
                "the log has {} bytes that differ from the device's",
                bytes.len()
            ));
        }
        done(&format!("sends {LOG} bytes across a lost connection"))
    }

    /// The broker is killed and, when the device has been refused, started anew, without its sessions.
    fn survives_broker(&mut self) -> Result<(), String> {
        self.broker.kill()?;
        self.device.expect("no connection")?;
        self.broker = broker(&self.folder, self.port)?;
        self.proxy
            .resume()
            .map_err(|error| format!("cannot resume the proxy: {error}"))?;
        self.connects(false)?;
        done("survives the broker's end")
    }

    fn publish(&self, topic: &str, arguments: &[&str]) -> Result<(), String> {
        let mut command = self.client("mosquitto_pub", topic);
        // A QoS among the arguments counts more: it comes later.
        command.args(["-q", "1"]).args(arguments);
        Process::start("publisher", &mut command, Listen::Nothing)?.expect_exit()
    }

    fn subscribe(&mut self, topic: &str, arguments: &[&str]) -> Result<Process, String> {
        let mut command = self.client("mosquitto_sub", topic);
        command
            .args(["-q", "2", "-i", "subscriber"])
            .args(arguments);
        let process = Process::start("subscriber", &mut command, Listen::Output)?;
        self.broker.expect_part("Sending SUBACK to subscriber")?;
        Ok(process)
    }

    fn subscribe_to(
        &mut self,
        output: File,
        topic: &str,
        arguments: &[&str],
    ) -> Result<Process, String> {
        let mut command = self.client("mosquitto_sub", topic);
        command
            .args(["-q", "2", "-i", "subscriber"])
            .args(arguments)
            .stdout(output);
        let process = Process::start("subscriber", &mut command, Listen::Nothing)?;
        self.broker.expect_part("Sending SUBACK to subscriber")?;
        Ok(process)
    }

    fn client(&self, program: &str, topic: &str) -> Command {
        let mut command = Command::new(program);
        let version = if self.version == "5.0" { "5" } else { "311" };
        command.args([
            "-h",
            "127.0.0.1",
            "-p",
            &self.port.to_string(),
            "-V",
            version,
            "-t",
            topic,
        ]);
        command
    }
}

pub(crate) fn broker(folder: &Path, port: u16) -> Result<Process, String> {
    let path = folder.join("mosquitto.conf");
    let configuration = format!(
        "listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\npersistence false\nlog_type all\nlog_dest stderr\n"
    );
    write(&path, configuration.as_bytes())?;
    let program = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"]
        .into_iter()
        .find(|path| Path::new(path).is_file())
        .unwrap_or("mosquitto");
    let mut broker = Process::start(
        "broker",
        Command::new(program).arg("-c").arg(&path),
        Listen::Errors,
    )?;
    broker.expect_part("running")?;
    Ok(broker)
}

/// A free port of the loopback. Taken and given back: the broker is told one, it cannot be asked.
pub(crate) fn free_port() -> Result<u16, String> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| format!("no free port: {error}"))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    File::create(path)
        .and_then(|mut file| file.write_all(bytes))
        .map_err(|error| format!("{}: {error}", path.display()))
}

fn done(what: &str) -> Result<(), String> {
    println!("ok  {what}");
    Ok(())
}
