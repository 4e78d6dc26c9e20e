use core::fmt;
use core::hash::{Hash, Hasher};

/// What a [`Sequence`] is made of: something with a byte form of its own.
///
/// It is implemented for [`Property`](crate::Property), [`Subscription`](crate::Subscription),
/// [`TopicFilter`](crate::TopicFilter) and [`ReasonCode`](crate::ReasonCode), and by nobody else.
#[expect(
    private_bounds,
    reason = "sealed: what has a byte form is the specification's to say"
)]
pub trait Element<'a>: Copy + Wired<'a> {}

/// The byte form of an [`Element`].
pub(crate) trait Wired<'a>: Sized {
    /// Takes one from bytes that have been validated; `None` would be a fault of the validation.
    fn take(rest: &mut &'a [u8]) -> Option<Self>;
}

/// A list inside a packet: a slice of the caller's on its way out, bytes already
/// validated on the way in. Iterating gives the same elements either way, and
/// nothing is copied or allocated.
///
/// Two sequences are equal when their elements are.
#[derive(Clone, Copy)]
pub struct Sequence<'a, T> {
    repr: Repr<'a, T>,
}

#[derive(Clone, Copy)]
pub(crate) enum Repr<'a, T> {
    Slice(&'a [T]),
    Wire(&'a [u8]),
}

/// Iterates over a [`Sequence`].
#[derive(Clone)]
pub struct SequenceIter<'a, T> {
    rest: Repr<'a, T>,
}

impl<'a, T: Element<'a>> Sequence<'a, T> {
    /// A sequence without elements.
    pub const EMPTY: Self = Self {
        repr: Repr::Slice(&[]),
    };

    /// A sequence of the caller's.
    #[must_use]
    pub const fn new(elements: &'a [T]) -> Self {
        Self {
            repr: Repr::Slice(elements),
        }
    }

    /// A sequence of bytes that have been validated.
    pub(crate) const fn from_wire(bytes: &'a [u8]) -> Self {
        Self {
            repr: Repr::Wire(bytes),
        }
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(self) -> bool {
        match self.repr {
            Repr::Slice(elements) => elements.is_empty(),
            Repr::Wire(bytes) => bytes.is_empty(),
        }
    }

    /// How many elements there are; of received ones it is counted anew at each call.
    #[must_use]
    pub fn len(self) -> usize {
        match self.repr {
            Repr::Slice(elements) => elements.len(),
            Repr::Wire(_) => self.iter().count(),
        }
    }

    /// The elements in order.
    #[must_use]
    pub fn iter(self) -> SequenceIter<'a, T> {
        SequenceIter { rest: self.repr }
    }

    /// The elements that follow so many or, of received ones, so many bytes.
    pub(crate) fn iter_from(self, from: usize) -> SequenceIter<'a, T> {
        let rest = match self.repr {
            Repr::Slice(elements) => Repr::Slice(elements.get(from..).unwrap_or_default()),
            Repr::Wire(bytes) => Repr::Wire(bytes.get(from..).unwrap_or_default()),
        };
        SequenceIter { rest }
    }

    pub(crate) const fn repr(self) -> Repr<'a, T> {
        self.repr
    }
}

impl<'a, T> SequenceIter<'a, T> {
    /// How far inside its sequence it is, to go on with [`iter_from`](Sequence::iter_from).
    pub(crate) const fn passed(&self, of: &Sequence<'a, T>) -> usize {
        of.repr.len().saturating_sub(self.rest.len())
    }
}

impl<T> Repr<'_, T> {
    /// In elements or in bytes.
    const fn len(&self) -> usize {
        match self {
            Self::Slice(elements) => elements.len(),
            Self::Wire(bytes) => bytes.len(),
        }
    }
}

impl<'a, T: Element<'a>> Iterator for SequenceIter<'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        match &mut self.rest {
            Repr::Slice(elements) => {
                let (first, rest) = elements.split_first()?;
                *elements = rest;
                Some(*first)
            }
            Repr::Wire(bytes) => {
                if bytes.is_empty() {
                    return None;
                }
                let element = T::take(bytes);
                debug_assert!(
                    element.is_some(),
                    "a sequence of bytes that were not validated"
                );
                element
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self.rest {
            Repr::Slice(elements) => (elements.len(), Some(elements.len())),
            // Every element takes one byte or more.
            Repr::Wire(bytes) => (0, Some(bytes.len())),
        }
    }
}

impl<'a, T: Element<'a>> core::iter::FusedIterator for SequenceIter<'a, T> {}

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

impl<'a, T: Element<'a> + fmt::Debug> fmt::Debug for Sequence<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a, T: Element<'a> + fmt::Debug> fmt::Debug for SequenceIter<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<'a, T: Element<'a> + PartialEq> PartialEq for Sequence<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a, T: Element<'a> + Eq> Eq for Sequence<'a, T> {}

impl<'a, T: Element<'a> + Hash> Hash for Sequence<'a, T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut len: usize = 0;
        for element in *self {
            element.hash(state);
            len = len.wrapping_add(1);
        }
        len.hash(state);
    }
}

#[cfg(feature = "defmt")]
impl<'a, T: Element<'a> + defmt::Format> defmt::Format for Sequence<'a, T> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "[");
        for element in *self {
            defmt::write!(f, "{}, ", element);
        }
        defmt::write!(f, "]");
    }
}

#[cfg(feature = "defmt")]
impl<'a, T: Element<'a> + defmt::Format> defmt::Format for SequenceIter<'a, T> {
    fn format(&self, f: defmt::Formatter<'_>) {
        Sequence { repr: self.rest }.format(f);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::collections::hash_map::DefaultHasher;
    use std::format;
    use std::vec::Vec;

    use super::*;
    use crate::{Properties, Property};

    fn hash(properties: Properties<'_>) -> u64 {
        let mut hasher = DefaultHasher::new();
        properties.hash(&mut hasher);
        hasher.finish()
    }

    #[test]
    fn a_slice_and_its_bytes_are_the_same() {
        let list = [
            Property::ReasonString("x"),
            Property::UserProperty("a", "b"),
        ];
        let slice = Properties::from(&list);
        let wire: Properties<'_> = Sequence::from_wire(b"\x1F\0\x01x\x26\0\x01a\0\x01b");
        assert_eq!(slice, wire);
        assert_eq!(hash(slice), hash(wire));
        assert_eq!(format!("{slice:?}"), format!("{wire:?}"));
        assert_eq!(
            format!("{wire:?}"),
            r#"[ReasonString("x"), UserProperty("a", "b")]"#
        );
        assert_eq!(wire.iter().collect::<Vec<_>>(), list);
        assert_eq!((wire.len(), slice.len()), (2, 2));
        assert_eq!(wire.iter().size_hint(), (0, Some(11)));
        let shorter: Properties<'_> = Sequence::from_wire(b"\x1F\0\x01x");
        assert_ne!(wire, shorter);
        assert_ne!(hash(wire), hash(shorter));
        assert_ne!(slice, Properties::new(&[list[1], list[0]]));
        assert_eq!(Properties::EMPTY, Sequence::from_wire(b""));
        assert!(Properties::default().is_empty());
    }
}
