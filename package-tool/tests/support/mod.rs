//! A registry of its own for each test, and `scripts/package` as a user calls it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A user `ci` with the password `ci`, bcrypt, as the registry wants it.
const HTPASSWD: &str = "ci:$2b$05$3CIqA7J48TEyT6IakJ9Xhe9Ce1xEAJgyqn2ZdXFnlc0r1/jb./50e\n";
/// The same, as `docker login` leaves it: base64 of `ci:ci`.
const LOGIN: &str = "Y2k6Y2k=";

/// A registry that runs until it is dropped.
pub struct Registry {
    child: Child,
    address: String,
    _folder: TempDir,
}

impl Registry {
    /// One that everybody may push to.
    pub fn start() -> Self {
        Self::run("")
    }

    /// One that wants a login.
    pub fn start_with_login() -> Self {
        Self::run("auth: {htpasswd: {realm: test, path: htpasswd}}\n")
    }

    fn run(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("htpasswd"), HTPASSWD).unwrap();
        let configuration = format!(
            "version: 0.1\nlog: {{level: info}}\nstorage: {{filesystem: {{rootdirectory: data}}}}\nhttp: {{addr: '127.0.0.1:0'}}\n{more}"
        );
        std::fs::write(folder.path().join("config.yaml"), configuration).unwrap();
        let mut child = tool("ATTACHE_REGISTRY")
            .args(["serve", "config.yaml"])
            .current_dir(folder.path())
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut log = String::new();
        let address = loop {
            let Some(line) = lines.next() else { panic!("the registry did not start:\n{log}") };
            let line = line.unwrap();
            if let Some((_, rest)) = line.split_once("listening on ") {
                break rest
                    .chars()
                    .take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ':'))
                    .collect();
            }
            log.push_str(&line);
            log.push('\n');
        };
        // Read on, or the registry would stop once the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address, _folder: folder }
    }

    /// `127.0.0.1:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Leaves in a folder what `docker login` would.
    pub fn log_in(&self, folder: &Path) {
        let config = serde_json::json!({"auths": {&self.address: {"auth": LOGIN}}});
        std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program whose path stands in the environment.
pub fn tool(variable: &str) -> Command {
    let path = std::env::var_os(variable)
        .unwrap_or_else(|| panic!("{variable} is not set: run this by scripts/test-package"));
    Command::new(path)
}

/// What `scripts/package` answered.
pub struct Output {
    pub succeeded: bool,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// The digest, which must be all of the standard output.
    pub fn digest(&self) -> String {
        assert!(self.succeeded, "{}", self.stderr);
        let digest = self.stdout.strip_suffix('\n').unwrap();
        assert!(digest.starts_with("sha256:") && digest.len() == 71, "{}", self.stdout);
        digest.to_owned()
    }
}

/// Runs `scripts/package` with no login.
pub fn package(arguments: &[String]) -> Output {
    let nobody = tempfile::tempdir().unwrap();
    package_as(arguments, nobody.path())
}

/// Runs `scripts/package` with the login that a folder holds.
pub fn package_as(arguments: &[String], login: &Path) -> Output {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new(root.join("scripts/package"))
        .args(arguments)
        .env("DOCKER_CONFIG", login)
        .output()
        .unwrap();
    Output {
        succeeded: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
