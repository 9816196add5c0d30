//! The page of the tool shows what the tool prints.

use std::path::Path;
use std::process::Command;

/// A command of the page, and what it says that the command prints.
fn examples(page: &str) -> Vec<(String, String)> {
    let blocks = page.split("```console\n").skip(1).filter_map(|rest| rest.split("```\n").next());
    let example = |block: &str| {
        let (command, printed) = block.split_once('\n').expect("a command and what it prints");
        (command.strip_prefix("$ ").expect("a prompt").to_owned(), printed.to_owned())
    };
    blocks.map(example).collect()
}

#[test]
fn every_example_prints_what_the_page_shows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    let page = std::fs::read_to_string(root.join("docs/tool.md")).expect("the page");
    let examples = examples(&page);
    assert!(examples.len() >= 3, "the examples were not found");
    let program = Path::new(env!("CARGO_BIN_EXE_attache")).parent().expect("a folder");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    for (command, printed) in examples {
        let run = Command::new("sh").arg("-c").arg(&command).current_dir(root).env("PATH", &path).output();
        let run = run.expect("a shell");
        assert_eq!(
            String::from_utf8_lossy(&run.stdout),
            printed,
            "{command}\n{}",
            String::from_utf8_lossy(&run.stderr)
        );
    }
}
