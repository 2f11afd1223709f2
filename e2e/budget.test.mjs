// What the page may cost. Requests, bytes, rows and the memory that is kept are asserted; times are measured, printed and
// written to bin/budget.txt, since a busy machine has any. E2E_SECONDS=60 listens longer.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import http from 'node:http'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Browser, World, live, percentile, post } from './kit.mjs'

const seconds = +(process.env.E2E_SECONDS || 20)
const table = []
/** note keeps a figure for the table; goal is what the brief of the page wants. */
const note = (what, got, goal, unit) => table.push([what, `${Math.round(got * 10) / 10} ${unit}`, goal ? `≤ ${goal} ${unit}` : ''])

let browser
before(async () => { browser = await Browser.launch() })
after(async () => {
  await browser?.end()
  const wide = [0, 1].map((i) => Math.max(...table.map((row) => row[i].length)))
  const text = table.map(([what, got, goal]) => `${what.padEnd(wide[0])}  ${got.padStart(wide[1])}  ${goal}`.trimEnd()).join('\n')
  console.log(text)
  writeFileSync(fileURLToPath(new URL('../bin/budget.txt', import.meta.url)), text + '\n')
})

/** network watches what a page asks for: {requests, packed, raw}, by their paths. */
async function network(page) {
  const cdp = await page.context().newCDPSession(page), all = new Map()
  await cdp.send('Network.enable')
  cdp.on('Network.requestWillBeSent', (e) => all.set(e.requestId, { url: new URL(e.request.url), packed: 0, raw: 0, done: false }))
  cdp.on('Network.dataReceived', (e) => { const r = all.get(e.requestId); if (r) r.raw += e.dataLength })
  cdp.on('Network.loadingFinished', (e) => { const r = all.get(e.requestId); if (r) { r.packed = e.encodedDataLength; r.done = true } })
  return () => [...all.values()]
}

/** painting returns when a page was first painted and how long its first byte took, in ms. */
async function painting(page) {
  await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length)
  return page.evaluate(() => {
    const nav = performance.getEntriesByType('navigation')[0]
    return { first: performance.getEntriesByName('first-contentful-paint')[0].startTime, byte: nav.responseStart - nav.requestStart }
  })
}

/** painted returns how long this browser needs to fetch HTML and to paint it in a page that has nothing else, twelve times. */
async function painted(world, html) {
  const address = await world.app((request) => ({ status: 200, type: 'text/html; charset=utf-8', body: request.url === '/part' ? html : '<!doctype html><title>x</title><div id=box></div>' }))
  const { page, context } = await browser.open(address)
  const took = await page.evaluate(async () => {
    const times = []
    for (let n = 0; n < 12; n++) {
      const begun = performance.now()
      const made = new DOMParser().parseFromString(await (await fetch('/part')).text(), 'text/html')
      document.getElementById('box').replaceChildren(...made.body.childNodes)
      await new Promise((yes) => requestAnimationFrame(() => setTimeout(yes)))
      times.push(performance.now() - begun)
    }
    return times
  })
  await context.close()
  return took
}

