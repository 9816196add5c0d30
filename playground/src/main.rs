//! What the page runs as Wasm: reads a question from the standard input, writes the answer to the
//! standard output. A program of WASI needs no function that takes pointers from JavaScript, and so
//! no `unsafe`.

use std::io::{Read, Write, stdin, stdout};

fn main() -> std::io::Result<()> {
    let mut question = String::new();
    stdin().read_to_string(&mut question)?;
    stdout().write_all(attache_cli::playground::answer(&question).as_bytes())
}
