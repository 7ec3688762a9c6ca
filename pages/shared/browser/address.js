// Write the parameters into the address of the page once they rest, or before a click leads away: the browser does
// more for an entry of its history than for all else of a step of a slider.

const REST = 350; // milliseconds
let pending = null;
let due = 0;
addEventListener("click", write, { capture: true });
addEventListener("popstate", () => { pending = null; }); // what was left behind is not written over what is gone back to

function write() {
  clearTimeout(due);
  if (pending === null) return;
  const { known, wanted } = pending;
  pending = null;
  const here = new URLSearchParams(location.search);
  const query = new URLSearchParams([...here].filter(([key]) => !known.includes(key)));
  for (const [key, text] of Object.entries(wanted)) query.set(key, text);
  if (sorted(here) === sorted(query)) return;
  const text = String(query);
  history.pushState({}, "", location.pathname + (text && `?${text}`));
}

function sorted(query) {
  const copy = new URLSearchParams(query);
  copy.sort();
  return String(copy);
}

/** What Streamlit calls at every run. */
export default function address({ data }) {
  clearTimeout(due);
  pending = data;
  due = setTimeout(write, REST);
}
