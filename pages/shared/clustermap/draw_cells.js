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
};

/** Rows and columns at least partly on screen. */
function visible(state) {
  const { view, rows, columns } = state;
  return {
    r0: Math.max(0, Math.floor(view.y0)), r1: Math.min(rows.length, Math.ceil(view.y1)),
    c0: Math.max(0, Math.floor(view.x0)), c1: Math.min(columns.length, Math.ceil(view.x1)),
  };
}

/** Draw the matrix. */
function drawCells(surface, state) {
  const { heat } = state.box;
  const seen = visible(state);
  const fine = (seen.r1 - seen.r0) * (seen.c1 - seen.c0) <= MOST_CELLS && state.box.rowHeight >= 4;
  surface.clip(heat.x, heat.y, heat.width, heat.height, () => {
    if (fine) drawEach(surface, state, seen);
    else drawBitmap(surface, state, seen);
  });
}

/** One rectangle a cell, its mark, and its number where it fits. */
function drawEach(surface, state, seen) {
  const { look, box, columns, reasons, values, message } = state;
  const names = message.reasons;
  const gap = Math.min(1, box.rowHeight / 8);
  const marks = [];
  for (let i = seen.r0; i < seen.r1; i += 1) {
    const y = rowAt(state, i);
    for (let j = seen.c0; j < seen.c1; j += 1) {
      const at = i * columns.length + j;
      const x = columnAt(state, j);
      const mark = MARKS[names[reasons[at]]];
      const shade = shadeOf(values[at], message.limit);
      const plain = !mark?.tile || values[at];
      surface.rect(x, y, box.columnWidth - gap, box.rowHeight - gap, plain ? look.shades.css[shade] : look[mark.tile]);
      if (mark) marks.push([names[reasons[at]], x, y]);
    }
  }
  drawMarks(surface, state, marks);
  if (box.rowHeight >= 13 && box.columnWidth >= 36) drawNumbers(surface, state, seen);
}

/** Marks of the same kind as one path each. */
function drawMarks(surface, state, marks) {
  const { look, box } = state;
  const size = Math.max(1.2, Math.min(4, 0.28 * Math.min(box.rowHeight, box.columnWidth)));
  const paths = new Map();
  for (const [name, x, y] of marks) {
    if (!paths.has(name)) paths.set(name, []);
    const middle = [x + box.columnWidth / 2, y + box.rowHeight / 2];
    const cell = [x + 1, y + 1, box.columnWidth - 3, box.rowHeight - 3];
    paths.get(name).push(...markPath(name, ...middle, size, cell));
  }
  for (const [name, path] of paths) {
    surface.path(path, name === "penalty" || name === "nodata" ? look.muted : look.ink, 1.25);
  }
}

/** A mark around a point: told apart by shape alone. */
function markPath(name, x, y, s, [left, top, wide, high]) {
  const end = [NaN, NaN];
  switch (name) {
    case "penalty": return [x - 1, y, x + 1, y, ...end];
    case "above": return [x - s, y + s * 0.8, x, y - s * 0.8, x + s, y + s * 0.8, x - s, y + s * 0.8, ...end];
    case "below": return [x - s, y - s * 0.8, x, y + s * 0.8, x + s, y - s * 0.8, x - s, y - s * 0.8, ...end];
    case "zero": return [x - s, y - s, x + s, y + s, ...end, x - s, y + s, x + s, y - s, ...end];
    case "gate": return [...ring(x, y, s), ...end];
    case "warmup": return [x - 2 * s, y - 1.5, x + 2 * s, y - 1.5, ...end, x - 2 * s, y + 1.5, x + 2 * s, y + 1.5, ...end];
    case "nodata": return [x - s, y, x + s, y, ...end];
    default: return [left, top, left + wide, top, left + wide, top + high, left, top + high, left, top, ...end];
  }
}

function ring(x, y, radius) {
  const points = [];
  for (let k = 0; k <= 12; k += 1) {
    points.push(x + radius * Math.cos((k * Math.PI) / 6), y + radius * Math.sin((k * Math.PI) / 6));
  }
  return points;
}

/** The numbers of cells that are not zero. */
function drawNumbers(surface, state, seen) {
  const { look, box, columns, values, message } = state;
  const size = Math.min(12, Math.floor(box.rowHeight - 2), Math.floor(box.columnWidth / 3.4));
  for (let i = seen.r0; i < seen.r1; i += 1) {
    const y = rowAt(state, i + 0.5);
    for (let j = seen.c0; j < seen.c1; j += 1) {
      const value = values[i * columns.length + j];
      if (!value) continue;
      const fill = look.shades.white[shadeOf(value, message.limit)] ? "#ffffff" : "#000000";
      surface.text(cellNumber(value), columnAt(state, j + 0.5), y, { fill, size, align: "center" });
    }
  }
}

function cellNumber(value) {
  return Math.abs(value) < 99.995 ? value.toFixed(2) : value.toPrecision(3);
}

/** A bitmap of one pixel a cell, stretched, and hatching over runs of cells that a sign or a gate holds. */
function drawBitmap(surface, state, seen) {
  const { box, rows, columns } = state;
  state.bitmap ??= cellBitmap(state);
  const [x, y] = [columnAt(state, 0), rowAt(state, 0)];
  surface.image(state.bitmap, x, y, columns.length * box.columnWidth, rows.length * box.rowHeight, box.rowHeight < 1);
  if (!state.message.reason) return;
  for (const [name, rects] of runs(state, seen)) surface.hatch(rects, MARKS[name].hatch, state.look.muted);
  if (box.columnWidth < 6) return;
  for (let j = seen.c0; j <= seen.c1; j += 1) {
    surface.rect(columnAt(state, j) - 1, box.heat.y, 1, box.heat.height, state.look.paper);
  }
}

/** One pixel a cell. */
function cellBitmap(state) {
  const { look, rows, columns, reasons, values, message } = state;
  const bitmap = document.createElement("canvas");
  bitmap.width = columns.length;
  bitmap.height = rows.length;
  const context = bitmap.getContext("2d");
  const pixels = context.createImageData(columns.length, rows.length);
  const packed = new Uint32Array(pixels.data.buffer);
  const shade = Uint32Array.from(look.shades.rgb, packedColour);
  const tiles = message.reasons.map((name) => {
    const tile = MARKS[name]?.tile;
    return tile ? packedColour(channels(tile === "paper" ? look.page : look[tile])) : null;
  });
  for (let at = 0; at < packed.length; at += 1) {
    const tile = tiles[reasons[at]];
    packed[at] = tile !== null && !values[at] ? tile : shade[shadeOf(values[at], message.limit)];
  }
  context.putImageData(pixels, 0, 0);
  return bitmap;
}

function packedColour([red, green, blue]) {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Rectangles over runs of cells of one reason down each column, by reason. */
function runs(state, seen) {
  const { box, columns, reasons, message } = state;
  const found = new Map();
  for (let j = seen.c0; j < seen.c1; j += 1) {
    for (let i = seen.r0; i < seen.r1;) {
      const reason = reasons[i * columns.length + j];
      let end = i + 1;
      while (end < seen.r1 && reasons[end * columns.length + j] === reason) end += 1;
      const name = message.reasons[reason];
      if (MARKS[name]?.hatch) {
        if (!found.has(name)) found.set(name, []);
        found.get(name).push(columnAt(state, j), rowAt(state, i), box.columnWidth - 1, (end - i) * box.rowHeight);
      }
      i = end;
    }
  }
  return found;
}
