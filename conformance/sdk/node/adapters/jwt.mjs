// JSON Web Tokens. Where the provider has no SDK for it, jose does what its documentation prescribes, and the comparison of
// the body's digest is by hand; `by_hand` says so.
import { createHash, createPrivateKey, createPublicKey, createSecretKey } from 'node:crypto'
import { Fault } from '../fault.mjs'
import { named, says, tells } from '../verdict.mjs'

const sha256 = (bytes, encoding) => createHash('sha256').update(bytes).digest(encoding)
const digest = (request, encoding) => sha256(request.bytes, encoding)
const bearer = request => request.get('authorization').replace(/^Bearer /, '')

// jose's refusals; its other codes say that it was called wrongly or given a key of another kind.
const refusedByJose = err => [
  'ERR_JWT_EXPIRED', 'ERR_JWT_CLAIM_VALIDATION_FAILED', 'ERR_JWT_INVALID', 'ERR_JWS_INVALID', 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  'ERR_JOSE_ALG_NOT_ALLOWED',
].includes(err?.code)

const algorithms = { ed25519: 'EdDSA', ec: 'ES256', rsa: 'RS256' }

/** The key and the one algorithm it may be used with: never what the token names. */
function keyFor(secret, create) {
  if (!secret.startsWith('-----BEGIN')) return { key: new TextEncoder().encode(secret), alg: 'HS256' }
  const key = create(secret)
  return { key, alg: algorithms[key.asymmetricKeyType] }
}

/**
 * A scheme that jose judges. `claims` says which the signer sets, `options` what the verifier demands,
 * `body` names the claim with the body's digest and its encoding.
 */
function byJose({ provider, function: name, header, scheme = '', alg, claims = () => ({}), options = {}, body }) {
  const demand = key => {
    if (alg && key.alg !== alg) throw new Fault(`${provider} uses ${alg}, and the secret is a key for ${key.alg}`)
    return { algorithms: [key.alg], ...options }
  }
  return {
    provider,
    sdk: 'jose',
    function: name,
    by_hand: body && 'the comparison of the digest of the body',
    takes: 'bytes',
    clock: 'real',
    load: jose,
    verify: async (sdk, request, secret) => {
      const key = keyFor(secret, createPublicKey)
      const { payload } = await sdk.jwtVerify(request.get(header).replace(scheme, ''), key.key, demand(key))
      return !body || payload[body[0]] === digest(request, body[1])
    },
    sign: async (sdk, request, secret) => {
      const key = keyFor(secret, createPrivateKey)
      const set = { ...claims(request), ...(body && { [body[0]]: digest(request, body[1]) }) }
      const kid = request.params.kid && { kid: request.params.kid }
      const jwt = new sdk.SignJWT(set)
        .setProtectedHeader({ alg: key.alg, typ: 'JWT', ...kid })
        .setIssuedAt(request.time)
        .setExpirationTime(request.time + 300)
      return { headers: [[header, scheme + (await jwt.sign(key.key))]] }
    },
    refuses: refusedByJose,
  }
}

/** A scheme whose SDK can only verify: jose signs for it. */
const signedByJose = options => ({ ...byJose({ ...options, function: 'SignJWT' }), verify: undefined, by_hand: 'the digest of the body' })

async function jose() {
  return import('jose')
}

/** Vonage's SDK checks the token; that the claim payload_hash fits the body is left to the app. */
const payloadHash = token => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url')).payload_hash

