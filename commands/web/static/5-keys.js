// Keys come from the table of the sheet, which all views of barb share.
const actions = {};
for (const row of $$('#keys tr')) for (const key of row.dataset.keys.split(' ')) actions[key] = row.dataset.action;
const named = { ArrowUp: 'up', ArrowDown: 'down', Home: 'home', End: 'end', Enter: 'enter', Escape: 'esc' };

const single = $('#single');
single.checked = kept.get('single') !== 'off';
single.addEventListener('change', () => kept.set('single', single.checked ? 'on' : 'off'));
const sheet = $('#keys');
$('#help').addEventListener('click', () => sheet.showModal());

Object.assign(doing, {
  figures: () => { location.href = '/figures'; },
  queue: () => { location.href = '/queue'; },
  'by-name': () => openPalette(),
  help: () => { if (sheet.open) sheet.close(); else sheet.showModal(); },
});

function inField(el) { return el.closest('input:not([type=checkbox]),textarea,select,[contenteditable]'); }

doc.addEventListener('keydown', (e) => {
  if (e.isComposing || e.metaKey || e.altKey) return;
  if (e.key === 'Escape' && inField(e.target) && !palette.open) { if (e.target.closest('.menu')) doing.back(); else e.target.blur(); return; }
  if (e.ctrlKey && e.key === 'k' && !palette.open && !sheet.open) { e.preventDefault(); openPalette(); return; }
  if (inField(e.target) || palette.open || sheet.open && e.key !== '?') return;
  const key = (e.ctrlKey ? 'ctrl-' : '') + (named[e.key] || e.key);
  if (takesKey(key)) { e.preventDefault(); return; }
  const action = actions[key], run = doing[action];
  if (!run || key.length === 1 && !single.checked && key !== '?') return;
  if (key === 'enter' && e.target.closest('a,button,summary,[role=separator]')) return;
  if ((key === 'up' || key === 'down' || key === 'home' || key === 'end') && e.target.closest('#hook,[role=separator]')) return;
  e.preventDefault();
  run(key);
});
