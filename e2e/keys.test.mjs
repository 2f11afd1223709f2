// Every key of the sheet, pressed in a real browser; and what a person has set in it: contrast, colours, motion, size.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Browser, World, live, post, stop } from './kit.mjs'
import { day } from './fixture.mjs'

const world = new World()
let browser, app
before(async () => {
  browser = await Browser.launch()
  const barb = await day(world)
  app = barb.app
})
after(async () => { await browser?.end(); await world.end() })

/** enter opens a page of its own over the history of the day. Its code opens it once, so each browser gets another. */
async function enter(options = {}) {
  const ui = await world.start('ui', '--addr', '127.0.0.1:0')
  const opened = await browser.open(ui.ui, { permissions: ['clipboard-read', 'clipboard-write'], ...options })
  await live(opened.page)
  return { ...opened, ui, at: (path) => new URL(path, ui.ui).href, close: async () => { await opened.context.close(); await stop(ui.child) } }
}

const pressed = new Set()
const named = { ArrowUp: 'up', ArrowDown: 'down', Home: 'home', End: 'end', Enter: 'enter', Escape: 'esc', 'Control+k': 'ctrl-k' }
async function press(page, ...keys) {
  for (const k of keys) { pressed.add(named[k] || k); await page.keyboard.press(k) }
}

const rows = (page) => page.locator('#rows>tr')
const ids = (page) => rows(page).evaluateAll((all) => all.map((r) => +r.id.slice(1)))
const chosen = (page, id) => page.locator(`#hook article[data-id="${id}"]`).waitFor()
const style = (page, sel, ...names) => page.locator(sel).first().evaluate((e, names) => names.map((n) => getComputedStyle(e)[n]), names)

/** openRow opens the newest row that has a text, by a click, and returns its id. */
async function openRow(page, text) {
  const row = rows(page).filter({ hasText: text }).first()
  const id = +(await row.getAttribute('id')).slice(1)
  await row.click()
  await chosen(page, id)
  return id
}

/** copied presses keys and returns what they copied. */
async function copied(page, ...keys) {
  await page.locator('#toast').evaluate((t) => { t.textContent = '' })
  await press(page, ...keys)
  await page.locator('#toast', { hasText: 'Copied' }).waitFor() // it is said once the clipboard has it
  return page.evaluate(() => navigator.clipboard.readText())
}

test('keys that move: rows, sections, views, panes', { timeout: 180_000 }, async () => {
  const { page, wrong, close } = await enter()
  const all = await ids(page)
  await press(page, 'j'); await chosen(page, all[0])
  await press(page, 'ArrowDown'); await chosen(page, all[1])
  await press(page, 'k'); await chosen(page, all[0])
  await press(page, 'ArrowUp'); await chosen(page, all[0]) // there is none above
  await press(page, 'End'); await chosen(page, all.at(-1))
  await press(page, 'Home'); await chosen(page, all[0])
  await press(page, 'G'); await chosen(page, all.at(-1))
  await press(page, 'g'); await chosen(page, all[0])
  await openRow(page, 'order.refunded')
  const sections = ['signature', 'body', 'headers', 'timeline', 'answer', 'raw']
  for (const [i, name] of sections.entries()) {
    await press(page, String(i + 1))
    await page.waitForFunction((name) => location.hash === '#' + name, name)
  }
  await press(page, '1')
  await page.locator('.index a[href="#signature"][aria-current]').waitFor()
  await press(page, ']')
  await page.waitForFunction(() => location.hash === '#body')
  await page.locator('.index a[href="#body"][aria-current]').waitFor()
  await press(page, '[')
  await page.waitForFunction(() => location.hash === '#signature')
  const views = page.locator('#body .views')
  await press(page, 'w'); assert.equal(await views.getAttribute('data-view'), 'raw')
  await press(page, 'w'); assert.equal(await views.getAttribute('data-view'), 'hex')
  await page.reload()
  assert.equal(await views.getAttribute('data-view'), 'hex', 'the view is remembered')
  await press(page, 'w'); assert.equal(await views.getAttribute('data-view'), 'pretty')
  await page.locator('#signature details').evaluate((d) => { d.open = false })
  await press(page, 'v')
  await page.locator('#signature details[open]').getByText('What was signed, byte for byte').waitFor()
  const panes = async () => [await page.locator('#list').isVisible(), await page.locator('#hook').isVisible()]
  await press(page, 'z'); assert.deepEqual(await panes(), [true, false])
  await press(page, 'z'); assert.deepEqual(await panes(), [false, true])
  await press(page, 'z'); assert.deepEqual(await panes(), [true, true])
  await press(page, 'Enter')
  await page.waitForFunction(() => document.activeElement.id === 'hook')
  await press(page, 'f')
  await page.locator('#live-word', { hasText: /^following$/ }).waitFor()
  await chosen(page, all[0])
  await press(page, 'f')
  await page.locator('#live-word', { hasText: /^paused$/ }).waitFor()
  await press(page, 'Escape', 'Escape')
  await page.waitForURL((url) => url.pathname === '/')
  assert.deepEqual(wrong, [])
  await close()
})

