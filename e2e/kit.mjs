// What the tests of the page share: real barb processes in a world of their own, an app, and Chromium.
// Every wait has a time-out, and only what was started here is ended.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createHmac } from 'node:crypto'
import { chromium } from 'playwright-core'

const root = fileURLToPath(new URL('..', import.meta.url))
export const barbFile = process.env.BARB || join(root, 'bin', 'barb')
export const filler = join(root, 'bin', 'bench')
export const secret = 'whsec_bGV0IHRoZSBiYXJiIGJl'
const patience = 30_000 // ms: for what takes a moment on a quiet machine

/** within fails a promise that is late, with what was waited for. */
export function within(promise, what, ms = patience) {
  let timer
  const late = new Promise((_, no) => { timer = setTimeout(() => no(new Error(`${what}: not within ${ms} ms`)), ms) })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** World is a home folder with a history, and what runs in it. */
export class World {
  constructor() {
    this.home = mkdtempSync(join(tmpdir(), 'barb-e2e-'))
    const keep = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(BARB_|XDG_)/.test(name)))
    this.env = { ...keep, HOME: this.home, XDG_DATA_HOME: join(this.home, 'data'), XDG_STATE_HOME: join(this.home, 'state'),
      XDG_CONFIG_HOME: join(this.home, 'config'), XDG_CACHE_HOME: join(this.home, 'cache'), BARB_DB: join(this.home, 'history.db'),
      WHSEC: secret, WRONG: 'whsec_d3JvbmcgYnV0IGxvbmcgZW5vdWdo', NO_COLOR: '1' }
    this.running = []
    this.servers = []
  }

  /** run runs a program to its end. */
  async run(file, args, input = '') {
    const child = spawn(file, args, { env: this.env, cwd: this.home, stdio: ['pipe', 'pipe', 'pipe'] })
    this.running.push(child)
    child.stdin.on('error', () => {}) // it may have ended
    child.stdin.end(input)
    const out = [], err = []
    child.stdout.on('data', (d) => out.push(d))
    child.stderr.on('data', (d) => err.push(d))
    const code = await within(new Promise((yes, no) => { child.on('error', no); child.on('close', yes) }),
      `${file} ${args.join(' ')}`, 300_000)
    return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }
  }

  barb(...args) { return this.run(barbFile, args) }

  /** start starts barb and returns the addresses of its ready object: {url, ui}. */
  async start(...args) {
    const child = spawn(barbFile, [...args, '--json'], { env: this.env, cwd: this.home, stdio: ['ignore', 'pipe', 'pipe'] })
    this.running.push(child)
    let said = ''
    child.stderr.on('data', (d) => { said += d })
    const ready = new Promise((yes, no) => {
      let text = ''
      child.stdout.on('data', (d) => {
        if (text === null) return
        text += d
        const end = text.indexOf('\n')
        if (end >= 0) { yes(JSON.parse(text.slice(0, end))); text = null }
      })
      child.on('error', no)
      child.on('close', (code) => no(new Error(`barb ${args.join(' ')} ended with ${code}: ${said}`)))
    })
    const object = await within(ready, `barb ${args[0]} is ready`)
    return { ...object, child }
  }

  /** app answers as answer(request, body) says, on a free port: {status, type, body, headers}. */
  async app(answer) {
    const server = http.createServer((request, response) => {
      const parts = []
      request.on('data', (d) => parts.push(d))
      request.on('end', () => {
        const { status, type = 'application/json', body = '{"ok":true}', headers } = answer(request, Buffer.concat(parts).toString())
        response.writeHead(status, { 'Content-Type': type, ...headers })
        response.end(body)
      })
    })
    await new Promise((yes) => server.listen(0, '127.0.0.1', yes))
    this.servers.push(server)
    return 'http://127.0.0.1:' + server.address().port
  }

  async end() {
    await Promise.all(this.running.map(stop))
    for (const server of this.servers) { server.closeAllConnections(); server.close() }
    rmSync(this.home, { recursive: true, force: true })
  }
}

/** stop ends a process that was started here, with ^C, and by force when it does not end. */
export async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((yes) => child.once('exit', yes))
  child.kill('SIGINT')
  await within(gone, 'the process ends', 10_000).catch(() => { child.kill('SIGKILL'); return gone })
}

/** post sends a webhook as a provider does, and returns the status and when it was sent. */
export function post(address, body, headers = {}, agent) {
  return within(new Promise((yes, no) => {
    const sent = Date.now()
    const request = http.request(address, { method: 'POST', agent, headers: { 'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body), ...headers } }, (response) => {
      response.resume()
      response.on('end', () => yes({ status: response.statusCode, sent }))
    })
    request.on('error', no)
    request.end(body)
  }), 'an answer to a webhook')
}

/** stripe is the header by which Stripe signs. */
export function stripe(body, key = secret, at = Math.floor(Date.now() / 1000)) {
  return { 'Stripe-Signature': `t=${at},v1=${createHmac('sha256', key).update(`${at}.${body}`).digest('hex')}` }
}

/** Browser is one Chromium, whose pages are watched: nothing may run, ask elsewhere or fail. */
export class Browser {
  static async launch() {
    const b = new Browser()
    b.chromium = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', timeout: 60_000,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--font-render-hinting=none'] })
    return b
  }

  /** open opens an address in a browser of its own: {page, context, wrong}. wrong lists what a page must not do. */
  async open(address, options = {}) {
    const context = await this.chromium.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', ...options })
    context.setDefaultTimeout(patience)
    const wrong = [], asked = [], { origin } = new URL(address)
    context.on('request', (r) => { asked.push(r); if (new URL(r.url()).origin !== origin) wrong.push('asked ' + r.url()) })
    context.on('weberror', (e) => wrong.push('error ' + e.error().message))
    context.on('console', (m) => { if (['error', 'warning'].includes(m.type()) && !/net::ERR_(ABORTED|INCOMPLETE|CONNECTION)|the server responded with a status of 404/.test(m.text())) wrong.push('console ' + m.text()) })
    context.on('dialog', (d) => { wrong.push('dialog ' + d.message()); d.dismiss() })
    const page = await context.newPage()
    await page.goto(address)
    return { page, context, wrong, asked }
  }

  async end() { await this.chromium?.close() }
}

/** live waits until the page hears of what comes. */
export async function live(page) { await page.locator('#live-word', { hasText: /^live$/ }).waitFor() }

export const axe = readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')

/** figure prints a figure with its goal. A test fails at the loose limit, which a busy machine keeps; with E2E_STRICT=1
 * at the goal. */
export function figure(name, got, goal, loose, unit = 'ms') {
  const most = process.env.E2E_STRICT ? goal : loose
  console.log(`    ${name}: ${Math.round(got * 10) / 10} ${unit} (goal ≤ ${goal})`)
  if (!(got <= most)) throw new Error(`${name}: ${got} ${unit}, and at most ${most} is right`)
}

export function percentile(numbers, p) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * p / 100) - 1)]
}
