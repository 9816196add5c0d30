// Reads [{"at": "page:line", "text": "flowchart …"}, …] and prints a line for each drawing that Mermaid can't read.
import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";

// Mermaid cleans labels by the document of a page.
const { window } = new JSDOM("");
Object.assign(globalThis, { window, document: window.document });
const { default: mermaid } = await import("mermaid");

for (const { at, text } of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    await mermaid.parse(text);
  } catch (error) {
    console.log(`${at}: ${String(error.message ?? error).trim().replaceAll("\n", "\n    ")}`);
  }
}
