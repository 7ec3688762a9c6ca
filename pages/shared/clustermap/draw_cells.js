// The matrix: colours, marks of zeros, numbers.

const MOST_CELLS = 4000; // drawn one by one; more come from a bitmap
// How each reason of a zero looks: its tile, its mark on a cell, its hatching where cells are small.
const MARKS = {
  penalty: { tile: "neutral", hatch: null },
  above: { tile: "held", hatch: "slash" },
  below: { tile: "held", hatch: "slash" },
  zero: { tile: "held", hatch: "cross" },
  gate: { tile: "held", hatch: "dots" },
  warmup: { tile: "paper", hatch: "lines" },
  nodata: { tile: "paper", hatch: "bars" },
  prior: { tile: null, hatch: null },
  came: { tile: null, hatch: "wide" },
  gone: { tile: null, hatch: "slash" },
  "user+": { tile: null, hatch: "slash" },
  "user-": { tile: null, hatch: "back" },
  user0: { tile: "held", hatch: "cross" },
  "derived+": { tile: null, hatch: "bars" },
  "derived-": { tile: null, hatch: "lines" },
  gated: { tile: "held", hatch: "dots" },
  excluded: { tile: "held", hatch: "grid" },
  nonneg: { tile: null, hatch: "bars" },
};

/** Rows and columns at least partly on screen. */
function visible(state) {
  const { view, rows, columns } = state;
  return {
    r0: Math.max(0, Math.floor(view.y0)), r1: Math.min(rows.length, Math.ceil(view.y1)),
    c0: Math.max(0, Math.floor(view.x0)), c1: Math.min(columns.length, Math.ceil(view.x1)),
  };
}

/** Whether cells are few and large enough to be drawn one by one, with their marks. */
function isFine(state) {
  const { r0, r1, c0, c1 } = visible(state);
  return (r1 - r0) * (c1 - c0) <= MOST_CELLS && state.box.rowHeight >= 4;
}

/** Draw the matrix. */
function drawCells(surface, state) {
  const { heat } = state.box;
  const seen = visible(state);
  surface.clip(heat.x, heat.y, heat.width, heat.height, () => {
    if (isFine(state)) drawEach(surface, state, seen);
    else drawBitmap(surface, state, seen);
  });
}

/** One rectangle a cell, its mark, and its number where it fits. */
function drawEach(surface, state, seen) {
  const { look, box, columns, marks: codes, values, message } = state;
  const names = message.marks;
  const gap = Math.min(1, box.rowHeight / 8);
  const marks = [];
  for (let i = seen.r0; i < seen.r1; i += 1) {
    const y = rowAt(state, i);
    for (let j = seen.c0; j < seen.c1; j += 1) {
      const at = i * columns.length + j;
      const x = columnAt(state, j);
      const mark = MARKS[names[codes[at]]];
      const shade = shadeOf(values[at], message.limit);
      const plain = !mark?.tile || values[at];
      surface.rect(x, y, box.columnWidth - gap, box.rowHeight - gap, plain ? look.shades.css[shade] : look[mark.tile]);
      if (mark) marks.push([names[codes[at]], x, y, values[at] ? numberColour(look, shade) : look.ink]);
    }
  }
  drawMarks(surface, state, marks);
  if (numbered(state)) drawNumbers(surface, state, seen);
}

/** Whether cells have room for their numbers, beside a mark where marks stand beside them. */
function numbered({ box, message }) {
  return box.rowHeight >= 13 && box.columnWidth >= (message.beside ? 56 : 36);
}

/** Where in a cell its mark stands: one beside a number leaves the middle to it. */
function markCentre(state, x) {
  return state.message.beside && numbered(state) ? x + 12 : x + state.box.columnWidth / 2;
}

function numberColour(look, shade) {
  return look.shades.white[shade] ? "#ffffff" : "#000000";
}

/** Marks of the same kind and colour as one path each. */
function drawMarks(surface, state, marks) {
  const { look, box } = state;
  const size = Math.max(1.2, Math.min(4, 0.28 * Math.min(box.rowHeight, box.columnWidth)));
  const paths = new Map();
  for (const [name, x, y, ink] of marks) {
    const colour = name === "penalty" || name === "nodata" ? look.muted : ink;
    const key = `${name} ${colour}`;
    if (!paths.has(key)) paths.set(key, { colour, path: [] });
    const middle = [markCentre(state, x), y + box.rowHeight / 2];
    const cell = [x + 1, y + 1, box.columnWidth - 3, box.rowHeight - 3];
    paths.get(key).path.push(...markPath(name, ...middle, size, cell));
  }
  for (const { colour, path } of paths.values()) surface.path(path, colour, 1.25);
}

