//! Two services behind two Envoys, one configuration, a dozen requests: what Attaché does, in one
//! table.

mod arguments;
mod mesh;
mod story;
mod table;

use crate::arguments::Arguments;
use crate::mesh::Mesh;
use anyhow::Result;
use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    match demonstrate(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn demonstrate(arguments: &Arguments) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(play(arguments))
}

async fn play(arguments: &Arguments) -> Result<ExitCode> {
    let mesh = Mesh::start(arguments.base_port()).await?;
    let mut rows = Vec::new();
    for scene in story::scenes(&mesh.tokens) {
        rows.push(mesh.play(&scene).await?);
    }
    print!("{}", table::render(&rows));
    let surprises: Vec<_> = rows.iter().filter_map(|row| row.surprise.as_deref()).collect();
    if !surprises.is_empty() {
        eprintln!("error: the filter did not answer as it should:\n  {}", surprises.join("\n  "));
        return Ok(ExitCode::FAILURE);
    }
    if !arguments.once {
        println!("\n{}", mesh.invitation());
        stopped().await?;
        println!();
    }
    Ok(ExitCode::SUCCESS)
}

async fn stopped() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut ended = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => Ok(pressed?),
        _ = ended.recv() => Ok(()),
    }
}
