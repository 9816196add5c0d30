// The command line that asks the same.

function quoted(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function lines(text) {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

function issuersWithKeys(text) {
  try {
    return Object.keys(JSON.parse(text));
  } catch {
    return [];
  }
}

// Returns it. Keys and a token are named by files: a signature is not shown.
function commandLine(asked) {
  const words = ["attache", "explain", "configuration.yaml", "--request", asked.request.trim()];
  const option = (name, text) => (text.trim() === "" ? [] : [name, text.trim()]);
  words.push(...option("--claims", asked.claims), ...option("--issuer", asked.issuer));
  words.push(...(asked.token === "" ? [] : ["--token", "@token.jwt"]));
  words.push(...issuersWithKeys(asked.keys).flatMap((issuer) => ["--jwks", `${issuer}=${issuer}.json`]));
  words.push(...lines(asked.headers).flatMap((header) => ["--header", header]));
  words.push(...option("--host", asked.host), ...option("--caller", asked.caller));
  words.push(...option("--address", asked.address), ...option("--client-address", asked.clientAddress));
  words.push(...option("--port", asked.port), ...option("--workload", asked.workload));
  words.push(...lines(asked.labels).flatMap((label) => ["--label", label]));
  words.push(...option("--service-account", asked.serviceAccount), ...option("--time", asked.time));
  words.push(...(asked.body ? ["--body"] : []), ...(asked.withShadow ? ["--with-shadow"] : []));
  return words.map(quoted).join(" ");
}
