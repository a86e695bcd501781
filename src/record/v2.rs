//! How a run file of version 2 spells an event: as [version 1](super::v1), but the header describes the model.
//!
//! ```text
//! {"version":2,"blockscope":…,"description":{"family":"gemma3","blocks":[{"times":5,…},{"times":1,…}],…}}
//! ```

use super::event::Event;
use super::header::Header;
use super::v1;
use crate::arch::Model;
use crate::arch::description::Description;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::sync::Arc;

/// The number that the first line carries.
pub const VERSION: u64 = 2;

/// The first line.
#[derive(Serialize, Deserialize)]
struct HeaderLine {
    #[serde(flatten)]
    as_in_v1: v1::HeaderLine,
    description: Option<Description>,
}

/// Reads the first line of a file whose version has been found to be at most [`VERSION`].
///
/// # Errors
/// A field that is missing, of another type, or larger than it can be; a description of what cannot be a model.
pub fn read_header(line: &[u8]) -> Result<Event, String> {
    let Version { version } = v1::parse(line)?;
    if version < VERSION {
        return v1::read_header(line);
    }
    let HeaderLine { as_in_v1, description } = v1::parse(line)?;
    let mut header = Header::from(as_in_v1.checked()?);
    header.model.description = description.map(|described| Model::try_from(described).map(Arc::new)).transpose()?;
    Ok(Event::Header(Box::new(header)))
}

#[derive(Deserialize)]
struct Version {
    version: u64,
}

/// Writes an event and the end of its line.
///
/// # Errors
/// Those of `out`.
pub fn write(event: &Event, out: &mut impl Write) -> std::io::Result<()> {
    let Event::Header(header) = event else { return v1::write(event, out) };
    let description = header.model.description.as_deref().map(Description::from);
    let mut as_in_v1 = v1::HeaderLine::from(&**header);
    as_in_v1.version = VERSION;
    let line = HeaderLine { as_in_v1, description };
    serde_json::to_writer(&mut *out, &line)?;
    out.write_all(b"\n")
}
