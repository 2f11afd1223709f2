// A signature in one header and its timestamp in another, or in the body.
import { Fault } from '../fault.mjs'
import { Request } from '../request.mjs'
import { named, says } from '../verdict.mjs'

/** A request as AWS Lambda hands it to a receiver. */
const lambda = request => ({ httpMethod: request.method, path: request.path, headers: request.headers, body: request.text, isBase64Encoded: false })

/** What a Lambda handler answers, as the judge says it. */
const answered = response => ({
  status: response.statusCode,
  headers: Object.entries(response.headers ?? {}),
  body_b64: Buffer.from(response.body ?? '').toString('base64'),
})

/** A Zoom receiver that drops the events it takes. */
async function askZoom(sdk, request, secret) {
  request.json // the receiver answers 400 to what is not JSON, whatever the signature
  const receiver = new sdk.AwsLambdaReceiver({ webhooksSecretToken: secret })
  receiver.init({ eventEmitter: { emit: async () => {} } })
  return receiver.start()(lambda(request), {})
}

const zoomRefusals = ['Failed to verify event originated from Zoom.', 'Request payload must have signature and request timestamp from Zoom.']

async function loadBolt() {
  return import('@slack/bolt')
}

const hubspot = (provider, signatureVersion, clock) => ({
  provider,
  sdk: '@hubspot/api-client',
  function: `Signature.isValid ${signatureVersion}`,
  takes: 'text',
  clock,
  load: loadHubSpot,
  verify: (sdk, request, secret) => sdk.Signature.isValid({
    ...hubspotOptions(request, secret),
    signature: request.get(signatureVersion === 'v3' ? 'x-hubspot-signature-v3' : 'x-hubspot-signature'),
    signatureVersion,
    timestamp: Number(request.get('x-hubspot-request-timestamp')),
  }),
  sign: (sdk, request, secret) => {
    const timestamp = request.time * 1000
    const signature = sdk.Signature.getSignature(request.method, signatureVersion, { ...hubspotOptions(request, secret), timestamp })
    const headers = signatureVersion === 'v3'
      ? [['X-HubSpot-Signature-v3', signature], ['X-HubSpot-Request-Timestamp', String(timestamp)]]
      : [['X-HubSpot-Signature', signature], ['X-HubSpot-Signature-Version', signatureVersion]]
    return { headers }
  },
  refuses: says('Timestamp is invalid, reject request'),
})

const hubspotOptions = (request, secret) => ({ clientSecret: secret, requestBody: request.text, url: request.url, method: request.method })

async function loadHubSpot() {
  return import('@hubspot/api-client')
}

