// What comes while the page is open. It enters at the top only where nobody is looking further down.
let source = null, pulseAt = 0, pulseLater = 0, unheard = 0, unheardBad = 0;

function live() {
  source?.close();
  source = null;
  takeHeard();
  const url = here();
  if (url.searchParams.has('before') || doc.hidden) { setLive('nolive', 'paused'); return; }
  const events = new URL('/events', location.origin);
  events.searchParams.set('q', filterOf(url));
  events.searchParams.set('after', newestHere());
  source = new EventSource(events);
  source.addEventListener('hello', running);
  source.addEventListener('rows', (e) => {
    noteSeen(e);
    const data = JSON.parse(e.data);
    heard.rows.push(...rowsIn(data.html));
    heard.bad += data.bad;
    takeLater();
  });
  source.addEventListener('reset', () => { load(here(), { keep: true }); });
  source.addEventListener('trouble', (e) => { const d = JSON.parse(e.data); setLive('lost', 'history not read', d.text); trouble([d.text, d.hint].filter(Boolean).join('. ')); });
  source.addEventListener('well', running);
  source.addEventListener('bye', (e) => { noteSeen(e); source.close(); retry(5, 'barb has stopped, '); });
  source.onerror = () => { if (source.readyState === EventSource.CLOSED) retry(3); else setLive('lost', 'reconnecting'); };
}

// retry opens the stream again after some seconds; what was missed is sent then. why is why it ended.
let retryEnd = 0;
function retry(seconds, why = '') {
  clearTimeout(retryEnd);
  const step = (left) => {
    if (left <= 0) { live(); return; }
    setLive('lost', why + 'reconnecting in ' + left + ' s · now', 'Connect now');
    retryEnd = setTimeout(step, 1000, left - 1);
  };
  step(seconds);
}

function setLive(kind, word, title) {
  clearTimeout(kind === 'lost' ? 0 : retryEnd);
  $('#live').className = 'live ' + kind;
  $('#live-word').textContent = word;
  $('#live').title = title || word;
}

// trouble says why the history cannot be read, and what to do; '' takes it away.
function trouble(text) {
  $('#trouble').textContent = text;
  $('#trouble').hidden = !text;
}

// running says what becomes of webhooks that come.
function running() {
  trouble('');
  if (state.paused) setLive('nolive', 'paused', 'Show what has come (f)');
  else setLive('', state.following ? 'following' : 'live', 'Let what comes wait (f)');
}

let seen = 0;
function noteSeen(e) { seen = Math.max(seen, +e.lastEventId || 0); }
function newestHere() { return Math.max(seen, +(table()?.dataset.newest || 0)); }

// rowsIn makes rows of HTML, the oldest first as they were sent.
function rowsIn(html) {
  const made = new DOMParser().parseFromString('<table><tbody>' + html + '</tbody></table>', 'text/html');
  return [...made.querySelectorAll('tbody>tr')];
}

// What comes while rows are drawn is drawn together, but no more at once than is drawn without a pause that is felt.
// Between two drawings the page rests twice as long as the last one took: a fast machine draws what comes at once.
const drawMost = 40, restMost = 100;
const heard = { rows: [], bad: 0, later: 0, drawing: false, free: 0 };
function takeLater() {
  if (heard.rows.length && !heard.drawing) heard.later ||= setTimeout(takeHeard, Math.max(0, heard.free - performance.now()), drawMost);
}
function takeHeard(most) {
  const rows = heard.rows.splice(0, most || heard.rows.length), { bad } = heard, begun = performance.now();
  clearTimeout(heard.later);
  Object.assign(heard, { bad: 0, later: 0 });
  if (!rows.length) return;
  arrived(rows, bad);
  const script = performance.now() - begun;
  heard.drawing = true; // two drawings in one frame would be one long task
  whenPainted((took) => {
    const rest = heard.rows.length < drawMost ? Math.min(2 * (script + took), restMost) : 20;
    Object.assign(heard, { drawing: false, free: performance.now() + rest });
    takeLater();
  });
}

// whenPainted tells when the page is painted, or after a second where nothing is, and how long the painting took.
function whenPainted(tell) {
  let begun = performance.now(), told = false;
  const once = () => { if (!told) tell(performance.now() - begun); told = true; };
  requestAnimationFrame(() => { begun = performance.now(); setTimeout(once); });
  setTimeout(once, 1000);
}

// How far the list is scrolled is noted when it changes: asking for it would lay the page out.
let scrolled = 0;
doc.addEventListener('scroll', (e) => { if (e.target.id === 'scroll') scrolled = e.target.scrollTop; }, { capture: true, passive: true });

