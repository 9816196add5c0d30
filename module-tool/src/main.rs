//! `attache-module-tool strip IN OUT` writes the finished module; `surface FILE` prints what it imports and exports.

use anyhow::{Context, Result, bail};
use attache_module_tool::{strip, surface::Surface};
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
        [command, input, output] if *command == "strip" => finish(Path::new(input), Path::new(output)),
        [command, file] if *command == "surface" => print(Path::new(file)),
        _ => bail!("say `attache-module-tool strip IN OUT` or `attache-module-tool surface FILE`"),
    }
}

fn finish(input: &Path, output: &Path) -> Result<()> {
    let linked = read(input)?;
    let finished = strip(&linked).with_context(|| format!("`{}` could not be finished", input.display()))?;
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
