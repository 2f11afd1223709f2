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
    const answer = await fetch(url), all = answer.ok ? await answer.json() : [];
    if (answer.ok && mine === asked && doc.activeElement === field) offers.show(all);
  } catch { /* then without */ }
}
field.addEventListener('input', () => { clearTimeout(offering); offering = setTimeout(offer, 80); });
const noMore = () => { asked++; clearTimeout(offering); offers.hide(); };
field.addEventListener('blur', noMore);
$('#filter-form').addEventListener('submit', noMore);
field.addEventListener('keydown', (e) => {
  if (e.key === 'Escape' && !offers.box.hidden) { offers.hide(); e.preventDefault(); e.stopPropagation(); return; }
  if (e.key === 'ArrowDown' && offers.box.hidden) { e.preventDefault(); offer(); return; }
  if (offers.key(e)) e.preventDefault();
});
