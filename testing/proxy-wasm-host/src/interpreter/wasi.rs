//! What a module asks of WASI (`wasi_snapshot_preview1`): a clock, random bytes, a place for a
//! panic's last words, and an environment, which is empty.

use super::HostCall;
use crate::hostcalls::Call;
use anyhow::{Context, Result, bail};

/// WASI's "success".
const SUCCESS: u32 = 0;

/// Calls a function of WASI.
///
/// # Errors
/// The host lacks the function, or the module ends itself.
pub(crate) fn make(name: &str, call: &mut HostCall<'_, '_>) -> Result<u32> {
    match name {
        "environ_sizes_get" => {
            call.put(0, &[0; 4])?;
            call.put(1, &[0; 4])?;
        }
        "environ_get" => {}
        "clock_time_get" => {
            let now = u64::try_from(call.state().now.as_nanos())?;
            call.put(2, &now.to_le_bytes())?;
        }
        "random_get" => {
            let length = usize::try_from(call.number(1)?)?;
            let bytes = call.random(length);
            call.put(0, &bytes)?;
        }
        "fd_write" => write(call)?,
        "proc_exit" => bail!("the module ended itself"),
        _ => bail!("this host has no such function"),
    }
    Ok(SUCCESS)
}

/// Writes a list of texts, each named by where it begins and how long it is.
fn write(call: &mut HostCall<'_, '_>) -> Result<()> {
    let (list, count) = (u32::try_from(call.number(1)?)?, u32::try_from(call.number(2)?)?);
    let mut written = 0_u32;
    for index in 0..count {
        let pair = call.read(list.saturating_add(index.saturating_mul(8)), 8)?;
        let (begin, length) = pair.split_first_chunk().context("half a pair")?;
        let length = length.first_chunk().context("half a pair")?;
        let (begin, length) = (u32::from_le_bytes(*begin), u32::from_le_bytes(*length));
        let text = String::from_utf8_lossy(&call.read(begin, length)?).into_owned();
        call.write_line(text);
        written = written.saturating_add(length);
    }
    call.put(3, &written.to_le_bytes())
}
