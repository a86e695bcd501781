//! Files that are written all at once: whole, or not at all.

use super::create::Existing;
use super::error::{Error, Result};
use crate::system::aside::beside;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Has `write` make the file at `path`. It is made beside its place and put there when it is complete, so that
/// nobody finds half of it and what it replaces is kept until then. What is no regular file, such as a pipe, is
/// written to as it is.
///
/// # Errors
/// [`Error::Exists`] if there is one already that is to be kept; [`Error::Io`].
pub fn whole(path: &Path, existing: Existing, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let fail = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists { path: path.to_owned() },
        _ => Error::Io { path: path.to_owned(), source },
    };
    if existing == Existing::Keep && path.symlink_metadata().is_ok() {
        return Err(Error::Exists { path: path.to_owned() });
    }
    if fs::metadata(path).is_ok_and(|about| !about.is_file()) {
        let file = File::options().write(true).open(path).map_err(fail)?;
        return written(file, write).map(drop).map_err(fail);
    }
    // Through a link, what it points to is replaced.
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let aside = beside(&place).map_err(fail)?;
    let (file, aside) = aside.into_parts();
    written(file, write).and_then(|file| file.sync_all()).map_err(fail)?;
    match existing {
        Existing::Keep => aside.persist_noclobber(&place),
        Existing::Replace => aside.persist(&place),
    }
    .map_err(|error| fail(error.error))
}

fn written(file: File, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<File> {
    let mut out = BufWriter::new(file);
    write(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &'static str) -> impl FnOnce(&mut dyn Write) -> io::Result<()> {
        move |out| out.write_all(text.as_bytes())
    }

    /// Writes a little, and then fails.
    fn torn(out: &mut dyn Write) -> io::Result<()> {
        out.write_all(&[b'x'; 100_000])?;
        Err(io::Error::other("torn"))
    }

    #[test]
    fn a_file_is_there_whole_or_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        assert!(whole(&path, Existing::Keep, torn).unwrap_err().to_string().ends_with("a: torn"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
        whole(&path, Existing::Keep, text("one")).unwrap();
        assert!(matches!(whole(&path, Existing::Keep, text("two")), Err(Error::Exists { .. })));
        whole(&path, Existing::Replace, torn).unwrap_err();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        whole(&path, Existing::Replace, text("two")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let nowhere = whole(&folder.path().join("no/a"), Existing::Keep, text("")).unwrap_err();
        assert!(matches!(nowhere, Error::Io { .. }), "{nowhere}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_a_device_a_device() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "one").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert!(matches!(whole(&link, Existing::Keep, text("two")), Err(Error::Exists { .. })));
        whole(&link, Existing::Replace, text("two")).unwrap();
        assert!(link.is_symlink() && fs::read_to_string(&real).unwrap() == "two");
        whole(Path::new("/dev/null"), Existing::Replace, text("gone")).unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
