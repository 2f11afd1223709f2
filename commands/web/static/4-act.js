// What a person does with the open webhook. Each action is a form of the page, which works without this script, too.
async function post(form, action) {
  const body = new URLSearchParams(new FormData(form));
  body.set('part', '1');
  const answer = await fetch(action, { method: 'POST', body });
  if (answer.status === 403) location.reload();
  return { ok: answer.ok, text: await answer.text() };
}

// showResult puts what became of an action above the webhook. It stays there while the webhook is drawn anew.
function showResult(id, html) {
  const box = doc.createElement('div');
  box.id = 'result';
  if (html) fill(box, html);
  state.result = html ? { id, box } : null;
  pairInAddress(0);
  keepResult();
  if (html) say(box.textContent.trim().slice(0, 120));
}

function keepResult() {
  $('#result')?.remove();
  const r = state.result, strip = $('#hook .strip');
  if (r && strip && r.id === chosenIn(here())) strip.after(r.box); // the same element: what is open in it stays open
}

// busy reports whether somebody works in the webhook, so that it must not be drawn anew.
function busy(pane) {
  const at = doc.activeElement;
  return !!$('.menu[open],.editor', pane) || inField(at) && pane.contains(at) && !at.closest('.menu') || String(getSelection()).length > 0;
}

// focusOf says where the focus is in the webhook, and focusAgain puts it there after it was drawn anew.
function focusOf(pane) {
  const el = doc.activeElement;
  if (!pane.contains(el) || el === pane) return '';
  if (el.closest('#result')) return el;
  const form = el.closest('[data-act]'), menu = el.closest('[data-menu]');
  return menu ? '[data-menu=' + menu.dataset.menu + ']>summary' : form ? '[data-act=' + form.dataset.act + '] button' : el.id ? '#' + el.id : '.index a';
}
function focusAgain(pane, at) { if (at) (at.focus ? at : $(at, pane) || pane).focus({ preventScroll: true }); }

// foldsOf are the folds of the webhook by their section, their words and their place among those with the same words.
function foldsOf(pane) {
  const all = new Map(), met = new Map();
  for (const fold of $$('section details', pane)) {
    if (fold.closest('#result')) continue;
    const name = fold.closest('section').id + ' ' + $('summary', fold)?.textContent, n = met.get(name) || 0;
    met.set(name, n + 1);
    all.set(name + ' ' + n, fold);
  }
  return all;
}

// redraw draws the open webhook anew. While somebody works in it, also since the answer was asked for, it waits.
async function redraw() {
  const pane = $('#hook'), id = chosenIn(here()), part = urlFor(id);
  if (busy(pane)) { redrawLater(1000); return; }
  part.searchParams.set('part', 'hook');
  const got = await fetchHTML(part).catch(() => null); // the next event tries again
  if (chosenIn(here()) !== id) return;
  if (got?.status === 404) isGone(pane);
  if (!got?.ok) return;
  if (busy(pane)) { redrawLater(1000); return; }
  const [html, ...pieces] = got.text.split('\0');
  if (html === drawn) return;
  const top = pane.scrollTop, at = focusOf(pane), had = foldsOf(pane);
  for (const [i, place] of fillHook(html).entries()) later.set(place, pieces[i]);
  fillIn(pane);
  dress();
  for (const [name, fold] of foldsOf(pane)) if (had.has(name)) fold.open = had.get(name).open;
  highlight();
  pane.scrollTop = top;
  focusAgain(pane, at);
}

// isGone says that the open webhook is no longer in the history. What is shown of it stays.
function isGone(pane) {
  if ($('#pruned', pane)) return;
  const banner = doc.createElement('p');
  banner.id = 'pruned';
  banner.className = 'noted';
  banner.textContent = 'This webhook is no longer in the history: it was pruned or deleted. What is shown here stays until you leave it.';
  $('.strip', pane)?.after(banner);
  say(banner.textContent);
}

let redrawing = 0;
function redrawLater(ms) {
  clearTimeout(redrawing);
  redrawing = setTimeout(() => { if (chosenIn(here())) redraw(); }, ms);
}

