//! The layout of messages: fixed fields, lengths known beforehand, no bytes left over.
//!
//! The macro `message!` defines a message once; its encoding, its decoding and the table of its fields (from
//! which the tests make a wrong value for every field of every message) come from that definition.
//! Points are compressed, scalars canonical and in their curve's customary order, integers
//! big-endian. No count is ever read from a message: a [`Shape`] says how many there are.

use alloc::vec::Vec;
use core::fmt;

use group::GroupEncoding;
use zeroize::{Zeroize, Zeroizing};

use crate::curve::{Curve, PublicScalar, SCALAR_LEN, Scalar, Uncleared, decode_scalar, encode_scalar};
use crate::secret::Secret;

/// The numbers that fix the lengths of all messages of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// t, the threshold of the sharing that is dealt or used.
    pub threshold: usize,
    /// The number of parties in the session.
    pub parties: usize,
    /// The number of signatures in a batch; 1 where there is no batch.
    pub batch: usize,
}

/// Something with one encoding, of a length that the [`Shape`] fixes.
pub trait Wire: Sized {
    /// Its length in bytes.
    fn size(shape: &Shape) -> usize;

    /// Appends the encoding.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads one from the front.
    fn read(input: &mut Reader<'_>, shape: &Shape) -> Option<Self>;

    /// The encoding.
    fn encode(&self, shape: &Shape) -> Vec<u8> {
        let mut out = Vec::with_capacity(Self::size(shape));
        self.write(&mut out);
        out
    }

    /// The encoding of something secret, wiped when dropped.
    fn encode_secret(&self, shape: &Shape) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.encode(shape))
    }

    /// Decodes exactly these bytes.
    fn decode(bytes: &[u8], shape: &Shape) -> Option<Self> {
        if bytes.len() != Self::size(shape) {
            return None;
        }
        let mut input = Reader::new(bytes);
        let value = Self::read(&mut input, shape)?;
        input.finish()?;
        Some(value)
    }
}

/// Reads fields off the front of some bytes.
#[derive(Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Reads these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next `length` bytes.
    pub fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(length)?;
        self.0 = tail;
        Some(head)
    }

    /// The next N bytes.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// The next number, of one byte.
    pub fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    /// The next number, of two bytes.
    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    /// The next number, of four bytes.
    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// What is left.
    pub fn rest(self) -> &'a [u8] {
        self.0
    }

    /// Nothing may be left.
    pub fn finish(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

impl<const N: usize> Wire for [u8; N] {
    fn size(_: &Shape) -> usize {
        N
    }
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
    fn read(input: &mut Reader<'_>, _: &Shape) -> Option<Self> {
        input.array()
    }
}

impl<C: Curve> Wire for PublicScalar<C> {
    fn size(_: &Shape) -> usize {
        SCALAR_LEN
    }
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.encode());
    }
    fn read(input: &mut Reader<'_>, _: &Shape) -> Option<Self> {
        Self::decode(input.take(SCALAR_LEN)?)
    }
}

/// A secret scalar inside a sealed message.
#[derive(Debug)]
pub struct SecretScalar<C: Curve>(pub Secret<Scalar<C>>);

impl<C: Curve> Wire for SecretScalar<C> {
    fn size(_: &Shape) -> usize {
        SCALAR_LEN
    }
    fn write(&self, out: &mut Vec<u8>) {
        let mut bytes = encode_scalar::<C>(self.0.expose());
        out.extend_from_slice(&bytes);
        bytes.zeroize();
    }
    fn read(input: &mut Reader<'_>, _: &Shape) -> Option<Self> {
        decode_scalar::<C>(input.take(SCALAR_LEN)?).map(|scalar| Self(Secret::new(scalar)))
    }
}

/// 32 secret bytes inside a sealed message.
#[derive(Debug)]
pub struct SecretBytes(pub Secret<[u8; 32]>);

impl Wire for SecretBytes {
    fn size(_: &Shape) -> usize {
        32
    }
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.expose());
    }
    fn read(input: &mut Reader<'_>, _: &Shape) -> Option<Self> {
        let mut secret = Secret::new([0; 32]);
        secret.expose_mut().copy_from_slice(input.take(32)?);
        Some(Self(secret))
    }
}

