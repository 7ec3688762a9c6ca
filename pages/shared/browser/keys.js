// While a text is typed, Ctrl+Z and Ctrl+Shift+Z are its own: Streamlit's shortcuts fire inside text fields too, and
// would take back a step of the fit where a letter was meant. Once the text is taken over they are the app's again.

const NO_TEXT = ["button", "checkbox", "color", "file", "radio", "range", "reset", "submit"];
let typed = null; // the field whose text has changed and is not taken over yet

/** Where an event comes from, inside components too. */
function origin(event) {
  return event.composedPath()[0];
}

function isText(node) {
  return isOpenCell(node) || (node.tagName === "INPUT" && !NO_TEXT.includes(node.type));
}

/** A cell of a grid has a text area only while it is typed into. */
function isOpenCell(node) {
  return node.tagName === "TEXTAREA" || node.isContentEditable === true;
}

function takenOver() {
  typed = null;
}

const early = { capture: true };
document.body.addEventListener("input", (event) => { if (isText(origin(event))) typed = origin(event); }, early);
// Lists tell their options of a focus that moves, which it does not.
document.body.addEventListener("focusout", (event) => { if (event.isTrusted) takenOver(); }, early);
document.body.addEventListener("pointerdown", (event) => { if (origin(event) !== typed) takenOver(); }, early);
document.body.addEventListener("keydown", (event) => { if (event.key === "Enter") takenOver(); }, early);
// The shortcuts listen on the document, beyond the body.
document.body.addEventListener("keydown", (event) => {
  const node = origin(event);
  const isUndo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z";
  if (isUndo && (node === typed || isOpenCell(node))) event.stopPropagation();
});
