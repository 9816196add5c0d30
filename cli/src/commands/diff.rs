//! `attache diff`.

use crate::compare::{
    Comparison, Effect, Pairs, Unpaired, Version, compare, json, markdown, pairs, text,
};
use crate::counted::counted;
use crate::exit::Status;
use crate::input::{Configuration, Input, InputOptions, is_standard_input};
use crate::shown::json_text;
use anstream::{AutoStream, ColorChoice};
use attache_engine::policy::View;
use clap::{Args, ValueEnum};
use serde_json::Value;
use std::error::Error;
use std::io::{Write as _, stdout};
use std::path::PathBuf;

/// Says what a new version allows or refuses that the old one did not: a request of each kind
///
/// Requests are of one kind where the same rules decide them and their methods may do the same.
/// Compares everything that rules look at, for every workload that selectors tell apart, and not
/// text with text. What no request shows, such as audiences, is listed. Where one holds several
/// configurations, resources of the same kind, namespace and name are compared, and other documents
/// by their files' paths and their order.
#[derive(Args)]
pub(crate) struct Options {
    /// The version that is in force: a file, a folder or `-`
    old: PathBuf,
    /// The version that is to be
    new: PathBuf,
    /// What ends the command with status 1
    #[arg(long, value_enum, default_value = "any")]
    fail_on: FailOn,
    /// Count what is in SHADOW, too, on both sides
    #[arg(long)]
    with_shadow: bool,
    /// How it is told
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// For a pull request
    Markdown,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// A request that is decided otherwise, or a change that requests do not show
    Any,
    /// A request that is decided otherwise, or requests that could not be compared
    Requests,
    /// A request that is allowed newly, or a change that requests do not show and that may allow
    /// more
    Allowed,
    /// A request that is refused newly, or a change that requests do not show and that may refuse
    /// more
    Refused,
    /// Nothing
    Nothing,
}

pub(super) fn run(options: &Options) -> Result<Status, Box<dyn Error>> {
    if is_standard_input(&options.old) && is_standard_input(&options.new) {
        return Err(
            "OLD and NEW can't both come from the standard input; save one as a file".into()
        );
    }
    let [old, new] = [&options.old, &options.new].map(|path| InputOptions::of_file(path).read());
    let (old, new) = (complete(old?)?, complete(new?)?);
    old.skipped.tell();
    new.skipped.tell();
    let Pairs { pairs, unpaired } = pairs(&old, &new, &options.old, &options.new);
    let view = if options.with_shadow { View::WithShadow } else { View::Enforced };
    let mut comparisons = Vec::new();
    for (before, after) in pairs {
        comparisons.push(compare(version(before)?, version(after)?, view)?);
    }
    stdout().write_all(told(options.format, &comparisons, &unpaired)?.as_bytes())?;
    Ok(options.fail_on.status(&comparisons, &unpaired))
}

fn told(
    format: Format,
    comparisons: &[Comparison<'_>],
    unpaired: &[Unpaired],
) -> Result<String, serde_json::Error> {
    let is_styled = AutoStream::choice(&stdout()) != ColorChoice::Never;
    let lines = unpaired.iter().map(|one| format!("{}\n", one.text()));
    Ok(match format {
        Format::Text => {
            let all = comparisons.iter().map(|comparison| text(comparison, is_styled)).chain(lines);
            let all: String = all.collect();
            format!("{all}{}\n", summary(comparisons, unpaired))
        }
        Format::Markdown => {
            let lines = unpaired.iter().map(|one| format!("- {}\n", one.markdown()));
            let title = (!unpaired.is_empty()).then(|| "### Not compared\n\n".to_owned());
            let end = (!unpaired.is_empty()).then(|| "\n".to_owned());
            title
                .into_iter()
                .chain(lines)
                .chain(end)
                .chain(comparisons.iter().map(markdown))
                .collect()
        }
        Format::Json => {
            let all: Vec<Value> = comparisons.iter().map(json).collect();
            let unpaired: Vec<String> = unpaired.iter().map(Unpaired::json).collect();
            json_text(&serde_json::json!({"comparisons": all, "unpaired": unpaired}))
        }
    })
}

fn summary(comparisons: &[Comparison<'_>], unpaired: &[Unpaired]) -> String {
    let count = |allowed: bool| {
        let changes = comparisons.iter().flat_map(|it| &it.changes);
        changes.filter(|change| change.is_allowed_now() == allowed).count()
    };
    let settings: usize = comparisons.iter().map(|it| it.settings.len()).sum();
    let settings = settings.saturating_add(unpaired.len());
    format!(
        "{} of requests newly allowed, {} newly refused; {} not compared",
        counted(count(true), "kind"),
        count(false),
        counted(settings, "change")
    )
}

/// Returns a version all of whose texts can be read.
fn complete(input: Input) -> Result<Input, String> {
    match input.unread() {
        Some(error) => Err(error),
        None => Ok(input),
    }
}

fn version(configuration: &Configuration) -> Result<Version<'_>, String> {
    let config = configuration.usable()?;
    Ok(Version { configuration, config })
}

impl FailOn {
    fn status(self, comparisons: &[Comparison<'_>], unpaired: &[Unpaired]) -> Status {
        let changes = || comparisons.iter().flat_map(|it| &it.changes);
        // Nobody knows what a configuration does that is compared with none, or a request that was
        // not followed.
        let is_unknown = !unpaired.is_empty() || comparisons.iter().any(|it| !it.limits.is_empty());
        let settings = || comparisons.iter().flat_map(|it| &it.settings).map(|it| it.effect);
        let is_found = match self {
            Self::Any => changes().next().is_some() || settings().next().is_some() || is_unknown,
            Self::Requests => changes().next().is_some() || is_unknown,
            Self::Allowed => {
                let may_allow = settings().any(|effect| effect == Effect::MayAllow);
                changes().any(|change| change.is_allowed_now()) || may_allow || is_unknown
            }
            Self::Refused => {
                let may_refuse = settings().any(|effect| effect != Effect::Nothing);
                changes().any(|change| !change.is_allowed_now()) || may_refuse || is_unknown
            }
            Self::Nothing => false,
        };
        if is_found { Status::Found } else { Status::Fine }
    }
}
