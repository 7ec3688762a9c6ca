// Where λ lies on the axis, in stops of the slider, and where loadings lie. Pure functions of numbers.

const MARGIN = { left: 56, right: 18, top: 44, bottom: 36 };
const BREAK = 5; // stops between λ = 0 and the smallest λ of the log grid

/** Stop of a λ on the log grid, with fractions; λ = 0 lies left of the grid. */
function stopOf(lam, data) {
  if (!(lam > 0)) return data.lowest - BREAK;
  return Math.max(data.lowest, Math.min(data.highest, data.perDecade * Math.log10(lam / data.unit)));
}

/** λ of a stop of the slider, zero for the one left of the grid. */
function lamOf(stop, data) {
  return stop < data.lowest ? 0 : data.unit * 10 ** (stop / data.perDecade);
}

/** The stop of the slider at a place on the axis: whole, and one below the grid for λ = 0. */
function wholeStop(place, data) {
  if (place < data.lowest - BREAK / 2) return data.lowest - 1;
  return Math.round(Math.max(data.lowest, Math.min(data.highest, place)));
}

/** Place of a whole stop on the axis. */
function placeOf(stop, data) {
  return stop < data.lowest ? data.lowest - BREAK : stop;
}

/** A linear map between two ranges. */
function linear(from, to) {
  const slope = (to[1] - to[0]) / (from[1] - from[0] || 1);
  return (value) => to[0] + (value - from[0]) * slope;
}

/** The maps of a drawing of a width and height: place to x and back, loading to y. */
function mapping(data, lines, width, height) {
  const places = [data.lowest - BREAK, data.highest];
  const xs = [MARGIN.left + 8, width - MARGIN.right];
  const [low, high] = extent(lines);
  return {
    x: linear(places, xs),
    place: linear(xs, places),
    y: linear([low, high], [height - MARGIN.bottom - 6, MARGIN.top + 4]),
    low, high, first: places[0], last: places[1],
  };
}

/** Smallest and largest of all values and zero, a little apart. */
function extent(values) {
  let low = 0;
  let high = 0;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return high > low ? [low, high] : [-1, 1];
}

/** Round numbers from low to high, about so many. */
function ticks(low, high, count) {
  const raw = (high - low) / count;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = unit * [1, 2, 5, 10].find((multiple) => multiple * unit >= raw);
  const found = [];
  for (let k = Math.ceil(low / step); k * step <= high * (1 + 1e-12) + 1e-300; k += 1) found.push(k * step);
  return found;
}

/** Powers of ten between two λ. */
function decades(low, high) {
  const found = [];
  for (let k = Math.ceil(Math.log10(low) - 1e-9); 10 ** k <= high * (1 + 1e-9); k += 1) found.push(k);
  return found;
}

/** Position in the computed λ that lies nearest to a place. */
function nearest(place, data) {
  let best = 0;
  data.stops.forEach((stop, k) => {
    if (Math.abs(placeOf(stop, data) - place) < Math.abs(placeOf(data.stops[best], data) - place)) best = k;
  });
  return best;
}
