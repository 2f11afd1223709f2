// A receiver as a webhook guide prints it: the raw body, a comparison in constant time, 401 for what is not signed rightly.
const crypto = require('node:crypto')
const express = require('express')

const secret = process.env.SECRET
if (!secret) throw new Error('SECRET is not set')
const tolerance = 300 // seconds
const app = express()
let handled = 0 // webhooks: the guide keeps no ids
app.get('/handled', (req, res) => res.type('text').send(String(handled)))
const answer = (res, ok) => {
  if (ok) handled++
  res.sendStatus(ok ? 200 : 401)
}

const hmac = (...parts) => {
  const mac = crypto.createHmac('sha256', secret)
  for (const part of parts) mac.update(part)
  return mac.digest()
}

const matches = (hex, expected) => {
  if (!/^[0-9a-f]{64}$/.test(hex || '')) return false
  return crypto.timingSafeEqual(Buffer.from(hex, 'hex'), expected)
}

// express.raw leaves an empty body as {}, so a webhook without one needs the empty buffer put back.
const raw = [express.raw({ type: () => true, limit: '2mb' }), (req, res, next) => {
  if (!Buffer.isBuffer(req.body)) req.body = Buffer.alloc(0)
  next()
}]

app.post('/generic', raw, (req, res) => {
  answer(res, matches(req.get('X-Webhook-Signature'), hmac(req.body)))
})

app.post('/generic-ts', raw, (req, res) => {
  const ts = req.get('X-Webhook-Timestamp') || ''
  const [, hex] = /^sha256=(.*)$/.exec(req.get('X-Webhook-Signature') || '') || []
  const fresh = /^\d{1,10}$/.test(ts) && Math.abs(Date.now() / 1000 - Number(ts)) <= tolerance
  answer(res, fresh && matches(hex, hmac(ts, '.', req.body)))
})

const port = Number(process.env.PORT || 0)
const server = app.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
