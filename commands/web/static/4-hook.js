// One webhook: folding, paths, views of the body, copying.

// What is long in a webhook and not seen at first comes behind it, in pieces with a NUL before each. They are put in when the browser has
// nothing else to do, and at once where somebody asks for them.
const later = new Map(), whenIdle = self.requestIdleCallback || ((run) => setTimeout(run, 20));
async function* piecesOf(answer) {
  let text = '';
  for (let reader = answer.body.pipeThrough(new TextDecoderStream()).getReader(), got; !(got = await reader.read()).done;) {
    const pieces = (text + got.value).split('\0');
    text = pieces.pop();
    yield* pieces;
  }
  yield text;
}
// fillHook shows a webhook and returns where its pieces belong.
let drawn = '';
function fillHook(html) {
  drawn = html;
  later.clear();
  fill($('#hook'), html);
  return $$('#hook template');
}
async function fillLater(pieces, places) {
  for await (const html of pieces) later.set(places.shift(), html);
  while (later.size) {
    await new Promise(whenIdle);
    for (const end = performance.now() + 8; later.size && performance.now() < end;) putIn(later.keys().next().value);
  }
  if (table()?.dataset.terms) highlight();
}
function putIn(place) {
  const html = later.get(place);
  later.delete(place);
  if (html) place.replaceWith(...new DOMParser().parseFromString(html, 'text/html').body.childNodes);
}
// fillIn puts in what of a part of the webhook is to come.
function fillIn(part) { if (later.size) for (const place of $$('template', part)) putIn(place); }
addEventListener('beforeprint', () => fillIn($('#hook')));

function dress() {
  keepResult();
  for (const views of $$('.views')) {
    const want = kept.get('view');
    if (want && $('.v-' + want, views)) views.dataset.view = want;
    showView(views, views.dataset.view);
  }
  const panel = $('#signature details');
  if (panel?.matches('[data-auto]')) explain();
  panel?.addEventListener('toggle', () => { if (panel.open) explain(); });
  const links = $$('.index a');
  const sections = links.map((a) => doc.getElementById(a.hash.slice(1))).filter(Boolean);
  const pane = $('#hook');
  const now = () => {
    const edge = pane.getBoundingClientRect().top + ($('.strip', pane)?.offsetHeight || 0) + 24;
    let at = sections[0];
    for (const s of sections) if (s.getBoundingClientRect().top <= edge) at = s;
    if (pane.scrollTop + pane.clientHeight >= pane.scrollHeight - 2 && pane.scrollTop > 0) at = sections.at(-1);
    for (const a of links) if (a.hash === '#' + at?.id) a.setAttribute('aria-current', 'true'); else a.removeAttribute('aria-current');
  };
  pane.onscroll = now;
  now();
}

function showView(views, name) {
  views.dataset.view = name;
  if (name !== 'pretty') fillIn($('.v-' + name, views));
  for (const b of $$('[data-show]', views)) b.setAttribute('aria-pressed', b.dataset.show === name);
  for (const d of $$('details.v-raw,details.v-hex', views)) d.open = true;
}

// explain fetches the panel of the signature with the reason and what was signed.
async function explain() {
  const panel = $('#signature details'), more = panel?.dataset.more;
  if (!more) return;
  delete panel.dataset.more;
  const url = new URL(more, location.origin);
  url.searchParams.set('part', '1');
  try {
    const got = await fetchHTML(url);
    const made = new DOMParser().parseFromString(got.text, 'text/html').querySelector('#signature');
    if (got.ok && made && panel.isConnected) {
      const had = panel.contains(doc.activeElement);
      $('#signature').replaceWith(made);
      if (had) $('#signature summary').focus({ preventScroll: true });
    }
  } catch { /* the link is still there */ }
}

// depthOf is how deep a fold is in its tree.
function depthOf(el) { let n = 0; for (let p = el.parentElement.closest('details'); p; p = p.parentElement.closest('details')) n++; return n; }

