// Asking a question: of the survey or a new one, and how the answer moves with what is known.
import { call, complain, latest } from "./server.js";
import { keep, kept, mark, onGuests } from "./guests.js";
import { distribution, legend } from "./shares.js";
import { open } from "./tabs.js";
import { evidence, forget, offerEvidence, onEvidence } from "./evidence.js";

const newest = latest(), FOUND = 8;
let shown, asked;

const lines = box => at(box).value.split("\n").map(line => line.trim()).filter(Boolean);

const about = found => {
  const told = [];
  if (found.pilot.answers) told.push(`${found.pilot.answers} answer${found.pilot.answers > 1 ? "s" : ""} of a pilot`);
  if (found.topline) told.push("a topline");
  if (found.known) return "The survey asked this question with these options, so its answers are known: shown is what is expected of each point, beside what members answered.";
  const from = told.length ? `its text and ${told.join(" and ")}` : "its text alone";
  const real = found.held_out ? " The survey asked it, but it was held out: no stage has seen an answer, and what people answered is shown for comparison." : "";
  return `Nobody's answers to it were learned from. Expected from ${from}.${real}`;
};

const show = found => {
  const key = JSON.stringify([asked.question, found.options, found.rows.map(row => row.name)]);
  if (shown?.key === key) shown.update(found);
  else {
    shown = { key, ...distribution(found) };
    const box = make("div", undefined, { class: "scroll", tabindex: "0", role: "region", "aria-label": "Expected answers" });
    box.append(shown.table);
    at("distribution").replaceChildren(box);
  }
  at("answer").hidden = false;
  at("answer-question").textContent = asked.question;
  at("answer-about").textContent = about(found);
  const real = found.rows.some(row => row.real), before = found.rows.some(row => row.before);
  legend(at("answer-legend"), [["now", "expected"], ...(found.known ? [] : [["interval", "95% interval"]]), ...(before ? [["before", "expected from its text alone"]] : []), ...(real ? [["real", found.held_out ? "as it was answered (held out)" : "as it was answered"]] : [])]);
  at("evidence").hidden = found.known;
};

// Ask again, with the guests and the evidence there are.
export const askAgain = async () => {
  if (!asked) return;
  at("asking").textContent = "Asking …";
  try {
    const found = await newest(call("ask", { ...asked, ...evidence(), guests: kept().map(guest => guest.point) }));
    if (found) { complain(at("ask-error")); show(found); }
  } catch (error) {
    complain(at("ask-error"), error);
  } finally {
    at("asking").textContent = "";
  }
};

export const ask = (question, options) => {
  const other = asked?.question !== question || JSON.stringify(asked?.options) !== JSON.stringify(options);
  asked = { question, options };
  if (other) { forget(); offerEvidence(asked); }
  return askAgain();
};

// Take up a question of the survey from anywhere on the page.
export const takeUp = question => {
  at("question").value = question.text;
  at("options").value = question.options.map(option => option.replace(/\s*\n\s*/g, " ")).join("\n");
  open("ask", true);
  return ask(question.text, question.options);
};

at("question-form").addEventListener("submit", event => {
  event.preventDefault();
  const written = at("question").value.trim(), options = lines("options");
  const same = asked && asked.question.trim() === written && JSON.stringify(asked.options.map(option => option.replace(/\s*\n\s*/g, " ").trim())) === JSON.stringify(options);
  if (options.length < 2) return complain(at("ask-error"), new Error("write two options or more, one a line"));
  ask(same ? asked.question : written, same ? asked.options : options);
});
onEvidence(askAgain);

// Questions of the survey, searched by their words.
const searched = data.questions.map(question => plain(`${question.text} ${question.topic} ${question.options.join(" ")} ${question.held_out ? "held out" : ""}`));
const find = () => {
  const words = plain(at("search").value).split(/\s+/).filter(Boolean);
  const found = words.length ? data.questions.filter((_, place) => words.every(word => searched[place].includes(word))) : [];
  at("matches").replaceChildren(...found.slice(0, FOUND).map(question => {
    const item = make("li"), button = make("button", undefined, { type: "button", class: "plain" });
    button.append(make("span", question.text, { dir: "auto", class: "clamp" }));
    if (question.held_out) button.append(make("span", "held out", { class: "tag" }));
    button.addEventListener("click", () => { at("search").value = ""; find(); takeUp(question); });
    item.append(button);
    return item;
  }), ...(words.length ? [make("li", found.length > FOUND ? `and ${found.length - FOUND} more: write more words` : found.length ? "" : "no question holds these words", { class: "faint small" })] : []));
};
at("search").addEventListener("input", find);
at("search").addEventListener("keydown", event => { if (event.key === "Escape") { at("search").value = ""; find(); } });

// Guests that are asked beside the personas.
onGuests(() => {
  at("guests").replaceChildren(...kept().map(({ key, label }) => {
    const button = make("button", undefined, { type: "button", title: "Ask it no more" });
    button.append(make("span", label, { dir: "auto" }), make("span", "×", { "aria-hidden": "true" }), make("span", ": ask it no more", { class: "hidden" }));
    button.addEventListener("click", () => { keep(key, "", null); mark(key, null); });
    return button;
  }));
  askAgain();
});
