// The pages beside the list, the third pane, and what is hidden; and the way of a newcomer from a bad signature to an answer.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Browser, World, live, post, stripe } from './kit.mjs'
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

const article = (page, id) => page.locator(`#hook article[data-id="${id}"]`).waitFor()

inWorld('a newcomer: see it come, explain the bad signature, replay it edited, watch the answer', async (world) => {
  const met = []
  const app = await world.app((request, body) => {
    met.push(body)
    return body.includes('"amount":0') ? { status: 422, body: '{"error":"amount is 0"}' } : { status: 200, body: '{"booked":true}' }
  })
  const barb = await world.start('listen', '--addr', '127.0.0.1:0', '--ui=127.0.0.1:0', '-s', 'stripe', '--secret', 'env:WHSEC', '--forward-to', app)
  const { page, wrong } = await browser.open(barb.ui)
  await live(page)
  const bad = '{"id":"evt_1","type":"invoice.paid","amount":0}'
  assert.equal((await post(barb.url, JSON.stringify(JSON.parse(bad), null, 1), stripe(bad))).status, 401)
  await page.locator('#w1').click() // it came without a reload
  await page.locator('#signature .cause').waitFor() // explained
  assert.match(await page.locator('#signature').innerText(), /re-serialised the JSON/)
  assert.deepEqual(met, [], 'the app never saw it')
  await page.keyboard.press('e')
  const body = page.locator('#edit-body')
  await body.fill('{"id":"evt_1","type":"invoice.paid","amount":0')
  await page.locator('[data-valid]', { hasText: 'not JSON' }).waitFor()
  await body.fill(bad)
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.locator('#result .done', { hasText: '422' }).waitFor()
  await page.locator('#timeline tr', { hasText: '422' }).waitFor()
  await page.locator('[data-edit]').click()
  await body.fill(bad.replace('"amount":0', '"amount":4200'))
  await page.getByRole('button', { name: 'Show what changes' }).click()
  await page.locator('[data-changes] ins', { hasText: '4200' }).waitFor()
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.locator('#result .done', { hasText: 'fixed' }).waitFor()
  await page.locator('#result .beside', { hasText: 'Recorded' }).locator('pre', { hasText: '"booked"' }).waitFor()
  await page.locator('#timeline tr', { hasText: '200' }).waitFor()
  assert.equal(met.length, 2)
  assert.deepEqual(wrong, [])
})

inWorld('what is open, and what is typed, stays while the webhook is drawn anew', async (world) => {
  const app = await world.app(() => ({ status: 200, body: '{"booked":true}' }))
  const barb = await world.start('listen', '--addr', '127.0.0.1:0', '--ui=127.0.0.1:0', '-s', 'stripe', '--secret', 'env:WHSEC', '--forward-to', app)
  const { page, wrong } = await browser.open(barb.ui)
  await live(page)
  const body = '{"id":"evt_1","type":"invoice.paid","data":{"object":{"id":"in_1"}}}'
  const send = () => post(barb.url, body, { ...stripe(body), 'X-Api-Key': 'key-of-ours' })
  await send()
  await page.locator('#w1').click()
  await article(page, 1)
  await page.locator('#timeline tr', { hasText: '200' }).nth(1).waitFor() // the forward is there: nothing more comes by itself
  let held = Promise.resolve(), asked = () => {}
  await page.route(/part=hook/, async (route) => { asked(); await held; await route.continue() })
  /** holding does something while the page waits for the webhook that it draws anew. */
  const holding = async (begin, during) => {
    let go
    held = new Promise((yes) => { go = yes })
    const waits = new Promise((yes) => { asked = yes })
    await page.evaluate(() => { document.querySelector('#hook article').dataset.old = '1' })
    await begin()
    await waits
    await during()
    go()
  }
  const drawn = () => page.locator('#hook article:not([data-old])').waitFor()
  const fold = page.locator('#body summary', { hasText: /object/ }).last(), secret = page.locator('#headers').getByText('key-of-ours')
  await fold.click()
  const shut = await fold.evaluate((s) => !s.parentElement.open)
  await page.locator('#headers .secret summary').click()
  await secret.waitFor()
  await holding(() => page.keyboard.press('r'), async () => {
    await page.locator('#result .done', { hasText: 'still passing' }).waitFor()
    await page.locator('#result .beside summary').first().click()
    await page.locator('#result .beside details:not([open])').waitFor()
  })
  await drawn()
  await page.locator('#result .beside details:not([open])').waitFor({ timeout: 5000 })
  await secret.waitFor({ timeout: 5000 })
  assert.equal(await fold.evaluate((s) => !s.parentElement.open), shut)
  await holding(send, async () => { // the same webhook again
    await page.keyboard.press('e')
    await page.locator('#edit-header').fill('X-Typed: 1')
    await page.locator('#rows tr', { hasText: '×2' }).waitFor()
  })
  await page.waitForResponse(/part=hook/)
  assert.equal(await page.locator('#edit-header').inputValue(), 'X-Typed: 1')
  await page.locator('.editor [data-close]').click()
  await drawn()
  assert.deepEqual(wrong, [])
})