/// Defines a point type that keeps the encoding it came in, so that nothing is encoded twice.
macro_rules! encoded {
    ($(#[$doc:meta])* $name:ident, $point:ty, $decode:ident, $encode:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name<C: Curve> {
            point: $point,
            bytes: <C::Point as GroupEncoding>::Repr,
        }

        impl<C: Curve> $name<C> {
            /// Encodes a point, once.
            pub fn new(point: $point) -> Self {
                #[allow(clippy::redundant_closure_call)]
                Self { point, bytes: $encode(&point) }
            }

            /// The point.
            pub fn point(&self) -> &$point {
                &self.point
            }

            /// Its encoding.
            pub fn as_bytes(&self) -> &[u8] {
                self.bytes.as_ref()
            }
        }

        impl<C: Curve> Wire for $name<C> {
            fn size(_: &Shape) -> usize {
                C::POINT_LEN
            }
            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(self.as_bytes());
            }
            fn read(input: &mut Reader<'_>, _: &Shape) -> Option<Self> {
                let encoding = input.take(C::POINT_LEN)?;
                let mut bytes = <C::Point as GroupEncoding>::Repr::default();
                if bytes.as_ref().len() != encoding.len() {
                    return None;
                }
                bytes.as_mut().copy_from_slice(encoding);
                Some(Self { point: C::$decode(encoding)?, bytes })
            }
        }

        impl<C: Curve> PartialEq for $name<C> {
            fn eq(&self, other: &Self) -> bool {
                self.as_bytes() == other.as_bytes()
            }
        }

        impl<C: Curve> Eq for $name<C> {}

        impl<C: Curve> fmt::Debug for $name<C> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "("))?;
                self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str(")")
            }
        }
    };
}

encoded! {
    /// A point of the prime-order group, not the identity, with its encoding.
    Element, C::Point, decode, |point: &C::Point| point.to_bytes()
}
encoded! {
    /// An [`Uncleared`] point with its encoding.
    UnclearedElement, Uncleared<C>, decode_uncleared, |point: &Uncleared<C>| point.to_repr()
}

/// A field of a message: its name and where it is in the encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The field's name; of a list, each item is a field of its own under the list's name.
    pub name: &'static str,
    /// The offset of its first byte.
    pub offset: usize,
    /// Its length in bytes.
    pub length: usize,
}

impl Field {
    /// Where its bytes are in the message.
    pub fn range(&self) -> core::ops::Range<usize> {
        self.offset..self.offset + self.length
    }
}

