// Pointer and wheel on the map, and dragging the cut.

const CLICK = 4; // pixels a pointer may move in a click
const GOES_ON = 250; // milliseconds in which a wheel goes on zooming

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
  let replaced = null; // what a click selected over, for the case that it becomes a double click
  over.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    state.hasWheel = true;
    down.set(event.pointerId, event);
    const fingers = middleOf([...down.values()]);
    began = { x: event.clientX, y: event.clientY, fingers, view: { ...state.view }, moved: down.size > 1 };
    over.setPointerCapture(event.pointerId);
    if (down.size > 1) dropStroke(state);
    else beginStroke(state, hit(state, ...pointOf(state, event)));
  });
  over.addEventListener("pointermove", (event) => {
    if (down.has(event.pointerId)) down.set(event.pointerId, event);
    if (down.size > 1) return pinch(state, began, middleOf([...down.values()]));
    if (state.stroke) return leadStroke(state, placeOf(state, event));
    if (began && !state.brush && down.has(event.pointerId)) return drag(state, began, event);
    return hover(state, event);
  });
  const up = (event) => {
    if (down.delete(event.pointerId)) over.style.cursor = "";
    if (down.size) began = null; // the finger that stays is not a drag
    if (event.type === "pointerup") endStroke(state);
    else dropStroke(state);
  };
  over.addEventListener("pointerup", up);
  over.addEventListener("pointercancel", up);
  // A browser may take two fingers that move together for a scroll of the page.
  for (const touch of ["touchstart", "touchmove"]) {
    over.addEventListener(touch, (event) => event.touches.length > 1 && event.preventDefault(), { passive: false });
  }
  over.addEventListener("pointerleave", () => {
    state.hover = null;
    state.dom.tip.hidden = true;
    later(state, "over");
  });
  over.addEventListener("click", (event) => {
    if (event.detail > 1) return;
    replaced = null;
    if (!began || began.moved || state.brush) return;
    const place = hit(state, ...pointOf(state, event));
    if (!place) return;
    replaced = copyOf(state);
    if (place.kind === "cell") state.cursor = { row: place.row, column: place.column };
    chooseAt(state, place, event);
    later(state, "all");
  });
  over.addEventListener("dblclick", () => {
    if (state.brush) return;
    if (replaced) Object.assign(state, replaced);
    if (replaced) sendSelection(state);
    replaced = null;
    showEverything(state);
  });
  listenToWheel(state);
}

/** The selection as it is now. */
function copyOf({ selection, anchor }) {
  return { selection: { rows: new Set(selection.rows), columns: new Set(selection.columns) }, anchor };
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

/** Middle of the fingers that are down, and how far they are apart. */
function middleOf(events) {
  const [first, last] = [events[0], events.at(-1)];
  return {
    clientX: (first.clientX + last.clientX) / 2,
    clientY: (first.clientY + last.clientY) / 2,
    apart: Math.hypot(first.clientX - last.clientX, first.clientY - last.clientY) || 1,
  };
}

/** Two fingers: the place between them stays between them; counted from where they began, so no error adds up. */
function pinch(state, began, now) {
  if (!began) return;
  const { fingers } = began;
  const { heat } = state.box;
  state.view = { ...began.view };
  const [x, y] = pointOf(state, fingers);
  const { view } = state;
  const share = { row: (y - heat.y) / heat.height, column: (x - heat.x) / heat.width };
  const place = { row: view.y0 + share.row * (view.y1 - view.y0), column: view.x0 + share.column * (view.x1 - view.x0) };
  zoomAt(state, place, fingers.apart / now.apart);
  const [down, across] = [now.clientY - fingers.clientY, now.clientX - fingers.clientX];
  pan(state, (-down / heat.height) * (view.y1 - view.y0), (-across / heat.width) * (view.x1 - view.x0));
  state.dom.tip.hidden = true;
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

/**
 * The wheel is the page's. With Ctrl or ⌘, as of two fingers on a touchpad, it zooms; without, only once the map
 * was clicked, and until the page is scrolled again.
 */
function listenToWheel(state) {
  const { over } = state.dom;
  const release = () => { state.hasWheel = false; };
  const ofPage = (event) => { if (!event.composedPath().includes(over)) release(); };
  window.addEventListener("wheel", ofPage, { passive: true, capture: true });
  state.dispose.push(() => window.removeEventListener("wheel", ofPage, { capture: true }));
  over.addEventListener("blur", release);
  over.addEventListener("wheel", (event) => {
    const turned = event.shiftKey ? event.deltaY || event.deltaX : event.deltaY;
    if (turned === 0) return;
    if (!takesWheel(state, event, turned)) return void release();
    event.preventDefault();
    state.zoomed = event.timeStamp;
    const pixels = event.deltaMode === 1 ? 16 * turned : turned;
    const most = event.ctrlKey || event.metaKey ? 0.35 : 1;
    const factor = Math.exp(Math.max(-most, Math.min(most, pixels * (event.ctrlKey ? 0.01 : 0.0018))));
    zoomAt(state, placeOf(state, event), factor, event.shiftKey ? "columns" : "rows");
    state.dom.tip.hidden = true;
    later(state, "all");
  }, { passive: false });
}

/** Whether a turn of the wheel is for the map: where all is shown already, a new turn outwards is for the page. */
function takesWheel(state, event, turned) {
  if (event.ctrlKey || event.metaKey) return true;
  const goesOn = event.timeStamp - state.zoomed < GOES_ON;
  return state.hasWheel && (goesOn || turned < 0 || !isWhole(state));
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
    if (!state.message.tree.drag || event.button !== 0) return;
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
  if (state.waiting === null && state.preview === state.message.slider) dropPreview(state);
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
