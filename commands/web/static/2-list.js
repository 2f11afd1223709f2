// The list and the webhook beside it. The address says what is shown.
const state = { chosen: 0, byHand: false, following: false, paused: false, waiting: [], loading: null };
const rowsBox = () => $('#rows');
const table = () => $('.list');
const idOf = (row) => +row.id.slice(1);
const allRows = () => $$('#rows>tr');
const rowOf = (id) => doc.getElementById('w' + id);
const mostRows = 300, pageRows = 100;

function here() { return new URL(location.href); }
function filterOf(url) { return (url || here()).searchParams.get('q') || ''; }
function chosenIn(url) { const m = /^\/w\/(\d+)$/.exec(url.pathname); return m ? +m[1] : 0; }

// urlFor is the address of a webhook, or of the list, with the filter and the page as they are.
function urlFor(id) {
  const url = here();
  url.pathname = id ? '/w/' + id : '/';
  url.searchParams.delete('with');
  url.hash = '';
  return url;
}

// mark shows which row is chosen, and makes it the one that tab reaches.
function mark(id, focus) {
  const rows = allRows();
  for (const row of rows) {
    const on = idOf(row) === id;
    row.classList.toggle('on', on);
    if (on) row.setAttribute('aria-current', 'true'); else row.removeAttribute('aria-current');
    row.tabIndex = -1;
  }
  const row = rowOf(id) || rows[0];
  if (row) row.tabIndex = 0;
  if (row && focus) { row.focus({ preventScroll: true }); row.scrollIntoView({ block: 'nearest' }); }
  state.chosen = rowOf(id) ? id : state.chosen;
}

// open shows a webhook on the right.
async function open(id, how = {}) {
  state.loading?.abort();
  const loading = state.loading = new AbortController();
  if (!how.keep) history[how.replace ? 'replaceState' : 'pushState']({}, '', urlFor(id));
  state.byHand = !how.auto;
  mark(id, how.focus);
  doc.body.classList.toggle('has-hook', id > 0);
  if (!id) { showNothing(); return; }
  const part = urlFor(id);
  part.searchParams.set('part', 'hook');
  try {
    const answer = await fetch(part, { signal: loading.signal });
    if (answer.status === 403) { location.reload(); return; }
    const pieces = piecesOf(answer), places = fillHook((await pieces.next()).value);
    $('#hook').scrollTop = 0;
    doc.title = '#' + id + ' · barb';
    dress();
    highlight();
    if (location.hash) doc.getElementById(location.hash.slice(1))?.scrollIntoView();
    if (how.enter) $('#hook').focus();
    fillLater(pieces, places).catch(lost);
  } catch (e) { lost(e); }
}
function lost(e) { if (e.name !== 'AbortError') toast('The page cannot reach barb.', 4000); }

function showNothing() {
  doc.title = 'barb';
  state.byHand = false;
  fill($('#hook'), '<div class="note pick"><b>Choose a webhook.</b></div>');
}

// load reads the list anew.
async function load(url, how = {}) {
  const to = new URL('/rows', location.origin);
  to.search = url.search;
  if (chosenIn(url)) to.searchParams.set('chosen', chosenIn(url));
  seeking?.abort();
  takeHeard();
  let got;
  try { got = await fetchHTML(to); } catch { toast('The page cannot reach barb.', 4000); return; }
  if (got.status === 403) { location.reload(); return; }
  Object.assign(heard, { rows: [], bad: 0 }); // they are in it, or are not of this filter
  fill($('#listing'), got.text);
  scrolled = seen = 0; // the stream begins anew behind the newest of this list
  state.waiting = [];
  showWaiting();
  if (!how.keep) history.pushState({}, '', url);
  mark(chosenIn(url));
  if (how.focus) { const first = allRows()[0]; if (first) mark(idOf(first), true); }
  highlight();
  live();
  await count();
  seek();
}

