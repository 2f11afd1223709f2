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
