// Points that are asked and spoken to beside the personas: who was read, the mixture, and you.
const guests = new Map(), listeners = [];

// Keep a guest under a key such as "mix"; no point takes it away.
export const keep = (key, label, point) => {
  if (point) guests.set(key, { label, point }); else guests.delete(key);
  listeners.forEach(listener => listener());
};
export const kept = () => [...guests].map(([key, guest]) => ({ key, ...guest }));
export const onGuests = listener => listeners.push(listener);

// Marks of guests on the map, places in percent.
const layer = map && map.plane.appendChild(draw("g", { id: "marks" }));
export const mark = (key, place, text) => {
  if (!layer) return;
  let shown = layer.querySelector(`[data-key="${key}"]`);
  if (!place) return shown?.remove();
  if (!shown) {
    shown = draw("g", { "data-key": key }, draw("circle", { r: 9, fill: "#222222", stroke: "#ffffff", "stroke-width": 3 }), draw("text", { dy: -15, "text-anchor": "middle", "font-weight": "bold", fill: "#222222", stroke: "#ffffff", "stroke-width": 5, "stroke-linejoin": "round", "paint-order": "stroke" }));
    layer.append(shown);
  }
  const [circle, name] = shown.children, [x, y] = place;
  circle.setAttribute("cx", `${x}%`);
  circle.setAttribute("cy", `${y}%`);
  name.setAttribute("x", `${x}%`);
  name.setAttribute("y", `${Math.max(y, 5)}%`);
  name.textContent = text;
};
