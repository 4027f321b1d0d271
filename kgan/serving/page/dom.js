// Elements in one line each.

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

export function field(label, control, note = "") {
  const words = note ? [label, element("small", {}, note)] : [label];
  return element("label", {}, element("span", {}, ...words), control);
}

// A number to move between two others; `moved` is called as it moves.
export function slider(name, low, high, first, moved) {
  const shown = element("output");
  const range = element("input", { type: "range", name, min: low, max: high, step: "any" });
  const set = (number) => {
    range.value = number;
    shown.textContent = range.valueAsNumber.toFixed(2);
  };
  range.addEventListener("input", () => {
    set(range.valueAsNumber);
    moved();
  });
  set(first);
  const row = element("label", { className: "slider" }, element("span", {}, name), range, shown);
  return { row, value: () => range.valueAsNumber, set };
}

// One of a few values, by their names.
export function choice(name, names, moved, note = "") {
  const options = names.map((word, index) => element("option", { value: index }, `${word}`));
  const select = element("select", { name, onchange: moved }, ...options);
  const set = (index) => {
    select.selectedIndex = index;
  };
  return { row: field(name, select, note), value: () => select.selectedIndex, set };
}

// Shows what went wrong beside what was asked for, and takes it away at the next success.
export function reporting(place, action) {
  return async (...given) => {
    place.setAttribute("aria-busy", "true");
    try {
      await action(...given);
      place.textContent = "";
    } catch (error) {
      place.textContent = error.message;
    } finally {
      place.removeAttribute("aria-busy");
    }
  };
}

export function png(bytes, caption) {
  const picture = element("img", { src: `data:image/png;base64,${bytes.b64}`, alt: caption });
  return element("figure", {}, picture, element("figcaption", {}, caption));
}