/// Defines a message: its struct, its encoding and the table of its fields.
///
/// A field is `name: Type`, or `name: [Type; count]` for a `Vec` whose length is an expression of the
/// shape.
macro_rules! message {
    (
        $(#[$doc:meta])*
        pub struct $name:ident $(<$generic:ident: $bound:path>)? |$shape:ident| {
            $( $(#[$field_doc:meta])* $field:ident: $kind:tt $(<$arg:ident>)? ),* $(,)?
        }
    ) => {
        $(#[$doc])*
        pub struct $name $(<$generic: $bound>)? {
            $( $(#[$field_doc])* pub $field: $crate::wire::message!(@type $kind $(<$arg>)?), )*
        }

        impl $(<$generic: $bound>)? core::fmt::Debug for $name $(<$generic>)? {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_struct(stringify!($name)) $( .field(stringify!($field), &self.$field) )* .finish()
            }
        }

        impl $(<$generic: $bound>)? $crate::wire::Wire for $name $(<$generic>)? {
            #[allow(unused_variables)]
            fn size($shape: &$crate::wire::Shape) -> usize {
                0 $( + $crate::wire::message!(@size $shape, $kind $(<$arg>)?) )*
            }
            fn write(&self, out: &mut alloc::vec::Vec<u8>) {
                $( $crate::wire::message!(@write self.$field, out, $kind $(<$arg>)?); )*
            }
            #[allow(unused_variables)]
            fn read(input: &mut $crate::wire::Reader<'_>, $shape: &$crate::wire::Shape) -> Option<Self> {
                Some(Self { $( $field: $crate::wire::message!(@read input, $shape, $kind $(<$arg>)?), )* })
            }
        }

        impl $(<$generic: $bound>)? $name $(<$generic>)? {
            /// Where each field is in the encoding.
            #[allow(unused_variables, unused_assignments)]
            pub fn layout($shape: &$crate::wire::Shape) -> alloc::vec::Vec<$crate::wire::Field> {
                let mut fields = alloc::vec::Vec::new();
                let mut offset = 0;
                $( $crate::wire::message!(@layout fields, offset, stringify!($field), $shape, $kind $(<$arg>)?); )*
                fields
            }
        }
    };
    (@type [$item:ident $(<$arg:ident>)?; $count:expr]) => { alloc::vec::Vec<$item $(<$arg>)?> };
    (@type $kind:tt $(<$arg:ident>)?) => { $kind $(<$arg>)? };
    (@size $shape:ident, [$item:ident $(<$arg:ident>)?; $count:expr]) => {
        ($count) * <$item $(<$arg>)? as $crate::wire::Wire>::size($shape)
    };
    (@size $shape:ident, $kind:tt $(<$arg:ident>)?) => { <$kind $(<$arg>)? as $crate::wire::Wire>::size($shape) };
    (@write $self:ident.$field:ident, $out:ident, [$($list:tt)*]) => {
        for item in &$self.$field { $crate::wire::Wire::write(item, $out); }
    };
    (@write $self:ident.$field:ident, $out:ident, $kind:tt $(<$arg:ident>)?) => {
        $crate::wire::Wire::write(&$self.$field, $out);
    };
    (@read $input:ident, $shape:ident, [$item:ident $(<$arg:ident>)?; $count:expr]) => {{
        let count = $count;
        let mut items = alloc::vec::Vec::with_capacity(count);
        for _ in 0..count {
            items.push(<$item $(<$arg>)? as $crate::wire::Wire>::read($input, $shape)?);
        }
        items
    }};
    (@read $input:ident, $shape:ident, $kind:tt $(<$arg:ident>)?) => {
        <$kind $(<$arg>)? as $crate::wire::Wire>::read($input, $shape)?
    };
    (@layout $fields:ident, $offset:ident, $name:expr, $shape:ident, [$item:ident $(<$arg:ident>)?; $count:expr]) => {
        for _ in 0..$count {
            let length = <$item $(<$arg>)? as $crate::wire::Wire>::size($shape);
            $fields.push($crate::wire::Field { name: $name, offset: $offset, length });
            $offset += length;
        }
    };
    (@layout $fields:ident, $offset:ident, $name:expr, $shape:ident, $kind:tt $(<$arg:ident>)?) => {
        let length = <$kind $(<$arg>)? as $crate::wire::Wire>::size($shape);
        $fields.push($crate::wire::Field { name: $name, offset: $offset, length });
        $offset += length;
    };
}
pub(crate) use message;

/// 32 bytes in a message.
pub type Bytes32 = [u8; 32];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::{Ed25519, Secp256k1};

    message! {
        /// A message with every kind of field.
        pub struct Sample<C: Curve> |shape| {
            nonce: Bytes32,
            points: [Element<C>; shape.threshold],
            raw: [UnclearedElement<C>; 1],
            response: PublicScalar<C>,
        }
    }

    fn sample<C: Curve>() {
        let shape = Shape { threshold: 3, parties: 3, batch: 1 };
        let message = Sample::<C> {
            nonce: [7; 32],
            points: (1u64..4).map(|k| Element::new(C::mul_base(&k.into()))).collect(),
            raw: alloc::vec![UnclearedElement::new(Uncleared::mul_base(&9u64.into()))],
            response: PublicScalar::from(5),
        };
        let bytes = message.encode(&shape);
        assert_eq!(bytes.len(), Sample::<C>::size(&shape));
        let back = Sample::<C>::decode(&bytes, &shape).unwrap();
        assert_eq!(back.encode(&shape), bytes);
        assert_eq!(back.raw[0].point().clear(), C::mul_base(&9u64.into()));
        for other in [2, 4] {
            assert!(Sample::<C>::decode(&bytes, &Shape { threshold: other, ..shape }).is_none());
        }
        assert!(Sample::<C>::decode(&bytes[1..], &shape).is_none());
        let fields = Sample::<C>::layout(&shape);
        assert_eq!(fields.len(), 6);
        assert_eq!(fields[5], Field { name: "response", offset: 32 + 4 * C::POINT_LEN, length: 32 });
    }

    #[test]
    fn messages_encode_and_decode() {
        sample::<Ed25519>();
        sample::<Secp256k1>();
    }
}