test('one Escape closes a menu, and a menu closes where another place opens', { timeout: 180_000 }, async () => {
  const { page, wrong, close } = await enter()
  await openRow(page, 'order.refunded')
  const menus = page.locator('.menu[open]'), focus = () => page.evaluate(() => document.activeElement.parentElement.dataset.menu)
  for (const [key, name, field] of [['R', 'replay', 'INPUT'], ['.', 'note', 'TEXTAREA']]) {
    await press(page, key)
    await page.locator(`[data-menu=${name}][open]`).waitFor()
    await page.waitForFunction((field) => document.activeElement.tagName === field, field)
    await press(page, 'Escape')
    assert.equal(await menus.count(), 0)
    assert.equal(await focus(), name, 'the focus is where the menu opened')
  }
  await page.locator('[data-menu=replay]>summary').click()
  await press(page, '.')
  await page.locator('[data-menu=note][open]').waitFor()
  assert.equal(await menus.count(), 1)
  await press(page, 'Escape')
  await page.locator('[data-menu=replay]>summary').click()
  await press(page, 'e')
  await page.locator('.editor textarea').first().waitFor()
  assert.equal(await menus.count(), 0)
  assert.deepEqual(wrong, [])
  await close()
})

test('n and N: pages, and matches in an open webhook', { timeout: 180_000 }, async () => {
  const long = new World()
  try {
    const barb = await long.start('listen', '--addr', '127.0.0.1:0', '--ui=127.0.0.1:0')
    for (let n = 1; n <= 130; n++) await post(barb.url, `{"type":"tick.${n}","a":"needle","b":"needle"}`)
    const { page, wrong } = await browser.open(barb.ui)
    await live(page)
    await press(page, 'n')
    await page.waitForURL('**/?before=*')
    await page.locator('#w1').waitFor()
    await press(page, 'N')
    await page.waitForURL((url) => url.search === '')
    await page.locator('#w130').waitFor()
    await press(page, '/')
    await page.keyboard.type('grep:needle')
    await press(page, 'Enter')
    await page.waitForURL('**/?q=grep*')
    await page.waitForFunction(() => document.activeElement.closest('#rows'))
    await press(page, 'Enter')
    await chosen(page, 130)
    await page.waitForFunction(() => matches.length > 1)
    await press(page, 'n')
    await page.locator('#toast', { hasText: 'match 1 of' }).waitFor()
    await press(page, 'N')
    await page.locator('#toast', { hasText: /match (\d+) of \1/ }).waitFor()
    assert.deepEqual(wrong, [])
  } finally { await long.end() }
})

