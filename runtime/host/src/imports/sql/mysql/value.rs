//! Values between the contract and MySQL's binary protocol.

use super::fault;
use super::packet::{Message, Reader};
use crate::contract::keywheel::rotation::sql::{Error, ErrorKind, Value};

/// Types of parameters and columns.
const DECIMAL: u8 = 0;
const TINY: u8 = 1;
const SHORT: u8 = 2;
const LONG: u8 = 3;
const FLOAT: u8 = 4;
const DOUBLE: u8 = 5;
const NULL: u8 = 6;
const TIMESTAMP: u8 = 7;
const LONG_LONG: u8 = 8;
const INT_24: u8 = 9;
const DATE: u8 = 10;
const TIME: u8 = 11;
const DATE_TIME: u8 = 12;
const YEAR: u8 = 13;
const VARIABLE_CHARACTER: u8 = 15;
const BIT: u8 = 16;
const JSON: u8 = 245;
const NEW_DECIMAL: u8 = 246;
const ENUMERATION: u8 = 247;
const BLOB: u8 = 252;
const VARIABLE_STRING: u8 = 253;
const STRING: u8 = 254;
const GEOMETRY: u8 = 255;

/// The flag of a column without negative numbers.
const UNSIGNED: u16 = 1 << 5;
/// The character set of bytes that are no text.
const BINARY: u16 = 63;
/// Rows leave two bits free before those that tell which of their values are absent.
const NULL_BITS_OFFSET: usize = 2;

/// What a server says of a column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    kind: u8,
    unsigned: bool,
    binary: bool,
}

impl Column {
    pub(super) fn read(message: &[u8]) -> Option<Self> {
        let mut reader = Reader(message);
        // The catalog, the schema, the table, and what the table is called there.
        for _ in 0..4 {
            reader.counted()?;
        }
        let name = String::from_utf8_lossy(reader.counted()?).into_owned();
        let _original_name = reader.counted()?;
        let _length_of_the_rest = reader.count()?;
        let character_set = reader.u16()?;
        let _length = reader.u32()?;
        let kind = reader.u8()?;
        let unsigned = reader.u16()? & UNSIGNED != 0;
        Some(Self { name, kind, unsigned, binary: character_set == BINARY })
    }

    /// Refuses types that the contract has no value for: a guess would be worse.
    pub(super) fn check(&self) -> Result<(), Error> {
        let kind = match self.kind {
            TIMESTAMP => "timestamp",
            DATE => "date",
            TIME => "time",
            DATE_TIME => "datetime",
            GEOMETRY => "geometry",
            DECIMAL..=NULL
            | LONG_LONG
            | INT_24
            | YEAR
            | VARIABLE_CHARACTER
            | BIT
            | JSON
            | NEW_DECIMAL
            | ENUMERATION..=STRING => return Ok(()),
            _ => "of another kind",
        };
        let message =
            format!("column `{}` has the type `{kind}`: cast it to `char` in the statement", self.name);
        Err(fault::permanent(ErrorKind::Statement, message))
    }

    fn value(&self, reader: &mut Reader<'_>) -> Option<Value> {
        Some(match (self.kind, self.unsigned) {
            (NULL, _) => Value::Null,
            (TINY, false) => Value::Integer(i8::from_le_bytes(reader.array()?).into()),
            (TINY, true) => Value::Integer(reader.u8()?.into()),
            (SHORT | YEAR, false) => Value::Integer(i16::from_le_bytes(reader.array()?).into()),
            (SHORT | YEAR, true) => Value::Integer(reader.u16()?.into()),
            (LONG | INT_24, false) => Value::Integer(i32::from_le_bytes(reader.array()?).into()),
            (LONG | INT_24, true) => Value::Integer(reader.u32()?.into()),
            (LONG_LONG, false) => Value::Integer(i64::from_le_bytes(reader.array()?)),
            (LONG_LONG, true) => {
                let number = u64::from_le_bytes(reader.array()?);
                i64::try_from(number).map_or_else(|_| Value::Text(number.to_string()), Value::Integer)
            }
            (FLOAT, _) => Value::Float(f32::from_le_bytes(reader.array()?).into()),
            (DOUBLE, _) => Value::Float(f64::from_le_bytes(reader.array()?)),
            (BIT, _) => Value::Bytes(reader.counted()?.to_vec()),
            (VARIABLE_CHARACTER | ENUMERATION..=STRING, _) if self.binary => {
                Value::Bytes(reader.counted()?.to_vec())
            }
            // Servers older than the character set of the connection may send other bytes.
            _ => Value::Text(String::from_utf8_lossy(reader.counted()?).into_owned()),
        })
    }
}

