// An app of the framework that is named, with a handler for POST /stripe and one for what lies below /stripe. Each says its name;
// whatever the framework says to other requests is not theirs.
import http from 'node:http'

const say = name => (req, res) => res.end(name)
const notFound = (req, res) => { res.statusCode = 404; res.end() }

const express = version => async () => {
  const { default: express } = await import(version)
  const app = express()
  app.post('/stripe', say('exact'))
  app.use('/stripe', say('below')) // a mounted router
  app.use(notFound)
  return http.createServer(app)
}

const fastify = (version, options) => async () => {
  const { default: fastify } = await import(version)
  const app = fastify({ logger: false, ...options })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (req, body, done) => done(null))
  app.post('/stripe', async () => 'exact')
  app.post('/stripe/*', async () => 'below')
  await app.ready()
  return app.server
}

const koa = async () => {
  const [{ default: Koa }, { default: Router }] = [await import('koa'), await import('@koa/router')]
  const router = new Router()
  router.post('/stripe', ctx => { ctx.body = 'exact' })
  router.post('/stripe/*rest', ctx => { ctx.body = 'below' })
  const app = new Koa({ silent: true })
  app.silent = true
  app.use(router.routes())
  return http.createServer(app.callback())
}

const hono = async () => {
  const [{ Hono }, { createAdaptorServer }] = [await import('hono'), await import('@hono/node-server')]
  const app = new Hono()
  app.post('/stripe', c => c.text('exact'))
  app.post('/stripe/*', c => c.text('below'))
  return createAdaptorServer({ fetch: app.fetch })
}

// What a handler without a framework makes of a target: new URL reads it as a reference to a base.
const node = async () => http.createServer((req, res) => {
  let path = ''
  try { path = new URL(req.url, 'http://app.invalid').pathname } catch { /* not found */ }
  if (path === '/stripe') return say('exact')(req, res)
  if (path.startsWith('/stripe/')) return say('below')(req, res)
  notFound(req, res)
})

const lenient = { caseSensitive: false, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true }
const apps = {
  express4: express('express4'), express5: express('express5'), fastify4: fastify('fastify4', {}), fastify5: fastify('fastify5', {}),
  'fastify5-lenient': fastify('fastify5', { routerOptions: lenient }), koa, hono, node
}

const server = await apps[process.argv[2]]()
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
