// Runs one adapter. The rule of this file: "invalid" is said only when the SDK refused, that is when it returned false or
// threw what its row in adapters/ lists as a refusal. Everything else that is thrown or returned is a fault of the adapter,
// or else a TypeError from a wrong call would let every tampered webhook pass for refused.
import { Fault } from './fault.mjs'

const loaded = new Map()

/** The SDK's module, loaded once. */
export async function load(adapter) {
  if (!loaded.has(adapter.load)) loaded.set(adapter.load, await adapter.load())
  return loaded.get(adapter.load)
}

/** Whether the SDK takes the request; an SDK with one secret is asked once for each. */
export async function verify(adapter, request) {
  if (!adapter.verify) throw new Fault(`the adapter for ${adapter.sdk} cannot verify`)
  const sdk = await load(adapter)
  const tries = adapter.secrets === 'all' ? [request.secrets] : request.secrets
  let refusal
  for (const secret of tries) {
    refusal = await refused(adapter, sdk, request, secret)
    if (refusal === undefined) return { verdict: 'valid' }
  }
  return { verdict: 'invalid', error: refusal }
}

/** What the SDK refused the request with, or undefined when it took it. */
async function refused(adapter, sdk, request, secret) {
  let answer
  try {
    answer = await adapter.verify(sdk, request, secret)
  } catch (err) {
    if (err instanceof Fault) throw err
    if (adapter.refuses?.(err, sdk, request)) return describe(err)
    if (adapter.accepts?.(err, sdk, request)) return undefined
    throw new Fault(`${adapter.function} threw what is not listed as its refusal: ${describe(err)}`)
  }
  if (answer === true) return undefined
  if (answer === false) return 'returned false'
  throw new Fault(`${adapter.function} returned ${typeof answer}, not a boolean`)
}

export function describe(err) {
  const text = err instanceof Error || typeof err?.message === 'string' ? `${err.name}: ${err.message}` : String(err)
  return text.replaceAll('\n', ' ').slice(0, 300)
}

/** A test for thrown errors by class name; the classes of some SDKs are not exported. */
export const named = (...names) => err => names.includes(err?.constructor?.name) || names.includes(err?.name)

/** A test for thrown errors by text: how it begins, or a pattern. */
export const tells = (...texts) => err =>
  typeof err?.message === 'string' && texts.some(text => (typeof text === 'string' ? err.message.startsWith(text) : text.test(err.message)))

/** The same for SDKs that throw a plain Error: a TypeError with such a text is none of theirs. */
export const says = (...texts) => err => err?.constructor === Error && tells(...texts)(err)
