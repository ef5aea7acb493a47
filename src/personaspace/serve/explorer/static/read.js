// Reading a persona, whose card is on the page already, or a respondent, whom the server describes.
import { call, complain, latest } from "./server.js";
import { keep, mark } from "./guests.js";
import { apart, percent } from "./shares.js";
import { open } from "./tabs.js";
import { takeUp } from "./ask.js";

const person = at("person"), newest = latest(), FIRST = 15;

const choose = place => {
  all("#personas button").forEach((button, number) => button.setAttribute("aria-pressed", number === place));
  all("[data-card]").forEach(card => { card.hidden = Number(card.dataset.card) !== place; });
  at("unread").hidden = true;
  if (at("no-cards")) at("no-cards").hidden = place < 0;
  person.hidden = place >= 0;
};

const heading = (found, title) => {
  const persona = data.personas[found.persona], line = make("p", "Nearest persona: ");
  const button = make("button", undefined, { type: "button", class: "tool" });
  button.append(make("span", undefined, { class: `chip ${persona.color}`, "aria-hidden": "true" }), make("span", persona.label ? `${persona.name}: ${persona.label}` : persona.name, { dir: "auto" }));
  button.addEventListener("click", () => readPersona(found.persona));
  line.append(button);
  return [make("h3", title, { dir: "auto" }), line];
};

const answered = found => {
  const box = make("div"), table = make("table", undefined, { class: "answers" }), body = make("tbody"), head = make("tr"), top = make("thead");
  ["Question", "Answered", "Chance", "Likeliest"].forEach((name, column) => head.append(make("th", name, { scope: "col", ...(column === 2 ? { class: "number" } : {}) })));
  top.append(head);
  found.answers.forEach((answer, place) => {
    const row = make("tr", undefined, place >= FIRST ? { class: "late" } : {}), question = make("th", undefined, { scope: "row" }), button = make("button", undefined, { type: "button", class: "plain" });
    button.append(make("span", answer.text, { dir: "auto", class: "clamp" }));
    button.addEventListener("click", () => takeUp(answer));
    question.append(button);
    if (answer.set_apart) question.append(make("span", "set apart", { class: "tag" }));
    row.append(question, make("td", answer.answer, { dir: "auto" }), make("td", percent(answer.chance), { class: "number" }), make("td", answer.likeliest === answer.answer ? "the same" : answer.likeliest, { dir: "auto", class: "faint" }));
    body.append(row);
  });
  table.append(make("caption", "Answers given, those least expected of this person first"), top, body);
  const scroll = make("div", undefined, { class: "scroll", tabindex: "0", role: "region", "aria-label": "Answers" });
  scroll.append(table);
  box.append(scroll);
  if (found.answers.length > FIRST) {
    const more = make("button", `Show all ${found.answers.length} answers`, { type: "button" });
    more.addEventListener("click", () => { all("tr.late", body).forEach(row => row.classList.add("shown")); more.remove(); });
    box.append(more);
  }
  return box;
};

const showPerson = found => {
  const traits = make("dl", undefined, { class: "made" });
  found.traits.forEach(([trait, value]) => {
    const row = make("div");
    row.append(make("dt", trait, { dir: "auto" }), make("dd", value, { dir: "auto" }));
    traits.append(row);
  });
  const apartSentence = found.set_apart ? `Of ${found.set_apart} answers that were set apart, so that nothing learned from them, ${found.foreseen} are the likeliest one expected.` : "None of these answers were set apart, so they were all learned from.";
  person.replaceChildren(
    ...heading(found, found.name),
    found.traits.length ? traits : make("p", "The survey has no traits.", { class: "missing" }),
    make("h4", `${found.answers.length} answers`), make("p", apartSentence), answered(found),
    make("h4", "Never asked, and expected to answer otherwise than everybody"), apart(found.apart, found.name, takeUp),
  );
};

const showBare = found => person.replaceChildren(...heading(found, found.name), make("h4", "Expected to answer otherwise than everybody"), apart(found.apart, found.name, takeUp));

const reading = async (point, show) => {
  open("read");
  try {
    const found = await newest(call("read", { who: point }));
    if (!found) return;
    show(found);
    return found;
  } catch (error) {
    const place = make("p", undefined, { class: "error", role: "alert" });
    complain(place, error);
    person.replaceChildren(place);
  } finally {
    at("unread").hidden = true;
  }
};

export const readPersona = async place => {
  choose(place);
  mark("read", null);
  keep("read", "", null);
  open("read");
  if (data.personas[place].card) return;
  person.hidden = false;
  await reading({ persona: data.personas[place].name }, showBare);
};

export const readRespondent = async id => {
  choose(-1);
  const found = await reading({ respondent: id }, showPerson);
  if (!found) return;
  at("respondent").value = id;
  mark("read", found.place, id);
  keep("read", found.name, { respondent: id });
};

data.personas.forEach((persona, place) => {
  const button = make("button", undefined, { type: "button", "aria-pressed": "false", title: persona.label });
  button.append(make("span", undefined, { class: `chip ${persona.color}`, "aria-hidden": "true" }), make("span", persona.name, { dir: "auto" }), make("span", persona.share, { class: "faint small" }));
  button.addEventListener("click", () => readPersona(place));
  at("personas").append(button);
});
at("find").addEventListener("submit", event => { event.preventDefault(); readRespondent(at("respondent").value.trim()); });
at("anyone").addEventListener("click", () => readRespondent(data.ids[Math.floor(Math.random() * data.ids.length)]));
map?.plane.addEventListener("click", event => {
  const name = event.target.closest("#names text"), nearest = map.nearest(event);
  const done = name ? readPersona(Number(name.dataset.p)) : nearest >= 0 ? readRespondent(data.ids[nearest]) : undefined;
  done?.then(() => at("reading").scrollIntoView({ block: "nearest" }));
});
