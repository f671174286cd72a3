//! Who may depend on what (ARCHITECTURE.md), checked over the source itself.

use std::fs;
use std::path::{Path, PathBuf};

/// A part of the tree, and what no line of its code may mention.
const ABSENT: [(&str, &[&str]); 7] = [
    (
        "shared/src",
        &[
            "tokio", "axum", "sqlx", "leptos", "web_sys", "rand::", "::now()", "println!",
        ],
    ),
    (
        "server/src/http",
        &["sqlx", "crate::store", "app.store", "Utc::now"],
    ),
    (
        "server/src/operations",
        &["axum", "sqlx", "crate::http", "Utc::now"],
    ),
    (
        "server/src/store",
        &[
            "axum",
            "crate::app",
            "crate::http",
            "crate::import",
            "crate::operations",
            "Utc::now",
        ],
    ),
    ("frontend/src", &["server::", "sqlx", "inner_html"]),
    (
        "frontend/dashboard/src",
        &["server::", "sqlx", "inner_html", "style="],
    ),
    ("tests", &["server::store", "server::operations"]),
];

/// What makes elements or code from text. Nothing that runs in a shop's page may use it: text there is only ever text.
const MAKES_FROM_TEXT: [&str; 6] = [
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "eval(",
    "Function(",
];

/// Files of `shared` that may know serde.
const SERDE_STANDS_IN: [&str; 2] = ["shared/src/wire.rs", "shared/src/wire/values.rs"];

/// Lines after which a file would no longer show its shape to a newcomer.
const LINES_MAX: usize = 650;

#[test]
fn no_part_reaches_where_it_may_not() {
    for (part, absent) in ABSENT {
        for (file, number, line) in code(part) {
            for word in absent {
                assert!(
                    !line.contains(word),
                    "{}:{number} mentions `{word}`:\n{line}",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn no_page_makes_elements_or_code_from_text() {
    let mut lines = written("frontend/src", "js");
    assert!(!lines.is_empty(), "the widget's JavaScript is there");
    lines.extend(written("frontend/dashboard/src", "js"));
    for (file, number, line) in lines {
        for word in MAKES_FROM_TEXT {
            assert!(
                !line.contains(word),
                "{}:{number} mentions `{word}`:\n{line}",
                file.display()
            );
        }
    }
}

#[test]
fn sql_stands_only_in_the_store() {
    for (file, number, line) in code("server/src") {
        let in_store = file.starts_with(root().join("server/src/store"));
        assert!(
            in_store || !line.contains("sqlx"),
            "{}:{number} reaches for sqlx:\n{line}",
            file.display()
        );
    }
}

#[test]
fn serde_stands_only_at_the_edge_of_the_core() {
    for (file, number, line) in code("shared/src") {
        let at_the_edge = SERDE_STANDS_IN.iter().any(|edge| file == root().join(edge));
        assert!(
            at_the_edge || !line.contains("serde"),
            "{}:{number} knows serde:\n{line}",
            file.display()
        );
    }
}

#[test]
fn nothing_is_left_for_later_and_no_lint_is_silenced() {
    let marks = [
        ["TO", "DO"].concat(),
        ["FIX", "ME"].concat(),
        ["#[al", "low("].concat(),
        ["#[ign", "ore"].concat(),
    ];
    for part in ["shared", "server", "frontend", "tests"] {
        for (file, number, line) in code(part) {
            let mark = marks.iter().find(|mark| line.contains(mark.as_str()));
            assert!(
                mark.is_none(),
                "{}:{number} has {mark:?}:\n{line}",
                file.display()
            );
        }
    }
}

#[test]
fn no_file_is_too_long_to_read() {
    for part in [
        "shared/src",
        "server/src",
        "frontend/src",
        "frontend/dashboard/src",
    ] {
        for file in sources(&root().join(part)) {
            let lines = fs::read_to_string(&file)
                .expect("a source file is text")
                .lines()
                .count();
            assert!(lines <= LINES_MAX, "{} has {lines} lines", file.display());
        }
    }
}

#[test]
fn each_guard_that_is_broken_on_purpose_is_where_it_was() {
    let guards = fs::read_to_string(root().join("tests/guards/guards.json")).expect("guards");
    let guards: serde_json::Value = serde_json::from_str(&guards).expect("JSON");
    let guards = guards.as_array().expect("a list");
    assert!(10 <= guards.len());
    for guard in guards {
        let text = |name: &str| guard[name].as_str().expect("text");
        let source = fs::read_to_string(root().join(text("file"))).expect("source");
        let found = source.matches(text("find")).count();
        assert_eq!(
            found,
            1,
            "{}: look at tests/guards/guards.json",
            text("name")
        );
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace is above the crate")
        .to_owned()
}

/// Every line of Rust below a folder that is no comment, with its file and number.
fn code(part: &str) -> Vec<(PathBuf, usize, String)> {
    written(part, "rs")
}

/// The same of the files that end so.
fn written(part: &str, ending: &str) -> Vec<(PathBuf, usize, String)> {
    let files = sources(&root().join(part))
        .into_iter()
        .filter(|file| file.extension().is_some_and(|found| found == ending));
    let lines = files.flat_map(|file| {
        let text = fs::read_to_string(&file).expect("a source file is text");
        let numbered: Vec<_> = text
            .lines()
            .enumerate()
            .map(|(at, line)| (file.clone(), at + 1, line.to_owned()))
            .collect();
        numbered
    });
    lines
        .filter(|(_, _, line)| !line.trim_start().starts_with("//"))
        .collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return files;
    };
    for entry in entries {
        let path = entry.expect("the folder can be read").path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if path.is_dir() && !matches!(name, "target" | "node_modules" | "dist") {
            files.extend(sources(&path));
        } else if path
            .extension()
            .is_some_and(|ending| ending == "rs" || ending == "js")
        {
            files.push(path);
        }
    }
    files
}
