// Ed25519 and ECDSA: the verifying side holds a public key. None of these SDKs can sign.
import { named, says, tells } from '../verdict.mjs'

const unverified = named('TelnyxWebhookVerificationError')
const untrue = tells(
  'Missing required header',
  'Invalid timestamp',
  'Invalid signature format',
  'Webhook timestamp',
  'Signature verification failed: signature',
)
const unreadable = says('wanted sequence', 'trailing junk')

/** Runs an Express middleware on a request whose body was read by express.raw, and says what it answered. */
function answered(middleware, request) {
  return new Promise((resolve, reject) => {
    const headers = []
    const response = {
      statusCode: 200,
      setHeader: (name, value) => headers.push([name, String(value)]),
      end: body => resolve({ status: response.statusCode, headers, body_b64: Buffer.from(body ?? '').toString('base64') }),
    }
    const passedOn = () => resolve({ status: null, headers, body_b64: '' }) // not a handshake: the app would answer
    middleware({ header: name => request.get(name), body: request.bytes }, response, passedOn).catch(reject)
  })
}

export default [
  {
    provider: 'discord',
    sdk: 'discord-interactions',
    function: 'verifyKey',
    takes: 'bytes',
    clock: 'none',
    load: () => import('discord-interactions'),
    verify: (sdk, request, secret) =>
      sdk.verifyKey(request.bytes, request.get('x-signature-ed25519'), request.get('x-signature-timestamp'), secret),
    // type 1 is an interaction's ping, type 0 that of webhook events.
    handshake: (sdk, request, secret) => {
      const middleware = request.json.type === 0 ? sdk.verifyWebhookEventMiddleware(secret) : sdk.verifyKeyMiddleware(secret)
      return answered(middleware, request)
    },
  },
  {
    provider: 'telnyx',
    sdk: 'telnyx',
    function: 'webhooks.unwrap',
    takes: 'text',
    clock: 'real',
    load: async () => new (await import('telnyx')).default({ apiKey: 'none' }),
    verify: async (client, request, secret) => {
      await client.webhooks.unwrap(request.text, { headers: request.headers, key: secret })
      return true
    },
    // The same class says that the key is unusable, which is our fault and no refusal.
    refuses: err => unverified(err) && untrue(err),
    accepts: named('SyntaxError'),
  },
  {
    provider: 'sendgrid',
    sdk: '@sendgrid/eventwebhook',
    function: 'EventWebhook.verifySignature',
    takes: 'text',
    clock: 'none',
    load: () => import('@sendgrid/eventwebhook'),
    verify: (sdk, request, secret) => {
      const webhook = new sdk.EventWebhook()
      const key = webhook.convertPublicKeyToECDSA(secret)
      const signature = request.get(sdk.EventWebhookHeader.SIGNATURE())
      return webhook.verifySignature(key, request.text, signature, request.get(sdk.EventWebhookHeader.TIMESTAMP()))
    },
    // What the ASN.1 reader says to a signature that is none; the same words for a broken key would be a fault.
    refuses: (err, sdk, request) => unreadable(err) && !/^M[A-Z]/.test(request.get(sdk.EventWebhookHeader.SIGNATURE())),
  },
]