export default [
  byJose({
    provider: 'plaid',
    function: 'jwtVerify + digest compare, as Plaid docs prescribe',
    header: 'Plaid-Verification',
    alg: 'ES256',
    options: { maxTokenAge: '5m' },
    body: ['request_body_sha256', 'hex'],
  }),
  byJose({
    provider: 'netlify',
    function: 'jwtVerify + sha256 claim, as Netlify docs prescribe',
    header: 'X-Webhook-Signature',
    alg: 'HS256',
    claims: () => ({ iss: 'netlify' }),
    options: { issuer: 'netlify' },
    body: ['sha256', 'hex'],
  }),
  byJose({ provider: 'monday', function: 'jwtVerify HS256', header: 'Authorization', alg: 'HS256' }),
  byJose({
    provider: 'fusionauth',
    function: 'jwtVerify + claim, as FusionAuth docs prescribe',
    header: 'X-FusionAuth-Signature-JWT',
    body: ['request_body_sha256', 'base64'],
  }),
  {
    provider: 'qstash',
    sdk: '@upstash/qstash',
    function: 'Receiver.verify',
    takes: 'text',
    clock: 'real',
    secrets: 'all', // the current key and the next
    load: () => import('@upstash/qstash'),
    verify: (sdk, request, [currentSigningKey, nextSigningKey = currentSigningKey, ...more]) => {
      if (more.length > 0) throw new Fault('QStash has two signing keys, not more')
      const receiver = new sdk.Receiver({ currentSigningKey, nextSigningKey })
      return receiver.verify({ signature: request.get('upstash-signature'), body: request.text, url: request.url })
    },
    refuses: named('SignatureError'),
  },
  {
    provider: 'messagebird',
    sdk: 'messagebird',
    function: 'webhook-signature-jwt.verify',
    takes: 'bytes',
    clock: 'real',
    load: async () => (await import('messagebird/lib/webhook-signature-jwt.js')).default,
    verify: (sdk, request, secret) =>
      sdk.verify(request.url, request.bytes, request.get(sdk.SIGNATURE_HEADER_NAME), createSecretKey(Buffer.from(secret))),
    // It wraps whatever was thrown, so what was thrown must be read out of the text.
    refuses: says(
      'invalid signature: signature verification failed',
      'invalid signature: Invalid Compact JWS',
      'invalid signature: JWS Protected Header is invalid',
      /^invalid signature: (unexpected )?"\w+" claim/,
      /^invalid signature: invalid signature: (missing \w+ claim|\w+_hash claim '.*' doesn't match|payload is not-empty)/,
    ),
  },
  {
    provider: 'vonage',
    sdk: '@vonage/jwt',
    function: 'verifySignature (JWT only; payload_hash by hand as the docs say)',
    by_hand: 'the comparison of the digest of the body',
    takes: 'bytes',
    clock: 'none', // it checks exp and nbf, which Vonage does not send, and leaves iat alone
    load: () => import('@vonage/jwt'),
    verify: (sdk, request, secret) => {
      const token = bearer(request)
      const answer = sdk.verifySignature(token, secret)
      return answer === true ? payloadHash(token) === digest(request, 'hex') : answer
    },
  },
  signedByJose({
    provider: 'qstash',
    header: 'Upstash-Signature',
    claims: request => ({ iss: 'Upstash', sub: request.url }),
    body: ['body', 'base64url'],
  }),
  signedByJose({
    provider: 'messagebird',
    header: 'MessageBird-Signature-JWT',
    claims: request => ({ iss: 'MessageBird', jti: request.id, url_hash: sha256(request.url, 'hex') }),
    body: ['payload_hash', 'hex'],
  }),
  signedByJose({
    provider: 'vonage',
    header: 'Authorization',
    scheme: 'Bearer ',
    claims: () => ({ iss: 'Vonage' }),
    body: ['payload_hash', 'hex'],
  }),
  {
    provider: 'livekit',
    sdk: 'livekit-server-sdk',
    function: 'WebhookReceiver.receive',
    takes: 'json',
    clock: 'real',
    load: () => import('livekit-server-sdk'),
    verify: async (sdk, request, secret) => {
      await new sdk.WebhookReceiver(apiKey(request), secret).receive(request.text, request.get('authorization'))
      return true
    },
    // The SDK's token carries the time of its own clock.
    sign: async (sdk, request, secret) => {
      const token = new sdk.AccessToken(apiKey(request), secret)
      token.sha256 = digest(request, 'base64')
      return { headers: [['Authorization', await token.toJwt()]] }
    },
    refuses: err => refusedByJose(err) || says('authorization header is empty', 'sha256 checksum of body does not match')(err),
    accepts: err => named('SyntaxError')(err) || says('cannot decode ')(err),
  },
  {
    provider: 'pubsub',
    sdk: 'google-auth-library',
    function: 'OAuth2Client.verifySignedJwtWithCertsAsync',
    takes: 'bytes',
    clock: 'real',
    load: () => import('google-auth-library'),
    verify: async (sdk, request, secret) => {
      if (!request.params.audience || !request.params.kid) throw new Fault('params must have audience and kid')
      const issuers = ['https://accounts.google.com', 'accounts.google.com']
      const keys = { [request.params.kid]: secret }
      await new sdk.OAuth2Client().verifySignedJwtWithCertsAsync(bearer(request), keys, request.params.audience, issuers)
      return true
    },
    refuses: tells(
      'Wrong number of segments', "Can't parse token", 'No pem found', 'Invalid token signature', 'No issue time', 'No expiration time',
      'iat field', 'exp field', 'Expiration time too far', 'Token used too', 'Invalid issuer', 'Wrong recipient',
    ),
  },
]

function apiKey(request) {
  if (!request.params.api_key) throw new Fault('params must have api_key')
  return request.params.api_key
}
