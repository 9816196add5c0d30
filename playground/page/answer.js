// The verdict and the way to it, in the words of `attache explain`.

const NEEDS = { REQUIRED: "a good token", OPTIONAL: "no token, but one that it brings must be good", NONE: "no token" };

function by(rule) {
  return rule === null ? "" : `, by rule ${rule}`;
}

function verdict(decision) {
  const detail = decision.detail ? ` (${decision.detail})` : "";
  switch (decision.outcome) {
    case "forward":
      return element("p.verdict.allowed", element("strong", "allowed"), by(decision.rule));
    case "refuse": {
      const reason = ` with ${decision.status}: ${decision.reason}${detail}${by(decision.rule)}`;
      return element("p.verdict.refused", element("strong", "refused"), reason);
    }
    default:
      return element("p.verdict.refused", element("strong", "waits"), " for keys of its issuer");
  }
}

function shadow({ decision, dryRun }) {
  if (!decision.shadow) {
    return null;
  }
  const when = dryRun ? "It is a dry run here; in force" : "With what is in SHADOW";
  const { verdict: would, rule } = decision.shadow;
  const words = would === "allow" ? "allowed" : `refused: ${would}`;
  return element("p.shadow", `${when} it would be ${words}${by(rule)}.`);
}

function workload({ namespace, name, serviceAccount, labels }) {
  const parts = [];
  if (namespace && name) {
    parts.push(`workload ${namespace}/${name}`);
  } else {
    parts.push(namespace ? `a workload of namespace ${namespace}` : "any workload");
  }
  if (serviceAccount) {
    parts.push(`service account ${serviceAccount}`);
  }
  parts.push(...Object.entries(labels).map(([label, value]) => `${label}=${value}`));
  return parts.join(", ");
}

function tokenWords(found) {
  switch (found.state) {
    case "not-looked-at":
      return "nobody looks at one";
    case "missing":
      return "none where an issuer takes one";
    case "rejected":
      return `bad: ${found.why}`;
    case "keys-pending":
      return `${found.why}: give the provider's keys`;
    default: {
      const roles = found.roles.length === 0 ? "none that a policy knows" : found.roles.join(", ");
      return `good, of ${found.issuer}, for ${found.subject ?? "nobody"}; roles: ${roles}`;
    }
  }
}

function facts({ workload: asked, needs, preflight, token: found }) {
  const wanted = preflight && needs === "NONE"
    ? "nothing: it is a CORS preflight request, which only a DENY rule refuses"
    : NEEDS[needs];
  const rows = [["for", workload(asked)], ["needs", wanted], ["token", tokenWords(found)]];
  return element("dl", ...rows.flatMap(([name, text]) => [element("dt", name), element("dd", text)]));
}

function mismatch({ at, wanted, found }) {
  const asked = wanted === null ? "REQUIRED" : JSON.stringify(wanted);
  return element("li", element("code", at), " is ", element("code", asked), `: ${found}`);
}

function rule(tried) {
  const state = tried.matches ? (tried.action === "DENY" ? "denies" : "allows") : "passed-by";
  const marks = { denies: "✗", allows: "✓", "passed-by": "·" };
  const mark = element("span.mark", marks[state]);
  mark.setAttribute("aria-hidden", "true");
  const place = tried.line === null ? null : button("place", `line ${tried.line}`, () => showLine(tried.line));
  const action = `${tried.action}${tried.shadow ? ", in SHADOW" : ""}`;
  const outcome = tried.matches ? "matches" : "does not match";
  const failed = tried.failed.length === 0 ? null : element("ul", ...tried.failed.map(mismatch));
  const name = element("strong", tried.rule ?? "");
  return element(`li.${state}`, mark, name, ` (${action}) ${outcome} `, place, failed);
}

// Returns rules as they are shown: those that match first, where there are more than are shown.
function inOrder(rules) {
  const matching = rules.filter((tried) => tried.matches);
  return rules.length <= MAX_SHOWN ? rules : [...matching, ...rules.filter((tried) => !tried.matches)];
}

function reading({ method, path, rules }, index, flaw) {
  if (flaw !== null) {
    return [element("p", `No rule judges it: ${flaw}.`)];
  }
  const other = index === 0 ? "" : ", which a service may read";
  const title = element("h3", `as ${method} ${path}${other}`);
  const body = rules.length === 0
    ? element("p", "no rule applies to this workload")
    : element("ol.rules", ...listed(inOrder(rules), rule));
  return [title, body];
}

function headers({ headers: edits }) {
  if (edits === undefined || edits.length === 0) {
    return [];
  }
  const line = (edit) => (edit.remove === undefined ? `+ ${edit.set}: ${edit.value}\n` : `- ${edit.remove}\n`);
  return [element("h3", "the service sees the request with"), element("pre", edits.map(line).join(""))];
}

function showExplanation(explanation) {
  const readings = explanation.readings.flatMap((one, index) => reading(one, index, explanation.flaw));
  const parts = [verdict(explanation.decision), shadow(explanation), facts(explanation), ...readings];
  byId("answer").replaceChildren(...parts.filter((part) => part !== null), ...headers(explanation.decision));
  byId("json").textContent = JSON.stringify(explanation, null, 2);
}

function showNothing(words) {
  byId("answer").replaceChildren(element("p.verdict", words));
  byId("json").textContent = "";
}

// Says what is wrong with a field, and where; `null`: with none.
function showProblem(problem) {
  for (const field of form.querySelectorAll("[aria-errormessage]")) {
    field.removeAttribute("aria-errormessage");
    field.removeAttribute("aria-invalid");
  }
  byId("problem").hidden = problem === null;
  byId("problem").textContent = problem === null ? "" : `${problem.field}: ${problem.problem}`;
  const field = problem === null ? undefined : form.elements[problem.field];
  if (field instanceof HTMLElement) {
    field.setAttribute("aria-errormessage", "problem");
    field.setAttribute("aria-invalid", "true");
  }
}
