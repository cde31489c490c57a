//! A value of any column in JSON: `null`, a number, a text, or bytes as `{"x": "0a1b"}`.

use serde_json::{Value, json};

use crate::driver::Cell;

pub(super) fn write(cell: Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Integer(number) => number.into(),
        Cell::Text(text) => text.into(),
        Cell::Bytes(bytes) => json!({ "x": hex(&bytes) }),
    }
}

/// The value; `None` if no column can have it.
pub(super) fn read(value: Value) -> Option<Cell> {
    Some(match value {
        Value::Null => Cell::Null,
        Value::Number(number) => Cell::Integer(number.as_i64()?),
        Value::String(text) => Cell::Text(text),
        Value::Object(object) if object.len() == 1 => Cell::Bytes(unhex(object.get("x")?.as_str()?)?),
        Value::Array(_) | Value::Bool(_) | Value::Object(_) => return None,
    })
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let half = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(half(*high)? << 4 | half(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_again(text in ".*", number: i64, bytes: Vec<u8>) {
            for cell in [Cell::Null, Cell::Integer(number), Cell::Text(text), Cell::Bytes(bytes)] {
                prop_assert_eq!(read(write(cell.clone())), Some(cell));
            }
        }
    }

    #[test]
    fn what_no_column_can_have_is_not_read() {
        let bytes = ["0", "0g", "000"].map(|bad| json!({ "x": bad }));
        for bad in bytes.into_iter().chain([json!(1.5), json!(true), json!([1]), json!({}), json!({"x": "00", "y": 1})])
        {
            assert_eq!(read(bad.clone()), None, "{bad}");
        }
    }
}
