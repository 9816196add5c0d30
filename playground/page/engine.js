// The engine: a program of WASI that stands in the page as base64 of gzip, compiled once and run anew for each question.

async function compileEngine() {
  const text = byId("engine").textContent.trim();
  const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return WebAssembly.compile(await new Response(unpacked).arrayBuffer());
}

const engine = compileEngine();

// Returns the answer to a question: `findings`, `explanation`, `problem`.
async function ask(question) {
  const answer = await new WasiProcess(JSON.stringify(question)).run(await engine);
  return JSON.parse(answer);
}
