//! What the specification lists is what the code has.

use std::collections::BTreeSet;

use clew_core::labels;

fn specification() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/core.md");
    std::fs::read_to_string(path).expect("spec/core.md")
}

#[test]
fn the_specification_lists_every_label_and_no_other() {
    let text = specification();
    let start = text.find("## 2. Labels").expect("the section of labels");
    let section = &text[start..text.find("## 3.").expect("the section after it")];
    let listed: BTreeSet<&str> = section
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| code.starts_with("clew/1 "))
        .collect();
    assert_eq!(listed, labels::ALL.into_iter().collect());
    assert_eq!(labels::ALL.len(), listed.len(), "no label twice");
}

#[test]
fn every_label_of_the_code_is_in_the_list() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/labels.rs");
    let source = std::fs::read_to_string(source).expect("labels.rs");
    let written: BTreeSet<&str> = source
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|text| text.starts_with("clew/1 "))
        .collect();
    assert_eq!(written, labels::ALL.into_iter().collect());
}
