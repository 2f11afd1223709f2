// A digest of the body alone, under one header.
import { Fault } from '../fault.mjs'
import { named, says } from '../verdict.mjs'

const parsing = named('SyntaxError')

// Octokit refuses an empty body or signature with a TypeError of its own; only those two may count.
const octokit = (err, sdk, request) =>
  err instanceof TypeError && /eventPayload & signature required/.test(err.message) &&
  (request.bytes.length === 0 || request.get('x-hub-signature-256') === '')

const shopify = (provider, prefix) => ({
  provider,
  sdk: '@shopify/shopify-api',
  function: 'webhooks.validate',
  takes: 'text',
  clock: 'none',
  load: loadShopify,
  verify: async (sdk, request, secret) => {
    // The SDK also wants headers that say what the webhook is about; they are not signed.
    const about = { topic: 'ping', 'shop-domain': 'barb.myshopify.com', 'api-version': '2026-01', 'webhook-id': '1', 'event-id': '1' }
    const headers = Object.fromEntries(Object.entries(about).map(([name, value]) => [`${prefix}shopify-${name}`, value]))
    for (const [name, value] of Object.entries(request.headers)) headers[name] = value
    const api = sdk.shopifyApi({
      apiKey: 'none', apiSecretKey: secret, hostName: 'hooks.example.com', apiVersion: '2026-01', isEmbeddedApp: false,
      logger: { log: () => {} },
    })
    const answer = await api.webhooks.validate({ rawBody: request.text, rawRequest: { headers, method: request.method, url: request.path } })
    if (answer.valid) return true
    if (['missing_body', 'missing_hmac', 'invalid_hmac'].includes(answer.reason)) return false
    throw new Fault(`webhooks.validate says ${answer.reason} ${answer.missingHeaders ?? ''}`)
  },
})

async function loadShopify() {
  await import('@shopify/shopify-api/adapters/node')
  return import('@shopify/shopify-api')
}

