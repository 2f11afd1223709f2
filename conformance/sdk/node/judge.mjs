// Reads requests as NDJSON from stdin and answers as NDJSON on stdout, in order; see README.md for the fields.
import { answer } from './offline.mjs'
import readline from 'node:readline'
import { adapters, find, list } from './adapters/index.mjs'
import { Fault } from './fault.mjs'
import { Request } from './request.mjs'
import { describe, load, verify } from './verdict.mjs'

const patience = 30_000 // milliseconds; the largest SDKs take seconds to load

const operations = {
  list: () => ({ adapters: list(adapters) }),
  verify: message => verify(find(message), new Request(message)),
  sign: async message => {
    const adapter = find(message)
    if (!adapter.sign) throw new Fault(`the adapter for ${adapter.sdk} cannot sign`)
    const request = new Request(message)
    if (!Number.isInteger(request.time)) throw new Fault('time is not in whole Unix seconds')
    return adapter.sign(await load(adapter), request, request.secrets[0])
  },
  handshake: async message => {
    const adapter = find(message)
    if (!adapter.handshake) throw new Fault(`the adapter for ${adapter.sdk} has no handshake`)
    const request = new Request(message)
    return adapter.handshake(await load(adapter), request, request.secrets[0])
  },
}

// An SDK that throws outside of its promise must not end the process, and its request must not wait for ever.
let abandon = () => {}
process.on('uncaughtException', err => abandon(new Fault(`thrown outside of the call: ${describe(err)}`)))
process.on('unhandledRejection', err => abandon(new Fault(`rejected outside of the call: ${describe(err)}`)))

async function handle(message) {
  const operation = Object.hasOwn(operations, message.op) ? operations[message.op] : undefined
  if (!operation) throw new Fault(`unknown op ${message.op}`)
  let timer
  const abandoned = new Promise((_, reject) => {
    abandon = reject
    timer = setTimeout(() => reject(new Fault(`no answer within ${patience} ms`)), patience)
  })
  try {
    return await Promise.race([operation(message), abandoned])
  } finally {
    clearTimeout(timer)
    abandon = () => {}
  }
}

for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  if (line.trim() === '') continue
  let id = null
  try {
    const message = JSON.parse(line)
    id = message.id
    answer({ id, ...(await handle(message)) })
  } catch (err) {
    answer({ id, fault: describe(err) })
  }
}
process.exit(0) // some SDKs keep timers
