// What the keys do beside the list.
function step(by) {
  const rows = allRows();
  if (!rows.length) return;
  const at = rows.findIndex((r) => idOf(r) === state.chosen);
  const to = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
  choose(to);
}

// choose moves to a row; a webhook that is open on a wide page changes with it.
let opening = 0;
function choose(row) {
  const id = idOf(row);
  state.chosen = id;
  state.byHand = true;
  mark(id, true);
  if (innerWidth < 720) return;
  clearTimeout(opening);
  opening = setTimeout(() => open(id, { replace: chosenIn(here()) > 0 }), 60);
}

let copying = false;
const doing = {
  previous: () => step(-1), next: () => step(1),
  newest: () => { take(); choose(allRows()[0]); }, oldest: () => choose(allRows().at(-1)),
  open: () => { if (state.chosen) open(state.chosen, { enter: true, replace: chosenIn(here()) > 0 }); else step(0); },
  replay: () => onHook(() => submit('replay')),
  'replay-as': () => onHook(() => menu('replay', 'input[type=radio]')),
  edit: () => onHook(edit),
  mark: () => { state.marked = state.chosen; if (state.marked) toast('Marked #' + state.marked + ': d on another one compares them.'); },
  diff: () => onHook(() => compareWith(state.marked !== state.chosen && state.marked)),
  pin: () => onHook(() => submit('pin')),
  note: () => onHook(() => menu('note', 'textarea')),
  delete: () => onHook(() => submit('delete')),
  undo: () => undo(),
  back: () => {
    const open1 = $('.menu[open]'), away = $('.editor') || $('#result');
    if (open1) { open1.open = false; $('summary', open1).focus(); return; }
    if (away) { if (away.id) showResult(0, ''); else away.remove(); return; }
    if ($('#hook').contains(doc.activeElement) && chosenIn(here()) && innerWidth >= 720) mark(state.chosen, true);
    else if (chosenIn(here())) { open(0); rowOf(state.chosen)?.focus(); }
    else if (filterOf()) { $('#q').value = ''; $('#filter-form').requestSubmit(); }
  },
  filter: () => { $('#q').focus(); $('#q').select(); },
  follow: () => {
    state.following = !state.following;
    state.paused = !state.following;
    running();
    toast(state.following ? 'Following: the newest opens as it comes.' : 'Paused: what comes waits.');
    if (state.following) { take(); const first = allRows()[0]; if (first) open(idOf(first), { auto: true, replace: true }); }
  },
  section: (key) => toSection(key === '[' || key === ']' ? key : +key),
  explain: () => { const fold = $('#signature details'); if (fold) { fold.open = true; $('#signature').scrollIntoView(); } },
  'copy-curl': () => copyPart('curl'),
  copy: () => { copying = true; toast($('#keys tr[data-action=copy] td').textContent, 4000); },
  raw: () => {
    const views = $('#body .views');
    if (!views) return;
    const names = $$('[data-show]', views).map((b) => b.dataset.show);
    const next = names[(names.indexOf(views.dataset.view) + 1) % names.length];
    kept.set('view', next);
    showView(views, next);
  },
  matches: (key) => {
    if (chosenIn(here()) && toMatch(key === 'n' ? 1 : -1)) return;
    const link = key === 'n' ? $('#older') : $('.pages a:not(#older)');
    if (link) link.click();
  },
  zoom: () => {
    const order = ['', 'only-list', 'only-hook'];
    const at = order.findIndex((c) => c && doc.body.classList.contains(c));
    doc.body.classList.remove('only-list', 'only-hook');
    const next = order[(Math.max(at, 0) + 1) % 3];
    if (next) doc.body.classList.add(next);
  },
};

// offered are the actions for the palette that have no key of their own.
function offered() {
  const all = [];
  if (chosenIn(here())) {
    for (const [i, link] of $$('.index a').entries()) all.push({ text: 'go to ' + link.textContent, says: String(i + 1), run: () => toSection(i + 1) });
    for (const part of ['headers', 'body', 'url', 'id', 'jq path', 'link']) all.push({ text: 'copy ' + ({ url: 'the URL', link: 'the address of this page' }[part] || 'the ' + part), run: () => copyPart(part) });
  }
  return all;
}
function filterBy(q) { field.value = q; $('#filter-form').requestSubmit(); }

// takesKey is the key after y, which copies or does nothing; false for any other.
const letters = Object.fromEntries($('#keys tr[data-letters]').dataset.letters.split(';').map((l) => l.split('=')));
function takesKey(key) {
  const isSecond = copying && key !== 'Shift', part = copying && letters[key];
  copying &&= !isSecond;
  if (part && part.startsWith('as ')) onHook(() => copyAs(part.slice(3)));
  else if (part) copyPart(part.toLowerCase());
  return isSecond;
}
