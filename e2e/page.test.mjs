// The page as a person uses it: the first minute, the keyboard alone, without scripts, and when the connection is lost.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Browser, World, figure, live, percentile, post, stop, stripe } from './kit.mjs'
import { day } from './fixture.mjs'

let browser
before(async () => { browser = await Browser.launch() })
after(() => browser?.end())

/** inWorld runs a test in a world of its own. */
function inWorld(name, body) {
  test(name, { timeout: 180_000 }, async () => {
    const world = new World()
    try { await body(world) } finally { await world.end() }
  })
}

/** appears starts to watch for a row and resolves to the time at which it was painted. */
const appears = (page, id) => page.evaluate((id) => new Promise((yes) => {
  const look = () => document.getElementById('w' + id) && requestAnimationFrame(() => setTimeout(() => { watch.disconnect(); yes(Date.now()) }))
  const watch = new MutationObserver(look)
  watch.observe(document.body, { childList: true, subtree: true })
  look()
}), id)

const rows = (page) => page.locator('#rows>tr')
const chosen = (page, id) => page.locator(`#hook article[data-id="${id}"]`).waitFor()

inWorld('the first minute: start, send, see it, and read why the signature is bad', async (world) => {
  const barb = await world.start('listen', '--addr', '127.0.0.1:0', '--ui=127.0.0.1:0', '-s', 'stripe', '--secret', 'env:WHSEC')
  const { page, wrong } = await browser.open(barb.ui)
  assert.equal(new URL(page.url()).search, '', 'the code is taken out of the address')
  await live(page)
  await page.locator('#empty', { hasText: 'No webhook has come yet' }).waitFor()
  let loads = 0
  page.on('load', () => loads++)
  const took = []
  for (let id = 1; id <= 10; id++) {
    const body = JSON.stringify({ id: 'evt_' + id, type: 'invoice.paid' })
    const seen = appears(page, id)
    const { sent, status } = await post(barb.url + '/stripe', body, stripe(body, 'whsec_another'))
    assert.equal(status, 401)
    took.push(await seen - sent)
  }
  figure('came in → row painted, median', percentile(took, 50), 100, 2000)
  figure('came in → row painted, p95', percentile(took, 95), 300, 3000)
  assert.equal(loads, 0, 'without a reload')
  assert.equal(await page.locator('#empty').count(), 0)
  await page.locator('#w10').click()
  await chosen(page, 10)
  await page.getByText('compare yours with its settings').waitFor()
  await page.locator('#signature').getByText('What was signed, byte for byte').waitFor()
  assert.match(await page.locator('.says').innerText(), /✗ stripe: signature does not match secret env:WHSEC → 401/)
  assert.equal(new URL(page.url()).pathname, '/w/10')
  assert.deepEqual(wrong, [])
})

inWorld('every state has an address: reload, Back and a pasted link restore it', async (world) => {
  const barb = await day(world)
  const { page, context, wrong } = await browser.open(barb.ui)
  await page.locator('#q').fill('event:invoice.*')
  await page.locator('#q').press('Enter')
  await page.waitForURL('**/?q=event*')
  await rows(page).filter({ hasText: 'invoice.paid' }).last().click()
  const link = page.url(), text = await page.locator('.says').innerText(), count = await rows(page).count()
  assert.match(link, /\/w\/\d+\?q=event/)
  await page.reload()
  assert.equal(await page.locator('.says').innerText(), text)
  assert.equal(await page.locator('#q').inputValue(), 'event:invoice.*')
  assert.equal(await rows(page).count(), count)
  const second = await context.newPage()
  await second.goto(link)
  assert.equal(await second.locator('.says').innerText(), text)
  await page.goBack()
  await page.waitForURL((url) => url.pathname === '/')
  await page.goBack()
  await page.waitForURL((url) => url.search === '')
  await rows(page).filter({ hasText: 'push' }).waitFor()
  assert.deepEqual(wrong, [])
})

inWorld('by the keyboard alone', async (world) => {
  const barb = await day(world)
  const { page, wrong } = await browser.open(barb.ui, { permissions: ['clipboard-read', 'clipboard-write'] })
  await live(page)
  const ids = await rows(page).evaluateAll((all) => all.map((r) => +r.id.slice(1)))
  const key = (k) => page.keyboard.press(k)
  const focused = () => page.evaluate(() => document.activeElement.closest('tr')?.id || document.activeElement.id)
  await key('j'); await chosen(page, ids[0])
  await key('j'); await chosen(page, ids[1])
  assert.equal(await focused(), 'w' + ids[1])
  await key('ArrowUp'); await chosen(page, ids[0])
  await key('G'); await chosen(page, ids.at(-1))
  await key('g'); await chosen(page, ids[0])
  await key('Enter')
  await page.waitForFunction(() => document.activeElement.id === 'hook')
  await key('2')
  await page.waitForFunction(() => location.hash === '#body')
  await key('w')
  assert.equal(await page.locator('#body .views').getAttribute('data-view'), 'raw')
  await key('c')
  await page.locator('#toast', { hasText: 'as curl' }).waitFor()
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^curl .*\/stripe/s)
  await key('y'); await key('i')
  await page.locator('#toast', { hasText: 'the id' }).waitFor()
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), String(ids[0]))
  await key('Escape')
  assert.equal(await focused(), 'w' + ids[0])
  await key('Escape')
  await page.waitForURL((url) => url.pathname === '/')
  await key('/')
  assert.equal(await focused(), 'q')
  await page.keyboard.type('jk --invalid') // letters in a field do not act
  assert.equal(await page.locator('#q').inputValue(), 'jk --invalid')
  await page.locator('#q').fill('--invalid')
  await key('Enter')
  await page.waitForURL('**/?q=--invalid')
  await page.waitForFunction(() => document.activeElement.closest('#rows'))
  assert.equal(await rows(page).count(), 2)
  await key('z')
  await page.waitForFunction(() => document.body.classList.contains('only-list'))
  await key('z'); await key('z')
  await key('?')
  await page.locator('dialog[open] h2', { hasText: 'Keys' }).waitFor()
  await page.locator('#single').uncheck()
  await key('Escape')
  const before = page.url()
  await key('j')
  assert.equal(page.url(), before, 'keys of one letter are off')
  assert.deepEqual(wrong, [])
})

