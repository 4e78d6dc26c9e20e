//! Programs that show MQTT at work.
