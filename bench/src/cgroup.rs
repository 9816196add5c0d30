//! A control group with little CPU, such as a sidecar is given.

use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The period in which a group's CPU time is counted, in microseconds: the kernel's default.
const PERIOD: u32 = 100_000;

/// A control group; dropped, it goes, once its processes have.
#[derive(Debug)]
pub(crate) struct ControlGroup(PathBuf);

impl ControlGroup {
    /// Makes a group that may use so many thousandths of a processor.
    ///
    /// # Errors
    /// There are no control groups that limit the CPU here, or this user may not make one.
    pub(crate) fn with_cpu(thousandths: u32) -> Result<Self> {
        Self::below(Path::new("/sys/fs/cgroup"), thousandths)
    }

    fn below(root: &Path, thousandths: u32) -> Result<Self> {
        let quota = PERIOD.saturating_mul(thousandths) / 1000;
        let controllers = fs::read_to_string(root.join("cgroup.controllers")).unwrap_or_default();
        let is_second = controllers.split_whitespace().any(|controller| controller == "cpu");
        let parent = if is_second { root.to_owned() } else { root.join("cpu") };
        let group = Self(parent.join(format!("attache-bench-{}", std::process::id())));
        fs::create_dir(&group.0)
            .with_context(|| format!("`{}` can't be made", group.0.display()))?;
        if is_second {
            group.set("cpu.max", &format!("{quota} {PERIOD}"))?;
        } else {
            group.set("cpu.cfs_period_us", &PERIOD.to_string())?;
            group.set("cpu.cfs_quota_us", &quota.to_string())?;
        }
        Ok(group)
    }

    /// Moves a process into the group.
    pub(crate) fn take(&self, process: u32) -> Result<()> {
        self.set("cgroup.procs", &process.to_string())
    }

    fn set(&self, file: &str, value: &str) -> Result<()> {
        let path = self.0.join(file);
        fs::write(&path, value).with_context(|| format!("`{}` can't be written", path.display()))
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        // One that can't be removed holds nothing, and a drop can't report.
        drop(fs::remove_dir(&self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(root: &Path, controllers: Option<&str>, files: &[(&str, &str)]) {
        fs::create_dir(root).unwrap();
        fs::create_dir(root.join("cpu")).unwrap();
        if let Some(controllers) = controllers {
            fs::write(root.join("cgroup.controllers"), controllers).unwrap();
        }
        let group = ControlGroup::below(root, 200).unwrap();
        group.take(7).unwrap();
        for (file, text) in files {
            assert_eq!(fs::read_to_string(group.0.join(file)).unwrap(), *text, "{file}");
        }
    }

    #[test]
    fn a_group_is_limited_in_both_versions_of_control_groups() {
        let folder = tempfile::tempdir().unwrap();
        let second = [("cpu.max", "20000 100000"), ("cgroup.procs", "7")];
        written(&folder.path().join("second"), Some("cpuset cpu io"), &second);
        let first =
            [("cpu.cfs_quota_us", "20000"), ("cpu.cfs_period_us", "100000"), ("cgroup.procs", "7")];
        written(&folder.path().join("first"), None, &first);
        written(&folder.path().join("mixed"), Some("hugetlb"), &first);
    }

    #[test]
    fn where_there_are_none_that_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let error = ControlGroup::below(&folder.path().join("none"), 200).unwrap_err().to_string();
        assert!(error.contains("can't be made"), "{error}");
    }
}
