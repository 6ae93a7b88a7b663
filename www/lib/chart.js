// Lines over a number axis, drawn as SVG: enough for one curve page, and no library to load.
// What it is not: a chart library. Time series with thousands of points want one.

import { draw } from "./dom.js";

const HEIGHT = 320;
const EDGE = { top: 14, right: 14, bottom: 30, left: 46 };

/** A round step that divides `span` into about five. */
function roundStep(span) {
  const raw = span / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= raw);
}

/**
 * Draws `lines` over `xs` (both ascending); y goes from 0 to 1.
 * @param {HTMLElement} container its content is replaced
 * @param {{xs: number[], lines: {class: string, ys: number[]}[], wanted: number,
 *   label: string, xLabel: (x: number) => string, yLabel: (y: number) => string,
 *   point: (index: number) => void}} chart `point` hears which x is pointed at
 */
export function drawLines(container, chart) {
  const width = Math.max(container.clientWidth, 280);
  const [first, last] = [chart.xs[0], chart.xs.at(-1)];
  const x = (value) =>
    EDGE.left + ((value - first) / Math.max(last - first, 1)) * (width - EDGE.left - EDGE.right);
  const y = (value) => EDGE.top + (1 - value) * (HEIGHT - EDGE.top - EDGE.bottom);
  const svg = draw("svg", {
    viewBox: `0 0 ${width} ${HEIGHT}`,
    role: "img",
    "aria-label": chart.label,
  });

  for (let share = 0; share <= 1.001; share += 0.25) {
    svg.append(
      draw("line", {
        class: "grid",
        x1: EDGE.left,
        x2: width - EDGE.right,
        y1: y(share),
        y2: y(share),
      }),
    );
    svg.append(
      draw(
        "text",
        { x: EDGE.left - 8, y: y(share) + 4, "text-anchor": "end" },
        chart.yLabel(share),
      ),
    );
  }
  const step = Math.max(1, roundStep(last - first || 1));
  for (let tick = Math.ceil(first / step) * step; tick <= last; tick += step) {
    svg.append(
      draw("text", { x: x(tick), y: HEIGHT - 8, "text-anchor": "middle" }, chart.xLabel(tick)),
    );
  }
  svg.append(
    draw("line", {
      class: "wanted",
      x1: EDGE.left,
      x2: width - EDGE.right,
      y1: y(chart.wanted),
      y2: y(chart.wanted),
    }),
  );
  for (const line of chart.lines) {
    const points = chart.xs.map(
      (value, index) => `${x(value).toFixed(1)},${y(line.ys[index]).toFixed(1)}`,
    );
    svg.append(draw("polyline", { class: `line ${line.class}`, points: points.join(" ") }));
  }

  const pointer = draw("line", {
    class: "pointer",
    y1: EDGE.top,
    y2: HEIGHT - EDGE.bottom,
    x1: 0,
    x2: 0,
    visibility: "hidden",
  });
  svg.append(pointer);
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * width;
    let nearest = 0;
    chart.xs.forEach((value, index) => {
      if (Math.abs(x(value) - at) < Math.abs(x(chart.xs[nearest]) - at)) nearest = index;
    });
    pointer.setAttribute("x1", x(chart.xs[nearest]));
    pointer.setAttribute("x2", x(chart.xs[nearest]));
    pointer.setAttribute("visibility", "visible");
    chart.point(nearest);
  });
  container.replaceChildren(svg);
}
