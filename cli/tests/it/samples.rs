//! What the repository shows to its readers is as good to the tool as to the filter.

use crate::support::attache;

/// Folders and files, and how many configurations each holds. What has none of its own (patches,
/// values without `config`) is checked as what is made of it.
const SAMPLES: [(&str, usize); 4] =
    [("plugin-config/examples", 11), ("istio", 6), ("examples", 6), ("e2e/charts", 7)];

#[test]
fn every_sample_is_found_and_nothing_is_said_of_it() {
    for (folder, count) in SAMPLES {
        let run = attache(&["check", folder]);
        assert_eq!(run.status, 0, "{folder}: {}{}", run.stdout, run.stderr);
        let warnings = run.stdout.matches("warning[").count();
        // What shows a dry run is one.
        let is_dry =
            folder == "istio" && run.stdout.contains("istio/examples/dry-run/document.yaml:4:");
        assert_eq!(warnings, usize::from(is_dry), "{folder}: {}", run.stdout);
        assert_eq!(run.stdout.is_empty(), !is_dry, "{folder}: {}", run.stdout);
        let plural = if count == 1 { "" } else { "s" };
        assert!(
            run.stderr.starts_with(&format!("{count} configuration{plural} in ")),
            "{folder}: {}",
            run.stderr
        );
    }
}

/// What Tyk and the issuer read is no configuration of the filter, and is taken for none.
#[test]
fn what_belongs_to_tyk_is_passed_over() {
    let run = attache(&["check", "tyk", "istio"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.starts_with("6 configurations in "), "{}", run.stderr);
    let run = attache(&["check", "tyk"]);
    assert_eq!(run.status, 2);
    assert!(
        run.stderr.contains("no configuration of Attaché in `tyk`, passed over "),
        "{}",
        run.stderr
    );
}
