// Every vector that names one of these SDKs goes through its adapter, as the running judge would be asked, under the clock of
// the vector. Prints a line for each adapter and fails when a verdict differs from the recorded one, when an adapter
// faults, or when an adapter was not seen to say both valid and invalid.
//   node selftest.mjs [FILE or FOLDER of vectors]
import './offline.mjs'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { adapters, version } from './adapters/index.mjs'
import { Request } from './request.mjs'
import { describe, load, verify } from './verdict.mjs'

const RealDate = Date
let now = RealDate.now()

/** The clock all SDKs see; jsonwebtoken and jose ask `new Date`, the others Date.now. */
class VectorDate extends RealDate {
  constructor(...args) {
    super(...(args.length === 0 ? [now] : args))
  }

  static now() {
    return now
  }
}

function read(place) {
  if (!existsSync(place)) throw new Error(`no vectors at ${place}`)
  const files = statSync(place).isDirectory() ? readdirSync(place).filter(f => f.endsWith('.json')).map(f => path.join(place, f)) : [place]
  return files.flatMap(file => JSON.parse(readFileSync(file)).vectors)
}

const recorded = (vector, adapter) =>
  [...(vector.confirmed_by ?? []), ...(vector.sdk_disagrees ?? [])].find(r => r.sdk === adapter.sdk)?.verdict

const request = vector => new Request({ ...vector, headers: Object.entries(vector.headers ?? {}) })

async function judge(adapter, vector) {
  await load(adapter)
  now = vector.now * 1000
  globalThis.Date = VectorDate
  try {
    return await verify(adapter, request(vector))
  } catch (err) {
    return { verdict: 'fault', error: describe(err) }
  } finally {
    globalThis.Date = RealDate
  }
}

async function check(adapter, vectors) {
  const row = { provider: adapter.provider, sdk: `${adapter.sdk}@${version(adapter.sdk)}`, agreed: 0, differs: [], seen: new Set() }
  for (const vector of vectors) {
    const expected = recorded(vector, adapter)
    if (vector.provider !== adapter.provider || !expected) continue
    const { verdict, error } = await judge(adapter, vector)
    row.seen.add(verdict)
    if (verdict === expected) row.agreed++
    else row.differs.push(`${vector.case}: recorded ${expected}, got ${verdict}${error ? ` (${error})` : ''}`)
    if (process.env.VERBOSE) console.error(adapter.provider, adapter.sdk, vector.case, verdict, error ?? '')
  }
  return row
}

const here = import.meta.dirname
const place = process.argv[2] ?? path.join(here, '../../../sign/testdata/vectors')
const vectors = read(place)
const only = process.env.ONLY?.split(',')
let bad = 0
let silent = 0
for (const adapter of adapters.filter(a => a.verify && (!only || only.includes(a.provider) || only.includes(a.sdk)))) {
  const row = await check(adapter, vectors)
  const one = row.agreed + row.differs.length > 0 && row.seen.size < 2
  bad += row.differs.length + (one ? 1 : 0)
  silent += row.agreed + row.differs.length === 0 ? 1 : 0
  const verdict = row.differs.length ? `DIFFERS ${row.differs.join('; ')}` : one ? `ONLY EVER ${[...row.seen]}` : ''
  console.error(`${row.provider.padEnd(22)} ${row.sdk.padEnd(36)} ${String(row.agreed).padStart(2)} agreed, ${row.differs.length} disagreed ${verdict}`)
}
console.error(`${bad === 0 ? 'ok' : `${bad} wrong`}; ${silent} adapters without a recorded vector`)
process.exit(bad === 0 ? 0 : 1)
