// The width of the list.
const split = $('#split');
function setSplit(percent) {
  percent = Math.min(80, Math.max(20, percent));
  root.style.setProperty('--split', percent + '%');
  split.setAttribute('aria-valuenow', Math.round(percent));
  kept.set('split', percent);
}
if (+kept.get('split')) setSplit(+kept.get('split'));
split.addEventListener('pointerdown', (e) => {
  split.setPointerCapture(e.pointerId);
  const move = (m) => setSplit(100 * m.clientX / innerWidth);
  split.addEventListener('pointermove', move);
  split.addEventListener('lostpointercapture', () => split.removeEventListener('pointermove', move), { once: true });
  e.preventDefault();
});
split.addEventListener('keydown', (e) => {
  const by = { ArrowLeft: -2, ArrowRight: 2 }[e.key];
  if (by) { setSplit(+split.getAttribute('aria-valuenow') + by); e.preventDefault(); }
});
