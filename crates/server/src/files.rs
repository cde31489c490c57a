//! Files that hold secrets: made readable for the owner alone, replaced whole or not at all.
//!
//! Knows nothing of what is in a file. It must never write a secret through a file that others could open meanwhile.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Who may read a file that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// The owner alone (0600).
    Owner,
    /// Everybody on the machine (0644); the owner may write.
    Everybody,
}

/// Makes a folder, and those above it, that only its owner may enter (0700).
///
/// # Errors
/// The folder cannot be made, or its mode cannot be changed.
pub(crate) fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

/// Writes a file so that after a crash it has either its old content or its new one.
///
/// The bytes go to a new file beside it, reach the disk, and take the name in one step.
///
/// # Errors
/// The folder cannot be written to, or the disk is full.
pub(crate) fn write_whole(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    let folder = folder_of(path);
    let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file"))?;
    let mut new_name = std::ffi::OsString::from(".");
    new_name.push(name);
    new_name.push(format!(".{}.new", std::process::id()));
    let new = folder.join(new_name);
    // Only a process of the same number that died could have left it.
    let _ = fs::remove_file(&new);
    let written = write_new(&new, bytes, readers).and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written?;
    // The new name is safe only once the folder has reached the disk too.
    File::open(&folder)?.sync_all()
}

/// Makes a file that was not there and that only its owner may read.
///
/// # Errors
/// The file is there, or the folder cannot be written to.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Keeps other processes out of a folder until the file that is returned is dropped, or its process ends.
///
/// # Errors
/// The folder cannot be written to.
pub(crate) fn lock(folder: &Path) -> io::Result<File> {
    let file = File::create(folder.join(LOCK))?;
    file.lock()?;
    Ok(file)
}

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// The file cannot be read, or is larger.
pub(crate) fn read_limited(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|len| len <= limit) {
        Ok(bytes)
    } else {
        Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {limit} bytes")))
    }
}

/// Whether the file is closed to its group and to everybody else.
///
/// # Errors
/// There is no such file, or it cannot be looked at.
pub(crate) fn is_private(path: &Path) -> io::Result<bool> {
    let metadata = fs::metadata(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        Ok(metadata.permissions().mode() & 0o077 == 0)
    }
    #[cfg(not(unix))]
    {
        // Such systems have no mode; the access list of the folder decides.
        let _ = metadata;
        Ok(true)
    }
}

fn write_new(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(
        &mut options,
        match readers {
            Readers::Owner => 0o600,
            Readers::Everybody => 0o644,
        },
    );
    #[cfg(not(unix))]
    let _ = readers;
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// The file by which a folder is locked; it stays, empty.
const LOCK: &str = "lock";

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode() & 0o777)
    }

    #[test]
    fn writes_secrets_for_the_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let private = folder.path().join("a/b");
        make_private_folder(&private).unwrap();
        let file = private.join("key");
        write_whole(&file, b"one", Readers::Owner).unwrap();
        assert_eq!((mode(&private), mode(&file)), (0o700, 0o600));
        assert!(is_private(&file).unwrap());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(!is_private(&file).unwrap());
        fs::set_permissions(&private, fs::Permissions::from_mode(0o755)).unwrap();
        make_private_folder(&private).unwrap();
        assert_eq!(mode(&private), 0o700);
    }

    #[test]
    fn replaces_a_file_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("page");
        write_whole(&file, b"a long first version", Readers::Everybody).unwrap();
        write_whole(&file, b"second", Readers::Owner).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"second");
        assert_eq!(mode(&file), 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write_whole(&folder.path().join("no/such/page"), b"", Readers::Owner).is_err());
    }

    #[test]
    fn refuses_to_read_more_than_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("page");
        fs::write(&file, b"12345").unwrap();
        assert_eq!(read_limited(&file, 5).unwrap(), b"12345");
        assert_eq!(read_limited(&file, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
