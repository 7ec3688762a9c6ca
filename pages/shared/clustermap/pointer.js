// Pointer and wheel on the map, and dragging the cut.

const CLICK = 4; // pixels a pointer may move in a click
const SCROLLING = 250; // milliseconds in which a wheel goes on doing what it began

/** Where an event is on the canvas. */
function pointOf(state, event) {
  const place = state.dom.over.getBoundingClientRect();
  return [event.clientX - place.left, event.clientY - place.top];
}

/** Listen to the pointer on the map. */
function listenToPointer(state) {
  const { over } = state.dom;
  const down = new Map();
  let began = null;
  over.addEventListener("pointerdown", (event) => {
    down.set(event.pointerId, event);
    began = { x: event.clientX, y: event.clientY, view: { ...state.view }, moved: false };
    over.setPointerCapture(event.pointerId);
    if (down.size > 1) dropStroke(state);
    else if (event.button === 0) beginStroke(state, hit(state, ...pointOf(state, event)));
  });
  over.addEventListener("pointermove", (event) => {
    if (down.size === 2) return pinch(state, down, event);
    if (state.stroke) return leadStroke(state, placeOf(state, event));
    if (began && !state.brush && down.has(event.pointerId)) return drag(state, began, event);
    return hover(state, event);
  });
  const up = (event) => {
    if (down.delete(event.pointerId)) over.style.cursor = "";
    if (event.type === "pointerup") endStroke(state);
    else dropStroke(state);
  };
  over.addEventListener("pointerup", up);
  over.addEventListener("pointercancel", up);
  over.addEventListener("pointerleave", () => {
    state.hover = null;
    state.dom.tip.hidden = true;
    later(state, "over");
  });
  over.addEventListener("click", (event) => {
    if (!began || began.moved || event.detail > 1 || state.brush) return;
    const place = hit(state, ...pointOf(state, event));
    if (!place) return;
    if (place.kind === "cell") state.cursor = { row: place.row, column: place.column };
    chooseAt(state, place, event);
    later(state, "all");
  });
  over.addEventListener("dblclick", () => {
    if (!state.brush) showEverything(state);
  });
  listenToWheel(state);
}

/** Show the whole matrix. */
function showEverything(state) {
  state.view = wholeView(state.rows.length, state.columns.length);
  later(state, "all");
}

/** Move what is on screen. */
function drag(state, began, event) {
  const [dx, dy] = [event.clientX - began.x, event.clientY - began.y];
  if (!began.moved && Math.hypot(dx, dy) <= CLICK) return;
  began.moved = true;
  if (isWhole(state)) return;
  state.dom.over.style.cursor = "grabbing";
  state.dom.tip.hidden = true;
  state.view = { ...began.view };
  pan(state, -dy / state.box.rowHeight, -dx / state.box.columnWidth);
  later(state, "all");
}

/** Two fingers. */
function pinch(state, down, event) {
  const [first, second] = [...down.values()];
  const other = first.pointerId === event.pointerId ? second : first;
  const before = down.get(event.pointerId);
  const far = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) || 1;
  zoomAt(state, placeOf(state, event), far(before, other) / far(event, other));
  down.set(event.pointerId, event);
  later(state, "all");
}

/** The place under an event, in rows and columns. */
function placeOf(state, event) {
  const { box, view } = state;
  const [x, y] = pointOf(state, event);
  const within = (value, low, high) => Math.min(high, Math.max(low, value));
  return {
    row: within(view.y0 + (y - box.heat.y) / box.rowHeight, view.y0, view.y1),
    column: within(view.x0 + (x - box.heat.x) / box.columnWidth, view.x0, view.x1),
  };
}

/** The wheel zooms, except in the middle of a scroll of the page and where there is nothing to zoom. */
function listenToWheel(state) {
  const { over } = state.dom;
  const notePage = (event) => {
    if (!event.composedPath().includes(over)) state.scrolled = event.timeStamp;
  };
  window.addEventListener("wheel", notePage, { passive: true, capture: true });
  state.dispose.push(() => window.removeEventListener("wheel", notePage, { capture: true }));
  over.addEventListener("wheel", (event) => {
    const goesOn = event.timeStamp - state.scrolled < SCROLLING && !event.ctrlKey;
    const nothing = event.deltaY > 0 && isWhole(state) && !event.ctrlKey;
    if (goesOn || nothing || event.deltaY === 0) {
      if (goesOn) state.scrolled = event.timeStamp;
      return;
    }
    event.preventDefault();
    const amount = event.deltaMode === 1 ? 16 * event.deltaY : event.deltaY;
    const factor = Math.exp(Math.max(-1, Math.min(1, amount * (event.ctrlKey ? 0.01 : 0.0018))));
    zoomAt(state, placeOf(state, event), factor, event.shiftKey ? "columns" : "rows");
    state.dom.tip.hidden = true;
    later(state, "all");
  }, { passive: false });
}

/** Say what lies under the pointer. */
function hover(state, event) {
  const [x, y] = pointOf(state, event);
  state.hover = hit(state, x, y);
  const { tip, over } = state.dom;
  over.style.cursor = !state.hover ? "default" : state.brush ? "crosshair" : "pointer";
  tip.hidden = !state.hover;
  if (state.hover) {
    tip.textContent = placeWords(state, state.hover);
    const [wide, high] = [tip.offsetWidth, tip.offsetHeight];
    tip.style.left = `${Math.max(0, x + 16 + wide > state.width ? x - wide - 12 : x + 16)}px`;
    tip.style.top = `${Math.max(0, Math.min(y + 14, state.box.height - high))}px`;
  }
  later(state, "over");
}

/** Drag and keys of the cut: previewed here, sent on release. */
function listenToCut(state) {
  const { cut } = state.dom;
  let offset = null;
  cut.addEventListener("pointerdown", (event) => {
    if (!state.message.tree.drag) return;
    event.preventDefault();
    cut.focus();
    cut.setPointerCapture(event.pointerId);
    offset = pointOf(state, event)[0] - heightAt(state, state.part.level);
  });
  cut.addEventListener("pointermove", (event) => {
    if (offset === null) return;
    previewCut(state, fractionAt(state, pointOf(state, event)[0] - offset));
  });
  cut.addEventListener("pointerup", () => {
    if (offset === null) return;
    offset = null;
    sendCut(state);
  });
  cut.addEventListener("pointercancel", () => {
    offset = null;
    dropPreview(state);
  });
  cut.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      offset = null;
      dropPreview(state);
    }
  });
}

/** Show the clusters of another cut, without the server. */
function previewCut(state, fraction) {
  if (fraction === state.preview || (state.preview === null && fraction === state.message.tree.fraction)) return;
  state.preview = fraction;
  later(state, "cut");
}

/** Tell Python the cut on screen; it stays until an answer comes from a slider that has moved. */
function sendCut(state) {
  if (state.preview === null) return;
  if (state.preview === state.message.slider) dropPreview(state);
  else {
    state.waiting = state.preview;
    state.slider = state.message.slider;
    state.send("cut", state.preview);
  }
  announce(state, `${cutWords(state)}, ${sizeWords(state.part.sizes)}`);
}

function dropPreview(state) {
  state.preview = state.waiting = null;
  later(state, "cut");
}
