// Lists to choose from by the keyboard: how the filter may go on, and every action by its name.
class Offers {
  constructor(field, box, take) {
    Object.assign(this, { field, box, take, items: [], at: -1 });
    box.addEventListener('pointerdown', (e) => e.preventDefault()); // the field keeps the focus
    box.addEventListener('click', (e) => {
      const at = [...box.children].indexOf(e.target.closest('li'));
      if (at >= 0) this.take(this.items[at]);
    });
  }
  // show lists items: {text, says}. first says whether one is chosen at once.
  show(items, first) {
    this.items = items;
    this.box.replaceChildren(...items.map((item, i) => {
      const li = doc.createElement('li'), says = doc.createElement('small');
      li.id = this.box.id + '-' + i;
      li.setAttribute('role', 'option');
      says.textContent = item.says || '';
      li.append(item.text, says);
      return li;
    }));
    this.box.hidden = !items.length;
    this.field.setAttribute('aria-expanded', items.length > 0);
    this.to(first && items.length ? 0 : -1);
  }
  to(at) {
    this.at = at;
    for (const [i, li] of [...this.box.children].entries()) li.setAttribute('aria-selected', i === at);
    const li = this.box.children[at];
    if (li) { this.field.setAttribute('aria-activedescendant', li.id); li.scrollIntoView({ block: 'nearest' }); } else this.field.removeAttribute('aria-activedescendant');
  }
  // key acts on a key of the field, and says whether it did.
  key(e) {
    const n = this.items.length, by = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (!n || this.box.hidden) return false;
    if (by) { this.to(((this.at < 0 && by < 0 ? 0 : this.at) + by + n) % n); return true; }
    if ((e.key === 'Enter' || e.key === 'Tab' && !e.shiftKey) && this.at >= 0) { this.take(this.items[this.at]); return true; }
    return false;
  }
  hide() { if (!this.box.hidden) this.show([]); }
}

// The filter goes on with what it has names for.
const field = $('#q');
const lastPart = (text) => /(?:[^\s"']|"[^"]*"?|'[^']*'?)*$/.exec(text)[0];
const offers = new Offers(field, $('#offers'), ({ text }) => {
  const before = field.value.slice(0, field.selectionStart), part = lastPart(before);
  const after = field.value.slice(field.selectionStart), whole = text.endsWith(':');
  field.value = before.slice(0, before.length - part.length) + text + (whole ? '' : ' ') + after.trimStart();
  field.selectionStart = field.selectionEnd = before.length - part.length + text.length + (whole ? 0 : 1);
  offers.hide();
  if (whole) offer();
});
let offering = 0, asked = 0;
async function offer() {
  const mine = ++asked, url = new URL('/complete', location.origin);
  url.searchParams.set('q', lastPart(field.value.slice(0, field.selectionStart)));
  try {
    const answer = await fetch(url);
    if (answer.ok && mine === asked && doc.activeElement === field) offers.show(await answer.json());
  } catch { /* then without */ }
}
field.addEventListener('input', () => { clearTimeout(offering); offering = setTimeout(offer, 80); });
field.addEventListener('blur', () => { asked++; clearTimeout(offering); offers.hide(); });
field.addEventListener('keydown', (e) => {
  if (e.key === 'Escape' && !offers.box.hidden) { offers.hide(); e.preventDefault(); e.stopPropagation(); return; }
  if (e.key === 'ArrowDown' && offers.box.hidden) { e.preventDefault(); offer(); return; }
  if (offers.key(e)) e.preventDefault();
});

// Every action by its name: those of the sheet of keys, the sections, and what can be copied.
const palette = $('#palette'), wanted = $('#wanted');
const choices = new Offers(wanted, $('#choices'), (item) => { palette.close(); item.run(); });
function everyAction() {
  const all = [];
  for (const row of $$('#keys tr')) {
    const { action, keys } = row.dataset, run = doing[action];
    if (!run || ['by-name', 'section', 'copy'].includes(action)) continue;
    all.push({ text: $('td', row).textContent, says: $$('kbd', row).map((k) => k.textContent).join(' '), run: () => run(keys.split(' ')[0]) });
  }
  if (chosenIn(here())) {
    for (const [i, link] of $$('.index a').entries()) all.push({ text: 'go to ' + link.textContent, says: String(i + 1), run: () => toSection(i + 1) });
    for (const part of ['headers', 'body', 'url', 'id', 'jq path', 'link']) all.push({ text: 'copy ' + ({ url: 'the URL', link: 'the address of this page' }[part] || 'the ' + part), run: () => copyPart(part) });
  }
  all.push({ text: 'switch between light and dark', run: () => $('#theme').click() });
  for (const link of $$('.bar nav a')) all.push({ text: 'open ' + link.textContent, run: () => link.click() });
  for (const [text, q] of [['failed', '--failed'], ['with a bad signature', '--invalid'], ['received', '--received'], ['sent', '--sent'], ['of the last hour', 'since:1h']])
    all.push({ text: 'list only those ' + text, says: q, run: () => { field.value = q; $('#filter-form').requestSubmit(); } });
  return all;
}
function narrow() {
  const parts = wanted.value.toLowerCase().split(/\s+/).filter(Boolean);
  choices.show(everyAction().filter((a) => parts.every((p) => (a.text + ' ' + (a.says || '')).toLowerCase().includes(p))), true);
}
function openPalette() { wanted.value = ''; palette.showModal(); narrow(); wanted.focus(); }
wanted.addEventListener('input', narrow);
wanted.addEventListener('keydown', (e) => { if (choices.key(e)) e.preventDefault(); });
palette.addEventListener('click', (e) => { if (e.target === palette) palette.close(); });