// pathOf is the path of a value in the form of jq.
function pathOf(el) {
  let path = '';
  for (let at = el.closest('.in>*'); at; at = at.parentElement.closest('.in>*')) {
    const key = at.matches('details') ? $(':scope>summary>.k', at) : $(':scope>.k', at);
    if (key) {
      let name = key.textContent;
      try { name = JSON.parse(name); } catch { /* as it is */ }
      path = (/^[A-Za-z_]\w*$/.test(name) ? '.' + name : '[' + JSON.stringify(name) + ']') + path;
    } else {
      for (let el = at; (el = el.previousElementSibling);) if (later.has(el)) { fillIn(at.parentElement); break; }
      path = '[' + [...at.parentElement.children].indexOf(at) + ']' + path;
    }
  }
  return path[0] === '.' ? path : '.' + path;
}

doc.addEventListener('click', (e) => {
  const t = e.target;
  const show = t.closest('[data-show]');
  if (show) { kept.set('view', show.dataset.show); showView(show.closest('.views'), show.dataset.show); return; }
  const fold = t.closest('[data-fold]'), summary = t.closest('summary');
  if (summary) fillIn(summary.parentElement);
  if (fold) { fillIn(fold.closest('.views')); for (const d of $$('.v-pretty details', fold.closest('.views'))) d.open = depthOf(d) < +fold.dataset.fold; return; }
  const key = t.closest('.json .k');
  if (key) { e.preventDefault(); copy(pathOf(key), 'the path'); return; }
  const value = t.closest('.json :is(.s,.d,.l)');
  if (value && !value.children.length && !String(getSelection())) { copy(valueOf(value), 'the value'); return; }
  if (t.closest('[data-explain]')) { e.preventDefault(); explain(); return; }
  const what = t.closest('[data-copy]');
  if (what) copyPart(what.dataset.copy);
});
// valueOf is a value as it came, a text without its quotes.
function valueOf(el) { try { return el.matches('.s') ? JSON.parse(el.textContent) : el.textContent; } catch { return el.textContent; } }

// at notes the path of the line that the pointer or the focus is on.
function at(e) {
  const line = e.target.closest?.('.json .in>*');
  const box = line && $('[data-path]', line.closest('.views'));
  if (box) { box.textContent = pathOf(line); state.path = pathOf(line); }
}
doc.addEventListener('pointerover', at);
doc.addEventListener('focusin', at);

// copyPart copies a part of the open webhook.
async function copyPart(part) {
  const id = chosenIn(here());
  if (!id) return;
  if (part === 'curl') await copyAs('curl');
  if (part === 'link') copy(location.origin + '/w/' + id, 'the address');
  if (part === 'id') copy(String(id), 'the id');
  if (part === 'jq path') copy(state.path || '.', 'the path');
  if (part === 'url') copy(($('#url .secret span') || $('#url')).textContent, 'the URL', $('#url .secret') && 'with credentials');
  if (part === 'headers') copy($$('#headers>.fields tr').map((r) => r.cells[0].firstChild.textContent.trim() + ': ' + ($('.secret span', r) || r.cells[1]).textContent).join('\n'), 'the headers',
    $('#headers .secret') && 'with credentials');
  if (part === 'body') {
    const answer = await fetch('/w/' + id + '/download/request');
    copy(await answer.text(), 'the body');
  }
}

// rest puts the next part of a long body behind the first.
async function rest(link) {
  const got = await fetchHTML(link.href);
  const page = new DOMParser().parseFromString(got.text, 'text/html');
  const next = $('#rest', page), more = $('#more', page);
  if (!next) return;
  const pre = doc.createElement('pre');
  pre.className = next.className;
  pre.append(...next.childNodes);
  link.closest('.row').before(pre);
  if (more) link.href = more.getAttribute('href'); else link.remove();
}

function toSection(n) {
  const links = $$('.index a');
  const at = links.findIndex((a) => a.hasAttribute('aria-current'));
  const link = links[n === '[' ? Math.max(0, at - 1) : n === ']' ? Math.min(links.length - 1, at + 1) : n - 1];
  const section = link && doc.getElementById(link.hash.slice(1));
  if (!section) return;
  section.scrollIntoView();
  history.replaceState({}, '', link.hash);
  const fold = $(':scope>details', section);
  if (fold) fold.open = true;
}