test('keys that change: pin, note, replay with choices, edit, mark and diff, delete and undo', { timeout: 180_000 }, async () => {
  const { page, wrong, close, at } = await enter()
  const one = await openRow(page, 'order.created'), row = page.locator('#w' + one)
  await press(page, 'p')
  await page.locator('#toast', { hasText: 'Pinned' }).waitFor()
  await row.locator('em', { hasText: 'pinned' }).waitFor()
  await press(page, 'p')
  await page.locator('#toast', { hasText: 'Not pinned' }).waitFor()
  assert.equal(await row.locator('em', { hasText: 'pinned' }).count(), 0)
  await press(page, '.')
  await page.waitForFunction(() => document.activeElement.matches('.menu textarea'))
  await page.keyboard.type('D j p: letters of a note')
  await page.locator('.menu[open] button', { hasText: /./ }).first().click()
  await page.locator('.noted', { hasText: 'D j p: letters of a note' }).waitFor()
  await press(page, 'R')
  await page.waitForFunction(() => document.activeElement.matches('[data-menu=replay] input[type=radio]'))
  await press(page, 'Escape') // closes the menu, also from a field of it
  await page.waitForFunction(() => document.activeElement.matches('[data-menu=replay]>summary'))
  await press(page, 'r')
  await page.locator('#result .done', { hasText: /passing|fixed|failing|regressed/ }).waitFor()
  await press(page, 'e')
  await page.waitForFunction(() => document.activeElement.id === 'edit-body')
  await press(page, 'Escape') // leaves the field
  await press(page, 'Escape') // closes the form
  assert.equal(await page.locator('.editor').count(), 0)
  await press(page, 'm')
  await page.locator('#toast', { hasText: 'Marked #' + one }).waitFor()
  const two = await openRow(page, 'order.refunded')
  await press(page, 'd')
  await page.locator('#result .paste', { hasText: `barb diff ${one} ${two}` }).or(page.locator('#result .paste', { hasText: `barb diff ${two} ${one}` })).waitFor()
  await press(page, 'Escape')
  assert.equal(await page.locator('#result').count(), 0)
  for (const undo of [() => press(page, 'u'), () => page.locator('#toast button', { hasText: 'Undo' }).click()]) {
    await openRow(page, 'order.created')
    await press(page, 'D')
    await page.locator('#toast', { hasText: `#${one} is deleted` }).waitFor()
    assert.equal(await row.isVisible(), false)
    await undo()
    await page.locator('#toast', { hasText: 'Nothing was deleted' }).waitFor()
    assert.equal(await row.isVisible(), true)
    await chosen(page, one)
  }
  await press(page, 'D')
  await page.locator('#toast', { hasText: `#${one} is deleted` }).waitFor()
  await page.goto(at('/')) // the page is left: it is deleted now
  await page.waitForFunction(async (one) => (await fetch('/w/' + one)).status === 404, one)
  await page.reload()
  assert.equal(await row.count(), 0)
  assert.deepEqual(wrong.filter((w) => !w.includes('404')), [])
  await close()
})

