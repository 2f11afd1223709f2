// Begin. The pages beside the list go back to it as it was left.
addEventListener('pagehide', () => { try { sessionStorage.setItem('barb-list', location.pathname + location.search); } catch { /* then not */ } });
if (location.hash === '#q') { history.replaceState({}, '', location.pathname + location.search); doing.filter(); }
blame(+$('#q').dataset.from, +$('#q').dataset.to);
state.chosen = chosenIn(here());
state.byHand = state.chosen > 0;
mark(state.chosen);
dress();
compareAgain();
highlight();
count().then(seek);
live();
pulse();
