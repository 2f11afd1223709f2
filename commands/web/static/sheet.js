// The pages beside the list: figures and queue. The keys of the list that have a meaning here.
const doing = {
  back: () => { location.href = lastList(); },
  filter: () => { location.href = '/#q'; },
};
// lastList is the list as it was left, with its filter.
function lastList() {
  try { return sessionStorage.getItem('barb-list') || '/'; } catch { return '/'; }
}
const takesKey = () => false;
function offered() {
  return $$('main nav a').map((link) => ({ text: 'show ' + link.textContent, run: () => link.click() }));
}
function filterBy(q) { location.href = '/?' + new URLSearchParams({ q }); }
