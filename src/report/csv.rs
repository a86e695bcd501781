//! A run as CSV (RFC 4180): a row for each part in each phase, in plain units, as in the JSON.

use super::json;
use crate::record::Run;
use crate::text::shown;
use serde_json::Value;
use std::fmt::Write;

/// Columns, and where in the object of a part each one is; a traced run fills the later ones.
const COLUMNS: [(&str, &str); 20] = [
    ("phase", "/phase"),
    ("part", "/name"),
    ("calls", "/calls"),
    ("time_s", "/time_s/typical"),
    ("time_median_s", "/time_s/median"),
    ("time_q1_s", "/time_s/q1"),
    ("time_q3_s", "/time_s/q3"),
    ("time_self_s", "/time_s/self"),
    ("flops_modelled", "/flops"),
    ("flops_counted", "/flops_counted"),
    ("bytes_modelled", "/bytes"),
    ("bytes_moved", "/bytes_moved"),
    ("intensity", "/intensity"),
    ("flops_per_s", "/flops_per_s"),
    ("roof_share", "/roof_share"),
    ("bound", "/bound"),
    ("memory_allocated", "/memory/allocated"),
    ("memory_freed", "/memory/freed"),
    ("memory_peak", "/memory/peak"),
    ("memory_alive", "/memory/alive"),
];

/// The parts of a run, the heading first. What is not known is empty.
pub fn run(run: &Run) -> String {
    let parts = json::parts(run);
    let mut out = line(COLUMNS.map(|(name, _)| name.to_owned()));
    for part in &parts {
        out.push_str(&line(COLUMNS.map(|(_, at)| match part.pointer(at) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
        })));
    }
    out
}

/// One line of fields, each in quotes where it must be.
pub fn line(fields: impl IntoIterator<Item = String>) -> String {
    let mut out = String::new();
    for (index, field) in fields.into_iter().enumerate() {
        let _ = write!(out, "{}{}", if index == 0 { "" } else { "," }, quoted(&field));
    }
    out + "\r\n"
}

/// A field. What a spreadsheet would take for a formula, and only a foreign name begins so, is kept from being one.
fn quoted(field: &str) -> String {
    let safe = shown::line(field);
    let is_number = safe.parse::<f64>().is_ok();
    let safe = if safe.starts_with(['=', '+', '-', '@']) && !is_number { format!("'{safe}") } else { safe };
    match safe.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", safe.replace('"', "\"\"")),
        false => safe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixture;

    #[test]
    fn every_part_has_a_row_with_every_column() {
        let run = fixture::traced();
        let text = super::run(&run);
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        assert!(lines.iter().all(|line| line.len() == COLUMNS.len()), "{text}");
        assert_eq!(lines.len(), 1 + 2 * run.parts.len());
        let up = lines.iter().find(|line| line[..2] == ["prefill", "blocks.1.mlp.up"]).unwrap();
        assert_eq!((up[2], up[3], up[9]), ("1", "0.000031", "2457600"));
        assert!(up.iter().all(|field| !field.is_empty()), "{up:?}");
    }

    #[test]
    fn a_hostile_name_is_one_field_and_no_formula() {
        assert_eq!(line(["a,\"b\"".into(), "=1+1".into(), "-3".into(), "x".into()]), "\"a,\"\"b\"\"\",'=1+1,-3,x\r\n");
    }
}
