//! What passed against what may, drawn: for each step how many had passed at each request.

use super::results::{Result, Results};
use crate::xml::attribute;
use attache_tyk_limits::behaviour::to_float;
use attache_tyk_limits::judge::Point;
use attache_tyk_limits::plan::Kind;
use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 160.0;
/// Room for names and numbers around a drawing.
const MARGIN: f64 = 36.0;

/// Returns the drawings, one below the other.
pub(super) fn svg(results: &Results) -> String {
    let judged: Vec<&Result> =
        results.list.iter().filter(|result| result.judgement.is_some()).collect();
    let rows = judged.iter().fold(0.0, |sum, _| sum + HEIGHT + MARGIN * 2.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" font-family=\"sans-serif\" font-size=\"12\">\n",
        WIDTH + MARGIN * 2.0,
        rows
    );
    svg.push_str("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
    let mut top = 0.0;
    for result in judged {
        draw(&mut svg, result, top + MARGIN);
        top += HEIGHT + MARGIN * 2.0;
    }
    svg.push_str("</svg>\n");
    svg
}

/// From moments and counts to places.
struct Scale {
    start: f64,
    end: f64,
    most: f64,
    top: f64,
}

impl Scale {
    fn place(&self, at: f64, count: usize) -> String {
        let x = MARGIN + (at - self.start) / (self.end - self.start).max(1e-9) * WIDTH;
        let y = self.top + HEIGHT - to_float(count) / self.most.max(1.0) * HEIGHT;
        format!("{x:.1},{y:.1}")
    }
}

fn draw(svg: &mut String, result: &Result, top: f64) {
    let Some(judgement) = &result.judgement else { return };
    let curve = &judgement.curve;
    let (Some(first), Some(last)) = (curve.first(), curve.last()) else { return };
    let highest = curve.iter().map(|point| point.most.max(point.passed)).max().unwrap_or(1);
    let scale = Scale { start: first.at, end: last.at, most: to_float(highest), top };
    let verdict = if judgement.holds { "holds" } else { "does not hold" };
    let title = attribute(&format!("{}: {verdict}", result.target.name()));
    _ = writeln!(
        svg,
        "<text x=\"{MARGIN}\" y=\"{:.1}\" font-weight=\"bold\">{title}</text>",
        top - 18.0
    );
    _ = writeln!(
        svg,
        "<path d=\"M{MARGIN},{top:.1}v{HEIGHT}h{WIDTH}\" fill=\"none\" stroke=\"#888\"/>\
         <text x=\"4\" y=\"{:.1}\">{highest}</text><text x=\"{MARGIN}\" y=\"{:.1}\">0</text>\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{:.1} s</text>",
        top + 4.0,
        top + HEIGHT + 14.0,
        MARGIN + WIDTH,
        top + HEIGHT + 14.0,
        last.at - first.at
    );
    for part in curve.chunk_by(|one, other| one.kind == other.kind) {
        step(svg, part, &scale);
    }
}

/// Draws one step: the band of what may pass, and the line of what did.
fn step(svg: &mut String, part: &[Point], scale: &Scale) {
    let Some(first) = part.first() else { return };
    let upper = part.iter().map(|point| scale.place(point.at, point.most));
    let lower = part.iter().rev().map(|point| scale.place(point.at, point.least));
    let band: Vec<String> = upper.chain(lower).collect();
    let line: Vec<String> = part.iter().map(|point| scale.place(point.at, point.passed)).collect();
    let (band, line) = (band.join(" "), line.join(" "));
    // The second key's comes right behind the burst: its name has no place beside the other.
    let y = if first.kind == Kind::Second { scale.top + HEIGHT + 14.0 } else { scale.top - 4.0 };
    let x = scale.place(first.at, 0);
    let x = x.split(',').next().unwrap_or_default();
    _ = writeln!(
        svg,
        "<polygon points=\"{band}\" fill=\"#9ecae1\" stroke=\"#9ecae1\" stroke-width=\"6\" opacity=\"0.6\"/>\
         <polyline points=\"{line}\" fill=\"none\" stroke=\"#08519c\" stroke-width=\"1.5\"/>\
         <text x=\"{x}\" y=\"{:.1}\" fill=\"#555\">{}</text>",
        y,
        first.kind.name()
    );
}
