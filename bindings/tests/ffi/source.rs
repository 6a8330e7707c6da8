//! Rules that the compiler can't keep here.

use std::fs;
use std::path::Path;

/// `unsafe_code` can't be forbidden in this crate, because what UniFFI generates is full of it.
#[test]
fn no_line_of_this_crate_is_unsafe() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            assert!(!words.into_iter().any(|word| word == "unsafe"), "{}", path.display());
            files += 1;
        }
    }
    assert!(files > 10);
}
