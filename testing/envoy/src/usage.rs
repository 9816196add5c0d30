//! What a process costs, as the kernel tells (proc(5)).

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// Returns the resident set of a process, in bytes.
pub(crate) fn resident_bytes(process: u32) -> Result<u64> {
    status_bytes(process, "VmRSS")
}

/// Returns the most that the resident set of a process ever was, in bytes.
pub(crate) fn peak_resident_bytes(process: u32) -> Result<u64> {
    status_bytes(process, "VmHWM")
}

fn status_bytes(process: u32, field: &str) -> Result<u64> {
    let status =
        fs::read_to_string(format!("/proc/{process}/status")).context("Envoy has ended")?;
    let value = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let kibibytes: Option<u64> =
        value.and_then(|value| value.split_whitespace().next()?.parse().ok());
    let kibibytes = kibibytes.with_context(|| format!("the kernel does not tell {field}"))?;
    Ok(kibibytes.saturating_mul(1024))
}

/// CPU time of each thread of a process, in nanoseconds.
#[derive(Debug)]
pub struct CpuTime(BTreeMap<PathBuf, u64>);

impl CpuTime {
    pub(crate) fn of(process: u32) -> Result<Self> {
        let mut threads = BTreeMap::new();
        for thread in fs::read_dir(format!("/proc/{process}/task")).context("Envoy has ended")? {
            let thread = thread?.path();
            // A thread may end between the two readings.
            let Ok(text) = fs::read_to_string(thread.join("schedstat")) else { continue };
            let nanoseconds = text.split_whitespace().next().and_then(|field| field.parse().ok());
            threads
                .insert(thread, nanoseconds.context("the kernel keeps no schedstat of threads")?);
        }
        Ok(Self(threads))
    }

    /// Returns what was used since the process began.
    pub fn total(&self) -> Duration {
        self.since(&Self(BTreeMap::new()))
    }

    /// Returns what was used since an earlier reading.
    pub fn since(&self, earlier: &Self) -> Duration {
        let used = self.0.iter().map(|(thread, now)| {
            now.saturating_sub(earlier.0.get(thread).copied().unwrap_or_default())
        });
        Duration::from_nanos(used.fold(0, u64::saturating_add))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_has_run() {
        let process = std::process::id();
        let now = resident_bytes(process).unwrap();
        assert!(now > 0 && peak_resident_bytes(process).unwrap() >= now);
        assert!(CpuTime::of(process).unwrap().total() > Duration::ZERO);
    }

    #[test]
    fn a_thread_that_is_new_counts_from_its_beginning() {
        let of = |threads: &[(&str, u64)]| {
            CpuTime(threads.iter().map(|(name, time)| (PathBuf::from(name), *time)).collect())
        };
        let used = of(&[("a", 7), ("b", 3)]).since(&of(&[("a", 5), ("gone", 9)]));
        assert_eq!(used, Duration::from_nanos(5));
    }
}
