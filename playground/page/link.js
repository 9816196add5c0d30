// The form in the fragment of the address, which no browser sends to a server. A token is never in it.

function encode(values) {
  const bytes = new TextEncoder().encode(JSON.stringify(values));
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// Returns the values of a fragment; `null` where it holds none.
function decode(fragment) {
  try {
    const text = atob(fragment.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const values = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return values !== null && typeof values === "object" && !Array.isArray(values) ? values : null;
  } catch {
    return null;
  }
}

function fromAddress() {
  return decode(location.hash.slice(1));
}

function intoAddress() {
  const { token: left, ...values } = fields();
  const said = Object.entries(values).filter(([, value]) => value !== "" && value !== false);
  history.replaceState(null, "", `#${encode(Object.fromEntries(said))}`);
  const without = left === "" ? "" : ", without the token";
  byId("link-status").textContent = `The address of this page has it now${without}.`;
}
