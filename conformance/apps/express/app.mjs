// A shop's app for GitHub's webhooks: Express, and GitHub's own library, which verifies and dispatches. BREAK breaks it.
import { Webhooks } from '@octokit/webhooks'
import express from 'express'

const { SECRET, BREAK = '' } = process.env
const webhooks = new Webhooks({ secret: BREAK === 'wrong secret' ? 'the secret of the test system' : SECRET })
const seen = new Set()
let handled = 0

webhooks.onAny(({ id }) => {
  if (seen.has(id) && BREAK !== 'double processing') return
  seen.add(id)
  handled++
})
webhooks.on('issues', ({ payload }) => {
  if (BREAK === '500 on one event') throw new TypeError(`issue ${payload.issue.number} has no milestone`)
})

const app = express()
app.get('/handled', (req, res) => res.type('text').send(String(handled)))
app.use(BREAK === 'body parsed first' ? express.json() : express.text({ type: () => true, limit: '2mb' }))
app.post('/webhooks', async (req, res) => {
  if (BREAK === 'slow') await new Promise((resolve) => setTimeout(resolve, 2200)) // the work, before the answer
  try {
    await webhooks.verifyAndReceive({
      id: req.get('X-GitHub-Delivery'),
      name: req.get('X-GitHub-Event'),
      signature: req.get('X-Hub-Signature-256') ?? '',
      payload: typeof req.body === 'string' ? req.body : JSON.stringify(req.body ?? ''),
    })
  } catch (error) {
    const status = (error.errors ?? [error]).find((e) => e.status)?.status ?? 500
    return res.status(status).json({ error: error.message.slice(0, 200) })
  }
  res.json({ ok: true })
})

const server = app.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
