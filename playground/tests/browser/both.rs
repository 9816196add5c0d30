//! The page and the program, asked the same.

use crate::playground::{Playground, tool};
use serde_json::Value;
use std::fs;
use std::process::Command;
use tempfile::TempDir;

/// The page, and a folder in which the command lines run that it shows.
pub(crate) struct Both {
    pub(crate) playground: Playground,
    folder: TempDir,
    /// A form that says nothing.
    empty: Value,
}

impl Both {
    /// Opens the page; `None` where this machine has no Chromium.
    pub(crate) fn open() -> Option<Self> {
        let mut playground = Playground::open("")?;
        let empty = playground.page.evaluate(
            "Object.fromEntries(Array.from(document.getElementById('form').elements)
            .filter((field) => field.name && field.type !== 'radio')
            .map((field) => [field.name, field.type === 'checkbox' ? false : '']))",
        );
        Some(Self { playground, folder: tempfile::tempdir().expect("a folder"), empty })
    }

    /// Puts a file where command lines run.
    pub(crate) fn write(&self, file: &str, content: &str) {
        fs::write(self.folder.path().join(file), content).expect("it can be written");
    }

    /// Fills the form and runs the command line that the page shows; returns the explanation in
    /// which both agree, or `None` where neither can ask.
    pub(crate) fn ask(&mut self, fields: &Value) -> Option<Value> {
        let mut all = self.empty.clone();
        all.as_object_mut().expect("fields").extend(fields.as_object().cloned().expect("fields"));
        self.playground.fill(&all);
        self.write("configuration.yaml", fields["configuration"].as_str().expect("a text"));
        let command = self.playground.text("#command");
        let (json, error) = self.run(&format!("{command} --format json"));
        if json.is_empty() {
            assert_eq!(self.playground.text("#json"), "", "{command}: {error}");
            assert!(error.starts_with("error: "), "{command}: {error}");
            return None;
        }
        let told: Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(self.playground.explanation(), told, "{command}");
        let (story, _) = self.run(&command);
        assert_eq!(Some(self.playground.verdict().as_str()), story.lines().next(), "{command}");
        Some(told)
    }

    /// Returns what a command line writes to its two outputs.
    fn run(&self, command: &str) -> (String, String) {
        let beside = tool();
        let beside = beside.parent().expect("a folder").display();
        let path = format!("{beside}:{}", std::env::var("PATH").unwrap_or_default());
        let mut shell = Command::new("sh");
        let run =
            shell.args(["-c", command]).current_dir(self.folder.path()).env("PATH", path).output();
        let run = run.expect("a shell");
        (
            String::from_utf8(run.stdout).expect("UTF-8"),
            String::from_utf8_lossy(&run.stderr).into_owned(),
        )
    }
}