// sending says what is sent where, before the answer comes.
function sending(form, button) {
  const choice = new FormData(form), to = choice.get('to') || button?.dataset.to || $('button', form)?.dataset.to;
  const box = doc.createElement('p');
  box.textContent = 'Sending it' + (to ? ' to ' + to : '') + (choice.get('as') === 'exact' ? ', exactly as recorded' : ', signed anew') +
    (choice.get('new-id') ? ', with a new id' : ', with the same id') + '…';
  return '<div class="done d-none">' + box.outerHTML + '</div>';
}

async function act(form, button) {
  const id = chosenIn(here()), what = button?.dataset.act || form.dataset.act;
  if (what === 'delete' && !form.closest('.done')) { remove(id, form); return; }
  const action = button?.hasAttribute('formaction') ? button.formAction : form.getAttribute('action');
  const sends = what === 'replay' || what === 'edit';
  if (sends) { closeMenus(); showResult(id, sending(form, button)); }
  let got;
  try { got = await post(form, action); } catch { showResult(id, ''); toast('The page cannot reach barb.', 4000); return; }
  if (what === 'preview' && got.ok) {
    const made = new DOMParser().parseFromString(got.text, 'text/html').body.firstElementChild;
    $('[data-changes]', form).replaceWith(made);
    if (button) made.scrollIntoView({ block: 'nearest' });
  } else if ((what === 'pin' || what === 'note') && got.ok) {
    const row = rowsIn(got.text)[0], old = rowOf(id);
    if (row && old) update(old, row);
    closeMenus();
    await redraw();
    toast(what === 'note' ? 'Noted.' : form.elements.pinned.value === '1' ? 'Pinned: pruning leaves it.' : 'Not pinned any more.');
  } else {
    if (got.ok && what === 'edit') $('.editor')?.remove();
    showResult(id, got.text);
    if (sends) await redraw();
    if (what === 'delete' && got.ok) { rowOf(id)?.remove(); showResult(id, ''); open(0); }
  }
}

// remove takes a webhook out of the list. It is deleted after six seconds, or when the page is left, unless undone.
function remove(id, form) {
  commit();
  const row = rowOf(id), next = row && (row.nextElementSibling || row.previousElementSibling);
  const body = new URLSearchParams(new FormData(form));
  body.set('part', '1');
  state.gone = { id, row, url: form.getAttribute('action'), body, timer: setTimeout(commit, 6000) };
  if (row) row.hidden = true;
  if (next) open(idOf(next), { focus: true, replace: true }); else open(0, { replace: true });
  toast('#' + id + ' is deleted.', 6000, 'Undo', undo);
}

function undo() {
  const gone = state.gone;
  if (!gone) return;
  clearTimeout(gone.timer);
  state.gone = null;
  if (gone.row) gone.row.hidden = false;
  toast('Nothing was deleted.');
  open(gone.id, { focus: true, replace: true });
}

async function commit() {
  const gone = state.gone;
  if (!gone) return;
  clearTimeout(gone.timer);
  state.gone = null;
  try {
    const answer = await fetch(gone.url, { method: 'POST', body: gone.body, keepalive: true });
    if (answer.ok) { rowOf(gone.id)?.remove(); count(); return; }
    const text = new DOMParser().parseFromString(await answer.text(), 'text/html').body.textContent.trim();
    if (gone.row) gone.row.hidden = false;
    toast(text, 8000);
  } catch { if (gone.row) gone.row.hidden = false; }
}
addEventListener('pagehide', commit);

// edit fetches the form in which the webhook is edited.
async function edit() {
  const id = chosenIn(here()), url = new URL($('[data-edit]').href);
  url.searchParams.set('part', '1');
  const got = await fetchHTML(url);
  if (!got.ok || chosenIn(here()) !== id) return;
  closeMenus();
  $('.editor')?.remove();
  const made = new DOMParser().parseFromString(got.text, 'text/html').body.firstElementChild;
  $('#hook .strip').after(made);
  $('#hook').scrollTop = 0;
  $('textarea', made)?.focus();
}

