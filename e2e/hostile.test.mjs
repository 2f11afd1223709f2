// What strangers send is shown and never runs: no dialog, no request to elsewhere, no element of theirs.
import assert from 'node:assert/strict'
import net from 'node:net'
import { after, before, test } from 'node:test'
import { Browser, World, live, within } from './kit.mjs'

let browser
before(async () => { browser = await Browser.launch() })
after(() => browser?.end())

const hits = 'window.ran=(window.ran||0)+1'
const attacks = [
  `<script>${hits}</script>`, `"><img src=x onerror="${hits}">`, `'><svg onload=${hits}>`, `</pre></details><script>${hits}</script>`,
  `<img src=http://127.0.0.1:9/pixel.png>`, `<link rel=stylesheet href=http://127.0.0.1:9/x.css>`, `<iframe srcdoc="<script>parent.${hits}</script>">`,
  `<a href="javascript:${hits}">x</a>`, `javascript:${hits}`, `<base href=http://127.0.0.1:9/>`, `<meta http-equiv=refresh content="0;url=http://127.0.0.1:9/">`,
  `<form action=http://127.0.0.1:9/><button>x</button></form>`, `<style>*{background:url(http://127.0.0.1:9/y)}</style>`,
  `<template><script>${hits}</script></template>`, `<details open ontoggle=${hits}>`, `<input autofocus onfocus=${hits}>`,
  '\u202egnp.exe', '\u0000\u001b[31m\u0007', '\ufeff\u200b\u2066', '%3Cscript%3E' + hits + '%3C/script%3E', '{{.Token}} ${7*7}', '__proto__',
]

/** raw sends bytes that no client of HTTP would send, and waits for the answer. */
function raw(port, text) {
  return within(new Promise((yes, no) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.end(Buffer.from(text, 'latin1')))
    let got = ''
    socket.on('data', (d) => { got += d })
    socket.on('close', () => yes(got))
    socket.on('error', no)
  }), 'an answer to raw bytes')
}

