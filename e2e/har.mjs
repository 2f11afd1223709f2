// Opens a page in Chromium, waits until it has set window.done, and writes what went over the network as a HAR, as the
// browser's driver does. It leaves out request bodies that are not text; in the second file they are, as base64.
//   node har.mjs URL FILE WHOLE
import { readFileSync, writeFileSync } from 'node:fs'
import { chromium } from 'playwright-core'

const [url, path, whole] = process.argv.slice(2)
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
})
const bodies = new Map()
try {
  const context = await browser.newContext({ recordHar: { path, content: 'embed' } })
  const page = await context.newPage()
  page.on('request', (request) => bodies.set(request.url(), request.postDataBuffer()))
  await page.goto(url)
  await page.waitForFunction('window.done', null, { timeout: 60_000 })
  await context.close() // which writes the file
} finally {
  await browser.close()
}
const har = JSON.parse(readFileSync(path))
for (const { request } of har.log.entries) {
  const body = bodies.get(request.url)
  if (body?.length && !request.postData?.text) {
    request.postData = { ...request.postData, text: body.toString('base64'), encoding: 'base64' }
  }
}
writeFileSync(whole, JSON.stringify(har))
