//! Objects that are put together of several.

use serde_json::{Map, Value};

/// The JSON object that `value` is.
pub fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
