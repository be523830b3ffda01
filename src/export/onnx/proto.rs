//! Protocol buffers, as far as ONNX needs them: fields one behind the other, each with its number and how long it is.
//!
//! Source: the encoding's description (protobuf.dev/programming-guides/encoding).

/// A message as it is written.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Message(Vec<u8>);

const VARINT: u32 = 0;
const LENGTH: u32 = 2;
const FIXED32: u32 = 5;

impl Message {
    pub(super) fn new() -> Self {
        Message::default()
    }

    pub(super) fn int(mut self, field: u32, value: i64) -> Self {
        self.key(field, VARINT);
        self.varint(value as u64);
        self
    }

    pub(super) fn float(mut self, field: u32, value: f32) -> Self {
        self.key(field, FIXED32);
        self.0.extend(value.to_le_bytes());
        self
    }

    pub(super) fn bytes(mut self, field: u32, value: &[u8]) -> Self {
        self.put(field, value);
        self
    }

    pub(super) fn text(self, field: u32, value: &str) -> Self {
        self.bytes(field, value.as_bytes())
    }

    pub(super) fn message(self, field: u32, value: &Message) -> Self {
        self.bytes(field, &value.0)
    }

    /// A field that grows in place, for what is large.
    pub(super) fn put(&mut self, field: u32, value: &[u8]) {
        self.key(field, LENGTH);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
    }

    pub(super) fn put_message(&mut self, field: u32, value: &Message) {
        self.put(field, &value.0);
    }

    /// The key and the length of a field whose bytes follow.
    pub(super) fn opened(mut self, field: u32, length: usize) -> Self {
        self.key(field, LENGTH);
        self.varint(length as u64);
        self
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn key(&mut self, field: u32, wire: u32) {
        self.varint(u64::from(field << 3 | wire));
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the encoding's description.
    #[test]
    fn fields_are_encoded_as_described() {
        let check = |message: Message, bytes: &[u8]| assert_eq!(message.as_bytes(), bytes);
        check(Message::new().int(1, 150), &[0x08, 0x96, 0x01]);
        check(Message::new().text(2, "testing"), &[0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
        check(Message::new().message(3, &Message::new().int(1, 150)), &[0x1a, 0x03, 0x08, 0x96, 0x01]);
        check(Message::new().int(1, -1), &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
        check(Message::new().float(2, 1.0), &[0x15, 0, 0, 0x80, 0x3f]);
        check(Message::new().int(16, 0), &[0x80, 0x01, 0x00]);
        check(Message::new().opened(7, 300), &[0x3a, 0xac, 0x02]);
    }
}
