//! The table of the demo.

/// One request. A cell may have several lines.
pub(crate) struct Row {
    pub who: String,
    pub request: Vec<String>,
    pub answer: Vec<String>,
    pub seen: Vec<String>,
    /// What came instead of what should have.
    pub surprise: Option<String>,
}

/// Lays the rows out under a heading, each column as wide as its widest line.
pub(crate) fn render(rows: &[Row]) -> String {
    let heading = ["WHO", "ASKS", "ANSWER", "THE SERVICE SEES"].map(|title| vec![title.to_owned()]);
    let mut cells = vec![heading];
    cells.extend(rows.iter().map(|row| {
        [vec![row.who.clone()], row.request.clone(), row.answer.clone(), row.seen.clone()]
    }));
    let mut widths = [0; 4];
    for row in &cells {
        for (width, lines) in widths.iter_mut().zip(row) {
            *width = lines.iter().map(|line| line.chars().count()).fold(*width, usize::max);
        }
    }
    cells.iter().map(|row| render_row(row, &widths)).collect()
}

fn render_row(row: &[Vec<String>; 4], widths: &[usize; 4]) -> String {
    let height = row.iter().map(Vec::len).max().unwrap_or(0);
    let mut text = String::new();
    for line in 0..height {
        let cells = row.iter().zip(widths).map(|(lines, &width)| {
            let cell = lines.get(line).map_or("", String::as_str);
            format!("{cell:width$}")
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_over_cells_of_several_lines() {
        let row = |who: &str, seen: &[&str]| Row {
            who: who.into(),
            request: vec!["r".into()],
            answer: vec!["200".into()],
            seen: seen.iter().map(|line| (*line).to_owned()).collect(),
            surprise: None,
        };
        let table = render(&[row("alice", &["a", "b"]), row("b", &["c"])]);
        assert_eq!(
            table,
            "WHO    ASKS  ANSWER  THE SERVICE SEES\n\
             alice  r     200     a\n                     b\n\
             b      r     200     c\n"
        );
    }
}