/** A mark around a point: told apart by shape alone. */
function markPath(name, x, y, s, cell) {
  const end = [NaN, NaN];
  switch (name) {
    case "penalty": return [x - 1, y, x + 1, y, ...end];
    case "above": return [x - s, y + s * 0.8, x, y - s * 0.8, x + s, y + s * 0.8, x - s, y + s * 0.8, ...end];
    case "below": return [x - s, y - s * 0.8, x, y + s * 0.8, x + s, y - s * 0.8, x - s, y - s * 0.8, ...end];
    case "zero": return [x - s, y - s, x + s, y + s, ...end, x - s, y + s, x + s, y - s, ...end];
    case "gate": return [...ring(x, y, s), ...end];
    case "warmup": return [x - 2 * s, y - 1.5, x + 2 * s, y - 1.5, ...end, x - 2 * s, y + 1.5, x + 2 * s, y + 1.5, ...end];
    case "nodata": return [x - s, y, x + s, y, ...end];
    case "gone": return markPath("gate", x, y, s, cell);
    case "came": return [...markPath("zero", x, y, 0.7 * s, cell), ...signPath("+", x, y, s)];
    case "gated": return markPath("gate", x, y, s, cell);
    case "excluded": return markPath("zero", x, y, s, cell);
    case "nonneg": return [x - s, y - s, x + s, y - s / 4, x - s, y + s / 2, ...end, x - s, y + s, x + s, y + s, ...end];
    case "derived+": case "derived-": return signPath(name.slice(-1), x, y, s);
    case "user+": case "user-": case "user0": return [...signPath(name.slice(-1), x, y, s), ...framePath(cell)];
    default: return framePath(cell);
  }
}

function framePath([left, top, wide, high]) {
  return [left, top, left + wide, top, left + wide, top + high, left, top + high, left, top, NaN, NaN];
}

/** A sign: plus, minus, or a narrow zero. */
function signPath(sign, x, y, s) {
  const minus = [x - s, y, x + s, y, NaN, NaN];
  if (sign === "0") return [...ring(x, y, s, 0.6), NaN, NaN];
  return sign === "-" ? minus : [...minus, x, y - s, x, y + s, NaN, NaN];
}

function ring(x, y, radius, narrow = 1) {
  const points = [];
  for (let k = 0; k <= 12; k += 1) {
    points.push(x + narrow * radius * Math.cos((k * Math.PI) / 6), y + radius * Math.sin((k * Math.PI) / 6));
  }
  return points;
}

/** The numbers of cells that are not zero, with as many decimals as the colours tell apart. */
function drawNumbers(surface, state, seen) {
  const { look, box, columns, values, message } = state;
  const decimals = Math.min(6, Math.max(2, Math.ceil(Math.log10(20 / message.limit))));
  const size = Math.min(12, Math.floor(box.rowHeight - 2), Math.floor(box.columnWidth / (0.68 * (decimals + 3))));
  for (let i = seen.r0; i < seen.r1; i += 1) {
    const y = rowAt(state, i + 0.5);
    for (let j = seen.c0; j < seen.c1; j += 1) {
      const value = values[i * columns.length + j];
      if (!value) continue;
      const fill = numberColour(look, shadeOf(value, message.limit));
      const x = message.beside ? columnAt(state, j + 1) - 7 : columnAt(state, j + 0.5);
      surface.text(cellNumber(value, decimals), x, y, { fill, size, align: message.beside ? "right" : "center" });
    }
  }
}

/** A number with a true minus; what rounds to zero has no sign. */
function cellNumber(value, decimals) {
  const digits = Math.abs(value) < 99.995 ? value.toFixed(decimals) : value.toPrecision(3);
  return Number(digits) ? digits.replace(/^-/, "−") : digits.replace(/^-/, "");
}

/** A bitmap of one pixel a cell, stretched, and hatching over runs of cells that a sign or a gate holds. */
function drawBitmap(surface, state, seen) {
  const { box, rows, columns } = state;
  state.bitmap ??= cellBitmap(state);
  const [x, y] = [columnAt(state, 0), rowAt(state, 0)];
  surface.image(state.bitmap, x, y, columns.length * box.columnWidth, rows.length * box.rowHeight, box.rowHeight < 1);
  if (!state.message.mark) return;
  for (const [name, rects] of runs(state, seen)) surface.hatch(rects, MARKS[name].hatch, state.look.muted);
  if (box.columnWidth < 6) return;
  for (let j = seen.c0; j <= seen.c1; j += 1) {
    surface.rect(columnAt(state, j) - 1, box.heat.y, 1, box.heat.height, state.look.paper);
  }
}

/** One pixel a cell. */
function cellBitmap(state) {
  const { look, rows, columns, marks, values, message } = state;
  const bitmap = document.createElement("canvas");
  bitmap.width = columns.length;
  bitmap.height = rows.length;
  const context = bitmap.getContext("2d");
  const pixels = context.createImageData(columns.length, rows.length);
  const packed = new Uint32Array(pixels.data.buffer);
  const shade = Uint32Array.from(look.shades.rgb, packedColour);
  const tiles = message.marks.map((name) => {
    const tile = MARKS[name]?.tile;
    return tile ? packedColour(channels(tile === "paper" ? look.page : look[tile])) : null;
  });
  for (let at = 0; at < packed.length; at += 1) {
    const tile = tiles[marks[at]];
    packed[at] = tile !== null && !values[at] ? tile : shade[shadeOf(values[at], message.limit)];
  }
  context.putImageData(pixels, 0, 0);
  return bitmap;
}

function packedColour([red, green, blue]) {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Rectangles over runs of cells of one mark down each column, by mark. */
function runs(state, seen) {
  const { box, columns, marks, message } = state;
  const found = new Map();
  for (let j = seen.c0; j < seen.c1; j += 1) {
    for (let i = seen.r0; i < seen.r1;) {
      const mark = marks[i * columns.length + j];
      let end = i + 1;
      while (end < seen.r1 && marks[end * columns.length + j] === mark) end += 1;
      const name = message.marks[mark];
      if (MARKS[name]?.hatch) {
        if (!found.has(name)) found.set(name, []);
        found.get(name).push(columnAt(state, j), rowAt(state, i), box.columnWidth - 1, (end - i) * box.rowHeight);
      }
      i = end;
    }
  }
  return found;
}