export default [
  {
    provider: 'github',
    sdk: '@octokit/webhooks-methods',
    function: 'verify',
    takes: 'text',
    clock: 'none',
    load: () => import('@octokit/webhooks-methods'),
    verify: (sdk, request, secret) => sdk.verify(secret, request.text, request.get('x-hub-signature-256')),
    sign: async (sdk, request, secret) => ({ headers: [['X-Hub-Signature-256', await sdk.sign(secret, request.text)]] }),
    refuses: octokit,
  },
  {
    provider: 'github',
    sdk: '@octokit/webhooks',
    function: 'Webhooks.verify',
    takes: 'text',
    clock: 'none',
    load: () => import('@octokit/webhooks'),
    verify: (sdk, request, secret) => new sdk.Webhooks({ secret }).verify(request.text, request.get('x-hub-signature-256')),
    sign: async (sdk, request, secret) => ({ headers: [['X-Hub-Signature-256', await new sdk.Webhooks({ secret }).sign(request.text)]] }),
    refuses: octokit,
  },
  {
    provider: 'notion',
    sdk: '@notionhq/client',
    function: 'verifyWebhookSignature',
    takes: 'bytes',
    clock: 'none',
    load: () => import('@notionhq/client'),
    verify: (sdk, request, secret) =>
      sdk.verifyWebhookSignature({ body: request.bytes, signature: request.get('x-notion-signature'), verificationToken: secret }),
    sign: async (sdk, request, secret) => ({
      headers: [['X-Notion-Signature', await sdk.signWebhookPayload({ body: request.bytes, verificationToken: secret })]],
    }),
  },
  shopify('shopify', 'x-'),
  shopify('shopify-events', ''),
  {
    provider: 'line',
    sdk: '@line/bot-sdk',
    function: 'validateSignature',
    takes: 'bytes',
    clock: 'none',
    load: () => import('@line/bot-sdk'),
    verify: (sdk, request, secret) => sdk.validateSignature(request.bytes, secret, request.get('x-line-signature')),
  },
  {
    provider: 'razorpay',
    sdk: 'razorpay',
    function: 'validateWebhookSignature',
    takes: 'text',
    clock: 'none',
    load: async () => (await import('razorpay')).default,
    verify: (Razorpay, request, secret) => Razorpay.validateWebhookSignature(request.text, request.get('x-razorpay-signature'), secret),
  },
  {
    provider: 'coinbase-commerce',
    sdk: 'coinbase-commerce-node',
    function: 'Webhook.verifySigHeader',
    takes: 'text',
    clock: 'none',
    load: async () => (await import('coinbase-commerce-node')).default,
    verify: (sdk, request, secret) => sdk.Webhook.verifySigHeader(request.text, request.get('x-cc-webhook-signature'), secret),
    sign: (sdk, request, secret) => ({ headers: [['X-CC-Webhook-Signature', sdk.Webhook.computeSignature(request.text, secret)]] }),
    refuses: named('SignatureVerificationError'),
  },
  {
    provider: 'modern-treasury',
    sdk: 'modern-treasury',
    function: 'webhooks.validateSignature',
    takes: 'text',
    clock: 'none',
    load: async () => new (await import('modern-treasury')).default({ apiKey: 'none', organizationID: 'none' }),
    verify: (client, request, secret) => client.webhooks.validateSignature(request.text, request.headers, { key: secret }),
    sign: (client, request, secret) => ({ headers: [['X-Signature', client.webhooks.getSignature(request.text, { key: secret })]] }),
    refuses: says('Could not find X-Signature header'),
  },
  {
    provider: 'gocardless',
    sdk: 'gocardless-nodejs',
    function: 'webhooks.verifySignature',
    takes: 'bytes',
    clock: 'none',
    load: async () => (await import('gocardless-nodejs/webhooks')),
    verify: (sdk, request, secret) => {
      sdk.verifySignature(request.bytes, secret, request.get('webhook-signature'))
      return true
    },
    refuses: named('InvalidSignatureError'),
  },
  {
    provider: 'onfido',
    sdk: '@onfido/api',
    function: 'WebhookEventVerifier.readPayload',
    takes: 'bytes',
    clock: 'none',
    load: () => import('@onfido/api'),
    verify: (sdk, request, secret) => {
      new sdk.WebhookEventVerifier(secret).readPayload(request.bytes, request.get('x-sha2-signature'))
      return true
    },
    // A signature of another length reaches timingSafeEqual, which throws.
    refuses: (err, sdk) => err instanceof sdk.OnfidoInvalidSignatureError || err.code === 'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH',
    accepts: parsing,
  },
  {
    provider: 'pusher',
    sdk: 'pusher',
    function: 'webhook.isValid',
    takes: 'json',
    clock: 'none',
    load: async () => (await import('pusher')).default,
    verify: (Pusher, request, secret) => {
      request.json // isValid would say false to what is not JSON, whatever the signature
      const key = request.get('x-pusher-key') || 'key' // names the app; it is neither secret nor signed
      const client = new Pusher({ appId: '1', key, secret, cluster: 'eu' })
      const headers = { ...request.headers, 'x-pusher-key': key, 'x-pusher-signature': request.get('x-pusher-signature') }
      return client.webhook({ headers, rawBody: request.text }).isValid()
    },
    sign: (Pusher, request, secret) => ({
      headers: [['X-Pusher-Key', 'key'], ['X-Pusher-Signature', new Pusher.Token('key', secret).sign(request.text)]],
    }),
  },
  {
    provider: 'stream',
    sdk: 'stream-chat',
    function: 'verifyWebhook',
    takes: 'bytes',
    clock: 'none',
    load: () => import('stream-chat'),
    verify: (sdk, request, secret) => new sdk.StreamChat('key', secret).verifyWebhook(request.bytes, request.get('x-signature')),
  },
  {
    provider: 'adyen-platform',
    sdk: '@adyen/api-library',
    function: 'hmacValidator.validateHMACSignature',
    takes: 'text',
    clock: 'none',
    load: async () => (await import('@adyen/api-library')).default,
    verify: (sdk, request, secret) => new sdk.hmacValidator().validateHMACSignature(secret, request.get('hmacsignature'), request.text),
    sign: (sdk, request, secret) => ({ headers: [['HmacSignature', new sdk.hmacValidator().calculateHmac(request.text, secret)]] }),
  },
  {
    provider: 'mollie',
    sdk: 'mollie-api-typescript',
    function: 'SignatureValidator.validate',
    takes: 'text',
    clock: 'none',
    secrets: 'all',
    load: () => import('mollie-api-typescript'),
    // During rotation Mollie sends the header twice, which Node joins; the SDK takes the values apart.
    verify: (sdk, request, secrets) => sdk.SignatureValidator.validate(request.text, secrets, request.get('x-mollie-signature').split(', ')),
    sign: async (sdk, request, secret) => ({
      headers: [['X-Mollie-Signature', `sha256=${await sdk.SignatureValidator.createSignature(request.text, secret)}`]],
    }),
    refuses: (err, sdk) => err instanceof sdk.InvalidSignatureException,
  },
  {
    provider: 'hookdeck',
    sdk: '@hookdeck/sdk',
    function: 'webhooks.helpers.verifyWebhookSignature',
    takes: 'text',
    clock: 'none',
    load: () => import('@hookdeck/sdk/webhooks/helpers.js'),
    verify: async (sdk, request, secret) =>
      (await sdk.verifyWebhookSignature({ headers: request.headers, rawBody: request.text, signingSecret: secret })).isValidSignature,
    refuses: (err, sdk) => err instanceof sdk.HookdeckWebhookVerificationParameterError,
  },
  {
    provider: 'nylas',
    sdk: 'nylas',
    function: 'WebhookNotification.verifyWebhookSignature',
    takes: 'bytes',
    clock: 'none',
    load: async () => (await import('nylas/lib/models/webhook-notification.js')).default.default, // 7 and 8 have no verifier
    verify: (WebhookNotification, request, secret) =>
      WebhookNotification.verifyWebhookSignature(request.get('x-nylas-signature'), request.bytes, secret),
  },
]
