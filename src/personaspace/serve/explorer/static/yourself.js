// Placing yourself by a dozen questions; the answers are kept in this window only.
import { call, complain, latest } from "./server.js";
import { keep, mark } from "./guests.js";
import { apart } from "./shares.js";
import { open } from "./tabs.js";
import { takeUp } from "./ask.js";
import { readPersona } from "./read.js";

const newest = latest(), KEY = "you", MOST_BUTTONS = 12;
let answers = new Map(), skipped = [], asked = [];

const given = () => Object.fromEntries(answers);

const place = async () => {
  const who = { answers: given() }, found = await newest(call("read", { who }));
  if (!found) return;
  mark(KEY, found.place, "you");
  keep(KEY, "you", who);
  return found;
};

const end = found => {
  at("interview").replaceChildren();
  at("begin").textContent = "Begin again";
  at("begin").parentElement.hidden = false;
  const persona = data.personas[found.persona], card = make("button", undefined, { type: "button" });
  card.append(make("span", undefined, { class: `chip ${persona.color}`, "aria-hidden": "true" }), make("span", persona.name, { dir: "auto" }));
  card.addEventListener("click", () => readPersona(found.persona));
  const question = make("button", "Ask any question, and see what is expected of you", { type: "button", class: "main" });
  question.addEventListener("click", () => open("ask", true));
  const line = make("p", undefined, { class: "controls" }), nearest = make("p");
  nearest.append(`After ${answers.size} answer${answers.size === 1 ? "" : "s"} the persona nearest to you is `, card, persona.label ? ` ${persona.label}` : "");
  line.append(question);
  at("placed").replaceChildren(
    make("h3", "You"), nearest, make("p", "This is what people who answer as you did think, and not what you think: a dozen answers say little of one person.", { class: "faint" }), line,
    make("h4", "What you are expected to think, where that is not what everybody thinks"), apart(found.apart, "you", takeUp),
  );
};

const answer = async (question, choice) => {
  if (choice === null) skipped.push(question.id); else answers.set(question.id, choice);
  asked.push(question);
  await next();
};

const back = async () => {
  const last = asked.pop();
  answers.delete(last.id);
  skipped = skipped.filter(id => id !== last.id);
  show(last);
  await place();
};

const show = question => {
  const form = make("fieldset", undefined, { class: "interview" }), title = make("legend");
  title.append(make("span", `${answers.size + 1} of ${data.wanted}`, { class: "faint small block" }), make("span", question.text, { dir: "auto" }));
  form.append(title);
  const choices = make("div", undefined, { class: "choices" });
  if (question.options.length <= MOST_BUTTONS) question.options.forEach(option => {
    const button = make("button", option, { type: "button", dir: "auto" });
    button.addEventListener("click", () => step(answer(question, option)));
    choices.append(button);
  });
  else {
    const list = make("select", undefined, { "aria-label": "Your answer" }), go = make("button", "Answer", { type: "button" });
    list.append(...question.options.map(option => make("option", option, { value: option })));
    go.addEventListener("click", () => step(answer(question, list.value)));
    choices.append(list, go);
  }
  const others = make("p", undefined, { class: "controls" });
  [["Another question", () => answer(question, null), true], ["Back", back, asked.length > 0], ["Show me where I am", finish, answers.size > 0]].forEach(([name, does, here]) => {
    if (!here) return;
    const button = make("button", name, { type: "button", class: "tool" });
    button.addEventListener("click", () => step(does()));
    others.append(button);
  });
  form.append(choices, others);
  at("interview").replaceChildren(form);
  choices.firstElementChild.focus({ preventScroll: true });
};

const finish = async () => { const found = await place(); if (found) end(found); };

const next = async () => {
  const [found, { question }] = await Promise.all([answers.size ? place() : undefined, call("next", { answers: given(), skipped })]);
  if (question && answers.size < data.wanted) show(question); else if (found) end(found);
};

// While the server thinks, nothing can be pressed twice.
const step = async promise => {
  all("#interview button").forEach(button => { button.disabled = true; });
  try {
    await promise;
    complain(at("yourself-error"));
  } catch (error) {
    complain(at("yourself-error"), error);
    all("#interview button").forEach(button => { button.disabled = false; });
  }
};

at("begin").addEventListener("click", () => {
  answers = new Map();
  skipped = [];
  asked = [];
  at("placed").replaceChildren();
  at("begin").parentElement.hidden = true;
  mark(KEY, null);
  keep(KEY, "", null);
  step(next());
});
