//! Running the program.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `attache` at the root of the repository.
pub(crate) fn attache(arguments: &[&str]) -> Run {
    attache_given(arguments, "")
}

/// The same, with this on its standard input.
pub(crate) fn attache_given(arguments: &[&str], input: &str) -> Run {
    run(arguments, input, &[])
}

/// The same, with these variables of the environment.
pub(crate) fn attache_with(arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    run(arguments, "", variables)
}

fn run(arguments: &[&str], input: &str, variables: &[(&str, &str)]) -> Run {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    let mut command = Command::new(env!("CARGO_BIN_EXE_attache"));
    command.args(arguments).current_dir(root).envs(variables.iter().copied());
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("it starts");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Run {
        status: output.status.code().expect("no signal"),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}