inWorld('every control is reached by Tab and shows that it has the focus', async (world) => {
  const barb = await day(world)
  const { page } = await browser.open(barb.ui)
  await rows(page).first().click()
  await page.reload()
  await page.locator('#signature .cause').waitFor()
  const seen = new Set(), hidden = []
  for (let n = 0; n < 80; n++) {
    await page.keyboard.press('Tab')
    const got = await page.evaluate(() => {
      const el = document.activeElement, style = getComputedStyle(el)
      if (el === document.body) return null
      const name = el.tagName.toLowerCase() + (el.id ? '#' + el.id : '') + ' ' + (el.getAttribute('aria-label') || el.textContent).trim().slice(0, 30)
      return { name, shown: style.outlineStyle !== 'none' || style.boxShadow !== 'none' || el.matches('#q,#hook') }
    })
    if (!got || seen.has(got.name)) { if (!got) break; continue }
    seen.add(got.name)
    if (!got.shown) hidden.push(got.name)
  }
  for (const part of ['Skip to the webhook', 'input#q', 'button#theme', 'tr#w', 'div#split', 'Copy as curl', 'Headers'])
    assert.ok([...seen].some((s) => s.includes(part)), `${part} is not reached: ${[...seen].join(' | ')}`)
  assert.equal([...seen].filter((s) => s.startsWith('tr#')).length, 1, 'the list is one stop')
  assert.deepEqual(hidden, [])
})

inWorld('with scripts blocked: links, the filter, pages and folds', async (world) => {
  const barb = await day(world)
  const { page, wrong } = await browser.open(barb.ui, { javaScriptEnabled: false })
  await page.locator('#q').fill('event:invoice.paid --invalid')
  await page.getByRole('button', { name: 'Filter' }).click()
  await page.waitForURL('**/?q=event*')
  assert.equal(await rows(page).count(), 1)
  await rows(page).first().getByRole('link').click()
  await page.waitForURL('**/w/*')
  await page.locator('.says', { hasText: '✗ stripe' }).waitFor()
  await page.getByRole('link', { name: 'Explain' }).click()
  await page.getByText('something parsed and re-serialised the JSON').waitFor()
  assert.deepEqual(wrong, [])
})

inWorld('what comes does not push a reader around', async (world) => {
  const barb = await world.start('listen', '--addr', '127.0.0.1:0', '--ui=127.0.0.1:0')
  const send = (n) => post(barb.url, JSON.stringify({ type: 'ping.' + n }))
  for (let n = 1; n <= 40; n++) await send(n)
  const { page, wrong } = await browser.open(barb.ui)
  await live(page)
  await page.locator('#w40').click()
  await chosen(page, 40)
  for (let n = 41; n <= 43; n++) await send(n)
  await page.locator('#new', { hasText: '3 new' }).waitFor()
  assert.equal(new URL(page.url()).pathname, '/w/40')
  assert.equal(await rows(page).first().getAttribute('id'), 'w40')
  await page.locator('#new').click()
  await page.locator('#w43').waitFor()
  await page.keyboard.press('f')
  await chosen(page, 43)
  await send(44)
  await chosen(page, 44)
  await page.waitForURL('**/w/44')
  assert.deepEqual(wrong, [])
})

inWorld('a connection that is lost is said, rows stay, and what was missed comes afterwards', async (world) => {
  const hooks = await world.start('listen', '--addr', '127.0.0.1:0')
  await post(hooks.url, '{"n":1}')
  const ui = await world.start('ui', '--addr', '127.0.0.1:0')
  const { page } = await browser.open(ui.ui)
  await live(page)
  await page.locator('#w1').waitFor()
  await page.context().setOffline(true)
  await post(hooks.url, '{"n":2}')
  await page.context().setOffline(false)
  await page.locator('#w2').waitFor()
  await stop(ui.child)
  await page.locator('#live.lost').waitFor()
  await page.locator('#live-word', { hasText: /reconnecting|stopped/ }).waitFor()
  assert.equal(await rows(page).count(), 2, 'rows stay')
})
