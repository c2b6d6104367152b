//! Small files that others read while we write them.

use std::fs;
use std::io;
use std::path::Path;

/// Puts a whole new content in place of the old one; a reader sees one or the other.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let fresh = path.with_file_name(name);
    fs::write(&fresh, content)?;
    fs::rename(&fresh, path)
}