export default [
  {
    provider: 'slack',
    sdk: '@slack/bolt',
    function: 'verifySlackRequest',
    takes: 'text',
    clock: 'real',
    load: loadBolt,
    verify: (sdk, request, secret) => {
      const headers = {
        'x-slack-signature': request.get('x-slack-signature'),
        'x-slack-request-timestamp': Number(request.get('x-slack-request-timestamp')), // as bolt's own receivers pass it
      }
      sdk.verifySlackRequest({ signingSecret: secret, body: request.text, headers })
      return true
    },
    handshake: async (sdk, request, secret) => {
      const logger = { debug() {}, info() {}, warn() {}, error() {} }
      return answered(await new sdk.AwsLambdaReceiver({ signingSecret: secret, logger }).toHandler()(lambda(request), {}))
    },
    refuses: says(/^Failed to verify authenticity: (header )?(x-slack-request-timestamp|unknown signature version|signature mismatch)/),
  },
  {
    provider: 'zoom',
    sdk: '@zoom/rivet',
    function: 'AwsLambdaReceiver (CommonHttpRequest.processEvent)',
    takes: 'compact',
    clock: 'none',
    load: () => import('@zoom/rivet/teamchat'), // the main entry of 0.4.0 cannot be imported
    verify: async (sdk, request, secret) => {
      const response = await askZoom(sdk, request, secret)
      if (response.statusCode === 200) return true
      const { error } = JSON.parse(response.body)
      if (response.statusCode === 400 && zoomRefusals.includes(error)) return false
      throw new Fault(`the receiver answered ${response.statusCode} ${error}`)
    },
    handshake: async (sdk, request, secret) => answered(await askZoom(sdk, request, secret)),
  },
  {
    provider: 'box',
    sdk: 'box-node-sdk',
    function: 'WebhooksManager.validateMessage',
    takes: 'text',
    clock: 'real',
    load: () => import('box-node-sdk/lib/managers/webhooks'),
    // The one secret may be the primary or the secondary key of the webhook: rotation changes which header it belongs to.
    verify: (sdk, request, secret) => {
      const headers = { ...request.headers, 'box-delivery-timestamp': request.get('box-delivery-timestamp') }
      return sdk.WebhooksManager.validateMessage(request.text, headers, secret, { secondaryKey: secret })
    },
  },
  {
    provider: 'webflow',
    sdk: 'webflow-api',
    function: 'webhooks.verifySignature',
    takes: 'text',
    clock: 'none',
    load: async () => new (await import('webflow-api')).WebflowClient({ accessToken: 'none' }),
    verify: (client, request, secret) => client.webhooks.verifySignature({ headers: request.headers, body: request.text, secret }),
  },
  {
    provider: 'linear',
    sdk: '@linear/sdk',
    function: 'LinearWebhookClient.verify',
    takes: 'json',
    clock: 'real',
    load: () => import('@linear/sdk/webhooks'),
    verify: (sdk, request, secret) => new sdk.LinearWebhookClient(secret).verify(request.bytes, request.get('linear-signature')),
    refuses: says('Invalid webhook signature', 'Missing webhook timestamp', 'Invalid webhook timestamp'),
  },
  hubspot('hubspot-v3', 'v3', 'real'),
  hubspot('hubspot-v2', 'v2', 'none'),
  hubspot('hubspot-v1', 'v1', 'none'),
  {
    provider: 'cloudinary',
    sdk: 'cloudinary',
    function: 'utils.verifyNotificationSignature',
    takes: 'text',
    clock: 'real',
    load: async () => (await import('cloudinary')).v2,
    verify: (sdk, request, secret) => {
      sdk.config({ api_secret: secret, cloud_name: 'none' })
      return sdk.utils.verifyNotificationSignature(request.text, Number(request.get('x-cld-timestamp')), request.get('x-cld-signature'))
    },
    sign: (sdk, request, secret) => ({
      headers: [
        ['X-Cld-Timestamp', String(request.time)],
        ['X-Cld-Signature', sdk.utils.webhook_signature(request.text, request.time, { api_secret: secret })],
      ],
    }),
  },
  {
    provider: 'cashfree',
    sdk: 'cashfree-pg',
    function: 'Cashfree.PGVerifyWebhookSignature',
    takes: 'json',
    clock: 'none',
    load: () => import('cashfree-pg'),
    verify: (sdk, request, secret) => {
      const silent = [undefined, undefined, undefined, false] // without the last it starts Sentry, which reports home
      new sdk.Cashfree(sdk.CFEnvironment.SANDBOX, 'none', secret, ...silent)
        .PGVerifyWebhookSignature(request.get('x-webhook-signature'), request.text, request.get('x-webhook-timestamp'))
      return true
    },
    refuses: says('Generated signature and received signature did not match'),
    accepts: named('SyntaxError'),
  },
  {
    provider: 'chargebee',
    sdk: 'chargebee',
    function: 'basicAuthValidator',
    takes: 'bytes',
    clock: 'none',
    load: () => import('chargebee'),
    verify: async (sdk, request, secret) => {
      const [user, password] = Request.split(secret)
      await sdk.basicAuthValidator((u, p) => u === user && p === password)(request.headers)
      return true
    },
    refuses: named('WebhookAuthenticationError'),
  },
]
