// Every action by its name: those of the sheet of keys, and what else the page offers.
const palette = $('#palette'), wanted = $('#wanted');
const choices = new Offers(wanted, $('#choices'), (item) => { palette.close(); item.run(); });
function everyAction() {
  const all = [];
  for (const row of $$('#keys tr')) {
    const { action, keys } = row.dataset, run = doing[action];
    if (!run || ['by-name', 'section', 'copy'].includes(action)) continue;
    all.push({ text: $('td', row).textContent, says: $$('kbd', row).map((k) => k.textContent).join(' '), run: () => run(keys.split(' ')[0]) });
  }
  all.push(...offered());
  all.push({ text: 'switch between light and dark', run: () => $('#theme').click() });
  for (const link of $$('.bar nav a')) all.push({ text: 'open ' + link.textContent, run: () => link.click() });
  for (const [text, q] of [['failed', '--failed'], ['with a bad signature', '--invalid'], ['received', '--received'], ['sent', '--sent'], ['of the last hour', 'since:1h']])
    all.push({ text: 'list only those ' + text, says: q, run: () => filterBy(q) });
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
