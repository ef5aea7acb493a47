// Chatting with a persona or a guest; what a language model writes is marked as generated.
import { stream } from "./server.js";
import { kept, onGuests } from "./guests.js";

const form = at("chat-form");

const people = () => {
  const chosen = at("chat-who").value;
  const options = data.personas.map((persona, place) => make("option", persona.label ? `${persona.name}: ${persona.label}` : persona.name, { value: `p${place}` }));
  at("chat-who").replaceChildren(...options, ...kept().map(({ key, label }) => make("option", label, { value: key })));
  if (all("option", at("chat-who")).some(option => option.value === chosen)) at("chat-who").value = chosen;
};

const point = () => {
  const chosen = at("chat-who").value;
  return kept().find(({ key }) => key === chosen)?.point ?? { persona: data.personas[Number(chosen.slice(1))].name };
};

const entry = (kind, name, text) => {
  const box = make("div", undefined, { class: `entry ${kind}` }), written = make("p", text, { dir: "auto", class: kind });
  box.append(make("p", name, { dir: "auto", class: "name" }), written);
  at("log").append(box);
  box.scrollIntoView({ block: "nearest" });
  return { box, written };
};

const talk = async stopped => {
  const message = at("message").value.trim(), name = at("chat-who").selectedOptions[0].textContent;
  const options = at("chat-options").value.split("\n").map(line => line.trim()).filter(Boolean), strength = Number(at("strength").value);
  entry("asked", "You", message);
  const reply = entry("generated", name, "");
  const tag = make("span", "generated", { class: "tag" });
  reply.box.firstChild.append(" ", tag, make("span", ` strength ${strength}`, { class: "faint small" }));
  const take = ({ text, answer, about, error }) => {
    if (about) reply.box.append(make("p", about, { class: "faint small" }));
    if (error) reply.box.append(make("p", error, { class: "error", role: "alert" }));
    if (answer) reply.box.insertBefore(make("p", `drawn: ${answer}`, { dir: "auto", class: "drawn" }), reply.written);
    if (text) { reply.written.textContent += text; at("chatting").textContent = "Writing …"; }
  };
  const request = { who: point(), message, options, voice: at("voice").value, strength, seed: Math.floor(Math.random() * 2 ** 31) };
  try {
    await stream("chat", request, take, stopped);
    if (!reply.written.textContent && !reply.box.querySelector(".error")) reply.written.textContent = "(it wrote nothing)";
  } catch (error) {
    if (error.name === "AbortError") reply.written.textContent += " (stopped)"; else take({ error: error.message });
  }
};

if (form) {
  at("voice").append(...data.voices.map(voice => make("option", voice.title, { value: voice.name })));
  people();
  onGuests(people);
  at("strength").addEventListener("input", () => { at("strength-shown").textContent = at("strength").value; });
  let control;
  form.addEventListener("submit", async event => {
    event.preventDefault();
    control = new AbortController();
    const send = form.querySelector("button.main");
    send.disabled = true;
    at("stop").hidden = false;
    at("chatting").textContent = "The language model is loaded when it is first spoken to …";
    await talk(control.signal);
    send.disabled = false;
    at("stop").hidden = true;
    at("chatting").textContent = "";
    at("message").select();
  });
  at("stop").addEventListener("click", () => control?.abort());
  at("message").addEventListener("keydown", event => {
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); if (!form.querySelector("button.main").disabled) form.requestSubmit(); }
  });
}