test('the first load: few requests, all of them here, few bytes', { timeout: 180_000 }, async () => {
  const world = new World()
  try {
    const barb = await world.start('listen', '--addr', '127.0.0.1:0')
    const agent = new http.Agent({ keepAlive: true })
    for (let n = 0; n < 110; n++) await post(barb.url + '/hooks/shop/eu-central-1/orders', `{"type":"order.created","n":${n}}`, {}, agent)
    agent.destroy()
    const ui = await world.start('ui', '--addr', '127.0.0.1:0')
    const context = await browser.chromium.newContext({ viewport: { width: 1280, height: 800 } })
    const page = await context.newPage()
    const asked = await network(page)
    await page.goto(ui.ui, { waitUntil: 'load' }) // cold: neither barb nor the browser has seen the page
    await live(page)
    await page.locator('#count', { hasText: 'of' }).waitFor()
    const { origin } = new URL(ui.ui), all = asked()
    const shows = all.filter((r) => !r.url.searchParams.has('code') && ['/', '/static/app.css', '/static/app.js'].includes(r.url.pathname))
    const later = all.filter((r) => !shows.includes(r) && !r.url.searchParams.has('code')).map((r) => r.url.pathname)
    assert.deepEqual(all.filter((r) => r.url.origin !== origin).map((r) => r.url.href), [], 'nothing from elsewhere')
    assert.deepEqual(shows.map((r) => r.url.pathname).sort(), ['/', '/static/app.css', '/static/app.js'])
    assert.deepEqual([...new Set(later)].filter((path) => !['/pulse', '/count', '/events', '/favicon.ico'].includes(path)), [], 'and what keeps it live')
    const sum = (name) => shows.reduce((n, r) => n + r[name], 0), bytes = (path, name) => shows.find((r) => r.url.pathname === path)[name]
    note('requests until the first load is shown', shows.length, 4, '')
    note('first load, compressed', sum('packed') / 1024, 60, 'KiB')
    note('first load, raw', sum('raw') / 1024, 200, 'KiB')
    note('script, raw', bytes('/static/app.js', 'raw') / 1024, 60, 'KiB')
    note('style, raw', bytes('/static/app.css', 'raw') / 1024, 24, 'KiB')
    note('a page of 100 rows, raw', bytes('/', 'raw') / 1024, 64, 'KiB')
    note('a page of 100 rows, compressed', bytes('/', 'packed') / 1024, 10, 'KiB')
    assert.ok(shows.length <= 4)
    assert.ok(sum('packed') <= 60 << 10 && sum('raw') <= 200 << 10, `${sum('packed')} and ${sum('raw')} bytes`)
    assert.ok(bytes('/static/app.js', 'raw') <= 60 << 10 && bytes('/static/app.css', 'raw') <= 24 << 10)
    assert.ok(bytes('/', 'raw') <= 64 << 10 && bytes('/', 'packed') <= 10 << 10)
    const row = await page.locator('#rows>tr').evaluateAll((rows) => [rows.length, Math.max(...rows.map((r) => r.outerHTML.length))])
    note('longest row', row[1], 0, 'B')
    assert.equal(row[0], 100)
    const paints = [await painting(page)], plain = []
    // The same browser shows a page that is nothing but one row, in turn: what of the time is not ours. The header has it start a process.
    const one = await world.app(() => ({ status: 200, type: 'text/html', headers: { 'Cross-Origin-Opener-Policy': 'same-origin' }, body: '<!doctype html><title>x</title><table><tr><td>12:00:00<td>POST /hooks<td>200</table>' }))
    for (let n = 0; n < 6; n++) {
      const again = await world.start('ui', '--addr', '127.0.0.1:0')
      for (const [address, into] of [[one, plain], [again.ui, paints]]) {
        const other = await browser.chromium.newContext({ viewport: { width: 1280, height: 800 } }), tab = await other.newPage()
        await tab.goto(address, { waitUntil: 'load' })
        into.push(await painting(tab))
        await other.close()
      }
    }
    for (const [what, name, goal] of [['first byte of the list, cold', 'byte', 60], ['first row painted, cold', 'first', 200]]) {
      note(what + ', median of 7', percentile(paints.map((p) => p[name]), 50), goal, 'ms')
      note('… the least', Math.min(...paints.map((p) => p[name])), goal, 'ms')
    }
    note('a page of one row and nothing else painted, median of 6', percentile(plain.map((p) => p.first), 50), 0, 'ms')
    note('… the least', Math.min(...plain.map((p) => p.first)), 0, 'ms')
    await context.close()
  } finally { await world.end() }
})

