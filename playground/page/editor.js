// The configuration: line numbers beside it, and below it what is wrong with it.

const configuration = byId("configuration");
const gutter = byId("gutter");
let numbered = "";

// Numbers the lines, those with an error or a warning marked.
function numberLines(findings) {
  const marks = new Map();
  for (const finding of findings.filter((finding) => finding.line !== undefined)) {
    if (marks.get(finding.line) !== "error") {
      marks.set(finding.line, finding.severity);
    }
  }
  const count = configuration.value.split("\n").length;
  const state = JSON.stringify([count, ...marks]);
  if (state !== numbered) {
    numbered = state;
    const lines = Array.from({ length: count }, (_, index) => {
      const mark = marks.get(index + 1);
      return element(mark === undefined ? "span" : `span.${mark}`, `${index + 1}\n`);
    });
    gutter.replaceChildren(...lines);
  }
  gutter.scrollTop = configuration.scrollTop;
}

// Returns where a line begins, from 1.
function lineStart(line) {
  const before = configuration.value.split("\n").slice(0, line - 1);
  return before.reduce((length, text) => length + text.length + 1, 0);
}

// Returns the offset of a place; columns are counted in characters, offsets in units of UTF-16.
function offset(line, column) {
  const text = configuration.value.split("\n")[line - 1] ?? "";
  return lineStart(line) + Array.from(text).slice(0, column - 1).join("").length;
}

// Shows a place of the configuration, and selects it.
function show(line, start, end) {
  configuration.focus();
  configuration.setSelectionRange(start, end);
  const height = Number.parseFloat(getComputedStyle(configuration).lineHeight);
  configuration.scrollTop = Math.max(0, (line - 4) * height);
}

function showLine(line) {
  show(line, lineStart(line), lineStart(line + 1) - 1);
}

function finding(found) {
  const place = button("place", `${found.line ?? "–"}:${found.column ?? "–"}`, () => {
    if (found.line !== undefined) {
      show(found.line, offset(found.line, found.column), offset(found.endLine, found.endColumn));
    }
  });
  place.setAttribute("aria-label", `line ${found.line}, column ${found.column}`);
  const remedy = found.remedy === undefined ? null : element("span.remedy", found.remedy);
  const path = found.path === undefined ? null : element("code", found.path);
  return element(
    "li", place, element(`span.severity.${found.severity}`, found.severity), element("span.problem-text", found.problem), remedy, path,
  );
}

function showFindings(findings) {
  const count = (severity) => findings.filter((finding) => finding.severity === severity).length;
  const [errors, warnings] = [count("error"), count("warning")];
  const words = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
  byId("findings-summary").textContent = `${words(errors, "error")}, ${words(warnings, "warning")}`;
  byId("findings").replaceChildren(...listed(findings, finding));
  configuration.setAttribute("aria-invalid", String(errors > 0));
  numberLines(findings);
}

configuration.addEventListener("scroll", () => {
  gutter.scrollTop = configuration.scrollTop;
});