inWorld('the keys of the list work on the figures and the queue', async (world) => {
  const barb = await day(world)
  const { page, wrong } = await browser.open(barb.ui)
  const key = (k) => page.keyboard.press(k)
  await page.locator('#q').fill('event:invoice.*')
  await page.locator('#q').press('Enter')
  await page.waitForURL('**/?q=event*')
  await page.waitForFunction(() => document.activeElement.closest('#rows'))
  const list = page.url()
  await key('S')
  await page.waitForURL('**/figures')
  await page.getByRole('heading', { name: 'How each sender retried' }).waitFor()
  await key('?')
  await page.locator('dialog[open] h2', { hasText: 'Keys' }).waitFor()
  assert.equal(await page.locator('dialog[open]', { hasText: 'replay' }).count(), 0, 'only keys that do something here')
  await key('?')
  await page.locator('#keys').waitFor({ state: 'hidden' })
  await key('Escape')
  await page.waitForURL(list)
  await key('Q')
  await page.waitForURL('**/queue')
  const names = await page.locator('table.grid').first().locator('tbody th').allInnerTexts()
  assert.deepEqual(names.toSorted(), ['127.0.0.1:1/daily', '127.0.0.1:1/hourly', '127.0.0.1:1/monthly'])
  await key('S')
  await page.waitForURL('**/figures')
  await key('Control+k')
  await page.keyboard.type('show 7d')
  await key('Enter')
  await page.waitForURL('**/figures?since=7d')
  await key(':')
  await page.keyboard.type('bad signature')
  await key('Enter')
  await page.waitForURL('**/?q=--invalid')
  await key('Q')
  await page.waitForURL('**/queue')
  await key('/')
  await page.waitForURL((url) => url.pathname === '/')
  await page.waitForFunction(() => document.activeElement.id === 'q')
  assert.deepEqual(wrong, [])
})

inWorld('with scripts blocked: the figures, and an entry of the queue is cancelled', async (world) => {
  const barb = await day(world)
  const { page, wrong } = await browser.open(barb.ui, { javaScriptEnabled: false })
  await page.getByRole('link', { name: 'Figures' }).click()
  await page.locator('.trend').first().waitFor()
  await page.getByRole('link', { name: '127.0.0.1:1', exact: true }).first().click()
  await page.waitForURL('**/?q=endpoint*')
  await page.locator('#rows>tr', { hasText: '/nobody' }).waitFor()
  await page.getByRole('link', { name: 'Queue' }).click()
  await page.getByRole('button', { name: 'Cancel entry 2' }).click()
  await page.locator('.done', { hasText: '1 cancelled' }).waitFor()
  assert.deepEqual(wrong, [])
})

inWorld('a wide window: request and answer side by side, and a diff in a third pane', async (world) => {
  const barb = await day(world)
  const { page, wrong } = await browser.open(barb.ui, { viewport: { width: 2200, height: 1000 } })
  await page.locator('#rows>tr').first().click()
  await page.locator('#answer .reply').first().waitFor()
  const box = (sel) => page.locator(sel).first().boundingBox()
  const two = [await box('#body'), await box('#answer')]
  assert.ok(two[1].x >= two[0].x + two[0].width - 1 && Math.abs(two[0].y - two[1].y) < 2, 'the answer is beside the body')
  await page.locator('[data-diff]').click()
  await page.locator('#result .diff').first().waitFor()
  const [body, answer, diff] = [await box('#body'), await box('#answer'), await box('#result')]
  assert.ok(answer.x >= body.x + body.width - 1 && diff.x >= answer.x + answer.width - 1, 'three panes')
  await page.setViewportSize({ width: 1280, height: 800 })
  const [narrow, below] = [await box('#result'), await box('#body')]
  assert.ok(narrow.y + narrow.height <= below.y + 1, 'one below the other')
  assert.deepEqual(wrong, [])
})

inWorld('a credential is shown when it is asked for, and copied whole', async (world) => {
  const barb = await world.start('listen', '--addr', '127.0.0.1:0', '--ui=127.0.0.1:0', '-s', 'stripe', '--secret', 'env:WHSEC')
  const { page, wrong } = await browser.open(barb.ui, { permissions: ['clipboard-read', 'clipboard-write'] })
  await live(page)
  await post(barb.url, '{}', { ...stripe('{}'), 'X-Api-Key': 'key-of-ours' })
  await page.locator('#w1').click()
  await article(page, 1)
  const value = page.locator('#headers').getByText('key-of-ours')
  assert.equal(await value.isVisible(), false)
  for (const fold of ['Head as it came', 'As curl']) await page.locator('#raw summary', { hasText: fold }).click()
  await page.locator('#curl', { hasText: 'X-Api-Key: [secret]' }).waitFor()
  const copied = async (...keys) => {
    await page.locator('#toast').evaluate((t) => { t.textContent = '' })
    for (const k of keys) await page.keyboard.press(k)
    await page.locator('#toast', { hasText: 'Copied' }).waitFor()
    assert.doesNotMatch(await page.locator('body').innerText(), /key-of-ours/) // what is shown of a copy has none either
    return page.evaluate(() => navigator.clipboard.readText())
  }
  assert.match(await copied('y', 'h'), /^X-Api-Key: key-of-ours$/m)
  assert.match(await copied('c'), /-H 'X-Api-Key: key-of-ours'/)
  await page.locator('#toast', { hasText: 'with header X-Api-Key' }).waitFor()
  await page.locator('#headers .secret summary').click()
  await value.waitFor()
  assert.deepEqual(wrong, [])
})