// seek goes on with a search that took long, part by part, until the list is full or has all there is.
let seeking = null;
async function seek() {
  seeking?.abort();
  const { signal } = seeking = new AbortController();
  let link = $('#older[data-paused]');
  if (!link) { seeking = null; return; }
  while (link && allRows().length < pageRows && !doc.hidden) {
    const url = new URL(link.href);
    link.textContent = 'Stop the search';
    $('#count').textContent = allRows().length + ' found, searching before #' + url.searchParams.get('before');
    url.pathname = '/rows';
    let got;
    try { got = await fetchHTML(url, signal); } catch { break; }
    if (signal.aborted || !got.ok) break;
    const part = new DOMParser().parseFromString(got.text, 'text/html');
    rowsBox().append(...part.querySelectorAll('#rows>tr'));
    for (const old of $$('#scroll>:is(.note,.pages)')) old.remove();
    const end = [...part.querySelectorAll('#scroll>:is(.note,.pages)')].filter((e) => e.matches('.pages') || !allRows().length);
    $('#scroll').append(...end);
    mark(state.chosen);
    highlight();
    link = $('#older[data-paused]');
  }
  if (link?.isConnected) link.textContent = 'Search further back';
  if (seeking?.signal !== signal) return;
  $('#count').textContent = allRows().length + ($('#older') ? '+' : '') + ' found';
  seeking = null;
}

// count asks how many webhooks the filter selects.
let counting = null;
async function count() {
  const box = $('#count'), n = allRows().length, before = here().searchParams.has('before');
  box.textContent = n + ($('#older') ? '+' : '') + ' shown';
  table()?.setAttribute('aria-rowcount', $('#older') ? -1 : n);
  if (!$('#older') && !before) return;
  counting?.abort();
  counting = new AbortController();
  try {
    const url = new URL('/count', location.origin);
    url.searchParams.set('q', filterOf());
    const answer = await fetch(url, { signal: counting.signal });
    if (answer.status !== 200) return;
    const text = await answer.text();
    box.textContent = (before ? n + ' of ' : '1–' + n + ' of ') + text;
    const exact = +text.replace(/\D/g, '');
    table()?.setAttribute('aria-rowcount', /^\D/.test(text) ? -1 : exact);
  } catch { /* it stays as it is */ }
}

doc.addEventListener('click', (e) => {
  if (e.defaultPrevented || e.button || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
  const row = e.target.closest('#rows>tr');
  if (row) {
    if (String(getSelection()).length) return;
    e.preventDefault();
    open(idOf(row), { focus: true });
    return;
  }
  const link = e.target.closest('a');
  if (!link || link.origin !== location.origin || link.hasAttribute('download')) return;
  const url = new URL(link.href);
  if (link.closest('.pages')) {
    e.preventDefault();
    if (seeking) { seeking.abort(); return; }
    load(url).then(() => { $('#scroll').scrollTop = 0; });
  } else if (link.matches('.back')) {
    e.preventDefault();
    open(0);
  } else if (link.matches('[data-rest]')) {
    e.preventDefault();
    rest(link);
  }
});

// blame selects the part of the filter that is wrong.
function blame(from, to) {
  const q = $('#q'), blanks = q.value.length - q.value.trimStart().length;
  if (to > from) { q.focus(); q.setSelectionRange(blanks + from, blanks + to); }
}

// The filter: a wrong one keeps the last good list.
$('#filter-form').addEventListener('submit', async (e) => {
  e.preventDefault();
  const url = urlFor(0), text = $('#q').value.trim();
  url.search = text ? '?' + new URLSearchParams({ q: text }) : '';
  const to = new URL('/rows', location.origin);
  to.search = url.search;
  const got = await (await fetch('/check' + url.search).catch(() => null))?.text();
  const wrong = got ? JSON.parse(got) : null;
  $('#mistake').textContent = wrong ? wrong.text : '';
  $('#mistake').hidden = !wrong;
  $('#q').toggleAttribute('aria-invalid', !!wrong);
  if (wrong) { blame(wrong.from, wrong.to); say(wrong.text); return; }
  doc.body.classList.remove('has-hook');
  await load(url, { focus: true });
  showNothing();
});

addEventListener('popstate', () => {
  const url = here();
  $('#q').value = filterOf(url);
  load(url, { keep: true });
  const id = chosenIn(url);
  open(id, { keep: true }).then(compareAgain);
});
