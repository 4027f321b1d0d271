// Draws images from seeds, and from what else a signature takes: a label, codes, a prompt.

import { latestOnly, predict } from "./api.js";
import { choice, element, field, png, reporting, slider } from "./dom.js";

const LARGEST = 64;
// Of a number whose usual range is known, so many times as far may be asked for.
const BEYOND = 2;

// The signatures that answer seeds with PNG files, those that take least first.
export function drawn(signatures) {
  const size = (name) => Object.keys(signatures[name].inputs).length;
  return Object.entries(signatures)
    .filter(([, { inputs, outputs }]) => "seed" in inputs && "image_bytes" in outputs)
    .map(([name]) => name)
    .sort((one, other) => size(one) - size(other));
}

export function samplePanel(model, which, signature) {
  const { signatures, words } = model.manifest;
  const seed = element("input", { type: "number", name: "seed", value: 0, step: 1 });
  const num = element("input", { type: "number", name: "num", value: 8, min: 1, max: LARGEST });
  const images = element("div", { className: "images" });
  const problem = element("p", { className: "problem" });
  const draw = latestOnly(
    reporting(problem, async () => {
      const seeds = countFrom(seed.valueAsNumber, num.valueAsNumber);
      const inputs = { seed: seeds };
      for (const { name, value } of asked) inputs[name] = seeds.map(() => value());
      const files = await predict(model.name, which(), signature, inputs);
      images.replaceChildren(...files.map((file, index) => png(file, `seed ${seeds[index]}`)));
    }),
  );
  const others = Object.entries(signatures[signature].inputs).filter(([name]) => name !== "seed");
  const asked = others.map(([name, spec]) => ({ name, ...control(name, spec, words, draw) }));
  const submit = (event) => {
    event.preventDefault();
    draw();
  };
  const form = element(
    "form",
    { onsubmit: submit },
    ...asked.map(({ row }) => row),
    field("first seed", seed),
    field("images", num),
    element("button", {}, "Draw"),
  );
  // Something to see at once.
  if (!others.length) draw();
  const title = others.length ? `Ask for ${others.map(([name]) => name).join(", ")}` : "Sample";
  return element("section", { id: signature }, element("h3", {}, title), form, problem, images);
}

function countFrom(first, num) {
  if (!Number.isSafeInteger(first) || !(num >= 1 && num <= LARGEST)) {
    throw new Error(`the first seed must be an integer, and the images 1 to ${LARGEST}`);
  }
  return [...Array(Math.floor(num)).keys()].map((index) => first + index);
}

// What to type, choose or move for an input; all images of a request get the same.
function control(name, spec, words, draw) {
  if (spec.dtype === "string") {
    const text = element("input", { type: "text", name });
    const known = Object.entries(words ?? {}).map(([attribute, values]) => `${attribute}: ${values.join(", ")}`);
    return { row: field(name, text, known.join("; ") || spec.meaning), value: () => text.value };
  }
  const [low, high] = spec.range ?? [-1, 1];
  if (spec.dtype === "int64") {
    const values = [...Array(high - low + 1).keys()].map((index) => low + index);
    const { row, value } = choice(name, values, draw);
    return { row, value: () => values[value()] };
  }
  return slider(name, BEYOND * low, BEYOND * high, (low + high) / 2, draw);
}
