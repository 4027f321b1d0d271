// The list of models, and for the chosen one what it can be asked.

import { ask, pathOf } from "./api.js";
import { element, field } from "./dom.js";
import { latentsPanel, takesLatents } from "./latents.js";
import { drawn, samplePanel } from "./sample.js";
import { directions, translatePanel } from "./translate.js";

// Of the manifest, what a person may want to know.
const FACTS = ["family", "app", "data", "scores", "options", "step", "created", "image", "kgan", "tensorflow"];
const list = document.getElementById("models");
const shown = document.getElementById("model");

async function start() {
  let models;
  try {
    models = await ask("kgan/models");
  } catch (error) {
    shown.replaceChildren(element("p", { className: "problem" }, error.message));
    return;
  }
  if (!models.length) {
    shown.replaceChildren(element("p", {}, "Nothing is published yet: kgan export RUN --to savedmodels/NAME"));
    return;
  }
  const buttons = models.map((model) =>
    element("button", { type: "button", onclick: () => choose(model) }, element("b", {}, model.name), about(model)),
  );
  list.replaceChildren(...buttons);
  const choose = (model) => {
    models.forEach(({ name }, index) => buttons[index].setAttribute("aria-current", String(name === model.name)));
    window.history.replaceState(null, "", `#${encodeURIComponent(model.name)}`);
    show(model);
  };
  choose(models.find(({ name }) => `#${encodeURIComponent(name)}` === window.location.hash) ?? models[0]);
}

function about(model) {
  const version = `version ${Math.max(...model.versions)}`;
  return element("small", {}, model.manifest ? `${model.manifest.family}, ${version}` : version);
}

function show(model) {
  if (!model.manifest) {
    const link = element("a", { href: `${pathOf(model.name)}/metadata` }, "its signatures");
    shown.replaceChildren(element("p", {}, `${model.name} was not published by kgan; what it takes is said in `, link));
    return;
  }
  const { signatures } = model.manifest;
  const version = element("select", { name: "version" }, ...choices(model));
  const which = () => version.value;
  const panels = [
    ...(directions(signatures).length ? [translatePanel(model, which)] : []),
    ...drawn(signatures).map((name) => samplePanel(model, which, name)),
    ...(takesLatents(model.manifest) ? [latentsPanel(model, which)] : []),
  ];
  shown.replaceChildren(element("h2", {}, model.name), field("version", version), ...panels, facts(model));
}

function choices(model) {
  const versions = [...model.versions].sort((one, other) => other - one);
  return [
    element("option", { value: "" }, "the newest"),
    ...Object.entries(model.labels).map(([label, number]) =>
      element("option", { value: `/labels/${encodeURIComponent(label)}` }, `${label} (${number})`),
    ),
    ...versions.map((number) => element("option", { value: `/versions/${number}` }, `${number}`)),
  ];
}

function facts({ manifest }) {
  const rows = FACTS.filter((name) => manifest[name]).map((name) => row(name, text(manifest[name])));
  const tensors = Object.entries(manifest.signatures).map(([name, { inputs, outputs }]) =>
    row(name, `${describe(inputs)} → ${describe(outputs)}`),
  );
  return element(
    "details",
    {},
    element("summary", {}, "What this model is"),
    element("table", {}, ...rows),
    element("h3", {}, "Signatures"),
    element("table", {}, ...tensors),
  );
}

function row(name, words) {
  return element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, words));
}

// Nested facts as `name: value`, as deep as they go, without those that are not known.
function text(value) {
  if (typeof value !== "object") return String(value);
  return Object.entries(value)
    .filter(([, part]) => part !== null)
    .map(([name, part]) => `${Array.isArray(value) ? "" : `${name}: `}${text(part)}`)
    .join(", ");
}

function describe(tensors) {
  const sizes = (shape) => shape.map((size) => size ?? "any").join(", ");
  return Object.entries(tensors)
    .map(([name, { dtype, shape, meaning }]) => `${name} ${dtype} (${sizes(shape)}), ${meaning}`)
    .join("; ");
}

start();
