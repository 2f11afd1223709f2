// Standard Webhooks and Svix: id, timestamp and body under three headers. Most of these SDKs wrap one library, so most
// throw its WebhookVerificationError; those that parse the body do so only after the signature matched.
import { named, says } from '../verdict.mjs'

const unverified = named('WebhookVerificationError')
const parsing = named('SyntaxError')

const standardwebhooks = () => import('standardwebhooks')
const svix = () => import('svix')

const triple = (prefix, request) => ({
  [`${prefix}-id`]: request.get(`${prefix}-id`),
  [`${prefix}-timestamp`]: request.get(`${prefix}-timestamp`),
  [`${prefix}-signature`]: request.get(`${prefix}-signature`),
})

/** The three headers that a library's Webhook.sign makes, as its documentation puts them together. */
function signed(prefix, webhook, request) {
  const signature = webhook.sign(request.id, new Date(request.time * 1000), request.text)
  return {
    headers: [[`${prefix}-id`, request.id], [`${prefix}-timestamp`, String(request.time)], [`${prefix}-signature`, signature]],
  }
}

const bySvix = (provider, prefix = 'svix') => ({
  provider,
  sdk: 'svix',
  function: 'Webhook.verify',
  takes: 'text',
  clock: 'real',
  load: svix,
  verify: (sdk, request, secret) => {
    new sdk.Webhook(secret).verify(request.text, request.headers)
    return true
  },
  sign: (sdk, request, secret) => signed(prefix, new sdk.Webhook(secret), request),
  refuses: unverified,
  accepts: parsing,
})

const byStandard = (provider, strip = secret => secret) => ({
  provider,
  sdk: 'standardwebhooks',
  function: 'Webhook.verify',
  takes: 'text',
  clock: 'real',
  load: standardwebhooks,
  verify: (sdk, request, secret) => {
    new sdk.Webhook(strip(secret)).verify(request.text, request.headers, { jsonParse: false })
    return true
  },
  sign: (sdk, request, secret) => signed('webhook', new sdk.Webhook(strip(secret)), request),
  refuses: unverified,
})

export default [
  byStandard('standard-webhooks'),
  bySvix('standard-webhooks', 'webhook'),
  byOpenAI('standard-webhooks'),
  bySvix('svix'),
  bySvix('clerk'),
  {
    provider: 'clerk',
    sdk: '@clerk/backend',
    function: 'webhooks.verifyWebhook',
    takes: 'json',
    clock: 'real',
    load: () => import('@clerk/backend/webhooks'),
    verify: async (sdk, request, secret) => {
      await sdk.verifyWebhook(request.fetch, { signingSecret: secret })
      return true
    },
    // It wraps every error in one text, so what the library said must be read out of it.
    refuses: says(
      /Missing required webhook headers/,
      /Unable to verify incoming webhook: (No matching|Message timestamp|Missing required|Invalid Signature)/,
    ),
  },
  bySvix('resend'),
  {
    provider: 'resend',
    sdk: 'resend',
    function: 'webhooks.verify',
    takes: 'text',
    clock: 'real',
    load: () => import('resend'),
    verify: (sdk, request, secret) => {
      const headers = { id: request.get('svix-id'), timestamp: request.get('svix-timestamp'), signature: request.get('svix-signature') }
      new sdk.Resend('re_none').webhooks.verify({ payload: request.text, headers, webhookSecret: secret })
      return true
    },
    refuses: unverified,
    accepts: parsing,
  },
  byStandard('liveblocks'),
  {
    provider: 'liveblocks',
    sdk: '@liveblocks/node',
    function: 'WebhookHandler.verifyRequest',
    takes: 'text',
    clock: 'real',
    load: () => import('@liveblocks/node'),
    verify: (sdk, request, secret) => {
      new sdk.WebhookHandler(secret).verifyRequest({ headers: request.headers, rawBody: request.text })
      return true
    },
    refuses: says('Invalid signature', 'Invalid timestamp', /^Invalid webhook-\w+ header/, 'Timestamp too old', 'Timestamp in the future'),
    accepts: err => parsing(err) || says('Unknown event type', 'Unknown notification kind')(err),
  },
  byStandard('openai'),
  byOpenAI('openai'),
  byStandard('anthropic'),
  {
    provider: 'anthropic',
    sdk: '@anthropic-ai/sdk',
    function: 'beta.webhooks.unwrap',
    takes: 'text',
    clock: 'real',
    load: async () => new (await import('@anthropic-ai/sdk')).default({ apiKey: 'none' }),
    verify: (client, request, secret) => {
      client.beta.webhooks.unwrap(request.text, { headers: request.headers, key: secret })
      return true
    },
    refuses: unverified,
    accepts: parsing,
  },
  byStandard('replicate'),
  {
    provider: 'replicate',
    sdk: 'replicate',
    function: 'validateWebhook',
    takes: 'text',
    clock: 'none',
    load: () => import('replicate'),
    verify: (sdk, request, secret) => sdk.validateWebhook({ headers: request.headers, body: request.text }, secret),
    refuses: says('Missing required webhook headers', 'Missing required body'),
  },
  byStandard('lithic'),
  {
    provider: 'lithic',
    sdk: 'lithic',
    function: 'webhooks.verifySignature',
    takes: 'text',
    clock: 'real',
    load: async () => new (await import('lithic')).default({ apiKey: 'none' }),
    verify: (client, request, secret) => {
      client.webhooks.verifySignature(request.text, request.headers, secret)
      return true
    },
    refuses: err => unverified(err) || says(/^Could not find webhook-\w+ header/)(err),
    accepts: parsing,
  },
  {
    provider: 'polar',
    sdk: '@polar-sh/sdk',
    function: 'webhooks.validateEvent',
    takes: 'text',
    clock: 'real',
    load: () => import('@polar-sh/sdk/webhooks'),
    verify: (sdk, request, secret) => {
      sdk.validateEvent(request.text, triple('webhook', request), secret)
      return true
    },
    refuses: (err, sdk) => err instanceof sdk.WebhookVerificationError,
    accepts: err => parsing(err) || named('SDKValidationError')(err),
  },
  // As Supabase's documentation says: the secret without `v1,whsec_`.
  byStandard('supabase', secret => secret.replace('v1,whsec_', '')),
  byStandard('gitlab-signing'),
]

function byOpenAI(provider) {
  return {
    provider,
    sdk: 'openai',
    function: 'webhooks.verifySignature',
    takes: 'text',
    clock: 'real',
    load: openai,
    verify: async (client, request, secret) => {
      await client.webhooks.verifySignature(request.text, request.headers, secret)
      return true
    },
    refuses: err => named('InvalidWebhookSignatureError')(err) || says('Missing required header: webhook-')(err),
  }
}

async function openai() {
  return new (await import('openai')).default({ apiKey: 'none' })
}
