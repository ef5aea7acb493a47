// Tabs: one panel is shown; arrow keys go from one to the next.
const tabs = all("[role=tab]");

export const open = (name, focus = false) => {
  tabs.forEach(tab => {
    const chosen = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", chosen);
    tab.tabIndex = chosen ? 0 : -1;
    at(tab.getAttribute("aria-controls")).hidden = !chosen;
    if (chosen) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (chosen && focus) tab.focus();
  });
  document.body.dataset.tab = name;
};

const steps = { ArrowRight: 1, ArrowLeft: -1 };
tabs.forEach((tab, place) => {
  const name = tab.getAttribute("aria-controls");
  tab.addEventListener("click", () => open(name));
  tab.addEventListener("keydown", event => {
    const next = event.key === "Home" ? 0 : event.key === "End" ? tabs.length - 1 : place + steps[event.key];
    if (!Number.isInteger(next)) return;
    event.preventDefault();
    open(tabs.at(next % tabs.length).getAttribute("aria-controls"), true);
  });
});
