// Pictures of charts and of the map, saved as SVG or PNG by the buttons below them.
(() => {
  const lines = (text, most) => text.split(/\s+/).reduce((found, word) => {
    const longer = `${found.at(-1)} ${word}`.trim();
    return longer.length <= most ? [...found.slice(0, -1), longer] : [...found, word.slice(0, most)];
  }, [""]);
  // A drawing as it is on paper: places in units and not in percent, and colours that need no style sheet.
  const onPaper = (drawn, width, height, x, y) => {
    const fixed = (element, names, of) => names.forEach(name => {
      const value = element.getAttribute(name);
      if (value?.endsWith("%")) element.setAttribute(name, (parseFloat(value) * of / 100).toFixed(1));
    });
    const copy = drawn.cloneNode(true);
    all("*", copy).forEach(element => {
      fixed(element, ["x", "cx", "x1", "x2"], width);
      fixed(element, ["y", "cy", "y1", "y2"], height);
      const [, k, ring] = element.getAttribute("class")?.match(/^k(\d+)( ring)?/) ?? [];
      if (k) {
        element.setAttribute(ring ? "stroke" : "fill", map.layer.colors[k]);
        if (ring) element.setAttribute("fill", "none");
        const aside = element.parentNode.classList?.contains("some") && !element.classList.contains("on");
        element.setAttribute("opacity", aside ? 0.06 : 0.8);
      }
    });
    all("*", copy).forEach(element => ["class", "id", "data-p", "aria-hidden"].forEach(name => element.removeAttribute(name)));
    return draw("g", { transform: `translate(${x} ${y})` }, ...copy.childNodes);
  };
  const picture = drawn => {
    const figure = drawn.closest("figure"), mapped = drawn === map?.plane, width = mapped ? 960 : 720;
    const height = mapped ? 720 : Number(drawn.getAttribute("height"));
    const heading = figure.querySelector("h3, h4"), card = figure.closest("article")?.querySelector("h3").textContent;
    const title = mapped ? `Map of ${document.querySelector("h1").textContent}: ${map.layer.title}` : [card, figure.dataset.about, heading.textContent].filter(Boolean).join(": ");
    const titles = lines(title, mapped ? 100 : 75).slice(0, 4).map((text, i) => draw("text", { x: 0, y: 16 + 20 * i, "font-size": 15, "font-weight": "bold" }, text));
    const top = 20 * titles.length + 14, columns = Math.max(1, Math.floor(width / 300));
    const keys = all(".legend li", figure).map((item, i) => {
      const x = (i % columns) * (width / columns), y = top + height + 12 + 20 * Math.floor(i / columns);
      const text = item.textContent.length > 44 ? `${item.textContent.slice(0, 43)}…` : item.textContent;
      return draw("g", {}, onPaper(item.querySelector("svg"), 16, 16, x, y), draw("text", { x: x + 22, y: y + 12 }, text));
    });
    const [w, h] = [width + 32, top + height + 20 * Math.ceil(keys.length / columns) + 44];
    const whole = draw("svg", { viewBox: `-16 -16 ${w} ${h}`, width: w, height: h, "font-family": drawn.getAttribute("font-family"), "font-size": 13, fill: "#222222" },
      draw("rect", { x: -16, y: -16, width: w, height: h, fill: "#ffffff" }), ...titles, onPaper(drawn, width, height, 0, top), ...keys);
    return [new XMLSerializer().serializeToString(whole), w, h];
  };
  document.addEventListener("click", event => {
    const button = event.target.closest("[data-save]");
    if (!button) return;
    const drawn = button.closest("figure").querySelector("svg[data-name]"), [text, width, height] = picture(drawn);
    const name = drawn.dataset.name.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 80);
    if (button.dataset.save === "svg") return offer(text, "image/svg+xml", `${name}.svg`);
    const image = new Image();
    image.onload = () => {
      const canvas = make("canvas", undefined, { width: 2 * width, height: 2 * height });
      canvas.getContext("2d").drawImage(image, 0, 0, 2 * width, 2 * height);
      canvas.toBlob(blob => offer(blob, "image/png", `${name}.png`));
    };
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  });
})();
