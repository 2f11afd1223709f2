'use strict';
// The page works without this script. It adds what is live, keys, folding and copying.
const doc = document, root = doc.documentElement;
const $ = (sel, from) => (from || doc).querySelector(sel);
const $$ = (sel, from) => [...(from || doc).querySelectorAll(sel)];
root.classList.add('scripted');

// kept is what this browser remembers; it may be forbidden to.
const kept = {
  get(name) { try { return localStorage.getItem('barb-' + name); } catch { return null; } },
  set(name, value) { try { localStorage.setItem('barb-' + name, value); } catch { /* then not */ } },
};

// say tells a screen reader, at most one message in five seconds.
let saidAt = 0, sayLater = 0;
function say(text) {
  clearTimeout(sayLater);
  const wait = Math.max(0, saidAt + 5000 - Date.now());
  sayLater = setTimeout(() => { saidAt = Date.now(); $('#said').textContent = text; }, wait);
}

let toastEnd = 0;
function toast(text, keep, label, run) {
  const box = $('#toast');
  box.textContent = text + ' ';
  if (label) {
    const button = doc.createElement('button');
    button.textContent = label;
    button.addEventListener('click', () => { box.hidden = true; run(); });
    box.append(button);
    say(text + ' ' + label);
  }
  box.hidden = false;
  clearTimeout(toastEnd);
  toastEnd = setTimeout(() => { box.hidden = true; }, keep || 2000);
}

// copy copies a text and shows how it begins. Of one with credentials it says which, and shows nothing.
async function copy(text, what, holds) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = doc.createElement('textarea');
    area.value = text;
    area.className = 'vh';
    doc.body.append(area);
    area.select();
    doc.execCommand('copy');
    area.remove();
  }
  const shown = text.length > 80 ? text.slice(0, 77) + '…' : text;
  toast('Copied ' + what + ': ' + (holds || shown));
  say('Copied ' + what);
}

// fetchHTML returns a part of the page, or null when there is none.
async function fetchHTML(url, signal) {
  const answer = await fetch(url, { signal, headers: { Accept: 'text/html' } });
  const text = await answer.text();
  return { ok: answer.ok, status: answer.status, text };
}

// fill puts HTML that the server has escaped into an element.
function fill(box, html) {
  const made = new DOMParser().parseFromString(html, 'text/html');
  box.replaceChildren(...made.body.childNodes);
}

// The theme: that of the system until it is switched.
$('#theme').addEventListener('click', () => {
  const isDark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = isDark ? 'light' : 'dark';
  doc.cookie = 'barb_theme=' + root.dataset.theme + ';path=/;max-age=31536000;samesite=strict';
});

doc.addEventListener('click', (e) => {
  const paste = e.target.closest('.paste');
  if (paste) copy(paste.textContent, paste.title ? 'the address' : 'the command');
});
