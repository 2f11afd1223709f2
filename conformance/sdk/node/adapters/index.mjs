// All adapters, by family. A row says which SDK judges which scheme of barb's catalogue, and how it is called:
//   provider  the name of the scheme            sdk, function  the npm package and what is called in it
//   load()    imports it, when first needed     verify(sdk, request, secret)  true, false, or throws
//   refuses(err, sdk, request)  whether a thrown error is the SDK's own refusal; anything else that is thrown is a fault
//   accepts(err, sdk)  whether a thrown error can only come after the signature was taken (an event type it does not know)
//   sign(sdk, request, secret)  { headers, body_b64?, url? }       handshake(sdk, request, secret)  what the SDK answers
//   secrets   'all' where the SDK takes several at once, else it is asked once for each
//   takes     bytes | text (UTF-8) | json (UTF-8 and JSON, bytes kept) | compact (parsed and written again) | form
//   clock     real | none: what the SDK judges the age by       by_hand   what the adapter checks itself, because the SDK does not
import { readFileSync } from 'node:fs'
import { Fault } from '../fault.mjs'
import standard from './standard.mjs'
import stamped from './stamped.mjs'
import body from './body.mjs'
import paired from './paired.mjs'
import keyed from './keyed.mjs'
import jwt from './jwt.mjs'
import located from './located.mjs'
import carried from './carried.mjs'

export const adapters = [standard, stamped, body, paired, keyed, jwt, located, carried].flat()

const versions = JSON.parse(readFileSync(new URL('../package.json', import.meta.url))).dependencies

export const version = sdk => versions[sdk]

/** The adapter a request asks for; without an sdk the first of the provider that can do it. */
export function find({ op, provider, sdk }) {
  const adapter = adapters.find(a => a.provider === provider && (sdk ? a.sdk === sdk : a[op]))
  if (!adapter) throw new Fault(`no adapter for ${op} of provider ${provider}${sdk ? ` and sdk ${sdk}` : ''}`)
  return adapter
}

/** The table as the list operation answers it. */
export const list = rows => rows.map(a => ({
  provider: a.provider,
  sdk: a.sdk,
  version: version(a.sdk),
  function: a.function,
  verify: Boolean(a.verify),
  sign: Boolean(a.sign),
  handshake: Boolean(a.handshake),
  one_secret: a.secrets !== 'all',
  takes: a.takes,
  clock: a.clock,
  by_hand: a.by_hand,
}))
