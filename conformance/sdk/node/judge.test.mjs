// The rules of the judge itself, on made-up adapters and on the running process. Run with: node --test
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import path from 'node:path'
import readline from 'node:readline'
import { after, test } from 'node:test'
import { Fault } from './fault.mjs'
import { Request } from './request.mjs'
import { says, verify } from './verdict.mjs'

const request = new Request({ headers: [], body_b64: '', secrets: ['a', 'b'] })
const adapter = (call, more) => ({ sdk: 'made-up', function: 'check', load: async () => ({}), verify: call, ...more })

test('only true is valid and only false is invalid', async () => {
  assert.deepEqual(await verify(adapter(() => true), request), { verdict: 'valid' })
  assert.deepEqual(await verify(adapter(async () => false), request), { verdict: 'invalid', error: 'returned false' })
  for (const answer of [undefined, null, 1, 'true', {}]) await assert.rejects(verify(adapter(() => answer), request), Fault)
})

test('what is thrown is a refusal only when the adapter lists it', async () => {
  const refuse = adapter(() => { throw new Error('wrong signature') }, { refuses: says(/^wrong signature$/) })
  assert.deepEqual(await verify(refuse, request), { verdict: 'invalid', error: 'Error: wrong signature' })
  const crash = adapter(() => undefined.body, { refuses: says(/./) }) // a TypeError, as a wrong call throws it
  await assert.rejects(verify(crash, request), Fault)
})

test('an SDK with one secret is asked once for each, and a fault is not hidden by another secret', async () => {
  assert.deepEqual(await verify(adapter((_, __, secret) => secret === 'b'), request), { verdict: 'valid' })
  const crash = adapter((_, __, secret) => secret === 'b' || undefined.body)
  await assert.rejects(verify(crash, request), Fault)
})

test('a body an SDK cannot be given is a fault, not a verdict', () => {
  const binary = new Request({ headers: [], body_b64: Buffer.from([0xff, 0xfe]).toString('base64'), secrets: ['a'] })
  assert.throws(() => binary.text, Fault)
  assert.throws(() => new Request({ headers: [], body_b64: 'eyI=', secrets: ['a'] }).json, Fault)
})

const child = spawn(process.execPath, [path.join(import.meta.dirname, 'judge.mjs')], { stdio: ['pipe', 'pipe', 'ignore'] })
const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]()
after(() => child.stdin.end())

async function ask(message) {
  child.stdin.write(typeof message === 'string' ? `${message}\n` : `${JSON.stringify(message)}\n`)
  return JSON.parse((await lines.next()).value)
}

const b64 = text => Buffer.from(text).toString('base64')
const decode = answer => Buffer.from(answer.body_b64, 'base64').toString()
const hmac = (secret, text) => createHmac('sha256', secret).update(text).digest('hex')

test('the judge answers nonsense with faults and goes on', async () => {
  assert.match((await ask('nonsense')).fault, /not valid JSON/)
  assert.match((await ask({ id: 1, op: 'constructor' })).fault, /unknown op/)
  assert.match((await ask({ id: 2, op: 'verify', provider: 'nobody', secrets: ['x'] })).fault, /no adapter/)
  assert.match((await ask({ id: 3, op: 'verify', provider: 'stripe' })).fault, /no secrets/)
  assert.match((await ask({ id: 4, op: 'sign', provider: 'discord', sdk: 'discord-interactions', secrets: ['x'], time: 1 })).fault, /cannot sign/)
  const { id, adapters } = await ask({ id: 5, op: 'list' })
  assert.equal(id, 5)
  assert.ok(adapters.length > 80 && adapters.every(a => a.version && a.function && a.takes && a.clock))
})

test('what an SDK signs now it takes, and refuses when a byte of it changes', async () => {
  const time = Math.floor(Date.now() / 1000)
  const message = { op: 'sign', provider: 'stripe', sdk: 'stripe', body_b64: b64('{"id":1}'), secrets: ['whsec_x'], time }
  const { headers } = await ask({ id: 1, ...message })
  assert.equal((await ask({ ...message, id: 2, op: 'verify', headers })).verdict, 'valid')
  const tampered = await ask({ ...message, id: 3, op: 'verify', headers, body_b64: b64('{"id":2}') })
  assert.equal(tampered.verdict, 'invalid')
  assert.match(tampered.error, /StripeSignatureVerificationError|No signatures found/)
})

test('handshakes are answered by the SDK', async () => {
  const now = String(Math.floor(Date.now() / 1000))
  const zoom = JSON.stringify({ event: 'endpoint.url_validation', payload: { plainToken: 'P' }, event_ts: 1 })
  const zoomHeaders = [['x-zm-request-timestamp', now], ['x-zm-signature', `v0=${hmac('s', `v0:${now}:${zoom}`)}`]]
  const validated = await ask({ id: 1, op: 'handshake', provider: 'zoom', headers: zoomHeaders, body_b64: b64(zoom), secrets: ['s'] })
  assert.deepEqual([validated.status, JSON.parse(decode(validated))], [200, { plainToken: 'P', encryptedToken: hmac('s', 'P') }])

  const slack = JSON.stringify({ type: 'url_verification', challenge: 'C' })
  const slackSignature = `v0=${hmac('s', `v0:${now}:${slack}`)}`
  const slackHeaders = [['Content-Type', 'application/json'], ['X-Slack-Request-Timestamp', now], ['X-Slack-Signature', slackSignature]]
  const challenged = await ask({ id: 2, op: 'handshake', provider: 'slack', headers: slackHeaders, body_b64: b64(slack), secrets: ['s'] })
  assert.deepEqual([challenged.status, JSON.parse(decode(challenged))], [200, { challenge: 'C' }])

  const url = 'https://hooks.example.com/in?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53'
  const secrets = ['integration_public_key:integration_private_key']
  const answered = await ask({ id: 3, op: 'handshake', provider: 'braintree', method: 'GET', url, secrets })
  assert.equal(decode(answered), 'integration_public_key|d9b899556c966b3f06945ec21311865d35df3ce4') // as in the SDK's own tests
})

test('Discord gets its pong for a good signature and 401 for a bad one', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const key = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex')
  const signature = sign(null, Buffer.from('1{"type":1}'), privateKey).toString('hex')
  const ping = { op: 'handshake', provider: 'discord', headers: [['X-Signature-Ed25519', signature], ['X-Signature-Timestamp', '1']], secrets: [key] }
  const pong = await ask({ ...ping, id: 1, body_b64: b64('{"type":1}') })
  assert.deepEqual([pong.status, decode(pong)], [200, '{"type":1}'])
  assert.equal((await ask({ ...ping, id: 2, body_b64: b64('{"type": 1}') })).status, 401)
})
