//! The page, made by the tool as anybody makes it, in a browser.

use crate::chromium::{self, Page};
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use tempfile::TempDir;

/// Resolves once the page has answered what was typed last.
const ANSWERED: &str = "new Promise((resolve) => {
    const look = () => document.getElementById('answer')?.getAttribute('aria-busy') === 'false'
        ? resolve(true) : setTimeout(look, 5);
    look();
})";

/// The page as a file, made as `docs/tool.md` says; once for all tests.
static MADE: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let docs = std::fs::read_to_string(root().join("docs/tool.md")).expect("the page of the tool");
    let command = docs.lines().find(|line| line.starts_with("scripts/attache playground"));
    let file = folder.path().join("playground.html");
    let command = command.expect("a command").replace("playground.html", &file.to_string_lossy());
    let made =
        Command::new("sh").args(["-c", &command]).current_dir(root()).output().expect("a shell");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    folder
});

/// The page in a browser of its own.
pub(crate) struct Playground {
    pub(crate) page: Page,
}

impl Playground {
    /// Opens the page; `None` where this machine has no Chromium, which is noted.
    pub(crate) fn open(fragment: &str) -> Option<Self> {
        Self::sized(fragment, 1280, 900)
    }

    /// Opens the page in a window of this size, in pixels.
    pub(crate) fn sized(fragment: &str, width: u32, height: u32) -> Option<Self> {
        let Some(program) = chromium::find() else {
            skip(
                "there is no Chromium; install the package `chromium`, or name one by ATTACHE_CHROMIUM",
            );
            return None;
        };
        let url = format!("{}#{fragment}", address());
        let mut page = Page::open(&program, width, height);
        page.call("Page.navigate", &serde_json::json!({"url": url}));
        let mut playground = Self { page };
        playground.wait();
        Some(playground)
    }

    /// Waits for the answer to what was typed last.
    pub(crate) fn wait(&mut self) {
        self.page.evaluate(ANSWERED);
    }

    /// Fills fields by their names, as an input does; the others are left as they are.
    pub(crate) fn fill(&mut self, fields: &Value) {
        self.page.evaluate(&format!(
            "for (const [name, value] of Object.entries({fields})) {{
                const field = document.getElementById('form').elements[name];
                if (typeof value === 'boolean') {{ field.checked = value; }} else {{ field.value = value; }}
                const target = field instanceof Element ? field : field[0];
                target.dispatchEvent(new Event('input', {{ bubbles: true }}));
            }}"
        ));
        self.wait();
    }

    /// Empties a field and types into it.
    pub(crate) fn type_into(&mut self, id: &str, text: &str) {
        self.page.evaluate(&format!("document.getElementById('{id}').focus()"));
        self.page.evaluate(&format!("document.getElementById('{id}').select()"));
        self.page.insert(text);
        self.wait();
    }

    /// Returns the text of an element.
    pub(crate) fn text(&mut self, selector: &str) -> String {
        let text = self.page.evaluate(&format!("document.querySelector('{selector}').textContent"));
        text.as_str().expect("a text").to_owned()
    }

    /// Returns the verdict, a line.
    pub(crate) fn verdict(&mut self) -> String {
        self.text("#answer .verdict")
    }

    /// Returns the explanation.
    pub(crate) fn explanation(&mut self) -> Value {
        serde_json::from_str(&self.text("#json")).expect("an explanation")
    }

    /// Fails where the page asked for anything but itself, threw, or was held back by its policy.
    pub(crate) fn must_be_quiet(&mut self) {
        for event in &self.page.events {
            match event["method"].as_str().unwrap_or_default() {
                "Network.requestWillBeSent" => {
                    let asked = event["params"]["request"]["url"].as_str().unwrap_or_default();
                    assert!(
                        asked.split('#').next() == Some(address().as_str()),
                        "it asked for {asked}"
                    );
                }
                "Runtime.exceptionThrown" | "Log.entryAdded" => panic!("{event}"),
                _ => {}
            }
        }
    }
}

/// Returns the address of the page.
pub(crate) fn address() -> String {
    format!("file://{}", MADE.path().join("playground.html").display())
}

/// Returns the root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository")
}

/// Returns the tool that made the page.
pub(crate) fn tool() -> PathBuf {
    LazyLock::force(&MADE);
    // Beside the folder of this test.
    let test = std::env::current_exe().expect("a path");
    test.parent().and_then(Path::parent).expect("a folder").join("attache")
}

/// Says that a test can't run here, and notes it for the summary of scripts/test.
fn skip(reason: &str) {
    eprintln!("SKIPPED: playground: {reason}");
    if let Some(file) = std::env::var_os("ATTACHE_SKIPPED") {
        let file = std::fs::OpenOptions::new().append(true).open(file);
        writeln!(file.expect("a file"), "playground\t{reason}").expect("it can be written");
    }
}
