/// The memory that a [`Client`](crate::Client) works in. None of it limits the size of a payload.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Buffers<'b> {
    /// What the transport is read into. At least 1 byte; the more, the fewer and larger the
    /// pieces in which payloads come. A packet that lies in it whole is not copied.
    pub receive: &'b mut [u8],
    /// Where a packet, or the head of a PUBLISH (topic and properties), is put together that
    /// straddles two reads. Its size bounds them whether they straddle or not: a PUBLISH whose head
    /// is larger is skipped; another packet that is larger ends the connection.
    pub scratch: &'b mut [u8],
    /// Where packets are written before they go to the transport. Holds the CONNECT, whole; at
    /// least 8 bytes.
    pub transmit: &'b mut [u8],
}

/// The memory of [`Buffers`] as one value, to be placed in a `static`.
///
/// ```
/// use transport_embedded::Resources;
///
/// let mut resources = Resources::<512, 256, 256>::new();
/// let buffers = resources.buffers();
/// assert_eq!(buffers.receive.len(), 512);
/// ```
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Resources<const RECEIVE: usize, const SCRATCH: usize, const TRANSMIT: usize> {
    receive: [u8; RECEIVE],
    scratch: [u8; SCRATCH],
    transmit: [u8; TRANSMIT],
}

impl<const RECEIVE: usize, const SCRATCH: usize, const TRANSMIT: usize>
    Resources<RECEIVE, SCRATCH, TRANSMIT>
{
    /// Zeroes: placed in `.bss`, it costs no flash.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            receive: [0; RECEIVE],
            scratch: [0; SCRATCH],
            transmit: [0; TRANSMIT],
        }
    }

    /// The three buffers.
    pub const fn buffers(&mut self) -> Buffers<'_> {
        Buffers {
            receive: &mut self.receive,
            scratch: &mut self.scratch,
            transmit: &mut self.transmit,
        }
    }
}

impl<const RECEIVE: usize, const SCRATCH: usize, const TRANSMIT: usize> Default
    for Resources<RECEIVE, SCRATCH, TRANSMIT>
{
    fn default() -> Self {
        Self::new()
    }
}