test('a webhook with a body of 64 KiB is opened', { timeout: 180_000 }, async () => {
  const world = new World()
  try {
    const barb = await world.start('listen', '--addr', '127.0.0.1:0', '--ui=127.0.0.1:0')
    const items = Array.from({ length: 560 }, (_, n) => ({ id: 'il_' + n, description: `Seats × ${n}, paid in advance for the year`, amount: 100 * n, currency: 'eur', tags: ['a', 'b'] }))
    const body = JSON.stringify({ type: 'invoice.paid', data: { lines: items } })
    assert.ok(body.length > 60 << 10 && body.length < 70 << 10, `${body.length} bytes`)
    for (let n = 0; n < 2; n++) await post(barb.url, body)
    const { page, wrong } = await browser.open(barb.ui)
    await live(page)
    const took = [], whole = []
    for (let n = 0; n < 12; n++) {
      took.push(await page.evaluate(async (id) => {
        const begun = window.begun = performance.now()
        await open(id) // the page's own function
        await new Promise((yes) => requestAnimationFrame(() => setTimeout(yes)))
        return performance.now() - begun
      }, 1 + n % 2))
      // What is folded enters later, in short pieces: it is all there before the next one is opened.
      whole.push(await page.waitForFunction(() => !document.querySelector('#hook template') && performance.now() - window.begun).then((n) => n.jsonValue()))
      assert.deepEqual(JSON.parse(await page.locator('#body .json').evaluate((e) => e.textContent)), JSON.parse(body))
    }
    const plain = await painted(world, '<pre>' + body.replace(/[&<]/g, (c) => `&#${c.charCodeAt(0)};`) + '</pre>')
    note('a webhook with 64 KiB opened and painted, the first time', took[0], 80, 'ms')
    note('a webhook with 64 KiB opened and painted, median', percentile(took, 50), 80, 'ms')
    note('… the least', Math.min(...took), 80, 'ms')
    note('… and all of it is in the page, median', percentile(whole, 50), 0, 'ms')
    note('64 KiB of plain text in a page without anything, median', percentile(plain, 50), 0, 'ms')
    note('… the least', Math.min(...plain), 0, 'ms')
    const elements = await page.locator('#hook *').count()
    note('elements of a webhook with 64 KiB', elements, 0, '')
    assert.equal(await page.evaluate(() => pathOf([...document.querySelectorAll('#body .json .s')].find((s) => s.textContent === '"il_559"'))), '.data.lines[559].id')
    assert.ok(elements < 30_000, `${elements} elements`)
    assert.deepEqual(wrong, [])
  } finally { await world.end() }
})

test(`100 webhooks a second for ${seconds} s: the page keeps no more than it shows`, { timeout: 180_000 + seconds * 4000 }, async () => {
  const world = new World(), agent = new http.Agent({ keepAlive: true, maxSockets: 4 })
  try {
    const barb = await world.start('listen', '--addr', '127.0.0.1:0', '--ui=127.0.0.1:0')
    const { page, wrong } = await browser.open(barb.ui)
    await live(page)
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Performance.enable')
    await page.evaluate(() => {
      window.slow = []
      new PerformanceObserver((l) => window.slow.push(...l.getEntries().map((e) => e.duration))).observe({ entryTypes: ['longtask'] })
    })
    /** kept is what is left once all that can be let go is gone. */
    const kept = async () => {
      for (let n = 0; n < 3; n++) await cdp.send('HeapProfiler.collectGarbage')
      const { metrics } = await cdp.send('Performance.getMetrics'), of = (name) => metrics.find((m) => m.name === name).value
      return { heap: of('JSHeapUsedSize'), nodes: of('Nodes'), listeners: of('JSEventListeners') }
    }
    let sent = 0
    /** send sends at the pace, and waits until the newest is shown. */
    const send = async (number) => {
      const begun = Date.now(), pending = []
      for (let n = 0; n < number; n++) {
        const wait = begun + n * 10 - Date.now()
        if (wait > 0) await new Promise((yes) => setTimeout(yes, wait)) // the pace, not a wait for something
        pending.push(post(barb.url, `{"type":"tick","n":${++sent},"pad":"${'x'.repeat(500)}"}`, {}, agent))
      }
      await Promise.all(pending)
      await page.waitForFunction((id) => document.getElementById('w' + id), sent, { timeout: 120_000 })
      return number * 1000 / (Date.now() - begun)
    }
    await send(500) // the list is full, and the code of the page is warm
    const first = await kept()
    const rate = await send(100 * seconds)
    const last = await kept(), rows = await page.locator('#rows>tr').count()
    const slow = await page.evaluate(() => window.slow)
    note(`webhooks a second for ${seconds} s`, rate, 0, '/s')
    note('memory of the script, full list', first.heap / 1024, 0, 'KiB')
    note('grown by', (last.heap - first.heap) / 1024, 0, 'KiB')
    note('nodes, full list', first.nodes, 0, '')
    note('nodes, at the end', last.nodes, 0, '')
    note('tasks over 50 ms', slow.length, 0, '')
    note('longest task', Math.max(0, ...slow), 50, 'ms')
    assert.ok(rows <= 300, `${rows} rows`)
    assert.ok(last.heap - first.heap < 2 << 20, `the heap grew from ${first.heap} to ${last.heap} bytes`)
    assert.ok(last.nodes < 2 * first.nodes + 2000, `${first.nodes} nodes became ${last.nodes}`)
    assert.ok(last.listeners <= first.listeners + 50, `${first.listeners} listeners became ${last.listeners}`)
    assert.deepEqual(wrong, [])
  } finally { agent.destroy(); await world.end() }
})
