// Are the adapters right? Prints a line for each and fails when one is not:
//   vectors     every vector that names an SDK goes through its adapter under the vector's clock, and the verdict must be the
//               recorded one. Where no vector names the SDK, the vector's own verdict is expected, with the differences below.
//   round trip  what an SDK signs it must take (or, where it cannot verify, the provider's SDK), and must refuse with another secret
//   both        an adapter that was not seen to say both valid and invalid proves nothing
//
//   node selftest.mjs [FILE or FOLDER of vectors]      ONLY=stripe,svix for some      VERBOSE=1 for every verdict
import './offline.mjs'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { adapters, version } from './adapters/index.mjs'
import { Request } from './request.mjs'
import { describe, load, verify } from './verdict.mjs'

const say = line => process.stderr.write(`${line}\n`)

/** What an SDK that no vector names says to a vector, where that is not the vector's verdict. */
const laxer = {
  'cashfree-pg': { stale: 'valid', future: 'valid' }, // leaves the age to the app
}

const RealDate = Date

/** Runs work while all SDKs see the given clock; jsonwebtoken and jose ask `new Date`, the others Date.now. */
async function at(seconds, work) {
  const now = seconds * 1000
  globalThis.Date = class extends RealDate {
    constructor(...args) {
      super(...(args.length === 0 ? [now] : args))
    }

    static now() {
      return now
    }
  }
  try {
    return await work()
  } finally {
    globalThis.Date = RealDate
  }
}

function read(place) {
  if (!existsSync(place)) throw new Error(`no vectors at ${place}`)
  const files = statSync(place).isDirectory() ? readdirSync(place).filter(f => f.endsWith('.json')).map(f => path.join(place, f)) : [place]
  return files.flatMap(file => JSON.parse(readFileSync(file)).vectors)
}

const records = vector => [...(vector.confirmed_by ?? []), ...(vector.sdk_disagrees ?? [])]

/** The vectors for one adapter as [vector, verdict it must give]. */
function expectations(adapter, vectors) {
  const mine = vectors.filter(v => v.provider === adapter.provider)
  const recorded = mine.map(v => [v, records(v).find(r => r.sdk === adapter.sdk)?.verdict]).filter(([, verdict]) => verdict)
  return recorded.length > 0 ? recorded : mine.map(v => [v, laxer[adapter.sdk]?.[v.case] ?? v.expected])
}

const request = vector => new Request({ ...vector, headers: Object.entries(vector.headers ?? {}) })

async function judged(work) {
  try {
    return await work()
  } catch (err) {
    return { verdict: 'fault', error: describe(err) }
  }
}

async function byVectors(adapter, vectors, note) {
  if (!adapter.verify) return
  for (const [vector, expected] of expectations(adapter, vectors)) {
    note(vector.case, expected, await judged(() => at(vector.now, () => verify(adapter, request(vector)))))
  }
}

/** Another secret of the same form: hex stays hex, base64 stays base64. */
function other(secret) {
  const middle = Math.floor(secret.length / 2)
  return secret.slice(0, middle) + (secret[middle] === 'A' ? 'B' : 'A') + secret.slice(middle + 1)
}

/** The request as it goes out once an SDK has signed it. */
function outgoing(unsigned, signed, secret) {
  const names = signed.headers.map(([name]) => name.toLowerCase())
  const headers = [...unsigned.pairs.filter(([name]) => !names.includes(name.toLowerCase())), ...signed.headers]
  const { method, params } = unsigned
  const body_b64 = signed.body_b64 ?? unsigned.bytes.toString('base64')
  return new Request({ method, url: signed.url ?? unsigned.url, headers, body_b64, secrets: [secret], params })
}

async function byRoundTrip(adapter, vectors, note) {
  const vector = vectors.find(v => v.provider === adapter.provider)
  const secret = vector?.secrets[0]
  if (!adapter.sign || !secret || secret.includes('PUBLIC KEY')) return
  const unsigned = new Request({ ...vector, headers: Object.entries(vector.headers ?? {}), time: Math.floor(Date.now() / 1000) })
  const signed = await adapter.sign(await load(adapter), unsigned, secret)
  const verifier = adapter.verify ? adapter : adapters.find(a => a.provider === adapter.provider && a.verify)
  for (const [held, expected] of [[secret, 'valid'], [other(secret), 'invalid']]) {
    note(`round trip, ${expected}`, expected, await judged(() => verify(verifier, outgoing(unsigned, signed, held))))
  }
}

async function check(adapter, vectors) {
  const row = { agreed: 0, wrong: [], seen: new Set() }
  const note = (what, expected, { verdict, error = '' }) => {
    row.seen.add(verdict)
    if (verdict === expected) row.agreed++
    else row.wrong.push(`${what}: expected ${expected}, got ${verdict} ${error}`)
    if (process.env.VERBOSE) say(`${adapter.provider} ${adapter.sdk} ${what}: ${verdict} ${error}`)
  }
  await load(adapter)
  await byVectors(adapter, vectors, note)
  await byRoundTrip(adapter, vectors, note)
  if (row.seen.size === 0) row.wrong.push('no vector of this scheme')
  else if (!row.seen.has('valid') || !row.seen.has('invalid')) row.wrong.push(`only ever said ${[...row.seen].join(', ')}`)
  return row
}

const vectors = read(process.argv[2] ?? path.join(import.meta.dirname, '../../../sign/testdata/vectors'))
const only = process.env.ONLY?.split(',')
let wrong = 0
for (const adapter of adapters.filter(a => !only || only.includes(a.provider) || only.includes(a.sdk))) {
  const row = await check(adapter, vectors)
  wrong += row.wrong.length
  const sdk = `${adapter.sdk}@${version(adapter.sdk)}`
  const counts = `${String(row.agreed).padStart(2)} agreed, ${row.wrong.length} disagreed`
  say(`${adapter.provider.padEnd(22)} ${sdk.padEnd(38)} ${counts} ${row.wrong.join('; ')}`)
}
say(wrong === 0 ? 'all agree' : `${wrong} wrong`)
process.exit(wrong === 0 ? 0 : 1)
