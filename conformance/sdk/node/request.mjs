// One webhook as it came over the wire, in the forms SDKs ask for.
import { Fault } from './fault.mjs'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export class Request {
  constructor(message) {
    if (!Array.isArray(message.secrets) || message.secrets.length === 0) throw new Fault('the request has no secrets')
    this.method = message.method ?? 'POST'
    this.url = message.url ?? 'https://hooks.example.com/in'
    this.pairs = message.headers ?? []
    this.bytes = Buffer.from(message.body_b64 ?? '', 'base64')
    this.secrets = message.secrets
    this.params = message.params ?? {}
    this.id = message.id_hint ?? 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W'
    this.time = message.time
  }

  /** A header as Express's req.get gives it, '' where the request has none: SDKs are typed to take a string. */
  get(name) {
    return this.headers[name.toLowerCase()] ?? ''
  }

  /** All headers as Node's http gives them: lower case, repeated ones joined. */
  get headers() {
    const all = {}
    for (const [name, value] of this.pairs) {
      const key = name.toLowerCase()
      all[key] = key in all ? `${all[key]}, ${value}` : value
    }
    return all
  }

  /** The body for an SDK that takes a string. What is not UTF-8 cannot be handed over, so that is no verdict. */
  get text() {
    try {
      return utf8.decode(this.bytes)
    } catch {
      throw new Fault('the body is not UTF-8, and this SDK takes a string')
    }
  }

  /** The body for an SDK that takes what express.json() made of it. */
  get json() {
    try {
      return JSON.parse(this.text)
    } catch (err) {
      throw err instanceof Fault ? err : new Fault('the body is not JSON, and this SDK takes a parsed body')
    }
  }

  /** The fields of a form as body-parser gives them: a repeated one is an array. */
  get form() {
    const fields = {}
    for (const [name, value] of new URLSearchParams(this.text)) {
      fields[name] = name in fields ? [fields[name], value].flat() : value
    }
    return fields
  }

  /** The path with the query. */
  get path() {
    const { pathname, search } = new URL(this.url)
    return pathname + search
  }

  /** The request as a fetch handler gets it. */
  get fetch() {
    const body = ['GET', 'HEAD'].includes(this.method) ? undefined : this.bytes
    return new globalThis.Request(this.url, { method: this.method, headers: this.pairs, body })
  }

  /** A secret of two parts, `left:right`; the right part may hold colons. */
  static split(secret) {
    const at = secret.indexOf(':')
    if (at < 0) throw new Fault('this SDK takes a secret of the form left:right')
    return [secret.slice(0, at), secret.slice(at + 1)]
  }
}
