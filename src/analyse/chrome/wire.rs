//! How an event is spelled in a trace file, as far as anything of it is wanted.
//!
//! PyTorch's own files are not always JSON: bandwidths may be `inf`, paths of Windows have single
//! backslashes, names hold control characters. [`mend`] makes JSON of such an event.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// One element of `traceEvents`.
#[derive(Deserialize)]
pub struct Event<'a> {
    #[serde(borrow, default)]
    pub ph: Word<'a>,
    #[serde(borrow, default)]
    pub cat: Word<'a>,
    #[serde(borrow, default)]
    pub name: Word<'a>,
    #[serde(borrow)]
    pub pid: Option<&'a RawValue>,
    #[serde(borrow)]
    pub tid: Option<&'a RawValue>,
    #[serde(borrow)]
    pub ts: Option<&'a RawValue>,
    #[serde(borrow)]
    pub dur: Option<&'a RawValue>,
    /// Read only where something in it is wanted.
    #[serde(borrow)]
    pub args: Option<&'a RawValue>,
}

/// What operators say of their inputs. The values are compared before they are read: most come again.
#[derive(Deserialize, Default)]
pub struct Inputs<'a> {
    #[serde(borrow, rename = "Input Dims")]
    pub dims: Option<&'a RawValue>,
    #[serde(borrow, rename = "Input type")]
    pub types: Option<&'a RawValue>,
    #[serde(borrow, rename = "Concrete Inputs")]
    pub concrete: Option<&'a RawValue>,
}

/// What an allocation or a release says.
#[derive(Deserialize)]
pub struct Memory<'a> {
    #[serde(borrow, rename = "Bytes")]
    pub bytes: Option<&'a RawValue>,
    #[serde(borrow, rename = "Total Allocated")]
    pub allocated: Option<&'a RawValue>,
    #[serde(borrow, rename = "Device Type")]
    pub device_type: Option<&'a RawValue>,
    #[serde(borrow, rename = "Device Id")]
    pub device: Option<&'a RawValue>,
}

/// What a metadata event may say of a process or a thread.
#[derive(Deserialize)]
pub struct About<'a> {
    #[serde(borrow, default)]
    pub name: Word<'a>,
    #[serde(borrow, default)]
    pub labels: Word<'a>,
    #[serde(borrow)]
    pub sort_index: Option<&'a RawValue>,
}

/// What Blockscope's own export adds to an annotation.
#[derive(Deserialize)]
pub struct Own<'a> {
    /// The path of the part of the model.
    #[serde(borrow, default)]
    pub part: Word<'a>,
}

/// What a file says of the place of its process among others.
#[derive(Deserialize)]
pub struct Distributed {
    pub rank: Option<u32>,
}

/// A text; of a value that is none, nothing.
#[derive(Default)]
pub struct Word<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfWord;
        impl<'de> Visitor<'de> for OfWord {
            type Value = Word<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Word<'de>, E> {
                Ok(Word(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Word<'de>, E> {
                Ok(Word(Cow::Owned(text.to_owned())))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Word<'de>, E> {
                Ok(Word(Cow::Owned(number.to_string())))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Word<'de>, E> {
                Ok(Word(Cow::Owned(number.to_string())))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Word<'de>, E> {
                Ok(Word(Cow::Owned(number.to_string())))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Word<'de>, E> {
                Ok(Word::default())
            }
            fn visit_unit<E>(self) -> Result<Word<'de>, E> {
                Ok(Word::default())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Word<'de>, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Word::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Word<'de>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Word::default())
            }
        }
        deserializer.deserialize_any(OfWord)
    }
}

/// A value without the quotes around it: numbers are also written as texts.
pub fn bare(value: &RawValue) -> &str {
    value.get().trim_matches('"')
}

/// A whole number.
pub fn integer(value: Option<&RawValue>) -> Option<i64> {
    let text = bare(value?);
    text.parse().ok().or_else(|| {
        let number: f64 = text.parse().ok()?;
        (number.abs() < 9e18).then_some(number as i64)
    })
}

