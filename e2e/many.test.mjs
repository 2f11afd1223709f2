// Many webhooks: a long history is read as fast as a short one, and a fast stream loses nothing and fills no page.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import { after, before, test } from 'node:test'
import { Browser, World, figure, filler, live, percentile, post } from './kit.mjs'

const rows = +(process.env.E2E_ROWS || 100_000)
const seconds = +(process.env.E2E_SECONDS || 5)
let browser
before(async () => { browser = await Browser.launch() })
after(() => browser?.end())

/** spent is the processor time of a process so far, in ms; NaN where the system does not tell it. */
function spent(child) {
  try {
    const [user, system] = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13)
    return (+user + +system) * 10
  } catch { return NaN }
}

/** timed fetches an address in a page some times and returns the times until its first byte, and its last answer. */
const timed = (page, path, rounds = 7) => page.evaluate(async ([path, rounds]) => {
  const times = []
  let text = '', bytes = 0
  for (let n = 0; n < rounds; n++) {
    const begun = performance.now()
    const answer = await fetch(path)
    times.push(performance.now() - begun)
    text = await answer.text()
    bytes = performance.getEntriesByType('resource').filter((e) => e.name.endsWith(path)).at(-1)?.encodedBodySize || 0
  }
  return { times, text, bytes }
}, [path, rounds])

test(`${rows} rows: the first page, the next page, one in the middle and a filter`, { timeout: 900_000 }, async () => {
  const world = new World()
  try {
    const filled = await world.run(filler, ['fill', '-db', world.env.BARB_DB, '-rows', String(rows), '-mix'])
    assert.equal(filled.code, 0, filled.stderr)
    const barb = await world.start('ui', '--addr', '127.0.0.1:0')
    const { page, wrong } = await browser.open(barb.ui)
    await live(page)
    const newest = +await page.locator('.list').getAttribute('data-newest')
    assert.ok(newest >= rows)
    const next = await page.locator('#older').getAttribute('href')
    const first = await timed(page, '/')
    figure('first page of 100 rows', percentile(first.times, 50), 60, 600)
    figure('first page, bytes', first.text.length, 64 << 10, 64 << 10, 'B')
    figure('first page, compressed', first.bytes, 10 << 10, 10 << 10, 'B')
    figure('next page', percentile((await timed(page, next)).times, 50), 60, 600)
    figure('a page in the middle', percentile((await timed(page, `/?before=${newest >> 1}`)).times, 50), 60, 600)
    figure('filter by status', percentile((await timed(page, '/rows?q=status%3A5xx')).times, 50), 60, 900)
    figure('one webhook', percentile((await timed(page, `/w/${newest}?part=hook`)).times, 50), 80, 600)
    figure('search over bodies', percentile((await timed(page, '/rows?q=grep%3Anothing-has-this', 2)).times, 50), 300, 1500)
    await page.goto(new URL('/?q=grep%3Anothing-has-this', barb.ui).href) // goes on by itself until the end
    await page.getByText('No webhook matches').waitFor({ timeout: 300_000 })
    await page.goto(new URL('/?q=grep%3Aevt_000000000000', barb.ui).href)
    await page.locator('#w1').waitFor({ timeout: 300_000 })
    await page.goto(new URL('/', barb.ui).href)
    if (!isNaN(spent(barb.child))) { // what an open page costs while nothing comes, on a long history
      await live(page)
      const before = spent(barb.child), begun = Date.now()
      await new Promise((yes) => setTimeout(yes, 5000)) // the time that is measured
      figure('an open page, idle', 100 * (spent(barb.child) - before) / (Date.now() - begun), 2, 25, '% of a core')
    }
    const seen = new Set()
    let at = newest + 1
    for (let n = 0; n < 8; n++) { // each webhook once, none left out
      await page.waitForFunction(() => document.querySelectorAll('#rows>tr').length === 100) // it goes on by itself
      const ids = await page.locator('#rows>tr').evaluateAll((all) => all.map((r) => +r.id.slice(1)))
      for (const id of ids) { assert.ok(!seen.has(id) && id < at, `webhook ${id} a second time`); seen.add(id) }
      at = Math.min(...ids)
      const before = page.url()
      await page.locator('#older').click()
      await page.waitForURL((u) => u.href !== before)
      await page.locator(`#rows:not(:has(#w${at}))`).waitFor()
    }
    assert.equal(seen.size, 800)
    assert.deepEqual(wrong, [])
  } finally { await world.end() }
})

test(`200 webhooks a second for ${seconds} s: none is lost, and the page does not grow`, { timeout: 120_000 + seconds * 2000 }, async () => {
  const world = new World()
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 })
  try {
    const barb = await world.start('listen', '--addr', '127.0.0.1:0', '--ui=127.0.0.1:0')
    const { page, wrong } = await browser.open(barb.ui)
    await live(page)
    await page.evaluate(() => {
      window.met = new Map() // id → when
      window.most = 0
      window.slow = []
      const box = document.getElementById('listing')
      new MutationObserver((all) => {
        const now = Date.now()
        for (const m of all) for (const n of m.addedNodes) for (const r of n.querySelectorAll ? [n, ...n.querySelectorAll('tr')] : []) if (/^w\d/.test(r.id) && !window.met.has(r.id)) window.met.set(r.id, now)
        window.most = Math.max(window.most, document.querySelectorAll('#rows>tr').length)
      }).observe(box, { childList: true, subtree: true })
      new PerformanceObserver((l) => window.slow.push(...l.getEntries().map((e) => e.duration))).observe({ entryTypes: ['longtask'] })
    })
    const total = 200 * seconds, begun = Date.now(), sent = [], pending = []
    for (let n = 0; n < total; n++) {
      const wait = begun + n * 5 - Date.now()
      if (wait > 0) await new Promise((yes) => setTimeout(yes, wait)) // the pace, not a wait for something
      sent[n] = Date.now()
      pending.push(post(barb.url, `{"type":"tick","n":${n}}`, {}, agent).then(({ status }) => assert.equal(status, 200)))
    }
    await Promise.all(pending)
    const took = Date.now() - begun, cpu = spent(barb.child)
    await page.waitForFunction((total) => window.met.size >= total, total, { timeout: 60_000 })
    const got = await page.evaluate(() => ({ ids: [...window.met.keys()].map((k) => +k.slice(1)), when: [...window.met.values()], most: window.most, slow: window.slow,
      nodes: document.querySelectorAll('*').length, count: document.querySelectorAll('#rows>tr').length }))
    assert.deepEqual(got.ids.toSorted((a, b) => a - b), Array.from({ length: total }, (_, n) => n + 1), 'each once')
    assert.ok(got.most <= 300 + 200, `${got.most} rows at once`)
    assert.ok(got.count <= 300, `${got.count} rows`)
    assert.ok(got.nodes <= 8000, `${got.nodes} elements`)
    const late = got.ids.map((id, i) => got.when[i] - sent[id - 1])
    console.log(`    sent at ${Math.round(total * 1000 / took)}/s; the listener with its page took ${Math.round(1000 * cpu / total)} µs of a core a webhook; ${got.count} rows and ${got.nodes} elements at the end`)
    figure('came in → in the document, median', percentile(late, 50), 100, 20_000)
    figure('came in → in the document, p95', percentile(late, 95), 300, 40_000)
    figure('longest task of the page', Math.max(0, ...got.slow), 50, Infinity)
    assert.deepEqual(wrong, [])
  } finally { agent.destroy(); await world.end() }
})
