//! Writes `spec/vectors/core.json`. A test compares the file with what is computed, so it is written anew only when the
//! specification changes.

#[path = "../tests/common/mod.rs"]
mod common;

fn main() -> std::io::Result<()> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/vectors/core.json");
    let file = common::vectors::file(clew_core::Backend::Portable);
    let text = serde_json::to_string_pretty(&file).expect("JSON") + "\n";
    std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/vectors"))?;
    std::fs::write(path, text)
}
