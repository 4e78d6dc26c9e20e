use core::marker::PhantomData;

/// What a [`Sequence`] is made of: something with a byte form of its own.
/// Sealed: properties, subscriptions, topic filters and reason codes.
pub trait Element<'a>: Copy {
    // to be designed: read one from bytes already validated, its length, write it
}

/// A list inside a packet: a slice of the caller's on its way out, bytes already
/// validated on the way in. Iterating gives the same elements either way, and
/// nothing is copied or allocated.
///
/// Two sequences are equal when their elements are.
#[derive(Clone, Copy, Debug)]
pub struct Sequence<'a, T> {
    repr: Repr<'a, T>,
}

#[derive(Clone, Copy, Debug)]
enum Repr<'a, T> {
    Slice(&'a [T]),
    Wire(&'a [u8]),
}

/// Iterates over a [`Sequence`].
#[derive(Clone, Debug)]
pub struct SequenceIter<'a, T> {
    rest: Sequence<'a, T>,
    marker: PhantomData<T>,
}

impl<'a, T: Element<'a>> Sequence<'a, T> {
    /// A sequence without elements.
    pub const EMPTY: Self = Self { repr: Repr::Slice(&[]) };

    /// A sequence of the caller's.
    #[must_use]
    pub const fn new(elements: &'a [T]) -> Self {
        Self { repr: Repr::Slice(elements) }
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(self) -> bool {
        match self.repr {
            Repr::Slice(elements) => elements.is_empty(),
            Repr::Wire(bytes) => bytes.is_empty(),
        }
    }

    /// The elements in order.
    #[must_use]
    pub fn iter(self) -> SequenceIter<'a, T> {
        SequenceIter { rest: self, marker: PhantomData }
    }
}

impl<'a, T: Element<'a>> Iterator for SequenceIter<'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let _ = &self.rest;
        todo!()
    }
}

impl<'a, T: Element<'a>> IntoIterator for Sequence<'a, T> {
    type Item = T;
    type IntoIter = SequenceIter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T: Element<'a>> Default for Sequence<'a, T> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<'a, T: Element<'a>> From<&'a [T]> for Sequence<'a, T> {
    fn from(elements: &'a [T]) -> Self {
        Self::new(elements)
    }
}

impl<'a, T: Element<'a>, const N: usize> From<&'a [T; N]> for Sequence<'a, T> {
    fn from(elements: &'a [T; N]) -> Self {
        Self::new(elements)
    }
}

impl<'a, T: Element<'a> + PartialEq> PartialEq for Sequence<'a, T> {
    fn eq(&self, _other: &Self) -> bool {
        todo!()
    }
}

impl<'a, T: Element<'a> + Eq> Eq for Sequence<'a, T> {}
