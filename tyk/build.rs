//! Generates the types and the service of the gateway's protocol; needs no `protoc`.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let descriptors = protox::compile(["coprocess.proto"], ["proto"])?;
    // Sorted maps: what is made of a session has one order. A body is handed on, not copied.
    tonic_prost_build::configure()
        .btree_map(".")
        .bytes(".coprocess.MiniRequestObject")
        .compile_fds(descriptors)?;
    Ok(())
}
