// What happens when.

// A pause in typing, in milliseconds.
const PAUSE = 80;
let asked = 0;
let timer;

async function update() {
  asked += 1;
  const mine = asked;
  const query = question();
  const shown = byId("answer");
  let answer;
  try {
    answer = await ask(query);
  } catch (error) {
    answer = { findings: [], explanation: null, problem: null, broken: error.message };
  }
  // One that was asked later is on its way.
  if (mine !== asked) {
    return;
  }
  showFindings(answer.findings);
  showProblem(answer.problem);
  byId("command").textContent = commandLine(query);
  if (answer.explanation !== null) {
    showExplanation(answer.explanation);
  } else if (answer.broken !== undefined) {
    showNothing(`The engine can't run here: ${answer.broken}`);
  } else {
    showNothing(answer.problem === null ? "The filter refuses this configuration." : "There is no such request.");
  }
  shown.setAttribute("aria-busy", "false");
}

function changed() {
  byId("answer").setAttribute("aria-busy", "true");
  byId("link-status").textContent = "";
  clearTimeout(timer);
  timer = setTimeout(update, PAUSE);
}

function filled(values) {
  fill(values);
  configuration.scrollTop = 0;
  changed();
}

const examples = JSON.parse(byId("examples").textContent);
const choice = byId("example");
choice.append(...examples.map((example, index) => new Option(example.title, String(index))));
choice.addEventListener("change", () => {
  const example = examples[Number(choice.value)];
  if (choice.value !== "" && example !== undefined) {
    filled(example.fields);
    choice.value = "";
  }
});
token.addEventListener("input", hideSignature);
form.addEventListener("input", (event) => {
  if (event.target !== choice) {
    showCredential();
    changed();
  }
});
form.addEventListener("submit", (event) => event.preventDefault());
byId("link").addEventListener("click", intoAddress);
addEventListener("hashchange", () => filled(fromAddress() ?? examples[0].fields));
filled(fromAddress() ?? examples[0].fields);
