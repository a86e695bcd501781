//! Opening what is read, without waiting for ever.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a named pipe may take to be opened at its other end.
const PATIENCE: Duration = Duration::from_secs(2);

/// Opens the file at `path`. A pipe is opened once somebody writes to it.
///
/// # Errors
/// It cannot be opened, it is a folder, or it is a pipe to which nobody writes.
pub fn open(path: &Path) -> io::Result<File> {
    let about = fs::metadata(path)?;
    if about.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "this is a folder; expected a file"));
    }
    if about.is_file() {
        return File::open(path);
    }
    // The system waits until somebody writes, with no end to it. A thread that waits in vain ends with the program.
    let (send, opened) = mpsc::channel();
    let path = path.to_owned();
    thread::spawn(move || send.send(File::open(path)));
    opened.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        Err(io::Error::new(io::ErrorKind::TimedOut, "this is a pipe to which nobody writes; expected a file"))
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::io::Read;
    use std::process::Command;

    fn pipe(folder: &Path, name: &str) -> std::path::PathBuf {
        let pipe = folder.join(name);
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        pipe
    }

    #[test]
    fn a_pipe_is_waited_for_but_not_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let in_vain = open(&pipe(folder.path(), "in-vain")).unwrap_err();
        assert!(in_vain.kind() == io::ErrorKind::TimedOut && in_vain.to_string().contains("nobody writes"));
        let used = pipe(folder.path(), "used");
        let writer = thread::spawn({
            let used = used.clone();
            move || fs::write(used, "text")
        });
        let mut read = String::new();
        open(&used).unwrap().read_to_string(&mut read).unwrap();
        writer.join().unwrap().unwrap();
        assert_eq!(read, "text");
        assert_eq!(open(folder.path()).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        assert_eq!(open(&folder.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
