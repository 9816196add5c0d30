// The form: what it asks, and what it is filled with.

const form = byId("form");
const token = byId("token");
// What stands in the field in place of a signature.
const HIDDEN = "…";
// The signature of the token. It is nowhere else: not in the field, not in a link.
let signature = "";

// Takes the signature out of the field, before anybody sees it.
function hideSignature() {
  const [header, payload, ...rest] = token.value.replace(/^\s*bearer\s+/i, "").trim().split(".");
  if (rest.length === 0) {
    signature = "";
    return;
  }
  const tail = rest.join(".");
  // What is typed behind what stands for a signature goes on with it.
  signature = tail.startsWith(HIDDEN) ? signature + tail.slice(HIDDEN.length) : tail;
  const shown = `${header}.${payload}.${signature === "" ? "" : HIDDEN}`;
  if (token.value !== shown) {
    token.value = shown;
  }
}

function wholeToken() {
  const text = token.value.trim();
  return text.endsWith(HIDDEN) ? text.slice(0, -HIDDEN.length) + signature : text;
}

function credential() {
  return form.elements.credential.value;
}

function showCredential() {
  byId("claims-fields").hidden = credential() !== "claims";
  byId("token-fields").hidden = credential() !== "token";
}

// Returns what every field says, by its name; a token without its signature.
function fields() {
  const named = Array.from(form.elements).filter((field) => field.name !== "" && field.type !== "radio");
  const entries = named.map((field) => [field.name, field.type === "checkbox" ? field.checked : field.value]);
  return { ...Object.fromEntries(entries), credential: credential() };
}

// Returns what the engine is asked.
function question() {
  const { credential: shown, ...asked } = fields();
  if (shown !== "claims") {
    asked.claims = "";
    asked.issuer = "";
  }
  asked.token = shown === "token" ? wholeToken() : "";
  asked.keys = shown === "token" ? asked.keys : "";
  return asked;
}

// Fills the form; what is not named is emptied, and so is a token.
function fill(values) {
  form.reset();
  signature = "";
  for (const field of form.elements) {
    const value = Object.hasOwn(values, field.name) ? values[field.name] : undefined;
    if (field.type === "checkbox") {
      field.checked = value === true;
    } else if (field.type === "radio") {
      field.checked = value === undefined ? field.defaultChecked : field.value === value;
    } else if (field.name !== "" && field !== token && typeof value === "string") {
      field.value = value;
    }
  }
  const rest = Array.from(byId("more").querySelectorAll("input, textarea"));
  byId("more").open = rest.some((field) => (field.type === "checkbox" ? field.checked : field.value !== ""));
  showCredential();
}
