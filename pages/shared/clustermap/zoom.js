// Which part of the rows and columns is on screen.

const FEWEST = 2; // rows or columns on screen

/** The whole matrix. */
function wholeView(rows, columns) {
  return { y0: 0, y1: rows, x0: 0, x1: columns };
}

function isWhole(state) {
  const { view, rows, columns } = state;
  return view.y1 - view.y0 >= rows.length && view.x1 - view.x0 >= columns.length;
}

/** A stretch zoomed about a place of it, inside 0..count. */
function stretch([low, high], about, factor, count) {
  const length = Math.min(count, Math.max(Math.min(FEWEST, count), (high - low) * factor));
  const share = (about - low) / (high - low);
  return inside(about - share * length, length, count);
}

function inside(low, length, count) {
  const start = Math.min(Math.max(low, 0), count - length);
  return [start, start + length];
}

/** Zoom about a place; a square matrix keeps its shape. */
function zoomAt(state, place, factor, which = "rows") {
  const { view, rows, columns, box } = state;
  const both = box.square;
  if (both || which !== "columns") {
    [view.y0, view.y1] = stretch([view.y0, view.y1], place.row, factor, rows.length);
  }
  if (both || which !== "rows") {
    [view.x0, view.x1] = stretch([view.x0, view.x1], place.column, factor, columns.length);
  }
}

/** Move by so many rows and columns. */
function pan(state, down, across) {
  const { view, rows, columns } = state;
  [view.y0, view.y1] = inside(view.y0 + down, view.y1 - view.y0, rows.length);
  [view.x0, view.x1] = inside(view.x0 + across, view.x1 - view.x0, columns.length);
}

/** Bring a cell on screen. */
function reveal(state, { row, column }) {
  const { view } = state;
  const short = (at, low, high) => (at < low ? at - low : at + 1 > high ? at + 1 - high : 0);
  pan(state, short(row, view.y0, view.y1), short(column, view.x0, view.x1));
}

/** Bring a row on screen, large enough to be read. */
function revealRow(state, row) {
  const { view, box, rows } = state;
  if (box.rowHeight < 11) {
    const length = Math.min(rows.length, Math.floor(box.heat.height / 16));
    [view.y0, view.y1] = inside(row + 0.5 - length / 2, length, rows.length);
    if (box.square) [view.x0, view.x1] = [view.y0, view.y1];
  }
  reveal(state, { row, column: Math.floor(view.x0) });
}
