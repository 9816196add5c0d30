//! `attache-module-tool finish [--test-build] IN OUT` writes the finished module; `surface FILE` prints what it imports and exports.

use anyhow::{Context, Result, bail};
use attache_module_tool::pause::stop_all;
use attache_module_tool::rehearsal::hot_first;
use attache_module_tool::{is_test_build, strip, surface::Surface};
use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    match arguments.iter().map(OsStr::new).collect::<Vec<_>>().as_slice() {
        [command, input, output] if *command == "finish" => {
            finish(Path::new(input), Path::new(output), false)
        }
        [command, option, input, output] if *command == "finish" && *option == "--test-build" => {
            finish(Path::new(input), Path::new(output), true)
        }
        [command, file] if *command == "surface" => print(Path::new(file)),
        _ => bail!(
            "say `attache-module-tool finish [--test-build] IN OUT` or `attache-module-tool surface FILE`"
        ),
    }
}

fn finish(input: &Path, output: &Path, for_tests: bool) -> Result<()> {
    let linked = read(input)?;
    if is_test_build(&linked) != for_tests {
        let (is, not) =
            if for_tests { ("no build for tests", "with") } else { ("a build for tests", "without") };
        bail!("`{}` is {is}: build it {not} the feature `test-trap`", input.display());
    }
    let finished = strip(&linked)
        .and_then(|stripped| stop_all(&stripped))
        .and_then(|stopping| hot_first(&stopping))
        .with_context(|| format!("`{}` could not be finished", input.display()))?;
    if let Some(folder) = output.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("could not create `{}`", folder.display()))?;
    }
    std::fs::write(output, &finished).with_context(|| format!("could not write `{}`", output.display()))?;
    eprintln!("{}: {} bytes ({} as linked)", output.display(), finished.len(), linked.len());
    Ok(())
}

fn print(file: &Path) -> Result<()> {
    let surface = Surface::of(&read(file)?)?;
    println!("imports:\n  {}\nexports:\n  {}", surface.imports.join("\n  "), surface.exports.join("\n  "));
    Ok(())
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("could not read `{}`", file.display()))
}
