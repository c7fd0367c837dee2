//! What is uploaded as code: a component, or a zip file with one in it.
//!
//! Whoever uploads may lie about sizes, so that no more is unpacked than a component may have.

use std::io::{Cursor, Read as _};

use keywheel_host::COMPONENT_BYTES_MAX;
use zip::ZipArchive;

/// What a zip file begins with.
const ZIP_MAGIC: &[u8] = b"PK";
/// Files in a zip file. One is needed; the rest is what people put beside it.
const FILES_MAX: usize = 1000;
/// The end of the name of a component.
const COMPONENT_SUFFIX: &str = ".wasm";
/// Where macOS puts what it knows of files, under their names.
const MACOS_FOLDER: &str = "__MACOSX/";

/// Why an upload holds no component.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PackageError {
    /// It begins like one.
    #[error("the zip file is damaged, or uses a form that is not read here")]
    NotAZip(#[source] zip::result::ZipError),
    /// Too much to look through.
    #[error("the zip file holds more than {FILES_MAX} files")]
    TooManyFiles,
    /// Nothing to run, or a choice.
    #[error("the zip file must hold exactly one `{COMPONENT_SUFFIX}` file, and holds {0}")]
    Components(usize),
    /// It does not unpack, or not to what it says.
    #[error("the component in the zip file cannot be unpacked")]
    Unpacking(#[source] std::io::Error),
    /// It unpacks to more than may be.
    #[error("the component in the zip file has more than the {COMPONENT_BYTES_MAX} bytes that are allowed")]
    TooLarge,
}

/// The component in an upload.
pub(crate) fn unpack(upload: &[u8]) -> Result<Vec<u8>, PackageError> {
    if !upload.starts_with(ZIP_MAGIC) {
        return Ok(upload.to_vec());
    }
    let mut archive = ZipArchive::new(Cursor::new(upload)).map_err(PackageError::NotAZip)?;
    if archive.len() > FILES_MAX {
        return Err(PackageError::TooManyFiles);
    }
    let is_component = |name: &str| name.ends_with(COMPONENT_SUFFIX) && !name.starts_with(MACOS_FOLDER);
    let names: Result<Vec<String>, _> = archive.file_names().map(|name| name.map(String::from)).collect();
    let mut names = names.map_err(PackageError::NotAZip)?;
    names.retain(|name| is_component(name));
    let [name] = names.as_slice() else { return Err(PackageError::Components(names.len())) };
    let file = archive.by_name(name).map_err(PackageError::NotAZip)?;
    let mut wasm = Vec::new();
    // One byte more than is allowed shows that there is more, whatever the file says of its size.
    let bounded = file.take(COMPONENT_BYTES_MAX as u64 + 1).read_to_end(&mut wasm);
    bounded.map_err(PackageError::Unpacking)?;
    if wasm.len() > COMPONENT_BYTES_MAX {
        return Err(PackageError::TooLarge);
    }
    Ok(wasm)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn check(upload: &[u8], expected: Result<&[u8], &str>) {
        let unpacked = unpack(upload).map_err(|error| error.to_string());
        assert_eq!(unpacked.as_deref().map_err(String::as_str), expected);
    }

    #[test]
    fn a_component_is_taken_as_it_is_or_out_of_a_zip() {
        check(b"\0asm", Ok(b"\0asm"));
        check(b"", Ok(b""));
        check(&zipped(&[("f.wasm", b"\0asm")]), Ok(b"\0asm"));
        let beside: &[(&str, &[u8])] =
            &[("README.md", b"text"), ("target/f.wasm", b"\0asm"), ("__MACOSX/._f.wasm", b"x")];
        check(&zipped(beside), Ok(b"\0asm"));
    }

    #[test]
    fn what_holds_no_single_component_is_refused() {
        let one =
            |count: usize| format!("the zip file must hold exactly one `.wasm` file, and holds {count}");
        check(&zipped(&[]), Err(&one(0)));
        check(&zipped(&[("index.js", b"x")]), Err(&one(0)));
        check(&zipped(&[("a.wasm", b"x"), ("b.wasm", b"x")]), Err(&one(2)));
        let damaged = "the zip file is damaged, or uses a form that is not read here";
        check(b"PK", Err(damaged));
        check(b"PK\x03\x04 and nothing that follows", Err(damaged));
        let whole = zipped(&[("f.wasm", &[7; 1000])]);
        check(&whole[..whole.len() / 2], Err(damaged));
        let many: Vec<(String, &[u8])> =
            (0..=FILES_MAX).map(|file| (format!("{file}.txt"), &b""[..])).collect();
        let many: Vec<(&str, &[u8])> = many.iter().map(|(name, content)| (name.as_str(), *content)).collect();
        check(&zipped(&many), Err("the zip file holds more than 1000 files"));
    }

    #[test]
    fn a_bomb_is_not_unpacked_to_its_end() {
        let bomb = zipped(&[("f.wasm", &vec![0; COMPONENT_BYTES_MAX * 2])]);
        assert!(bomb.len() < COMPONENT_BYTES_MAX / 100, "it is small");
        check(&bomb, Err("the component in the zip file has more than the 52428800 bytes that are allowed"));
    }
}
