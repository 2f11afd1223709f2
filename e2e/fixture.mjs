// A history with one of each: what a person meets in a day.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { secret, post, stripe } from './kit.mjs'

const paid = JSON.stringify({ id: 'evt_1SxQ2LkD', object: 'event', api_version: '2025-09-30.clover', created: 1768910400, livemode: false,
  type: 'invoice.paid', data: { object: { id: 'in_1SxQ2L', customer: 'cus_Q2hT5n', customer_email: 'zoe@example.test', amount_due: 4200,
    amount_paid: 4200, currency: 'eur', paid: true, attempt_count: 1, lines: { object: 'list', has_more: false,
      data: [{ id: 'il_1', description: 'Pro plan × 1', amount: 2900 }, { id: 'il_2', description: 'Seats × 2', amount: 1300 }] },
    metadata: { order: '6735', note: null } } }, pending_webhooks: 1, request: { id: null, idempotency_key: null } }, null, 2)

/** day fills the history of a world through a listener and returns what it printed when it was ready, with the app's URL. */
export async function day(world) {
  let failed = 0
  const app = await world.app((request, body) => {
    if (request.url.startsWith('/flaky') && ++failed < 3) return { status: 503, body: '{"error":"database is starting"}' }
    if (body.includes('order.refunded')) return { status: 500, type: 'text/plain', body: 'panic: nil pointer\n\tat refund.go:41\n' }
    return { status: 200 }
  })
  const signed = ['stripe', 'github', 'slack', 'gitlab'].map((scheme) =>
    `[[route]]\npath = "/${scheme}"\nscheme = "${scheme}"\nsecret = "env:${scheme.toUpperCase()}_SECRET"\nforward_to = "${app}/${scheme}"\n`)
  writeFileSync(join(world.home, 'barb.toml'), signed.join('\n'))
  Object.assign(world.env, { STRIPE_SECRET: secret, GITHUB_SECRET: 'it-is-tuesday', SLACK_SECRET: '8f742231b10e', GITLAB_SECRET: 'a-long-token-of-ours' })
  const listener = await world.start('listen', '--config', 'barb.toml', '--addr', '127.0.0.1:0', '--ui=127.0.0.1:0', '--forward-to', app, '--handshake=off')
  const at = listener.url
  const elsewhere = ['--db', join(world.home, 'elsewhere.db'), '--retries', '0'] // the history has what was received, not both
  const sign = (scheme, event, ref = `env:${scheme.toUpperCase()}_SECRET`) =>
    world.barb('send', `${at}/${scheme}`, '--event', event, '-s', scheme, '--secret', ref, ...elsewhere)
  await sign('github', 'github:push')
  await sign('slack', 'slack:app_mention')
  await post(at + '/hooks/shop/eu-central-1/tenants/6f1c2a90/orders/created', '{"type":"order.created","order":6735}')
  await post(at + '/twilio', 'MessageSid=SM9&From=%2B4915112345678&Body=Gr%C3%BC%C3%9Fe&payload=%7B%22a%22%3A%5B1%2C2%5D%7D',
    { 'Content-Type': 'application/x-www-form-urlencoded' })
  await post(at + '/soap', '<?xml version="1.0"?><order id="6735"><item sku="A1">2</item><note/></order>', { 'Content-Type': 'text/xml' })
  await post(at + '/album', Buffer.concat([Buffer.from('--B\r\nContent-Disposition: form-data; name="title"\r\n\r\nTwo boats\r\n--B\r\nContent-Disposition: form-data; name="photo"; filename="boats.png"\r\nContent-Type: image/png\r\n\r\n'),
    Buffer.from([0x89, 80, 78, 71, 13, 10, 26, 10, 0, 255]), Buffer.from('\r\n--B\r\nContent-Disposition: form-data; name="meta"\r\nContent-Type: application/json\r\n\r\n{"place":{"lat":53.5,"lon":10}}\r\n--B--\r\n')]), { 'Content-Type': 'multipart/form-data; boundary=B' })
  await post(at + '/upload', Buffer.from([0, 255, 10, 13, 254, 128, 65, 66, 67]), { 'Content-Type': 'application/octet-stream' })
  await sign('gitlab', 'gitlab:merge_request')
  const refund = '{"id":"evt_9","type":"order.refunded","data":{"object":{"id":"re_1","amount":900}}}'
  await post(at + '/stripe', refund, stripe(refund))
  const body = paid.replace('evt_1SxQ2LkD', 'evt_twice')
  for (let n = 0; n < 3; n++) await post(at + '/stripe', body, stripe(body))
  await world.barb('send', app + '/flaky', '-d', '{"type":"invoice.finalized"}', '--backoff', '100ms,200ms', '-s', 'stripe', '--secret', 'env:STRIPE_SECRET')
  await world.barb('send', 'http://127.0.0.1:1/nobody', '-d', '{"type":"customer.created"}', '--retries', '0')
  const queue = (path) => world.barb('send', 'http://127.0.0.1:1/' + path, '-d', `{"type":"report.${path}"}`, '--queue', '--retries', '0')
  await queue('monthly')
  await world.barb('deliver', '--once') // a dead letter
  await queue('hourly') // two lanes to one host
  await queue('daily')
  await sign('github', 'github:issues', 'env:WRONG')
  await post(at + '/stripe', paid, stripe(paid))
  await post(at + '/stripe', JSON.stringify(JSON.parse(paid)), stripe(paid)) // a proxy has written the JSON anew
  return { ...listener, app }
}
