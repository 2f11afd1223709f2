// Begin. The pages beside the list go back to it as it was left.
addEventListener('pagehide', () => { try { sessionStorage.setItem('barb-list', location.pathname + location.search); } catch { /* then not */ } });
if (location.hash === '#q') { history.replaceState({}, '', location.pathname + location.search); doing.filter(); }
blame(+$('#q').dataset.from, +$('#q').dataset.to);
state.chosen = chosenIn(here());
state.byHand = state.chosen > 0;
mark(state.chosen);
// What needs a layout or asks barb begins when the rows that are seen are painted. The others are laid out then, too.
function begin() { whenIdle(() => root.classList.add('begun')); dress(); compareAgain(); highlight(); count().then(seek); live(); pulse(); }
if (doc.hidden) begin(); else requestAnimationFrame(() => setTimeout(begin));
