// Painting on a canvas. Everything it needs comes in; nothing is kept.

const DASHES = [[], [7, 3], [2, 3], [9, 3, 2, 3]];

/** Size a canvas for the screen's own pixels, clear it, and return its context in CSS pixels. */
function fresh(canvas, width, height) {
  const ratio = globalThis.devicePixelRatio || 1;
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** Colour and dash of a line. */
function look(row, data) {
  return { colour: data.palette[data.colours[row]], dash: DASHES[data.dashes[row]] };
}

/** Axes with their names: λ below, the number of non-zero loadings above, β at the left. */
function paintAxes(context, data, map, width, height, colours) {
  const bottom = height - MARGIN.bottom;
  context.font = `12px ${colours.font}`;
  context.lineWidth = 1;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const value of ticks(map.low, map.high, 5)) {
    const y = Math.round(map.y(value)) + 0.5;
    context.strokeStyle = value === 0 ? colours.muted : colours.grid;
    line(context, MARGIN.left, y, width - MARGIN.right, y);
    context.fillStyle = colours.muted;
    context.fillText(short(value), MARGIN.left - 6, y);
  }
  context.textAlign = "center";
  const marks = [[data.lowest - BREAK, "0"]];
  for (const power of decades(lamOf(data.lowest, data), lamOf(map.last, data))) {
    marks.push([stopOf(10 ** power, data), `1e${power}`]);
  }
  let free = -Infinity;
  for (const [place, text] of marks) {
    const x = Math.round(map.x(place)) + 0.5;
    context.strokeStyle = colours.grid;
    line(context, x, MARGIN.top, x, bottom);
    if (x - free < 34) continue;
    free = x;
    context.fillStyle = colours.muted;
    context.fillText(text, x, bottom + 11);
    context.fillText(String(data.nonzero[nearest(place, data)]), x, MARGIN.top - 10);
  }
  context.fillStyle = colours.ink;
  context.fillText("penalty λ", (MARGIN.left + width - MARGIN.right) / 2, height - 8);
  context.textAlign = "left";
  const whose = data.responses.length ? "loading β" : "mean |β| over all responses";
  context.fillText(whose, 4, 10);
  context.textAlign = "right";
  context.fillText(`non-zero loadings of ${data.cells.toLocaleString("en")}, all responses`, width - MARGIN.right, 10);
}

/** A straight line. */
function line(context, x0, y0, x1, y1) {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

/** One path of a loading along λ. */
function paintLine(context, values, data, map, style, width) {
  context.strokeStyle = style.colour;
  context.lineWidth = width;
  context.setLineDash(style.dash);
  context.beginPath();
  data.stops.forEach((stop, k) => context.lineTo(map.x(placeOf(stop, data)), map.y(values[k])));
  context.stroke();
  context.setLineDash([]);
}

/** All paths. */
function paintLines(context, lines, data, map) {
  const many = data.stops.length;
  for (let row = 0; row * many < lines.length; row += 1) {
    paintLine(context, lines.subarray(row * many, (row + 1) * many), data, map, look(row, data), 1.7);
  }
}
