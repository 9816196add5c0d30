// Elements. Text becomes text: nothing here or elsewhere in the page reads HTML.

function byId(id) {
  return document.getElementById(id);
}

// Returns a new element: its name with its classes, as `p.verdict`, and what it holds, elements and texts.
function element(name, ...content) {
  const [tag, ...classes] = name.split(".");
  const made = document.createElement(tag);
  made.classList.add(...classes);
  made.append(...content.filter((part) => part !== null));
  return made;
}

// Returns a button that does something.
function button(name, text, action) {
  const made = element(`button.${name}`, text);
  made.type = "button";
  made.addEventListener("click", action);
  return made;
}

// The longest list that is shown; a browser lays out more for seconds.
const MAX_SHOWN = 500;

// Returns the elements of a list; of a long one the first, and how many are left out.
function listed(items, make) {
  const shown = items.slice(0, MAX_SHOWN).map(make);
  const left = items.length - shown.length;
  return left === 0 ? shown : [...shown, element("li.left-out", `… and ${left} more, which the command line tells`)];
}
