//! Writing protobuf (<https://protobuf.dev/programming-guides/encoding/>).

/// A message being written. Fields are written in the order of the calls.
#[derive(Debug, Default)]
pub(super) struct Message {
    bytes: Vec<u8>,
}

const VARINT: u32 = 0;
const FIXED_64: u32 = 1;
const SIZED: u32 = 2;

impl Message {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(super) fn number(&mut self, field: u32, value: u64) -> &mut Self {
        self.tag(field, VARINT);
        self.varint(value)
    }

    pub(super) fn fixed(&mut self, field: u32, value: u64) -> &mut Self {
        self.tag(field, FIXED_64);
        self.bytes.extend(value.to_le_bytes());
        self
    }

    pub(super) fn double(&mut self, field: u32, value: f64) -> &mut Self {
        self.fixed(field, value.to_bits())
    }

    pub(super) fn text(&mut self, field: u32, value: &str) -> &mut Self {
        self.sized(field, value.as_bytes())
    }

    pub(super) fn message(&mut self, field: u32, value: &Message) -> &mut Self {
        self.sized(field, &value.bytes)
    }

    /// Numbers of fixed size as one packed field.
    pub(super) fn packed(&mut self, field: u32, values: impl Iterator<Item = u64>) -> &mut Self {
        let bytes: Vec<u8> = values.flat_map(u64::to_le_bytes).collect();
        self.sized(field, &bytes)
    }

    pub(super) fn sized(&mut self, field: u32, value: &[u8]) -> &mut Self {
        self.tag(field, SIZED);
        self.varint(value.len() as u64);
        self.bytes.extend(value);
        self
    }

    fn tag(&mut self, field: u32, wire: u32) {
        self.varint(u64::from(field << 3 | wire));
    }

    fn varint(&mut self, mut value: u64) -> &mut Self {
        while value >= 0x80 {
            self.bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push((value & 0x7f) as u8);
        self
    }
}

/// The fields of a message from outside, as far as they can be read: their numbers, and their bytes or value.
pub(super) fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut fields = Vec::new();
    while let Some(tag) = varint(&mut bytes) {
        let field = match tag & 7 {
            0 => varint(&mut bytes).map(Field::Number),
            1 => take(&mut bytes, 8).map(Field::Bytes),
            2 => varint(&mut bytes)
                .and_then(|size| take(&mut bytes, usize::try_from(size).ok()?))
                .map(Field::Bytes),
            5 => take(&mut bytes, 4).map(Field::Bytes),
            _ => None,
        };
        let Some(field) = field else { break };
        fields.push((tag >> 3, field));
    }
    fields
}

/// A field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *take(bytes, 1)?.first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}
