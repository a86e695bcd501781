//! The wire format of protocol buffers, as far as a SentencePiece model needs it.

/// The fields of a message, in order.
pub struct Fields<'a> {
    rest: &'a [u8],
}

/// The value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// An integer, a truth value or a choice.
    Integer(u64),
    /// A text, bytes or a message.
    Bytes(&'a [u8]),
    Float(f32),
    /// Eight bytes that nothing here asks for.
    Other,
}

impl<'a> Fields<'a> {
    pub fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// The number of a field and its value.
    fn field(&mut self) -> Result<(u64, Value<'a>), String> {
        let key = self.integer()?;
        let value = match key & 7 {
            0 => Value::Integer(self.integer()?),
            1 => self.take(8).map(|_| Value::Other)?,
            2 => {
                let length = self.integer()?;
                Value::Bytes(self.take(length)?)
            }
            5 => {
                let bytes = self.take(4)?;
                Value::Float(f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
            }
            other => return Err(format!("expected a field of a SentencePiece model, found one of type {other}")),
        };
        Ok((key >> 3, value))
    }

    /// Seven bits a byte, the lowest first, each but the last marked.
    fn integer(&mut self) -> Result<u64, String> {
        let mut integer = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            integer |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(integer);
            }
        }
        Err("expected an integer of at most ten bytes, found a longer one".into())
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], String> {
        let cut = || format!("it is cut off: {length} more bytes were expected, {} are left", self.rest.len());
        let (taken, rest) =
            usize::try_from(length).ok().and_then(|at| self.rest.split_at_checked(at)).ok_or_else(cut)?;
        self.rest = rest;
        Ok(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[]; // what comes then means nothing
        }
        Some(field)
    }
}

impl<'a> Value<'a> {
    pub fn integer(self) -> Option<u64> {
        if let Value::Integer(integer) = self { Some(integer) } else { None }
    }

    pub fn bytes(self) -> Option<&'a [u8]> {
        if let Value::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    pub fn text(self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_order() {
        let message = [0x08, 0x96, 0x01, 0x12, 2, b'h', b'i', 0x1d, 0, 0, 0x80, 0x3f, 0x21, 1, 2, 3, 4, 5, 6, 7, 8];
        let fields: Vec<_> = Fields::of(&message).collect::<Result<_, _>>().unwrap();
        let expected = [(1, Value::Integer(150)), (2, Value::Bytes(b"hi")), (3, Value::Float(1.0)), (4, Value::Other)];
        assert_eq!(fields, expected);
    }

    #[test]
    fn what_is_cut_off_is_an_error_and_the_last_thing() {
        for message in [
            &[0x08][..],
            &[0x12, 200, 1],
            &[0x1d, 0],
            &[0x0b],
            &[0xff; 12],
            &[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
        ] {
            let fields: Vec<_> = Fields::of(message).collect();
            assert!(fields.len() == 1 && fields[0].is_err(), "{fields:?}");
        }
    }
}