test('nothing of a sender runs, in any part of the page, filtered by, searched for, copied, live and after a reload', { timeout: 900_000 }, async () => {
  const world = new World()
  try {
    const app = await world.app((request, body) => ({ status: 500, type: 'text/html', body: body }))
    const barb = await world.start('listen', '--addr', '127.0.0.1:0', '--ui=127.0.0.1:0', '--forward-to', app)
    const port = +new URL(barb.url).port
    const { page, wrong } = await browser.open(barb.ui, { permissions: ['clipboard-read', 'clipboard-write'] })
    await live(page)
    let sent = 0
    for (const a of attacks) {
      const inHead = Buffer.from(a.replace(/[\x00\r\n]/g, ''), 'utf8').toString('latin1'), inPath = encodeURI(a).replaceAll('%3C', '<').replaceAll('%3E', '>').replaceAll('%22', '"')
      const bodies = [[`{"${'type'}":${JSON.stringify(a)},${JSON.stringify(a)}:[${JSON.stringify(a)},{"x":${JSON.stringify(a)}}]}`, 'application/json'],
        [`<x y="1">${a}</x>`, 'text/xml'], ['a=' + encodeURIComponent(a) + '&' + encodeURIComponent(a) + '=1&payload=' + encodeURIComponent(JSON.stringify({ a })), 'application/x-www-form-urlencoded'], [a, 'text/html'],
        [`--B\r\nContent-Disposition: form-data; name="${a}"\r\n\r\n${a}\r\n--B\r\nContent-Disposition: form-data; name="f"; filename="${a}"\r\nContent-Type: ${a}\r\n\r\n${a}\r\n` +
          `--B\r\nContent-Disposition: ${inHead}\r\n\r\n${JSON.stringify({ [a]: a })}\r\n--B--\r\n`, 'multipart/form-data; boundary=B']]
      for (const [text, type] of bodies) {
        const body = Buffer.from(text, 'utf8')
        const answer = await raw(port, `POST /${inPath}?q=${inPath}&${encodeURIComponent(a)}=${encodeURIComponent(a)}&%zz=${inPath}&q=1 HTTP/1.1\r\nHost: x\r\nX-GitHub-Event: ${inHead}\r\nX-Attack: ${inHead}\r\nWebhook-Id: ${inHead}\r\nContent-Type: ${type}\r\n` +
          `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n` + body.toString('latin1'))
        if (/^HTTP\/1.1 [25]/.test(answer)) sent++
      }
    }
    assert.ok(sent > attacks.length, `only ${sent} were taken`)
    const foreign = () => page.evaluate(() => ({ ran: window.ran, title: document.title, elements: [...document.querySelectorAll('script,img,iframe,base,style,link,meta,object,embed,video')].map((e) => e.outerHTML)
      .filter((h) => !/^<(script src="\/static\/|link rel="stylesheet" href="\/static\/|meta (charset|name))/.test(h)),
      handlers: [...document.querySelectorAll('*')].filter((e) => [...e.attributes].some((a) => /^(on|style$|srcdoc$)/.test(a.name) && e !== document.documentElement)).map((e) => e.outerHTML.slice(0, 80)),
      links: [...document.querySelectorAll('a,form,area')].map((e) => e.href || e.action).filter((h) => !h.startsWith(location.origin)) }))
    const clean = async (where) => {
      const { ran, elements, handlers, links } = await foreign()
      assert.deepEqual({ where, ran, elements, handlers, links, wrong }, { where, ran: undefined, elements: [], handlers: [], links: [], wrong: [] })
    }
    await page.locator('#rows>tr').nth(Math.min(sent, 80) - 1).waitFor()
    await clean('the list, live')
    await page.reload()
    await live(page)
    await clean('the list')
    const shown = () => page.locator('#rows>tr').evaluateAll((all) => all.map((r) => r.id.slice(1)))
    const ids = await shown()
    await page.goto(await page.locator('#older').getAttribute('href').then((h) => new URL(h, barb.ui).href))
    await clean('the older ones')
    ids.push(...await shown())
    assert.ok(ids.length >= sent, `${ids.length} of ${sent} rows`)
    for (const id of ids) {
      await page.goto(new URL('/w/' + id, barb.ui).href)
      await page.locator(`article[data-id="${id}"]`).waitFor()
      await page.evaluate(() => { for (const d of document.querySelectorAll('details')) d.open = true })
      await clean('webhook ' + id)
      assert.ok(await page.locator('#headers h3', { hasText: 'Query' }).count(), 'the query string is shown')
    }
    for (const part of ['curl', 'headers', 'body', 'url']) {
      await page.evaluate((p) => copyPart(p), part)
      await clean('copied ' + part)
    }
    for (const a of attacks) {
      await page.locator('#q').fill(a)
      await page.locator('#q').press('Enter')
      await page.evaluate(() => new Promise((yes) => requestAnimationFrame(() => setTimeout(yes))))
      await page.goto(new URL('/?q=' + encodeURIComponent(a), barb.ui).href)
      await clean('filtered by ' + a)
    }
  } finally { await world.end() }
})

test('another page reaches nothing: no frame, no script, no stream, no form', { timeout: 120_000 }, async () => {
  const world = new World()
  try {
    const barb = await world.start('listen', '--addr', '127.0.0.1:0', '--ui=127.0.0.1:0')
    const ours = await browser.open(barb.ui)
    const { origin } = new URL(barb.ui)
    const evil = await world.app(() => ({ status: 200, type: 'text/html', body: `<!doctype html><iframe src="${origin}/"></iframe><img src="${origin}/w/1/download/raw">` }))
    const page = await ours.context.newPage() // with the cookie of the page
    await page.goto(evil)
    const got = await page.evaluate(async (origin) => {
      const all = {}
      for (const mode of ['cors', 'no-cors']) all[mode] = await fetch(origin + '/', { mode, credentials: 'include' }).then((r) => r.type + r.status, () => 'refused')
      all.stream = await new Promise((yes) => { const s = new EventSource(origin + '/events', { withCredentials: true }); s.onopen = () => yes('open'); s.onerror = () => yes('refused') })
      all.frame = await new Promise((yes) => { const f = document.querySelector('iframe'); try { yes(f.contentDocument ? 'ours' : 'shut') } catch { yes('shut') } })
      return all
    }, origin)
    assert.deepEqual(got, { cors: 'refused', 'no-cors': 'refused', stream: 'refused', frame: 'shut' })
    await ours.page.reload()
    await ours.page.locator('#live').waitFor()
  } finally { await world.end() }
})
