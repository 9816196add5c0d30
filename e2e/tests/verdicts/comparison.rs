//! Holding the four verdicts on each request equal.

use crate::interpreter::Interpreter;
use crate::native;
use crate::question::{Heard, Subject};
use crate::sidecar::Sidecar;
use anyhow::{Result, ensure};

/// How many requests were compared, and how they fared.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) requests: usize,
    pub(crate) refused: usize,
    pub(crate) by_rule: usize,
    /// Those of which an explanation does not tell the end.
    pub(crate) unexplained: usize,
    /// Those that the interpreter does not decide by itself.
    pub(crate) waiting: usize,
}

/// Asks everything of a subject everywhere.
pub(crate) async fn compare(
    subject: &Subject,
    interpreter: Option<&mut Interpreter>,
    sidecar: &mut Sidecar,
    tally: &mut Tally,
) -> Result<()> {
    let natively = native::ask(subject)?;
    let interpreted: Vec<Option<Heard>> = match interpreter {
        Some(interpreter) => interpreter.ask(subject)?,
        None => vec![None; natively.len()],
    };
    let in_envoy = sidecar.ask(subject).await?;
    for (index, question) in subject.questions.iter().enumerate() {
        let (decided, explained) = &natively[index];
        let told = || {
            format!("{}: {}\n{question:#?}\n{}", subject.name, question.name, subject.configuration)
        };
        if let Some(explained) = explained {
            ensure!(
                explained == decided,
                "explained as {explained:?}, decided as {decided:?}\n{}",
                told()
            );
        }
        if let Some(interpreted) = &interpreted[index] {
            ensure!(
                interpreted == decided,
                "interpreted as {interpreted:?}, decided as {decided:?}\n{}",
                told()
            );
        }
        let in_envoy = &in_envoy[index];
        ensure!(
            in_envoy.as_ref() == Some(decided),
            "Envoy: {in_envoy:?}, decided as {decided:?}\n{}",
            told()
        );
        tally.requests += 1;
        tally.refused += usize::from(decided.reason.is_some());
        tally.by_rule += usize::from(decided.rule.is_some());
        tally.unexplained += usize::from(explained.is_none());
        tally.waiting += usize::from(interpreted[index].is_none());
    }
    Ok(())
}
