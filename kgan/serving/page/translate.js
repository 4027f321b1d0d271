// Translates a picture that is dropped on the page.

import { predict } from "./api.js";
import { element, field, png, reporting } from "./dom.js";

const PREFIX = "translate_";
const SIZES = [256, 512, 1024];

export function directions(signatures) {
  return Object.keys(signatures)
    .filter((name) => name.startsWith(PREFIX) && name.endsWith("_png"))
    .map((name) => name.slice(PREFIX.length, -"_png".length))
    .sort();
}

export function translatePanel(model, which) {
  const { signatures } = model.manifest;
  const options = directions(signatures).map((name) => element("option", { value: name }, name.replaceAll("_", " ")));
  const direction = element("select", { name: "direction", onchange: () => again() }, ...options);
  const sizes = SIZES.map((size) => element("option", { value: size }, `${size}`));
  const size = element("select", { name: "size", onchange: () => again() }, ...sizes);
  const file = element("input", { type: "file", accept: "image/*", onchange: () => take(file.files[0]) });
  const drop = element("label", { className: "drop" }, "Drop a picture here, or choose one", file);
  const images = element("div", { className: "images" });
  const problem = element("p", { className: "problem" });
  let last = null;
  const again = reporting(problem, async () => {
    if (!last) return;
    const picture = await shrunk(last, Number(size.value));
    const signature = `${PREFIX}${direction.value}_png`;
    const [input] = Object.keys(signatures[signature].inputs);
    images.replaceChildren(png(picture, "given"));
    const [answer] = await predict(model.name, which(), signature, { [input]: [picture] });
    images.append(png(answer, direction.value.replaceAll("_", " ")));
  });
  const take = (given) => {
    last = given ?? null;
    return again();
  };
  drop.addEventListener("dragover", (event) => event.preventDefault());
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  });
  return element(
    "section",
    { id: "translate" },
    element("h3", {}, "Translate a picture"),
    element("form", {}, field("direction", direction), field("longest side", size)),
    drop,
    problem,
    images,
  );
}

// As PNG, upright, no side longer than asked for; the browser reads more formats than the server does.
async function shrunk(file, longest) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error(`${file.name} is no picture that this browser can read`);
  }
  const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
  const canvas = element("canvas", {
    width: Math.max(1, Math.round(bitmap.width * scale)),
    height: Math.max(1, Math.round(bitmap.height * scale)),
  });
  const context = canvas.getContext("2d");
  // Transparent parts are white, as in training.
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return { b64: canvas.toDataURL("image/png").split(",")[1] };
}