let marking = 0;
function arrived(rows, bad) {
  const free = state.following || scrolled < 4 && !state.paused && !state.byHand && !heldByHand();
  const ids = new Set(rows.map(idOf));
  let fresh = 0;
  for (const row of rows) {
    const old = rowOf(idOf(row));
    if (old && !(free && +row.dataset.n > +old.dataset.n && old !== allRows()[0] && !old.contains(doc.activeElement))) {
      update(old, row);
    } else if (free) {
      old?.remove();
      enter(row);
      fresh++;
    } else {
      state.waiting = state.waiting.filter((r) => r.id !== row.id);
      state.waiting.push(row);
      if (state.waiting.length > mostRows) state.waiting.shift();
      fresh++;
    }
  }
  trim();
  showWaiting();
  if (table()?.dataset.terms) { clearTimeout(marking); marking = setTimeout(highlight, 200); }
  if (fresh) {
    unheard += fresh;
    unheardBad += bad;
    say(unheard + (unheard === 1 ? ' new webhook' : ' new webhooks') +
      (unheardBad ? ', ' + unheardBad + ' with a bad signature' : ''));
    if (saidAt > Date.now() - 100) unheard = unheardBad = 0;
    $('#empty')?.remove();
  }
  if (state.following && fresh && free && !busy($('#hook'))) {
    const first = allRows()[0];
    if (first) open(idOf(first), { auto: true, replace: true });
  } else if (state.chosen && ids.has(state.chosen)) {
    redrawLater(150);
  }
  pulse();
}

// heldByHand: a row that was chosen holds the list still.
function heldByHand() { return state.byHand && state.chosen > 0; }

// update changes a row in place, so that the focus stays.
function update(old, row) {
  old.dataset.n = row.dataset.n;
  old.replaceChildren(...row.childNodes);
}

function enter(row) {
  row.tabIndex = -1;
  row.classList.add('fresh');
  row.classList.toggle('on', idOf(row) === state.chosen);
  rowsBox().prepend(row);
  if (rowsBox().children.length === 1) row.tabIndex = 0;
}

// trim keeps the document small; the link to older ones begins where it was cut.
function trim() {
  const box = rowsBox();
  if (box.children.length <= mostRows) return;
  for (const row of [...box.children].slice(mostRows)) if (!row.contains(doc.activeElement)) row.remove();
  const last = box.lastElementChild;
  let older = $('#older');
  if (!older) {
    const nav = doc.createElement('nav');
    nav.className = 'pages';
    older = doc.createElement('a');
    older.id = 'older';
    older.className = 'button';
    older.textContent = 'Older';
    nav.append(older);
    $('#scroll').append(nav);
  }
  const url = urlFor(0);
  url.searchParams.set('before', last.dataset.n);
  older.href = url.pathname + url.search;
}

function showWaiting() {
  const button = $('#new'), n = state.waiting.length, rows = allRows().length;
  if (!seeking && !$('#older')) $('#count').textContent = rows + ' shown';
  if (!$('#older')) table()?.setAttribute('aria-rowcount', rows);
  button.hidden = n === 0;
  button.textContent = n + ' new';
}

// take lets in what waits, and goes to the top.
function take() {
  for (const row of state.waiting) { rowOf(idOf(row))?.remove(); enter(row); }
  state.waiting = [];
  trim();
  showWaiting();
  if (scrolled) $('#scroll').scrollTop = 0;
}
$('#new').addEventListener('click', () => { take(); const first = allRows()[0]; if (first) mark(idOf(first), true); });

// pulse draws the strip of the last minutes.
async function pulse() {
  const wait = pulseAt - Date.now();
  if (wait > 0) { pulseLater ||= setTimeout(() => { pulseLater = 0; pulse(); }, wait); return; } // what came since is told of, too
  if (doc.hidden) return;
  pulseAt = Date.now() + 5000;
  try {
    const got = await fetchHTML('/pulse');
    if (got.ok && got.text) fill($('#pulse'), got.text);
  } catch { /* later */ }
}
setInterval(() => { pulseAt = 0; pulse(); if (!doc.hidden && chosenIn(here()) && !$('#pruned')) redraw(); }, 10000);

doc.addEventListener('visibilitychange', () => { if (doc.hidden) { source?.close(); source = null; } else { live(); pulse(); } });
$('#live').addEventListener('click', () => {
  if (!source || $('#live').classList.contains('lost')) { clearTimeout(retryEnd); live(); return; }
  state.paused = !state.paused;
  state.following = false;
  running();
  if (!state.paused) take();
});