// What changes is shown once typing rests, of a body that is not long: each look sends all of it to barb.
let looking = 0;
function lookAtChanges(form) {
  clearTimeout(looking);
  const button = $('[data-act=preview]', form);
  if (!button || ($('#edit-body', form)?.value.length || 0) > 65536) return;
  looking = setTimeout(async () => {
    if (!form.isConnected) return;
    try {
      const got = await post(form, button.formAction);
      if (!got.ok || !form.isConnected) return;
      $('[data-changes]', form).replaceWith(new DOMParser().parseFromString(got.text, 'text/html').body.firstElementChild);
    } catch { /* the button is still there */ }
  }, 400);
}

doc.addEventListener('input', (e) => {
  if (e.target.closest('.editor textarea')) lookAtChanges(e.target.form);
  const says = e.target.id === 'edit-body' && $('[data-valid]', e.target.form);
  if (!says || !('json' in says.dataset)) return;
  try { JSON.parse(e.target.value); says.textContent = ''; } catch (wrong) { says.textContent = 'not JSON: ' + wrong.message; }
});

// compareWith shows what differs from another webhook: from its replay or the one before it where none is named.
async function compareWith(other) {
  const id = chosenIn(here()), url = new URL('/w/' + id + '/diff', location.origin);
  if (other) url.searchParams.set('with', other);
  url.searchParams.set('part', '1');
  const got = await fetchHTML(url);
  if (chosenIn(here()) !== id) return;
  showResult(id, got.text);
  $('#hook').scrollTop = 0;
  pairInAddress(other || ($('#result .paste')?.textContent.match(/\d+/g) || []).find((n) => +n !== id));
}

// pairInAddress has the address say with what the open webhook is compared; 0: with nothing.
function pairInAddress(other) {
  const url = here();
  if (other) url.searchParams.set('with', other); else url.searchParams.delete('with');
  if (url.href !== location.href) history.replaceState({}, '', url);
}
function compareAgain() { const other = +here().searchParams.get('with'); if (other && $('#hook article')) compareWith(other); }

async function copyAs(form) {
  const answer = await fetch('/w/' + chosenIn(here()) + '/copy/' + form);
  if (!answer.ok) return;
  const said = (name) => decodeURIComponent(answer.headers.get(name) || ''), holds = said('Barb-Holds'), notes = said('Barb-Notes');
  await copy(await answer.text(), 'as ' + form, holds && 'with ' + holds);
  if (notes) toast('Copied as ' + form + ': ' + notes, 5000);
}

doc.addEventListener('submit', (e) => {
  const form = e.target.closest('form[data-act]');
  if (form && $('#hook').contains(form)) { e.preventDefault(); act(form, e.submitter); }
  const pair = e.target.closest('#hook form[data-with]');
  if (pair) { e.preventDefault(); compareWith(+pair.elements.with.value); }
});
doc.addEventListener('click', (e) => {
  const t = e.target;
  for (const m of $$('.menu[open]')) if (!m.contains(t)) m.open = false;
  if (e.button || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey || !t.closest('#hook')) return;
  const link = t.closest('[data-edit],[data-diff],[data-as],[data-close]');
  if (!link) return;
  e.preventDefault();
  if ('edit' in link.dataset) edit();
  else if ('diff' in link.dataset) compareWith(+link.dataset.diff || (state.marked !== chosenIn(here()) && state.marked));
  else if ('as' in link.dataset) { copyAs(link.dataset.as); link.closest('.menu').open = false; }
  else if (link.closest('.editor')) link.closest('.editor').remove();
  else showResult(0, '');
});

// onHook does something with the chosen webhook, which is opened first.
async function onHook(run) {
  if (!state.chosen) return;
  if (chosenIn(here()) !== state.chosen || !$('#hook article')) await open(state.chosen, { replace: chosenIn(here()) > 0 });
  if ($('#hook article')) run();
}
function closeMenus() { for (const m of $$('.menu[open]')) m.open = false; }
function menu(name, field) { const m = $('[data-menu=' + name + ']'); closeMenus(); if (m) { m.open = true; $(field, m)?.focus(); } }
function submit(what) { const form = $('.acts form[data-act=' + what + ']'); if (form) form.requestSubmit(); }
