//! The [compact protocol of Thrift](https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md),
//! as far as the footer of a Parquet file needs it: integers, booleans, binary, lists and structures.
//!
//! What is not asked for is skipped. Nothing is allocated by a length that the bytes do not cover, and structures
//! are followed as deep as [`MAX_DEPTH`].

/// Structures inside structures. The footer of Parquet needs six.
const MAX_DEPTH: u8 = 16;

/// Why some bytes are not Thrift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ThriftError {
    /// Nested too deep.
    Depth,
    /// They end in the middle of a value.
    End,
    /// A value of another type than the format has there, or of none that exists.
    Type,
    /// A number that its type cannot hold.
    Range,
}

/// The types on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    True,
    False,
    Byte,
    /// I16, I32 and I64 are written alike.
    Integer,
    Double,
    Binary,
    List,
    Map,
    Struct,
}

impl Type {
    fn of(number: u8) -> Result<Self, ThriftError> {
        Ok(match number {
            1 => Self::True,
            2 => Self::False,
            3 => Self::Byte,
            4..=6 => Self::Integer,
            7 => Self::Double,
            8 => Self::Binary,
            9 | 10 => Self::List,
            11 => Self::Map,
            12 => Self::Struct,
            _ => return Err(ThriftError::Type),
        })
    }
}

/// Bytes that are read from the front.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    depth: u8,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, depth: 0 }
    }

    fn byte(&mut self) -> Result<u8, ThriftError> {
        let (first, rest) = self.rest.split_first().ok_or(ThriftError::End)?;
        self.rest = rest;
        Ok(*first)
    }

    fn varint(&mut self) -> Result<u64, ThriftError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(ThriftError::Range);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(ThriftError::Range)
    }

    /// An integer of any width.
    pub(super) fn integer(&mut self) -> Result<i64, ThriftError> {
        let zigzag = self.varint()?;
        let magnitude = i64::try_from(zigzag >> 1).map_err(|_| ThriftError::Range)?;
        Ok(if zigzag & 1 == 0 { magnitude } else { -magnitude - 1 })
    }

    /// Bytes, or a text.
    pub(super) fn binary(&mut self) -> Result<&'a [u8], ThriftError> {
        let len = usize::try_from(self.varint()?).map_err(|_| ThriftError::End)?;
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or(ThriftError::End)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// The elements of a list of structures or other values, one by one.
    pub(super) fn list(
        &mut self,
        mut take: impl FnMut(Type, &mut Self) -> Result<(), ThriftError>,
    ) -> Result<(), ThriftError> {
        let head = self.byte()?;
        let kind = Type::of(head & 0x0f)?;
        let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
        // Every element has a byte at least.
        if u64::try_from(self.rest.len()).is_ok_and(|left| count > left) {
            return Err(ThriftError::End);
        }
        (0..count).try_for_each(|_| take(kind, self))
    }

    /// The fields of a structure, one by one: `take` reads the value, or gives the type back to have it skipped.
    pub(super) fn structure(
        &mut self,
        mut take: impl FnMut(i64, Type, &mut Self) -> Result<Option<Type>, ThriftError>,
    ) -> Result<(), ThriftError> {
        if self.depth >= MAX_DEPTH {
            return Err(ThriftError::Depth);
        }
        self.depth += 1;
        let mut id = 0_i64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                self.depth -= 1;
                return Ok(());
            }
            let kind = Type::of(head & 0x0f)?;
            id = match head >> 4 {
                0 => self.integer()?,
                delta => id.checked_add(i64::from(delta)).ok_or(ThriftError::Range)?,
            };
            if let Some(kind) = take(id, kind, self)? {
                self.skip(kind)?;
            }
        }
    }

    fn skip(&mut self, kind: Type) -> Result<(), ThriftError> {
        match kind {
            Type::True | Type::False => Ok(()),
            Type::Byte => self.byte().map(drop),
            Type::Integer => self.varint().map(drop),
            Type::Double => {
                self.rest = self.rest.get(8..).ok_or(ThriftError::End)?;
                Ok(())
            }
            Type::Binary => self.binary().map(drop),
            Type::List => self.nested(|reader| reader.list(|kind, reader| reader.skip_element(kind))),
            Type::Map => self.nested(Self::skip_map),
            Type::Struct => self.structure(|_, kind, _| Ok(Some(kind))),
        }
    }

    fn skip_map(&mut self) -> Result<(), ThriftError> {
        let count = self.varint()?;
        if count == 0 {
            return Ok(());
        }
        if u64::try_from(self.rest.len()).is_ok_and(|left| count > left) {
            return Err(ThriftError::End);
        }
        let kinds = self.byte()?;
        let (key, value) = (Type::of(kinds >> 4)?, Type::of(kinds & 0x0f)?);
        (0..count).try_for_each(|_| {
            self.skip_element(key)?;
            self.skip_element(value)
        })
    }

    /// A boolean has a byte of its own in a list or a map, and none in a structure.
    fn skip_element(&mut self, kind: Type) -> Result<(), ThriftError> {
        match kind {
            Type::True | Type::False => self.byte().map(drop),
            other => self.skip(other),
        }
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Result<(), ThriftError>) -> Result<(), ThriftError> {
        if self.depth >= MAX_DEPTH {
            return Err(ThriftError::Depth);
        }
        self.depth += 1;
        read(self)?;
        self.depth -= 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_zigzag() {
        for (bytes, expected) in [
            (&[0][..], Ok(0)),
            (&[1], Ok(-1)),
            (&[2], Ok(1)),
            (&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], Ok(i64::MAX)),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], Ok(i64::MIN)),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2], Err(ThriftError::Range)),
            (&[0x80; 11], Err(ThriftError::Range)),
            (&[0x80], Err(ThriftError::End)),
            (&[], Err(ThriftError::End)),
        ] {
            assert_eq!(Reader::new(bytes).integer(), expected, "{bytes:?}");
        }
    }

    #[test]
    fn what_nests_without_end_is_refused() {
        let skip = |bytes: &[u8]| Reader::new(bytes).structure(|_, kind, _| Ok(Some(kind)));
        assert_eq!(skip(&[0x1c; 1_000]), Err(ThriftError::Depth), "structures");
        assert_eq!(skip(&[&[0x19][..], &[0x19; 1_000]].concat()), Err(ThriftError::Depth), "lists");
        assert_eq!(skip(&[0x19, 0xf5, 0xff, 0xff, 0xff, 0xff, 0x0f]), Err(ThriftError::End), "a long list");
        assert_eq!(skip(&[0x18, 0xff, 0xff, 0xff, 0xff, 0x0f]), Err(ThriftError::End), "a long text");
        assert_eq!(skip(&[0x1b, 2, 0x88, 1, b'a', 1, b'b', 1, b'c', 1, b'd', 0]), Ok(()), "a map");
        assert_eq!(skip(&[0x1d, 0]), Err(ThriftError::Type));
        assert_eq!(skip(&[0x11, 0x12, 0x13, 1, 0x17, 0, 0, 0, 0, 0, 0, 0, 0, 0]), Ok(()));
    }
}
