//! Values between the contract and PostgreSQL.

use bytes::{BufMut as _, BytesMut};
use tokio_postgres::Row;
use tokio_postgres::types::{Format, FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::fault;
use crate::contract::keywheel::rotation::sql::{Error, ErrorKind, Value};

type Cause = Box<dyn std::error::Error + Sync + Send>;

/// First byte of the binary form of `jsonb`.
const JSONB_VERSION: u8 = 1;

/// A parameter, sent as text: the server reads it as whatever type it takes it for.
#[derive(Debug)]
pub(super) struct Parameter<'a>(pub(super) &'a Value);

impl ToSql for Parameter<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Cause> {
        match self.0 {
            Value::Null => return Ok(IsNull::Yes),
            Value::Boolean(value) => out.put_slice(if *value { b"t" } else { b"f" }),
            Value::Integer(value) => out.put_slice(value.to_string().as_bytes()),
            Value::Float(value) => out.put_slice(float_text(*value).as_bytes()),
            Value::Text(value) => out.put_slice(value.as_bytes()),
            Value::Bytes(value) => {
                out.put_slice(b"\\x");
                out.put_slice(hex::encode(value).as_bytes());
            }
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

fn float_text(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    value.to_string()
}

/// A column's bytes as the server sends them.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Cause> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Reads a column. Types that the contract has no value for are refused by name, since a guess would be
/// worse.
pub(super) fn column_value(row: &Row, index: usize) -> Result<Value, Error> {
    let column = &row.columns()[index];
    let raw = row.try_get::<_, Option<Raw<'_>>>(index).map_err(|error| fault::while_running(&error))?;
    let Some(Raw(raw)) = raw else { return Ok(Value::Null) };
    read(column.type_(), raw).ok_or_else(|| {
        let message = format!(
            "column `{}` has the type `{}`: cast it to `text` in the statement",
            column.name(),
            column.type_()
        );
        fault::permanent(ErrorKind::Statement, message)
    })
}

fn read(kind: &Type, raw: &[u8]) -> Option<Value> {
    Some(match *kind {
        Type::BOOL => Value::Boolean(bool::from_sql(kind, raw).ok()?),
        Type::INT2 => Value::Integer(i16::from_sql(kind, raw).ok()?.into()),
        Type::INT4 => Value::Integer(i32::from_sql(kind, raw).ok()?.into()),
        Type::INT8 => Value::Integer(i64::from_sql(kind, raw).ok()?),
        Type::OID | Type::XID | Type::CID => Value::Integer(u32::from_be_bytes(raw.try_into().ok()?).into()),
        Type::FLOAT4 => Value::Float(f32::from_sql(kind, raw).ok()?.into()),
        Type::FLOAT8 => Value::Float(f64::from_sql(kind, raw).ok()?),
        Type::BYTEA => Value::Bytes(raw.to_vec()),
        Type::UUID => Value::Text(uuid_text(raw)?),
        Type::JSONB => Value::Text(text(raw.strip_prefix(&[JSONB_VERSION])?)?),
        Type::VOID => Value::Null,
        Type::TEXT
        | Type::VARCHAR
        | Type::BPCHAR
        | Type::NAME
        | Type::UNKNOWN
        | Type::CHAR
        | Type::JSON
        | Type::XML
        | Type::CSTRING => Value::Text(text(raw)?),
        // An enumeration of the database's own arrives as its label.
        _ if matches!(kind.kind(), tokio_postgres::types::Kind::Enum(_)) => Value::Text(text(raw)?),
        _ => return None,
    })
}

fn text(raw: &[u8]) -> Option<String> {
    std::str::from_utf8(raw).ok().map(ToOwned::to_owned)
}

fn uuid_text(raw: &[u8]) -> Option<String> {
    let digits = hex::encode(<[u8; 16]>::try_from(raw).ok()?);
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    Some(parts.join("-"))
}

/// What a value takes: itself, and what it holds elsewhere.
pub(super) const fn size_bytes(value: &Value) -> usize {
    let held = match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Null | Value::Boolean(_) | Value::Integer(_) | Value::Float(_) => 0,
    };
    size_of::<Value>() + held
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_sent_as_text() {
        for (value, expected) in [
            (Value::Boolean(true), "t"),
            (Value::Integer(-7), "-7"),
            (Value::Float(1.5), "1.5"),
            (Value::Float(f64::NEG_INFINITY), "-Infinity"),
            (Value::Text("o'k".to_owned()), "o'k"),
            (Value::Bytes(vec![0, 255]), "\\x00ff"),
        ] {
            let mut out = BytesMut::new();
            assert!(matches!(Parameter(&value).to_sql(&Type::UNKNOWN, &mut out), Ok(IsNull::No)));
            assert_eq!(out, expected.as_bytes());
        }
    }

    #[track_caller]
    fn check(kind: &Type, raw: &[u8], expected: Option<&str>) {
        assert_eq!(read(kind, raw).map(|value| format!("{value:?}")).as_deref(), expected);
    }

    #[test]
    fn columns_are_read_by_their_type() {
        check(&Type::BOOL, &[1], Some("Value::Boolean(true)"));
        check(&Type::INT2, &[0xff, 0xff], Some("Value::Integer(-1)"));
        check(&Type::OID, &[0xff, 0xff, 0xff, 0xff], Some("Value::Integer(4294967295)"));
        check(&Type::NAME, b"app", Some("Value::Text(\"app\")"));
        check(&Type::JSONB, b"\x01{}", Some("Value::Text(\"{}\")"));
        check(&Type::UUID, &[0xab; 16], Some("Value::Text(\"abababab-abab-abab-abab-abababababab\")"));
        check(&Type::TEXT, &[0xff], None);
        check(&Type::NUMERIC, &[0; 8], None);
    }
}
