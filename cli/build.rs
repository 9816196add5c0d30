//! Has the tool carry the engine of its page where one is built already:
//! `ATTACHE_PLAYGROUND_ENGINE` names it, as `cargo xtask build --tool` does. Without it, as in a
//! checkout, `attache playground` has it built when it is asked for.

fn main() {
    println!("cargo::rerun-if-env-changed=ATTACHE_PLAYGROUND_ENGINE");
    println!("cargo::rustc-check-cfg=cfg(playground_engine)");
    if let Some(engine) = std::env::var_os("ATTACHE_PLAYGROUND_ENGINE") {
        let engine = engine.to_string_lossy();
        println!("cargo::rerun-if-changed={engine}");
        println!("cargo::rustc-env=PLAYGROUND_ENGINE={engine}");
        println!("cargo::rustc-cfg=playground_engine");
    }
}
