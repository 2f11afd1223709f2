// The signature travels in the body, or signs something other than the bytes of the body.
import https from 'node:https'
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import { Fault } from '../fault.mjs'
import { Request } from '../request.mjs'
import { named, says, tells } from '../verdict.mjs'

const require = createRequire(import.meta.url)
const base64 = text => Buffer.from(text).toString('base64')

/** Adyen's items, each with its own signature. */
function adyenItems(json) {
  const items = json.notificationItems?.map(item => item.NotificationRequestItem)
  if (!items?.length || items.some(item => typeof item !== 'object')) throw new Fault('the body has no notificationItems')
  return items
}

function braintree(sdk, secret) {
  const [publicKey, privateKey] = Request.split(secret)
  return new sdk.BraintreeGateway({ environment: sdk.Environment.Sandbox, merchantId: 'none', publicKey, privateKey })
}

/** Runs work while https.get serves the one certificate for whatever address is asked for. */
async function serving(certificate, work) {
  const get = https.get
  https.get = (address, callback) => {
    callback(Object.assign(Readable.from([certificate]), { statusCode: 200 }))
    return { on: () => {} }
  }
  try {
    return await work()
  } finally {
    https.get = get
  }
}

/** A new copy of sns-validator: it keeps every certificate it has seen for as long as its module lives. */
function freshValidator() {
  const file = require.resolve('sns-validator')
  delete require.cache[file]
  return new (require(file))()
}

export default [
  {
    provider: 'dropbox-sign',
    sdk: '@dropbox/sign',
    function: 'EventCallbackHelper.isValid',
    takes: 'json',
    clock: 'none',
    load: () => import('@dropbox/sign'),
    verify: (sdk, request, secret) => sdk.EventCallbackHelper.isValid(secret, sdk.EventCallbackRequest.init(request.json)),
  },
  {
    provider: 'adyen',
    sdk: '@adyen/api-library',
    function: 'hmacValidator.validateHMAC',
    takes: 'json',
    clock: 'none',
    load: async () => (await import('@adyen/api-library')).default,
    verify: (sdk, request, secret) => {
      const validator = new sdk.hmacValidator()
      return adyenItems(request.json).every(item => validator.validateHMAC(item, secret))
    },
    sign: (sdk, request, secret) => {
      const body = request.json
      for (const item of adyenItems(body)) {
        item.additionalData = { ...item.additionalData, hmacSignature: new sdk.hmacValidator().calculateHmac(item, secret) }
      }
      return { headers: [], body_b64: base64(JSON.stringify(body)) }
    },
    refuses: says('Missing hmacSignature'),
  },
  {
    provider: 'aws-sns',
    sdk: 'sns-validator',
    function: 'MessageValidator.validate',
    takes: 'json',
    clock: 'none',
    load: async () => ({}),
    verify: (_, request, certificate) => serving(certificate, () => new Promise((resolve, reject) => {
      freshValidator().validate(request.json, err => (err ? reject(err) : resolve(true)))
    })),
    refuses: says(
      'Message missing required keys',
      'The certificate is located on an invalid domain',
      /^The signature version .* is not supported/,
      'The message signature is invalid',
    ),
  },
  {
    provider: 'braintree',
    sdk: 'braintree',
    function: 'webhookNotification.parse',
    takes: 'form',
    clock: 'none',
    load: async () => (await import('braintree')).default,
    verify: async (sdk, request, secret) => {
      const { bt_signature: signature, bt_payload: payload } = request.form
      await braintree(sdk, secret).webhookNotification.parse(signature, payload)
      return true
    },
    // Not the given body: the SDK makes up a notification of a kind (params.kind).
    sign: (sdk, request, secret) => {
      const kind = request.params.kind ?? sdk.WebhookNotification.Kind.Check
      const sample = braintree(sdk, secret).webhookTesting.sampleNotification(kind, request.params.id ?? '1')
      return {
        headers: [['Content-Type', 'application/x-www-form-urlencoded']],
        body_b64: base64(new URLSearchParams(sample).toString()),
      }
    },
    handshake: (sdk, request, secret) => {
      const challenge = new URL(request.url).searchParams.get('bt_challenge')
      if (!challenge) throw new Fault('the URL has no bt_challenge')
      return { status: 200, headers: [], body_b64: base64(braintree(sdk, secret).webhookNotification.verify(challenge)) }
    },
    refuses: named('invalidSignatureError'),
  },
  {
    provider: 'easypost',
    sdk: '@easypost/api',
    function: 'Utils.validateWebhook',
    takes: 'json',
    clock: 'none',
    load: async () => new (await import('@easypost/api')).default('none'),
    verify: (client, request, secret) => {
      request.json // it says that the signature is wrong when the body is not JSON
      client.Utils.validateWebhook(request.bytes, request.headers, secret)
      return true
    },
    refuses: tells('Webhook received did not originate from EasyPost', 'Webhook does not contain a valid HMAC signature'),
  },
]
