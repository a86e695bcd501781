//! Opening what somebody else made.
//!
//! What is called a model, or a part of one, may be a pipe, to which nobody may ever write; a device, which may do
//! something when it is opened; a socket; a folder. None of these is read: only files are.

use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

/// Opens the file at `path`, or what a link there leads to.
///
/// # Errors
/// It cannot be opened, or is anything but a file.
pub fn open(path: &Path) -> io::Result<File> {
    check(fs::metadata(path)?.file_type())?;
    let mut options = OpenOptions::new();
    options.read(true);
    // It may have become a pipe since: then this does not wait, and the second look refuses it.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK | libc::O_NOCTTY);
    let file = options.open(path)?;
    check(file.metadata()?.file_type())?;
    Ok(file)
}

/// All bytes of the file at `path`.
///
/// # Errors
/// As of [`open`]; or there are more than `largest`.
pub fn read(path: &Path, largest: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let mut bytes = Vec::new();
    // Its length is not asked for: a file of the system's own has none, and yet no end.
    file.take(largest.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > largest {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("expected at most {largest} bytes, found more"),
        ));
    }
    Ok(bytes)
}

/// Why something could not be opened or read, without the number that the system gives it.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match (error.raw_os_error(), text.rsplit_once(" (os error ")) {
        (Some(_), Some((reason, _))) => reason.to_owned(),
        _ => text,
    }
}

/// What lies in place of a file that was not fetched, by how it begins, and what to do about it.
pub fn stand_in(beginning: &[u8]) -> Option<&'static str> {
    let text = beginning.trim_ascii_start();
    let is = |tag: &str| text.get(..tag.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(tag.as_bytes()));
    if beginning.starts_with(b"version https://git-lfs.github.com/spec/") {
        Some("is a Git LFS pointer, not the file itself: `git lfs pull` fetches that")
    } else if ["<!doctype html", "<html", "<?xml"].into_iter().any(is) {
        Some("is a web page, not the file itself: fetch that, by the link for downloading it")
    } else {
        None
    }
}

fn check(found: FileType) -> io::Result<()> {
    let kind = if found.is_dir() { io::ErrorKind::IsADirectory } else { io::ErrorKind::InvalidInput };
    match name(found) {
        None => Ok(()),
        Some(found) => Err(io::Error::new(kind, format!("expected a file, found {found}"))),
    }
}

/// What it is, unless it is a file.
fn name(found: FileType) -> Option<&'static str> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let special = [
            (found.is_fifo(), "a named pipe"),
            (found.is_socket(), "a socket"),
            (found.is_char_device() || found.is_block_device(), "a device"),
        ];
        if let Some((_, name)) = special.into_iter().find(|(is, _)| *is) {
            return Some(name);
        }
    }
    match (found.is_file(), found.is_dir()) {
        (true, _) => None,
        (_, true) => Some("a folder"),
        _ => Some("something else"),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn only_files_are_opened_and_nothing_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "bytes").unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        std::os::unix::fs::symlink(at("pipe"), at("link-to-pipe")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();

        let began = Instant::now();
        let said = |path: &Path| open(path).unwrap_err().to_string();
        assert_eq!(said(&at("pipe")), "expected a file, found a named pipe");
        assert_eq!(said(&at("link-to-pipe")), "expected a file, found a named pipe");
        assert_eq!(said(&at("socket")), "expected a file, found a socket");
        assert_eq!(said(folder.path()), "expected a file, found a folder");
        assert_eq!(said(Path::new("/dev/zero")), "expected a file, found a device");
        assert_eq!(open(&at("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(began.elapsed() < Duration::from_secs(1));

        assert_eq!(read(&at("link"), 5).unwrap(), b"bytes");
        assert!(read(&at("file"), 4).unwrap_err().to_string().contains("at most 4 bytes"));
    }
}
