// Requests to the server, which answers with JSON; an error is its one line.
const headers = { "content-type": "application/json", version: data.version };
const gone = "the server does not answer: see whether personaspace explore is still running";

const checked = async response => {
  if (response.ok) return response;
  if (response.status === 409) at("changed").hidden = false;
  const { error } = await response.json().catch(() => ({ error: gone }));
  throw new Error(error);
};

const send = (path, body, signal) => fetch(`api/${path}`, { method: "POST", headers, body: JSON.stringify(body), signal })
  .catch(error => { throw error.name === "AbortError" ? error : new Error(gone); })
  .then(checked);

export const call = async (path, body) => (await send(path, body)).json();

// Lines of JSON, each given to a function as it arrives.
export const stream = async (path, body, take, signal) => {
  const reader = (await send(path, body, signal)).body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    const lines = (rest + (value ?? "")).split("\n");
    rest = lines.pop();
    lines.filter(Boolean).map(line => JSON.parse(line)).forEach(take);
    if (done) return;
  }
};

// Show an error in its place, or take it away.
export const complain = (place, error) => {
  place.hidden = !error;
  place.textContent = error ? `${error.message[0].toUpperCase()}${error.message.slice(1)}.` : "";
};

// Of several answers that may come out of order only the last one asked for counts.
export const latest = () => {
  let asked = 0;
  return async promise => {
    const number = ++asked, found = await promise;
    return number === asked ? found : undefined;
  };
};

at("reload").addEventListener("click", () => location.reload());
document.addEventListener("visibilitychange", () => { if (!document.hidden) fetch("api/current", { headers }).then(checked).catch(() => {}); });