/// Reads a row.
pub(super) fn row(columns: &[Column], message: &[u8]) -> Option<Vec<Value>> {
    let mut reader = Reader(message);
    reader.u8()?;
    let absent = reader.take((columns.len() + NULL_BITS_OFFSET).div_ceil(8))?;
    let is_absent = |index: usize| {
        let bit = index + NULL_BITS_OFFSET;
        absent[bit / 8] & (1 << (bit % 8)) != 0
    };
    let value = |(index, column): (usize, &Column)| {
        if is_absent(index) { Some(Value::Null) } else { column.value(&mut reader) }
    };
    columns.iter().enumerate().map(value).collect()
}

/// Adds the parameters of a statement to the message that runs it.
pub(super) fn parameters(mut message: Message, values: &[Value]) -> Message {
    if values.is_empty() {
        return message;
    }
    let mut absent = vec![0_u8; values.len().div_ceil(8)];
    for (index, value) in values.iter().enumerate() {
        if matches!(value, Value::Null) {
            absent[index / 8] |= 1 << (index % 8);
        }
    }
    const TYPES_FOLLOW: u8 = 1;
    message = message.bytes(&absent).byte(TYPES_FOLLOW);
    for value in values {
        message = message.bytes(&[kind(value), 0]);
    }
    for value in values {
        message = match value {
            Value::Null => message,
            Value::Boolean(value) => message.byte((*value).into()),
            Value::Integer(value) => message.bytes(&value.to_le_bytes()),
            Value::Float(value) => message.bytes(&value.to_le_bytes()),
            Value::Text(value) => message.counted(value.as_bytes()),
            Value::Bytes(value) => message.counted(value),
        };
    }
    message
}

/// How many bytes [`parameters`] adds at most.
pub(super) fn parameters_bytes_max(values: &[Value]) -> usize {
    const EACH: usize = 1 + 2 + 9;
    let held = |value: &Value| match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    };
    values.iter().map(|value| EACH + held(value)).sum::<usize>() + 2
}

const fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => NULL,
        Value::Boolean(_) => TINY,
        Value::Integer(_) => LONG_LONG,
        Value::Float(_) => DOUBLE,
        Value::Text(_) => VARIABLE_STRING,
        Value::Bytes(_) => BLOB,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(kind: u8, unsigned: bool, binary: bool) -> Column {
        Column { name: "c".to_owned(), kind, unsigned, binary }
    }

    #[track_caller]
    fn check(column: Column, bytes: &[u8], expected: Option<&str>) {
        let message = [&[0, 0][..], bytes].concat();
        let read = row(&[column], &message).map(|values| format!("{:?}", values[0]));
        assert_eq!(read.as_deref(), expected);
    }

    #[test]
    fn columns_are_read_by_their_type() {
        check(column(TINY, false, true), &[0xff], Some("Value::Integer(-1)"));
        check(column(TINY, true, true), &[0xff], Some("Value::Integer(255)"));
        check(column(LONG, false, true), &[0xfe, 0xff, 0xff, 0xff], Some("Value::Integer(-2)"));
        check(column(LONG_LONG, true, true), &[0xff; 8], Some("Value::Text(\"18446744073709551615\")"));
        check(column(DOUBLE, false, true), &1.5_f64.to_le_bytes(), Some("Value::Float(1.5)"));
        check(column(NEW_DECIMAL, false, true), b"\x041.50", Some("Value::Text(\"1.50\")"));
        check(column(JSON, false, true), b"\x02{}", Some("Value::Text(\"{}\")"));
        check(column(VARIABLE_STRING, false, false), b"\x03app", Some("Value::Text(\"app\")"));
        check(column(BLOB, false, true), b"\x02\x00\xff", Some("Value::Bytes([0, 255])"));
        check(column(BLOB, false, true), b"\x05\x00\xff", None);
        assert!(column(DATE_TIME, false, true).check().is_err());
        assert!(column(VARIABLE_STRING, false, true).check().is_ok());
    }

    #[test]
    fn absent_values_take_no_bytes() {
        let columns: Vec<Column> = (0..7).map(|_| column(TINY, false, true)).collect();
        // All but the first and the last, whose bits are in two bytes.
        let read = row(&columns, &[0, 0b1111_1000, 0, 1, 7]).unwrap();
        assert!(matches!(read[0], Value::Integer(1)) && matches!(read[6], Value::Integer(7)));
        assert!(read[1..6].iter().all(|value| matches!(value, Value::Null)));
    }
}
