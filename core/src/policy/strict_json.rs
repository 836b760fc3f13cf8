//! JSON read strictly: a repeated key is an error, and nesting is bounded.

use std::cell::RefCell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::malformed::{MAX_NESTING, Malformed};
use super::wording::shown;

pub(super) fn read(text: &str) -> Result<Value, Malformed> {
    if text.trim().is_empty() {
        return Err(Malformed::Empty);
    }
    let fault = RefCell::new(None);
    let mut json = serde_json::Deserializer::from_str(text);
    let strict = Strict { level: 0, fault: &fault };
    strict.deserialize(&mut json).and_then(|value| json.end().map(|()| value)).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        match fault.take() {
            Some(Fault::Repeated(key)) => Malformed::RepeatedKey { key: shown(&key), line, column },
            Some(Fault::TooDeep) => Malformed::TooDeep,
            None => Malformed::NotJson { detail: in_plain_words(&error.to_string()), line, column },
        }
    })
}

/// Why reading stopped. The error type of serde carries only a text.
enum Fault {
    Repeated(String),
    TooDeep,
}

#[derive(Clone, Copy)]
struct Strict<'f> {
    level: usize,
    fault: &'f RefCell<Option<Fault>>,
}

impl Strict<'_> {
    fn stop<E: de::Error>(self, fault: Fault) -> E {
        self.fault.replace(Some(fault));
        E::custom("refused")
    }

    fn inside<E: de::Error>(self) -> Result<Self, E> {
        if self.level == MAX_NESTING {
            return Err(self.stop(Fault::TooDeep));
        }
        Ok(Self { level: self.level + 1, fault: self.fault })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(inside)? {
            list.push(element);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(self.stop(Fault::Repeated(key)));
            }
            object.insert(key, entries.next_value_seed(inside)?);
        }
        Ok(Value::Object(object))
    }
}

/// The parser's message without the position, which has its own fields.
fn in_plain_words(message: &str) -> String {
    let end = message.rfind(" at line ").unwrap_or(message.len());
    message[..end].replace("EOF while parsing", "the text ends inside")
}
