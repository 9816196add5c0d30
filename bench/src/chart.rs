//! A chart of the costs, as SVG that reads on light and dark pages.

use crate::cases::Job;
use crate::keys::Algorithm;
use crate::report::Report;
use crate::spread::Spread;

const BARS: [(Job, &str); 5] = [
    (Job::Floor, "Floor: a Wasm filter that only reads and writes headers"),
    (Job::Cached, "Attaché, token seen before"),
    (Job::NativeCached, "Envoy's jwt_authn with its cache + RBAC"),
    (Job::Uncached, "Attaché, token verified at every request"),
    (Job::Istio, "Envoy's jwt_authn + RBAC as Istio sets them up"),
];

const WIDTH: f64 = 760.0;
/// Where bars begin and the longest ends; what is right of it is for its label.
const LEFT: f64 = 16.0;
const RIGHT: f64 = 620.0;
const TOP: f64 = 76.0;
const BAR: f64 = 14.0;
const GROUP: f64 = 64.0;

const STYLE: &str = "\
text{font:13px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;fill:#1f2328}\
.title{font-size:16px;font-weight:600}\
.small{font-size:12px;fill:#59636e}\
.rs256{fill:#0969da}\
.es256{fill:#8250df}\
.range{stroke:#1f2328;stroke-width:1.5}\
@media(prefers-color-scheme:dark){\
text{fill:#e6edf3}.small{fill:#9198a1}.rs256{fill:#4493f8}.es256{fill:#ab7df8}.range{stroke:#e6edf3}}";

/// Draws what a run says of the chains that do the same job.
pub(crate) fn svg(report: &Report) -> String {
    let rows: Vec<(&str, Vec<(Algorithm, Spread)>)> = BARS
        .iter()
        .map(|&(job, title)| {
            let costs = Algorithm::ALL
                .iter()
                .filter_map(|&algorithm| Some((algorithm, report.cost(job, algorithm)?)));
            (title, costs.collect())
        })
        .collect();
    let longest = rows
        .iter()
        .flat_map(|(_, costs)| costs)
        .map(|(_, cost)| cost.high)
        .fold(f64::EPSILON, f64::max);
    let scale = (RIGHT - LEFT) / longest;
    let height = TOP + GROUP * rows.len() as f64 + 28.0;
    let mut svg = String::new();
    line(
        &mut svg,
        format_args!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="title desc">"#
        ),
    );
    line(
        &mut svg,
        format_args!(r#"<title id="title">CPU time that a filter chain adds to a request</title>"#),
    );
    line(&mut svg, format_args!(r#"<desc id="desc">{}</desc>"#, describe(&rows)));
    line(&mut svg, format_args!("<style>{STYLE}</style>"));
    line(
        &mut svg,
        format_args!(
            r#"<text class="title" x="{LEFT}" y="28">CPU time that a filter chain adds to a request, in µs</text>"#
        ),
    );
    legend(&mut svg);
    let mut y = TOP;
    for (title, costs) in &rows {
        line(&mut svg, format_args!(r#"<text x="{LEFT}" y="{:.1}">{title}</text>"#, y + 16.0));
        for (index, (algorithm, cost)) in costs.iter().enumerate() {
            bar(&mut svg, *algorithm, *cost, y + 23.0 + (BAR + 2.0) * index as f64, scale);
        }
        y += GROUP;
    }
    let note = "Shorter is better. Median of the rounds of one run; the line spans the middle half. Same four headers, same five rules.";
    line(
        &mut svg,
        format_args!(r#"<text class="small" x="{LEFT}" y="{:.1}">{note}</text>"#, y + 16.0),
    );
    line(&mut svg, format_args!("</svg>"));
    svg
}

fn legend(svg: &mut String) {
    let mut x = LEFT;
    for algorithm in Algorithm::ALL {
        let class = class(algorithm);
        line(
            svg,
            format_args!(
                r#"<rect class="{class}" x="{x:.0}" y="44" width="12" height="12" rx="2"/>"#
            ),
        );
        line(
            svg,
            format_args!(r#"<text class="small" x="{:.0}" y="54">{algorithm}</text>"#, x + 18.0),
        );
        x += 80.0;
    }
}

fn bar(svg: &mut String, algorithm: Algorithm, cost: Spread, y: f64, scale: f64) {
    let class = class(algorithm);
    let width = cost.median.max(0.0) * scale;
    let (low, high) = (LEFT + cost.low.max(0.0) * scale, LEFT + cost.high.max(0.0) * scale);
    let middle = y + BAR / 2.0;
    line(
        svg,
        format_args!(
            r#"<rect class="{class}" x="{LEFT}" y="{y:.1}" width="{width:.1}" height="{BAR}" rx="2"/>"#
        ),
    );
    line(
        svg,
        format_args!(
            r#"<line class="range" x1="{low:.1}" y1="{middle:.1}" x2="{high:.1}" y2="{middle:.1}"/>"#
        ),
    );
    let label = high.max(LEFT + width) + 8.0;
    line(
        svg,
        format_args!(
            r#"<text class="small" x="{label:.1}" y="{:.1}">{:.1}</text>"#,
            middle + 4.5,
            cost.median
        ),
    );
}

const fn class(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Rs256 => "rs256",
        Algorithm::Es256 => "es256",
    }
}

/// The chart in words, for those who hear it.
fn describe(rows: &[(&str, Vec<(Algorithm, Spread)>)]) -> String {
    let row = |(title, costs): &(&str, Vec<(Algorithm, Spread)>)| {
        let costs: Vec<String> = costs
            .iter()
            .map(|(algorithm, cost)| format!("{algorithm} {:.1} µs", cost.median))
            .collect();
        format!("{title}: {}.", costs.join(", "))
    };
    rows.iter().map(row).collect::<Vec<_>>().join(" ")
}

fn line(svg: &mut String, text: std::fmt::Arguments<'_>) {
    svg.push_str(&text.to_string());
    svg.push('\n');
}
