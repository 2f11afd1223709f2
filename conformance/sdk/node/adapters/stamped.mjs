// One header that carries a timestamp and the signatures: `t=…,v1=…` and its relatives.
import { named, says } from '../verdict.mjs'

const parsing = named('SyntaxError')

export default [
  {
    provider: 'stripe',
    sdk: 'stripe',
    function: 'webhooks.constructEvent',
    takes: 'json',
    clock: 'real',
    load: async () => (await import('stripe')).default,
    verify: (Stripe, request, secret) => {
      Stripe.webhooks.constructEvent(request.bytes, request.get('stripe-signature'), secret)
      return true
    },
    sign: (Stripe, request, secret) => ({
      headers: [['Stripe-Signature', Stripe.webhooks.generateTestHeaderString({ payload: request.text, secret, timestamp: request.time })]],
    }),
    refuses: named('StripeSignatureVerificationError'),
    accepts: parsing,
  },
  {
    provider: 'mux',
    sdk: '@mux/mux-node',
    function: 'webhooks.verifySignature',
    takes: 'text',
    clock: 'real',
    load: async () => new (await import('@mux/mux-node')).default({ tokenId: 'none', tokenSecret: 'none' }),
    verify: async (client, request, secret) => {
      await client.webhooks.verifySignature(request.text, request.headers, secret)
      return true
    },
    refuses: says(
      'Could not find a mux-signature header',
      'Unable to extract timestamp and signatures',
      'No v1 signatures found',
      'No signatures found matching',
      'Webhook timestamp is too old',
    ),
  },
  {
    provider: 'workos',
    sdk: '@workos-inc/node',
    function: 'webhooks.constructEvent',
    takes: 'compact',
    clock: 'real',
    load: async () => new (await import('@workos-inc/node')).WorkOS('sk_none'),
    verify: async (client, request, secret) => {
      await client.webhooks.constructEvent({ payload: request.json, sigHeader: request.get('workos-signature'), secret })
      return true
    },
    sign: async (client, request, secret) => {
      const timestamp = request.time * 1000
      const signature = await client.webhooks.computeSignature(timestamp, request.json, secret)
      return { headers: [['WorkOS-Signature', `t=${timestamp}, v1=${signature}`]] }
    },
    refuses: named('SignatureVerificationException'),
  },
  {
    provider: 'elevenlabs',
    sdk: '@elevenlabs/elevenlabs-js',
    function: 'webhooks.constructEvent',
    takes: 'text',
    clock: 'real',
    load: async () => new (await import('@elevenlabs/elevenlabs-js')).ElevenLabsClient({ apiKey: 'none' }),
    verify: async (client, request, secret) => {
      await client.webhooks.constructEvent(request.text, request.get('elevenlabs-signature'), secret)
      return true
    },
    refuses: named('ElevenLabsError'),
    accepts: parsing,
  },
  {
    provider: 'paddle',
    sdk: '@paddle/paddle-node-sdk',
    function: 'webhooks.isSignatureValid',
    takes: 'text',
    clock: 'real',
    load: async () => new (await import('@paddle/paddle-node-sdk')).Paddle('none'),
    verify: (client, request, secret) => client.webhooks.isSignatureValid(request.text, secret, request.get('paddle-signature')),
    refuses: says('[Paddle] Invalid webhook signature'),
  },
  hook0('hook0'),
  hook0('hook0-v1'),
  {
    provider: 'retell',
    sdk: 'retell-sdk',
    function: 'Retell.verify',
    takes: 'text',
    clock: 'real',
    load: async () => (await import('retell-sdk')).default,
    verify: (Retell, request, secret) => Retell.verify(request.text, secret, request.get('x-retell-signature')),
    // The SDK signs with its own clock, whatever time the request names.
    sign: async (Retell, request, secret) => ({ headers: [['X-Retell-Signature', await Retell.sign(request.text, secret)]] }),
  },
  {
    provider: 'sanity',
    sdk: '@sanity/webhook',
    function: 'isValidSignature',
    takes: 'text',
    clock: 'none',
    load: () => import('@sanity/webhook'),
    verify: (sdk, request, secret) => sdk.isValidSignature(request.text, request.get('sanity-webhook-signature'), secret),
    sign: async (sdk, request, secret) => ({
      headers: [['sanity-webhook-signature', await sdk.encodeSignatureHeader(request.text, request.time * 1000, secret)]],
    }),
  },
  {
    provider: 'hygraph',
    sdk: '@hygraph/utils',
    function: 'verifyWebhookSignature',
    takes: 'text',
    clock: 'none',
    load: () => import('@hygraph/utils'),
    verify: (sdk, request, secret) => sdk.verifyWebhookSignature({ rawPayload: request.text, signature: request.get('gcms-signature'), secret }),
    // The SDK signs with its own clock, whatever time the request names.
    sign: (sdk, request, secret) => ({
      headers: [['gcms-signature', sdk.generateWebhookSignature({ rawPayload: request.text, environmentName: request.params.env, secret })]],
    }),
    // It takes the header apart without looking, and so answers a header of less than three parts with a TypeError.
    refuses: (err, sdk, request) => err instanceof TypeError && request.get('gcms-signature').split(', ').length < 3,
  },
]

function hook0(provider) {
  return {
    provider,
    sdk: 'hook0-client',
    function: 'verifyWebhookSignature',
    takes: 'bytes',
    clock: 'real',
    load: () => import('hook0-client'),
    verify: (sdk, request, secret) =>
      sdk.verifyWebhookSignature(request.get('x-hook0-signature'), request.bytes, new Headers(request.pairs), secret, 300),
    refuses: named('Hook0ClientError'),
  }
}
