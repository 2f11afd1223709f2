// Matches of the filter are marked without changing the document, where the browser can do that.
const painted = self.CSS?.highlights && { all: new Highlight(), one: new Highlight() };
if (painted) { CSS.highlights.set('found', painted.all); CSS.highlights.set('found-one', painted.one); painted.one.priority = 1; }
const mostMatches = 2000;
let matches = [], matchAt = -1;

function highlight() {
  if (!painted) return;
  painted.all.clear();
  painted.one.clear();
  matches = [];
  matchAt = -1;
  let terms;
  try { terms = JSON.parse(table()?.dataset.terms || ''); } catch { return; }
  const wanted = [...(terms.words || []).map((text) => ({ text, fold: true })), ...(terms.exact ? [{ text: terms.exact }] : [])];
  for (const term of wanted) {
    if (!term.fold) term.also = JSON.stringify(term.text).slice(1, -1); // in JSON it may be escaped
    for (const row of allRows()) for (const cell of row.cells) find(cell, term);
  }
  const article = $('#hook article');
  if (article) for (const term of wanted) matches.push(...find(article, term));
  matches.sort((a, b) => a.compareBoundaryPoints(Range.START_TO_START, b));
}

// find marks a text in an element, also where it is in several pieces, and returns where it is.
const blocks = 'div,p,pre,td,th,dd,dt,li,summary,h1,h2,h3,button,a';
function find(root, { text, fold, also }) {
  const nodes = [], starts = [], out = [];
  let all = '', block = null;
  for (const walk = doc.createTreeWalker(root, NodeFilter.SHOW_TEXT); walk.nextNode();) {
    const node = walk.currentNode, at = node.parentElement.closest(blocks);
    if (at !== block) { all += '\0'; block = at; }
    nodes.push(node);
    starts.push(all.length);
    all += node.data;
  }
  if (fold) all = all.toLowerCase();
  for (const wanted of new Set([text, also])) {
    for (let i = wanted ? all.indexOf(wanted) : -1; i >= 0 && out.length < mostMatches; i = all.indexOf(wanted, i + wanted.length)) {
      const range = doc.createRange(), from = nodeAt(starts, i), to = nodeAt(starts, i + wanted.length - 1);
      if (fold && nodes[from].data.length < i - starts[from]) continue; // a letter that is longer in lower case
      try {
        range.setStart(nodes[from], i - starts[from]);
        range.setEnd(nodes[to], i + wanted.length - starts[to]);
      } catch { continue; }
      painted.all.add(range);
      out.push(range);
    }
  }
  return out;
}

function nodeAt(starts, at) {
  let low = 0, high = starts.length - 1;
  while (low < high) { const mid = (low + high + 1) >> 1; if (starts[mid] <= at) low = mid; else high = mid - 1; }
  return low;
}

// toMatch goes to the next or the previous match in the open webhook; false where there is none.
function toMatch(by) {
  if (later.size) { fillIn($('#hook')); highlight(); }
  const seen = matches.filter((m) => m.startContainer.isConnected && visible(m.startContainer.parentElement));
  if (!seen.length) return false;
  matchAt = (matchAt + by + (matchAt < 0 && by < 0 ? 1 : 0) + seen.length) % seen.length;
  const match = seen[matchAt];
  for (let fold = match.startContainer.parentElement.closest('details'); fold; fold = fold.parentElement.closest('details')) fold.open = true;
  painted.one.clear();
  painted.one.add(match);
  match.startContainer.parentElement.scrollIntoView({ block: 'center' });
  toast('match ' + (matchAt + 1) + ' of ' + seen.length);
  return true;
}

// visible: not in a view of the body that is not shown. What is folded can be opened.
function visible(el) {
  const view = el.closest('.views>*');
  return !view || view.matches('.viewbar') === false && getComputedStyle(view).display !== 'none';
}

doc.addEventListener('submit', async (e) => {
  const form = e.target.closest('[data-find]');
  if (!form) return;
  e.preventDefault();
  const url = new URL(form.action), text = $('input', form).value;
  if (!text) return;
  url.searchParams.set('text', text);
  const got = await fetchHTML(url).catch(() => null);
  const box = got && $('#found', new DOMParser().parseFromString(got.text, 'text/html'));
  if (!box) { toast('The page cannot reach barb.', 4000); return; }
  box.removeAttribute('id');
  if (form.nextElementSibling?.matches('.found')) form.nextElementSibling.remove();
  form.after(box);
});
