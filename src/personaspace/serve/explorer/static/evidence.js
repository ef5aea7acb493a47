// What is known of a question beside its text: a topline, and the answers of a few people.
import { call, complain } from "./server.js";

const listeners = [], PAUSE = 350;
let question, people = [], timer;

export const onEvidence = listener => listeners.push(listener);
const changed = () => Promise.all(listeners.map(listener => listener()));

const shares = () => all("#topline input").map(input => [input.dataset.option, input.value === "" ? NaN : Number(input.value)]);

// The topline counts once its shares sum to 100 or so; the pilot as soon as a line has an answer.
export const evidence = () => {
  const given = shares(), topline = given.some(([, share]) => !Number.isNaN(share)) && !at("topline").classList.contains("unfinished");
  return {
    pilot: at("pilot").value,
    ...(topline ? { topline: Object.fromEntries(given.map(([option, share]) => [option, Number.isNaN(share) ? 0 : share])) } : {}),
    ...(topline && at("topline-n").value ? { topline_n: Number(at("topline-n").value) } : {}),
  };
};

export const forget = () => {
  people = [];
  at("pilot").value = "";
  at("topline-n").value = "";
  at("people").replaceChildren();
  at("fill").hidden = true;
};

const sum = () => {
  const total = shares().reduce((whole, [, share]) => whole + (share || 0), 0), given = shares().some(([, share]) => !Number.isNaN(share));
  const finished = Math.abs(total - 100) <= 2;
  at("topline").classList.toggle("unfinished", given && !finished);
  at("topline-sum").textContent = !given ? "" : finished ? "" : `They sum to ${Math.round(10 * total) / 10}: it counts once they sum to 100.`;
};

// The fields of a question just asked.
export const offerEvidence = asked => {
  question = asked;
  at("topline").replaceChildren(...asked.options.map((option, number) => {
    const row = make("p"), input = make("input", undefined, { type: "number", min: "0", max: "100", step: "any", id: `topline-${number}`, inputmode: "decimal" });
    input.dataset.option = option;
    row.append(make("label", option, { for: input.id, dir: "auto", class: "clamp" }), input, make("span", "%", { "aria-hidden": "true" }));
    return row;
  }), make("p", "", { id: "topline-sum", role: "status", class: "faint small" }));
};

const lineOf = ({ respondent, answer }) => `${respondent},${answer}`;

// Answers chosen of the people named stand among the lines, which are what counts.
const write = () => {
  const named = new Set(people.map(one => one.respondent));
  const others = at("pilot").value.split("\n").filter(line => line.trim() && !named.has(line.split(/[,;\t]/)[0].trim()));
  at("pilot").value = [...others, ...people.filter(one => one.answer).map(lineOf)].join("\n");
};

const list = found => {
  people = found.people.map(one => ({ ...one, actual: one.answer, answer: "" }));
  at("fill").hidden = !found.real;
  const table = make("table", undefined, { class: "people" }), body = make("tbody");
  table.append(make("caption", found.real ? "Respondents who answered this held-out question" : "Respondents to ask"));
  people.forEach((one, number) => {
    const row = make("tr"), who = make("th", undefined, { scope: "row" }), cell = make("td"), choice = make("select", undefined, { "aria-label": `Answer of ${one.respondent}` });
    who.append(make("span", one.respondent, { dir: "auto" }), make("span", [one.persona, ...one.traits].join(", "), { class: "faint small block", dir: "auto" }));
    choice.append(make("option", "not asked yet", { value: "" }), ...question.options.map(option => make("option", option, { value: option })));
    choice.dataset.number = number;
    choice.addEventListener("change", () => { one.answer = choice.value; write(); changed(); });
    cell.append(choice);
    row.append(who, cell);
    body.append(row);
  });
  table.append(body);
  at("people").replaceChildren(found.people.length ? table : make("p", "None of those who would be asked first answered it.", { class: "missing" }));
};

at("whom").addEventListener("click", async () => {
  at("whom").disabled = true;
  try {
    list(await call("whom", { ...question, ...evidence(), n: 10 }));
    complain(at("ask-error"));
  } catch (error) {
    complain(at("ask-error"), error);
  } finally {
    at("whom").disabled = false;
  }
});

// One after the other, so that it can be seen how each answer moves what is expected.
at("fill").addEventListener("click", async () => {
  at("fill").disabled = true;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  for (const [number, choice] of all("#people select").entries()) {
    people[number].answer = choice.value = people[number].actual;
    write();
    if (!still) await Promise.all([changed(), new Promise(done => setTimeout(done, PAUSE))]);
  }
  if (still) await changed();
  at("fill").disabled = false;
});

const later = () => { clearTimeout(timer); timer = setTimeout(changed, PAUSE); };
at("topline").addEventListener("input", () => { sum(); if (!at("topline").classList.contains("unfinished")) later(); });
at("topline-n").addEventListener("input", later);
at("topline-clear").addEventListener("click", () => { all("#topline input").forEach(input => { input.value = ""; }); at("topline-n").value = ""; sum(); changed(); });
at("pilot-use").addEventListener("click", changed);
at("pilot-clear").addEventListener("click", () => {
  at("pilot").value = "";
  people.forEach(one => { one.answer = ""; });
  all("#people select").forEach(choice => { choice.value = ""; });
  changed();
});
