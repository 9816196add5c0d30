//! What an executable says of itself: the machine it is for, and whether it runs in an image that
//! holds nothing else.

use anyhow::{Context, Result, bail, ensure};
use object::Endianness;
use object::elf::{EM_AARCH64, EM_X86_64, FileHeader64, PT_INTERP};
use object::read::elf::{FileHeader, ProgramHeader};

/// Returns the name that OCI images have for the machine that a static executable runs on.
///
/// # Errors
///
/// If the bytes are no 64-bit ELF file for a known machine, or if it asks for a loader of shared
/// libraries.
pub fn architecture(executable: &[u8]) -> Result<&'static str> {
    let header = FileHeader64::<Endianness>::parse(executable)
        .context("this is no 64-bit ELF executable")?;
    let endian = header.endian().context("this is no ELF executable of a known byte order")?;
    let segments =
        header.program_headers(endian, executable).context("its program headers can't be read")?;
    ensure!(!segments.is_empty(), "this ELF file is no executable: it has no program headers");
    ensure!(
        !segments.iter().any(|segment| segment.p_type(endian) == PT_INTERP),
        "it needs a loader and shared libraries, and the image would hold neither: build it for a target such as `x86_64-unknown-linux-musl`"
    );
    match header.e_machine(endian) {
        EM_X86_64 => Ok("amd64"),
        EM_AARCH64 => Ok("arm64"),
        machine => bail!("it is for a machine that is not known here (ELF machine {machine})"),
    }
}
