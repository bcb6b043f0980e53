/* Scrolls a pane, and nothing else, just so far that what has been marked there is in sight. */
const mark = event.target.getBoundingClientRect();
const pane = event.target.closest('.netkit-pane-hops, .netkit-pane-stage, .netkit-list');
if (pane) {
  const place = pane.getBoundingClientRect(), around = Math.min(place.height / 4, 36);
  const by = (low, high, start, stop) => low < start + around ? low - start - around : Math.max(high - stop + around, 0);
  pane.scrollTop += by(mark.top, mark.bottom, place.top, place.bottom);
  pane.scrollLeft += by(mark.left, mark.right, place.left, place.right);
}
