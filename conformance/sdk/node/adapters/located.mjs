// The address of the request is part of what is signed.
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { Fault } from '../fault.mjs'
import { named, tells } from '../verdict.mjs'

const isForm = request => request.get('content-type').startsWith('application/x-www-form-urlencoded')

const fieldsOf = request => (isForm(request) ? request.form : {})

/** The algorithm of RFC 9421 that goes with a key: never what the signature names. */
function httpKey(secret, create) {
  if (!secret.startsWith('-----BEGIN')) return { key: Buffer.from(secret, 'base64'), alg: 'hmac-sha256' }
  const key = create(secret)
  const alg = { ed25519: 'ed25519', ec: 'ecdsa-p256-sha256', rsa: 'rsa-v1_5-sha256', 'rsa-pss': 'rsa-pss-sha512' }[key.asymmetricKeyType]
  return { key, alg }
}

const contentDigest = request => `sha-256=:${createHash('sha256').update(request.bytes).digest('base64')}:`

/** RFC 9530 by hand: the library verifies the headers, not that the digest is that of the body. */
const bodyFits = request => !request.get('content-digest').startsWith('sha-256=') || request.get('content-digest') === contentDigest(request)

export default [
  {
    provider: 'square',
    sdk: 'square',
    function: 'WebhooksHelper.verifySignature',
    takes: 'text',
    clock: 'none',
    load: () => import('square'),
    verify: (sdk, request, secret) => sdk.WebhooksHelper.verifySignature({
      requestBody: request.text,
      signatureHeader: request.get('x-square-hmacsha256-signature'),
      signatureKey: secret,
      notificationUrl: request.url,
    }),
  },
  {
    provider: 'twilio',
    sdk: 'twilio',
    function: 'validateRequest / validateRequestWithBody',
    takes: 'text',
    clock: 'none',
    load: async () => (await import('twilio')).default,
    verify: (twilio, request, secret) => {
      const signature = request.get('x-twilio-signature')
      if (request.url.includes('bodySHA256')) return twilio.validateRequestWithBody(secret, signature, request.url, request.text)
      return twilio.validateRequest(secret, signature, request.url, fieldsOf(request))
    },
    sign: (twilio, request, secret) => {
      if (isForm(request)) {
        return { headers: [['X-Twilio-Signature', twilio.getExpectedTwilioSignature(secret, request.url, request.form)]] }
      }
      const url = `${request.url}${request.url.includes('?') ? '&' : '?'}bodySHA256=${twilio.getExpectedBodyHash(request.text)}`
      return { url, headers: [['X-Twilio-Signature', twilio.getExpectedTwilioSignature(secret, url, {})]] }
    },
  },
  {
    provider: 'plivo-v3',
    sdk: 'plivo',
    function: 'validateV3Signature',
    takes: 'form',
    clock: 'none',
    load: async () => (await import('plivo')).default,
    verify: (plivo, request, secret) => {
      if (!['GET', 'POST'].includes(request.method)) throw new Fault(`Plivo does not sign ${request.method}`)
      const [nonce, signature] = [request.get('x-plivo-signature-v3-nonce'), request.get('x-plivo-signature-v3')]
      return plivo.validateV3Signature(request.method, request.url, nonce, secret, signature, fieldsOf(request))
    },
  },
  {
    provider: 'contentful',
    sdk: '@contentful/node-apps-toolkit',
    function: 'verifyRequest',
    takes: 'text',
    clock: 'real',
    load: () => import('@contentful/node-apps-toolkit'),
    verify: (sdk, request, secret) => sdk.verifyRequest(contentfulSecret(secret), canonical(request, request.headers), 30),
    sign: (sdk, request, secret) =>
      ({ headers: Object.entries(sdk.signRequest(contentfulSecret(secret), canonical(request, {}), request.time * 1000)) }),
    // A ValidationError about anything but these three headers means that the SDK was called wrongly.
    refuses: (err, sdk) => err instanceof sdk.ExpiredRequestException ||
      (named('ValidationError')(err) && tells(/ in (signature|timestamp|signedHeaders)$/, /MissingTimestampOrSignedHeaders/)(err)),
  },
  {
    provider: 'rfc9421',
    sdk: 'http-message-signatures',
    function: 'httpbis.verifyMessage',
    by_hand: 'the comparison of Content-Digest with the body',
    takes: 'bytes',
    clock: 'real',
    load: () => import('http-message-signatures'),
    verify: async (sdk, request, secret) => {
      const { key, alg } = httpKey(secret, createPublicKey)
      const verify = sdk.createVerifier(key, alg)
      const keyLookup = async () => ({ algs: [alg], verify })
      const message = { method: request.method, url: request.url, headers: request.headers }
      const answer = await sdk.httpbis.verifyMessage({ keyLookup, maxAge: 300 }, message)
      if (answer === null) return false // "indeterminate": there is no signature
      return answer === true ? bodyFits(request) : answer
    },
    sign: async (sdk, request, secret) => {
      const { key, alg } = httpKey(secret, createPrivateKey)
      const { signature: _, 'signature-input': __, ...unsigned } = request.headers
      const headers = { ...unsigned, 'content-digest': contentDigest(request) }
      const signed = await sdk.httpbis.signMessage({
        key: sdk.createSigner(key, alg, request.params.keyid ?? 'barb'),
        name: 'sig1',
        fields: ['@method', '@target-uri', 'content-digest'],
        paramValues: { created: new Date(request.time * 1000) },
      }, { method: request.method, url: request.url, headers })
      const made = ['content-digest', 'signature', 'signature-input']
      return { headers: Object.entries(signed.headers).filter(([name]) => made.includes(name.toLowerCase())) }
    },
    refuses: (err, sdk) => err instanceof sdk.VerificationError || tells('Incomplete signature headers', 'No header ', 'Parse error: ')(err),
  },
  {
    provider: 'mercadopago',
    sdk: 'mercadopago',
    function: 'WebhookSignatureValidator.validate',
    takes: 'bytes',
    clock: 'real',
    load: () => import('mercadopago'),
    verify: (sdk, request, secret) => {
      sdk.WebhookSignatureValidator.validate({
        xSignature: request.get('x-signature'),
        xRequestId: request.get('x-request-id'),
        dataId: new URL(request.url).searchParams.get('data.id')?.toLowerCase(), // as the documentation prescribes
        secret,
        toleranceSeconds: 300,
      })
      return true
    },
    refuses: (err, sdk) => err instanceof sdk.InvalidWebhookSignatureError,
  },
]

/** The SDK would refuse another length as a wrong call. */
function contentfulSecret(secret) {
  if (secret.length !== 64) throw new Fault('a secret of Contentful has 64 characters')
  return secret
}

function canonical(request, headers) {
  return { method: request.method, path: request.path, headers, body: request.text }
}
