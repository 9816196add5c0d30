//! What libFuzzer tells of a run.

/// The figures of a run; those that it does not tell are missing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Statistics {
    /// How many inputs were run.
    executions: Option<u64>,
    /// Inputs a second.
    rate: Option<u64>,
    /// Edges of the code that were reached.
    coverage: Option<u64>,
    /// Inputs that are kept because they reach something new.
    corpus: Option<u64>,
}

impl Statistics {
    /// The head of a table whose rows are [`row`](Self::row).
    pub(super) const HEAD: &str =
        "target           executions per-second   coverage   corpus    seconds";

    /// Reads the log of a run.
    pub(super) fn of(log: &str) -> Self {
        let progress = |line: &&str| line.starts_with('#') && line.contains("cov: ");
        let last = log.lines().rev().find(progress).unwrap_or_default();
        Self {
            executions: number_after(log, "stat::number_of_executed_units:"),
            rate: number_after(log, "stat::average_exec_per_sec:"),
            coverage: number_after(last, "cov:"),
            corpus: number_after(last, "corp:"),
        }
    }

    /// Writes a row of a table.
    pub(super) fn row(&self, target: &str, seconds: u64) -> String {
        let shown = |figure: Option<u64>| {
            figure.map_or_else(|| "?".to_owned(), |figure| figure.to_string())
        };
        let [executions, rate, coverage, corpus] =
            [self.executions, self.rate, self.coverage, self.corpus].map(shown);
        format!("{target:<14} {executions:>12} {rate:>10} {coverage:>10} {corpus:>8} {seconds:>10}")
    }
}

/// Returns the whole number that follows the first `name` in a text.
fn number_after(text: &str, name: &str) -> Option<u64> {
    let (_, rest) = text.split_once(name)?;
    let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "#2\tINITED cov: 100 ft: 101 corp: 1/1b exec/s: 0 rss: 30Mb
#4096\tpulse  cov: 2048 ft: 3000 corp: 77/12Kb lim: 16384 exec/s: 2048 rss: 40Mb
Done 8192 runs in 5 second(s)
stat::number_of_executed_units: 8192
stat::average_exec_per_sec:     1638
";

    #[test]
    fn the_last_line_of_progress_and_the_final_figures_count() {
        let read = Statistics::of(LOG);
        let expected = Statistics {
            executions: Some(8192),
            rate: Some(1638),
            coverage: Some(2048),
            corpus: Some(77),
        };
        assert_eq!(read, expected);
        assert_eq!(read.row("token", 5).len(), Statistics::HEAD.len());
        let row = read.row("token", 5);
        assert_eq!(
            row.split_whitespace().collect::<Vec<_>>(),
            ["token", "8192", "1638", "2048", "77", "5"]
        );
    }

    #[test]
    fn what_a_run_that_broke_does_not_tell_is_a_question_mark() {
        assert!(Statistics::of("panicked").row("paths", 0).contains("? "));
    }
}