test('y and each letter of the sheet copies what the sheet says', { timeout: 180_000 }, async () => {
  const { page, wrong, close } = await enter()
  const id = await openRow(page, 'order.refunded')
  const begins = { curl: /^curl /, raw: /^POST \/stripe HTTP\/1\.1\r?\n/, http: /^(###|#|POST) /, fetch: /fetch\(/, go: /package main/, python: /import /, barb: /^barb /,
    headers: /^Stripe-Signature: t=/im, body: /^\{"id":"evt_9"/, URL: /\/stripe$/, id: new RegExp(`^${id}$`), 'jq path': /^\.data\.object\.amount$/ }
  const sheet = await page.locator('#keys tr[data-letters]').getAttribute('data-letters')
  const line = page.locator('#body .json .in>*', { hasText: /^"?amount/ }).last()
  for (const [key, what] of sheet.split(';').map((l) => l.split('='))) {
    await line.hover() // the line that y j names
    const text = await copied(page, 'y', key), name = what.replace('as ', '')
    assert.ok(begins[name], `nobody says what y ${key} copies: ${what}`)
    assert.match(text, begins[name], `y ${key}`)
  }
  assert.match(await copied(page, 'c'), begins.curl)
  await line.locator('.k').first().click()
  await page.locator('#toast', { hasText: 'Copied the path: .data.object.amount' }).waitFor()
  await line.locator('.d').first().click()
  await page.locator('#toast', { hasText: 'Copied the value: 900' }).waitFor()
  await press(page, 'y')
  await page.locator('#toast', { hasText: 'copy: c curl' }).waitFor()
  await page.keyboard.press('D') // no letter of the sheet: nothing is copied, and nothing is deleted either
  await press(page, 'm')
  await page.locator('#toast', { hasText: 'Marked #' + id }).waitFor()
  await chosen(page, id)
  assert.deepEqual(wrong, [])
  await close()
})

test('keys that open: the sheet, the palette, the figures, the queue', { timeout: 180_000 }, async () => {
  const { page, wrong, close } = await enter()
  await press(page, '?')
  await page.locator('#keys[open]').waitFor()
  await press(page, '?')
  await page.locator('#keys').waitFor({ state: 'hidden' })
  for (const key of ['Control+k', ':']) {
    await press(page, key)
    await page.locator('#palette[open]').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('#palette').waitFor({ state: 'hidden' })
  }
  for (const [key, name] of [['S', 'figures'], ['Q', 'queue']]) {
    await press(page, key)
    await page.waitForURL('**/' + name)
    await press(page, 'Escape')
    await page.waitForURL((url) => url.pathname === '/')
    await live(page)
  }
  assert.deepEqual(wrong, [])
  await close()
})

test('letters in a field are letters, and the keys of the browser stay its own', { timeout: 180_000 }, async () => {
  const { page, wrong, close } = await enter()
  const id = await openRow(page, 'order.refunded'), before = page.url()
  const single = await page.locator('#keys tr').evaluateAll((all) => all.flatMap((r) => r.dataset.keys.split(' ')).filter((k) => k.length === 1))
  const text = single.join('') + ' 123 []'
  const still = async (field) => {
    assert.equal(await page.locator(field).inputValue(), text)
    assert.equal(page.url(), before)
    for (const open of ['dialog[open]', '#result', '.menu[open]:not(:has(textarea:focus))']) assert.equal(await page.locator(open).count(), 0, open)
    await chosen(page, id)
  }
  await press(page, '/')
  await page.locator('#q').fill('')
  await page.keyboard.type(text)
  await still('#q')
  await press(page, 'Escape')
  await press(page, 'e')
  await page.locator('#edit-body').fill('')
  await page.keyboard.type(text)
  await still('#edit-body')
  await press(page, 'Escape', 'Escape')
  await press(page, '.')
  await page.locator('.menu textarea').fill('')
  await page.keyboard.type(text)
  await still('.menu textarea')
  await press(page, 'Escape', 'Escape')
  await page.evaluate(() => { window.kept = []; addEventListener('keydown', (e) => { if (!e.defaultPrevented) window.kept.push((e.ctrlKey ? 'ctrl-' : '') + e.key) }) })
  await page.locator('.says').click() // no field has the focus
  for (const k of ['Tab', ' ', 'Control+f', 'Control+p', 'Control+r', 'PageDown', 'Alt+j', 'Meta+k'])
    await page.evaluate((k) => { // made by hand: a real one would reload or search
      const parts = k.split('+'), key = parts.at(-1)
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ctrlKey: parts[0] === 'Control', altKey: parts[0] === 'Alt', metaKey: parts[0] === 'Meta' }))
    }, k)
  assert.deepEqual(await page.evaluate(() => window.kept), ['Tab', ' ', 'ctrl-f', 'ctrl-p', 'ctrl-r', 'PageDown', 'j', 'k'])
  await press(page, '?')
  await page.locator('#single').uncheck()
  await press(page, 'Escape')
  for (const k of single.filter((k) => k !== '?')) await page.keyboard.press(k)
  assert.equal(page.url(), before, 'keys of one letter are off')
  await page.reload()
  await page.keyboard.press('j')
  assert.equal(page.url(), before, 'and stay off')
  await press(page, '?') // this one is how they come back
  await page.locator('#single').check()
  assert.deepEqual(wrong, [])
  await close()
})

test('every key of the sheet was pressed above', async () => {
  const { page, close } = await enter()
  const sheet = await page.locator('#keys tr').evaluateAll((all) => all.flatMap((r) => r.dataset.keys.split(' ')))
  assert.deepEqual(sheet.filter((k) => !pressed.has(k)), [])
  await close()
})

test('a theme that is switched goes before the one of the system, and is remembered', { timeout: 120_000 }, async () => {
  const { page, context, wrong, close, at } = await enter({ colorScheme: 'dark' })
  const ground = async (p = page) => (await style(p, 'html', 'backgroundColor'))[0]
  const dark = await ground()
  assert.equal(dark, 'rgb(19, 20, 22)')
  await page.locator('#theme').click()
  const light = await ground()
  assert.equal(light, 'rgb(252, 252, 250)')
  await page.reload()
  assert.equal(await ground(), light)
  const second = await context.newPage()
  await second.goto(at('/figures'))
  assert.equal(await ground(second), light, 'on every page')
  assert.match(await (await context.request.get(at('/'))).text(), /<html lang="en" data-theme="light">/, 'from the first byte: nothing flashes')
  await page.locator('#theme').click()
  await page.emulateMedia({ colorScheme: 'light' })
  assert.equal(await ground(), dark)
  assert.deepEqual(wrong, [])
  await close()
})

test('without its colours, each state can still be told from the others', { timeout: 120_000 }, async () => {
  const { page, wrong, close } = await enter({ forcedColors: 'active' })
  await page.waitForFunction(() => matchMedia('(forced-colors: active)').matches)
  const refunded = await openRow(page, 'order.refunded')
  const looks = (sel) => page.locator(sel).first().evaluate((e) => { // what is left of a state where colours are the system's
    const s = getComputedStyle(e)
    return [s.outlineStyle, s.outlineWidth, s.outlineColor, s.borderBottomStyle, s.borderBottomColor, s.borderBottomWidth, s.backgroundColor, s.textDecorationLine, s.fontWeight].join(' ')
  })
  const differ = async (a, b) => assert.notEqual(await looks(a), await looks(b), `${a} looks like ${b}`)
  await page.locator('#hook').focus()
  await differ(`#w${refunded}`, `#rows>tr:not(#w${refunded})`)
  await differ('.index a[aria-current]', '.index a:not([aria-current])')
  await differ('#body [data-show][aria-pressed=true]', '#body [data-show][aria-pressed=false]')
  await press(page, 'Control+k')
  await differ('#choices li[aria-selected=true]', '#choices li[aria-selected=false]')
  await press(page, 'Escape')
  for (const tab of ['#theme', '#q', `#w${refunded}`, '#split', '#hook summary']) {
    const before = await looks(tab)
    await page.locator(tab).first().focus()
    assert.notEqual(await looks(tab), before, `${tab} with the focus looks like ${tab} without`)
  }
  const said = await rows(page).evaluateAll((all) => all.map((r) => r.querySelector('td:nth-child(2) .l2').textContent.trim() + ' ' + r.querySelector('.st').textContent))
  for (const [what, word] of [['a good signature', /✓ \S+ valid/], ['a bad one', /✗ .*(invalid|signature)/], ['one that was not checked', /– .*not checked/], ['an answer', / 200$/], ['a failure', / 500$/]])
    assert.ok(said.some((s) => word.test(s.replace(/\s+/g, ' '))), `no word for ${what} in ${JSON.stringify(said)}`)
  assert.deepEqual(wrong, [])
  await close()
})

test('who asks for more contrast gets lines as dark as controls', { timeout: 120_000 }, async () => {
  for (const colorScheme of ['light', 'dark']) {
    const { page, close } = await enter({ colorScheme })
    const line = async () => (await style(page, '.bar', 'borderBottomColor'))[0]
    const control = await page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--ctl'))
    const usual = await line()
    await page.emulateMedia({ contrast: 'more' })
    const [red, green, blue] = control.match(/[0-9a-f]{2}/g).map((h) => parseInt(h, 16))
    assert.equal(await line(), `rgb(${red}, ${green}, ${blue})`)
    assert.notEqual(await line(), usual)
    await close()
  }
})

test('the split is moved by keys and by dragging, within its bounds, and remembered', { timeout: 120_000 }, async () => {
  const { page, wrong, close } = await enter()
  const split = page.locator('#split'), wide = async () => (await page.locator('#list').boundingBox()).width
  const now = async () => +await split.getAttribute('aria-valuenow')
  await split.focus()
  const begin = await wide()
  await page.keyboard.press('ArrowRight')
  assert.equal(await now(), 44)
  assert.ok(await wide() > begin + 20)
  await page.keyboard.press('ArrowLeft'); await page.keyboard.press('ArrowLeft')
  assert.equal(await now(), 40)
  const kept = await wide()
  await page.reload()
  assert.equal(await now(), 40)
  assert.equal(await wide(), kept)
  for (let n = 0; n < 40; n++) { await split.focus(); await page.keyboard.press('ArrowLeft') }
  assert.equal(await now(), 20)
  const box = await split.boundingBox()
  await page.mouse.move(box.x, 400)
  await page.mouse.down()
  await page.mouse.move(640, 400, { steps: 4 })
  await page.mouse.up()
  assert.equal(await now(), 50)
  await page.mouse.move(900, 400)
  assert.equal(await now(), 50, 'it was let go')
  assert.deepEqual(wrong, [])
  await close()
})

test('a phone: one pane, and Back closes the webhook', { timeout: 120_000 }, async () => {
  const { page, wrong, close } = await enter({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
  const panes = async () => [await page.locator('#list').isVisible(), await page.locator('#hook').isVisible()]
  assert.deepEqual(await panes(), [true, false])
  for (const back of [() => page.goBack(), () => page.locator('.back').tap(), () => page.keyboard.press('Escape')]) {
    await rows(page).filter({ hasText: 'order.refunded' }).first().tap()
    await page.locator('#hook article').waitFor()
    assert.deepEqual(await panes(), [false, true])
    await back()
    await page.waitForURL((url) => url.pathname === '/')
    await page.locator('#list').waitFor()
    assert.deepEqual(await panes(), [true, false])
  }
  await rows(page).first().tap()
  await page.locator('#hook article').waitFor()
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  assert.ok(sideways <= 0, `${sideways} px sideways`)
  const small = await page.locator('#hook button:visible, #hook .acts summary:visible, .bar button:visible').evaluateAll((all) => all.map((e) => [e.textContent.trim() || e.id, e.getBoundingClientRect().height]).filter(([, h]) => h < 40))
  assert.deepEqual(small, [], 'targets of at least 40 px')
  assert.deepEqual(wrong, [])
  await close()
})

test('nothing moves for who wants that, and for others at most 120 ms', { timeout: 120_000 }, async () => {
  const { page, wrong, close } = await enter({ reducedMotion: 'no-preference' })
  await post(app, '') // it is up
  const slow = await page.evaluate(() => {
    const found = [], walk = (rules) => { for (const r of rules) { if (r.cssRules) walk(r.cssRules); const s = r.style; for (const name of ['animationDuration', 'transitionDuration', 'animationDelay', 'transitionDelay']) if (s?.[name]) found.push(...s[name].split(',').map((t) => [r.selectorText, (parseFloat(t) || 0) * (/ms$/.test(t.trim()) ? 1 : 1000)])); if (s?.scrollBehavior === 'smooth') found.push([r.selectorText, 'smooth']) } }
    for (const sheet of document.styleSheets) walk(sheet.cssRules)
    return found
  })
  assert.ok(slow.length > 0, 'there is something that moves')
  assert.deepEqual(slow.filter(([, ms]) => !(ms <= 120)), [])
  const moves = () => page.evaluate(() => { const row = document.querySelector('#rows>tr'); row.classList.add('fresh'); return getComputedStyle(row).animationName })
  assert.equal(await moves(), 'fresh')
  await page.emulateMedia({ reducedMotion: 'reduce' })
  assert.equal(await moves(), 'none')
  const left = await page.evaluate(() => [...document.querySelectorAll('*')].filter((e) => getComputedStyle(e).animationName !== 'none' || parseFloat(getComputedStyle(e).transitionDuration) > 0).length)
  assert.equal(left, 0)
  assert.deepEqual(wrong, [])
  await close()
})
