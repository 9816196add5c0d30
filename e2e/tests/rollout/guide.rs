//! The guide's steps.

use crate::testbed::{TestBed, issuers, seen, token};
use anyhow::{Context, Result, ensure};
use attache_e2e::page::{self, Block};
use attache_e2e::yaml;
use serde_json::Value;
use std::collections::BTreeMap;

const ROLLOUT: &str = "Rollout: a dry run, then in force";

/// A line of the guide's table of what a dry run counts.
struct Row {
    request: String,
    token: String,
    /// `None`: the request will go on.
    reason: Option<String>,
}

fn guide() -> Result<String> {
    page::read("docs/production.md")
}

/// The page's parts of a configuration. Whole objects are held against the cluster's schemas by
/// scripts/test-manifests.
fn yaml_blocks(page: &str) -> Vec<Block> {
    let is_part =
        |block: &Block| block.language == "yaml" && !block.text.starts_with("apiVersion:");
    page::blocks(page).into_iter().filter(is_part).collect()
}

/// A block as a whole document: the page leaves the issuers to the reader.
fn document(text: &str) -> Result<String> {
    let mut document = yaml::parse(text).with_context(|| text.to_owned())?;
    let members = document.as_object_mut().with_context(|| text.to_owned())?;
    ensure!(
        members.insert("issuers".into(), issuers()?).is_none(),
        "the page has issuers of its own now"
    );
    Ok(document.to_string())
}

fn table(page: &str) -> Result<Vec<Row>> {
    let code = |cell: &str| cell.strip_prefix('`')?.strip_suffix('`').map(str::to_owned);
    let rows = page::rows(page, ROLLOUT);
    let [head, body @ ..] = rows.as_slice() else { anyhow::bail!("the guide has no table") };
    ensure!(head[..] == ["request", "token", "counted as"], "{head:?}");
    body.iter()
        .map(|row| {
            let [request, token, reason] = row.as_slice() else { anyhow::bail!("{row:?}") };
            let request = code(request).with_context(|| request.clone())?;
            Ok(Row { request, token: token.clone(), reason: code(reason) })
        })
        .collect()
}

/// How many of the table's requests have each reason, as Prometheus names it.
fn expected(rows: &[Row]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for reason in rows.iter().filter_map(|row| row.reason.as_ref()) {
        let count: &mut u64 = counts.entry(reason.replace('-', "_")).or_default();
        *count = count.saturating_add(1);
    }
    counts
}

/// What a family of series grew by, by the rest of their names, without those that did not grow.
fn growth(
    before: &BTreeMap<String, u64>,
    after: &BTreeMap<String, u64>,
    family: &str,
) -> BTreeMap<String, u64> {
    let grown = after.iter().filter_map(|(name, value)| {
        let growth = value.saturating_sub(before.get(name).copied().unwrap_or(0));
        Some((name.strip_prefix(family)?.to_owned(), growth))
    });
    grown.filter(|(_, growth)| *growth > 0).collect()
}