/// A time in µs, as whole nanoseconds. Read digit by digit: of an absolute time a float keeps no nanoseconds.
/// `None` for what is no time within 146 years of its zero.
pub fn nanoseconds(value: Option<&RawValue>) -> Option<i64> {
    const MOST: i64 = i64::MAX / 2;
    let text = bare(value?);
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    let nanos = if !whole.is_empty() && whole.len() <= 18 && is_plain(whole) && is_plain(fraction) {
        let micros: i64 = whole.parse().ok()?;
        let fraction = fraction.bytes().chain(std::iter::repeat(b'0')).take(3);
        let below = fraction.fold(0, |sum, digit| 10 * sum + i64::from(digit - b'0'));
        micros.checked_mul(1000)?.checked_add(below)?
    } else {
        // With an exponent, such as 1e6.
        let nanos = (digits.parse::<f64>().ok()? * 1000.0).round();
        (nanos.abs() < MOST as f64).then_some(nanos as i64)?
    };
    (nanos < MOST).then_some(sign * nanos)
}

/// The event as JSON, where it is nearly that.
pub fn mend(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let mut mended = String::with_capacity(text.len());
    let mut in_string = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' => {
                in_string = !in_string;
                mended.push(c);
            }
            '\\' if in_string => {
                mended.push(c);
                // A backslash that escapes nothing stands for itself.
                match rest.peek().copied() {
                    Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => mended.extend(rest.next()),
                    Some('u') if is_escape(rest.clone().skip(1)) => mended.extend(rest.next()),
                    _ => mended.push(c),
                }
            }
            c if in_string && c.is_control() => mended.push(' '),
            // A word that is not JSON's: inf, nan, NaN, Infinity, and a sign before it.
            c if !in_string && (c.is_alphabetic() || c == '-' && rest.peek().is_some_and(|c| c.is_alphabetic())) => {
                let mut word = String::from(c);
                while let Some(c) = rest.next_if(|c| c.is_alphanumeric()) {
                    word.push(c);
                }
                // An exponent belongs to its number.
                let is_exponent = mended.ends_with(|before: char| before.is_ascii_digit());
                let known = is_exponent || ["true", "false", "null"].contains(&word.as_str());
                mended.push_str(if known { &word } else { "null" });
            }
            c => mended.push(c),
        }
    }
    mended
}

/// Whether four digits of a character follow, and not those of half of one.
fn is_escape(rest: impl Iterator<Item = char>) -> bool {
    let digits: String = rest.take(4).collect();
    let is_hex = digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hex && u32::from_str_radix(&digits, 16).is_ok_and(|code| char::from_u32(code).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanos(text: &str) -> Option<i64> {
        let raw: Box<RawValue> = serde_json::from_str(text).unwrap();
        nanoseconds(Some(&raw))
    }

    #[test]
    fn times_keep_every_nanosecond() {
        for (text, expected) in [
            ("0", Some(0)),
            ("12.5", Some(12_500)),
            ("\"12.5\"", Some(12_500)),
            ("-0.25", Some(-250)),
            // As a float this would end in 500.
            ("1712195495519689.813", Some(1_712_195_495_519_689_813)),
            ("4622149557597.206", Some(4_622_149_557_597_206)),
            ("1.5e3", Some(1_500_000)),
            ("1e300", None),
            ("-1e300", None),
            ("\"nan\"", None),
            ("\"inf\"", None),
            ("\"\"", None),
            ("99999999999999999999999999", None),
            ("9999999999999999", None),
            ("null", None),
            ("[]", None),
        ] {
            assert_eq!(nanos(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_nearly_json_is_mended() {
        let raw =
            b"{\"name\":\"C:\\Users\\new \x01\xff\",\"args\":{\"bandwidth\":inf,\"x\":-nan,\"y\":1e-5,\"ok\":true}}";
        let value: serde_json::Value = serde_json::from_str(&mend(raw)).unwrap();
        assert_eq!(value["name"], "C:\\Users\new  \u{fffd}");
        assert_eq!(value["args"], serde_json::json!({ "bandwidth": null, "x": null, "y": 1e-5, "ok": true }));
        let half = br#"{"name":"\u001b[2J \ud800 C:\users \u12"}"#;
        let value: serde_json::Value = serde_json::from_str(&mend(half)).unwrap();
        assert_eq!(value["name"], "\u{1b}[2J \\ud800 C:\\users \\u12");
        let sound = r#"{"name":"a\"b\\c","ts":-1.5,"args":{"deep":[[1],{}]}}"#;
        assert_eq!(mend(sound.as_bytes()), sound);
    }
}
