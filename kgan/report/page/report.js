// Moves through the pictures, and a cursor along the lines. Without it the page shows the last of each.

"use strict";

const MILLISECONDS = 250;

function numbersOf(figure) {
  return JSON.parse(figure.querySelector("script").textContent);
}

function timeline(figure) {
  const slider = figure.querySelector("input");
  if (!slider) return;
  const { epochs, labels } = numbersOf(figure);
  const output = figure.querySelector("output");
  const play = figure.querySelector("button");
  const columns = [...figure.querySelectorAll(".column")].map((column) => [...column.querySelectorAll("img")]);
  let timer = null;

  const show = () => {
    const index = Number(slider.value);
    for (const pictures of columns) {
      const past = pictures.filter((picture) => Number(picture.dataset.epoch) <= epochs[index]);
      const chosen = past.at(-1) ?? pictures[0];
      for (const picture of pictures) picture.hidden = picture !== chosen;
    }
    output.textContent = labels[index];
    slider.setAttribute("aria-valuetext", labels[index]);
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  };
  const step = () => {
    slider.value = Number(slider.value) + 1;
    show();
    if (slider.value === slider.max) stop();
  };
  play.addEventListener("click", () => {
    if (timer !== null) return stop();
    if (slider.value === slider.max) slider.value = 0;
    show();
    play.textContent = "Pause";
    timer = setInterval(step, MILLISECONDS);
  });
  slider.addEventListener("input", () => {
    stop();
    show();
  });
}

function chart(figure) {
  const { unit, frame, x, y, log, lines } = numbersOf(figure);
  const [left, top, across, down] = frame;
  const svg = figure.querySelector("svg");
  const cursor = svg.querySelector(".cursor");
  const dots = svg.querySelectorAll("circle.at");
  const values = figure.querySelectorAll(".legend b");
  const place = figure.querySelector(".at");
  const before = [place.textContent, ...[...values].map((value) => value.textContent)];
  const places = [...new Set(lines.flatMap((line) => line.x))].sort((one, other) => one - other);
  let current = places.length;

  const right = (value) => left + (across * (value - x[0])) / (x[1] - x[0]);
  const high = (value) => {
    const share = log ? Math.log(value / y[0]) / Math.log(y[1] / y[0]) : (value - y[0]) / (y[1] - y[0]);
    return top + down * (1 - share);
  };
  const show = (index) => {
    current = Math.min(Math.max(index, 0), places.length - 1);
    const at = places[current];
    cursor.setAttribute("x1", right(at));
    cursor.setAttribute("x2", right(at));
    cursor.setAttribute("visibility", "visible");
    place.textContent = `${unit} ${at.toLocaleString("en")}`;
    lines.forEach((line, number) => {
      // The last value up to here; a line that begins later or has ended has none.
      const found = at > line.x.at(-1) ? -1 : line.x.findLastIndex((each) => each <= at);
      const value = found < 0 ? null : line.y[found];
      values[number].textContent = value === null ? "none" : written(value);
      dots[number].setAttribute("visibility", value === null ? "hidden" : "visible");
      if (value === null) return;
      dots[number].setAttribute("cx", right(line.x[found]));
      dots[number].setAttribute("cy", high(value));
    });
  };
  const leave = () => {
    current = places.length;
    cursor.setAttribute("visibility", "hidden");
    dots.forEach((dot) => dot.setAttribute("visibility", "hidden"));
    [place.textContent] = before;
    values.forEach((value, number) => (value.textContent = before[number + 1]));
  };
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    const distances = places.map((each) => Math.abs(right(each) - at));
    show(distances.indexOf(Math.min(...distances)));
  });
  svg.addEventListener("pointerleave", leave);
  figure.addEventListener("blur", leave);
  figure.addEventListener("keydown", (event) => {
    const moved = { ArrowLeft: current - 1, ArrowRight: current + 1, Home: 0, End: places.length - 1 }[event.key];
    if (moved === undefined) return;
    event.preventDefault();
    show(moved);
  });
}

// Four significant digits, as in the rest of the page.
function written(value) {
  if (value !== 0 && (Math.abs(value) >= 1e6 || Math.abs(value) < 1e-4)) return value.toExponential(3);
  return value.toLocaleString("en", { maximumSignificantDigits: 4 });
}

document.querySelectorAll(".timeline").forEach(timeline);
document.querySelectorAll(".chart").forEach(chart);
