// Moves the columns of a latent, and shows the image that it becomes.

import { latestOnly, predict } from "./api.js";
import { choice, element, reporting, slider } from "./dom.js";

const SIGNATURE = "serving_default";
// Of noise, 997 of 1000 values lie within; codes were -1 to 1 in training.
const REACH = { normal: 3, continuous: 2 };

export function takesLatents({ latents }) {
  return Boolean(latents);
}

export function latentsPanel(model, which) {
  const { latents, signatures, words } = model.manifest;
  const [[input, spec]] = Object.entries(signatures[SIGNATURE].inputs);
  const canvas = element("canvas", { width: 1, height: 1, role: "img", ariaLabel: "the image of these latents" });
  const problem = element("p", { className: "problem" });
  const draw = latestOnly(
    reporting(problem, async () => {
      const row = controls.flatMap(({ columns }) => columns());
      const [image] = await predict(model.name, which(), SIGNATURE, { [input]: [row] });
      paint(canvas, image);
    }),
  );
  const controls = latents.flatMap((part) => controlsOf(part, words?.[part.name], draw));
  const renew = () => {
    controls.forEach((control) => control.renew());
    draw();
  };
  renew();
  return element(
    "section",
    { id: "latents" },
    element("h3", {}, "Move latents"),
    element("p", { className: "note" }, `${spec.shape[1]} columns: ${spec.meaning}`),
    element("button", { type: "button", onclick: renew }, "Draw others"),
    problem,
    element(
      "div",
      { className: "beside" },
      element("figure", {}, canvas),
      element("div", { className: "sliders" }, ...meaningFirst(controls).map(({ row }) => row)),
    ),
  );
}

// A part of the latent: one control for a condition or code, one for each column of noise.
function controlsOf({ name, columns, kind }, words, draw) {
  const numbers = [...Array(columns).keys()];
  if (kind === "categorical") {
    const chosen = choice(name, words ?? numbers, draw);
    const oneHot = () => numbers.map((index) => Number(index === chosen.value()));
    return [{ ...chosen, kind, columns: oneHot, renew: () => {} }];
  }
  return numbers.map((index) => {
    const moved = slider(columns > 1 ? `${name} ${index}` : name, -REACH[kind], REACH[kind], 0, draw);
    const renew = () => moved.set(kind === "normal" ? normal() : 0);
    return { ...moved, kind, columns: () => [moved.value()], renew };
  });
}

function meaningFirst(controls) {
  return [...controls.filter(({ kind }) => kind !== "normal"), ...controls.filter(({ kind }) => kind === "normal")];
}

// Box and Muller 1958.
function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

// An image is rows of pixels of 1 or 3 numbers in [-1, 1].
function paint(canvas, image) {
  const [height, width] = [image.length, image[0].length];
  const bytes = new ImageData(width, height);
  image.flat().forEach((pixel, index) => {
    const level = (channel) => Math.round((pixel[channel % pixel.length] + 1) * 127.5);
    bytes.data.set([level(0), level(1), level(2), 255], 4 * index);
  });
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d").putImageData(bytes, 0, 0);
}