async fn every_request_goes_on(testbed: &TestBed, rows: &[Row]) -> Result<()> {
    for row in rows {
        let token = token(&row.token)?;
        let answer = testbed.send(&row.request, token.as_deref()).await?;
        let seen = seen(&answer).with_context(|| format!("{} with {}", row.request, row.token))?;
        // Identity comes from good tokens alone, whatever the client wrote; and a token goes on
        // only if it is bad.
        let is_good = row.token == "a reader's";
        ensure!(seen.values("x-user") == if is_good { vec!["alice"] } else { vec![] }, "{seen:?}");
        ensure!(
            seen.values("authorization").is_empty() == (is_good || token.is_none()),
            "{seen:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn what_a_dry_run_counts_is_what_is_refused_in_force() -> Result<()> {
    let guide = guide()?;
    let (rows, blocks) = (table(&guide)?, yaml_blocks(&guide));
    let counts = expected(&rows);
    ensure!(
        counts.len() >= 6 && rows.len() > counts.len(),
        "the table tells of refusals and of what goes on"
    );
    let dry = &blocks
        .iter()
        .find(|block| block.heading == ROLLOUT)
        .context("the guide has no document")?
        .text;
    // The step from one to the other is this line, and nothing else.
    let in_force =
        dry.strip_prefix("mode: SHADOW\n").context("the word is not the document's first")?;
    let refused = counts.values().sum();
    let all = u64::try_from(rows.len())?;

    let testbed = TestBed::start(&document(dry)?).await?;
    let start = testbed.until("dry_run", 1).await?;
    let zeros =
        start.iter().filter(|(name, value)| name.starts_with("would_be_denied_") && **value == 0);
    ensure!(zeros.count() > 20, "every reason can be seen before it is first counted: {start:#?}");
    every_request_goes_on(&testbed, &rows).await?;
    let looked = testbed.until("requests_would_be_denied", refused).await?;
    ensure!(growth(&start, &looked, "would_be_denied_") == counts, "{looked:#?}");
    ensure!(
        looked.get("requests_allowed") == Some(&all) && looked.get("requests_denied") == Some(&0)
    );
    let log = testbed.envoy.log();
    for (row, reason) in rows.iter().filter_map(|row| Some((row, row.reason.as_ref()?))) {
        let said = log.lines().filter(|line| {
            line.contains(r#""shadow":{"verdict":"denied""#)
                && line.contains(&format!(r#""reason":"{reason}""#))
        });
        ensure!(said.count() == 1, "{} has one audit line:\n{log}", row.request);
    }

    testbed.apply(&document(in_force)?).await?;
    let start = testbed.until("dry_run", 0).await?;
    for row in &rows {
        let answer = testbed.send(&row.request, token(&row.token)?.as_deref()).await?;
        match &row.reason {
            None => drop(seen(&answer)?),
            Some(reason) => {
                let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                ensure!(
                    problem["type"] == reason.as_str(),
                    "{} {}: {problem}",
                    row.request,
                    answer.status
                );
            }
        }
    }
    let enforced = testbed.until("requests_denied", refused).await?;
    ensure!(growth(&start, &enforced, "reasons_") == counts, "{enforced:#?}");
    ensure!(growth(&start, &enforced, "would_be_denied_").is_empty(), "{enforced:#?}");

    testbed.apply(&document(dry)?).await?;
    testbed.until("dry_run", 1).await?;
    every_request_goes_on(&testbed, &rows).await?;
    let back = testbed.until("requests_would_be_denied", refused.saturating_mul(2)).await?;
    ensure!(back.get("requests_denied") == Some(&refused), "{back:#?}");
    Ok(())
}

#[tokio::test]
async fn a_part_of_the_mesh_has_a_dry_run_of_its_own() -> Result<()> {
    let guide = guide()?;
    let is_for_a_part = |block: &Block| block.text.starts_with("shadowSelectors:");
    let block = yaml_blocks(&guide)
        .into_iter()
        .find(is_for_a_part)
        .context("the guide has no such block")?;
    let testbed = TestBed::start(&document(&block.text)?).await?;
    testbed.until("dry_run", 1).await?;
    seen(&testbed.send("GET /", None).await?)?;
    testbed.until("would_be_denied_token_missing", 1).await?;
    // The other workloads of the same document.
    testbed.apply(&document(&block.text.replace("app: orders", "app: web"))?).await?;
    testbed.until("dry_run", 0).await?;
    ensure!(testbed.send("GET /", None).await?.status == 401);
    Ok(())
}

#[tokio::test]
async fn every_block_of_the_page_is_taken() -> Result<()> {
    let guide = guide()?;
    let blocks = yaml_blocks(&guide);
    ensure!(blocks.len() >= 4, "{blocks:?}");
    let [first, rest @ ..] = blocks.as_slice() else { anyhow::bail!("no block") };
    let testbed = TestBed::start(&document(&first.text)?).await?;
    for block in rest {
        let line = block.line;
        testbed
            .apply(&document(&block.text)?)
            .await
            .with_context(|| format!("docs/production.md:{line}"))?;
    }
    let log = testbed.envoy.log();
    ensure!(!log.contains("defaultAction"), "no block is warned of:\n{log}");
    Ok(())
}
