//! Files that are made beside their place and put there when they are complete.

use std::io;
use std::path::Path;
use tempfile::NamedTempFile;

/// An empty file in the folder of `place`, which goes away unless it is put there. It has the mode of any file that the user
/// makes, 0666 less the umask, and not the 0600 of a temporary file.
///
/// # Errors
/// The folder is not there, or cannot be written to.
pub fn beside(place: &Path) -> io::Result<NamedTempFile> {
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".blockscope-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_mode_is_that_of_any_file() {
        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        let [plain, place] = ["plain", "place"].map(|name| folder.path().join(name));
        fs::write(&plain, "").unwrap();
        beside(&place).unwrap().persist(&place).unwrap();
        assert_eq!(mode(&place), mode(&plain));
    }
}
