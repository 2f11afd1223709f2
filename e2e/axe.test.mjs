// axe-core finds nothing, in each state of the page, light and dark, wide and narrow.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Browser, World, axe, live } from './kit.mjs'
import { day } from './fixture.mjs'

let browser, world, barb, first, quiet
const ids = {}
before(async () => {
  world = new World()
  quiet = new World()
  browser = await Browser.launch()
  barb = await day(world)
  first = await browser.open(barb.ui)
  await live(first.page)
  for (const row of await first.page.locator('#rows>tr').all()) {
    const text = await row.innerText(), id = (await row.getAttribute('id')).slice(1)
    for (const word of ['/twilio', '/soap', '/album', '/upload', 'refunded', '×3', 'flaky', 'nobody', 'app_mention']) if (text.includes(word)) ids[word] = id
    ids.bad ??= id
  }
}, { timeout: 120_000 })
after(async () => { await browser?.end(); await world?.end(); await quiet?.end() })

/** states are what a page can show: the path, what is done there, and what is waited for. */
const states = {
  'the list': { path: () => '/', wait: '#rows>tr' },
  'a filter': { path: () => '/?q=stripe+grep%3Acus_', wait: '.as code' },
  'a bad signature, explained': { path: () => '/w/' + ids.bad, wait: '#signature .cause' },
  'a form': { path: () => '/w/' + ids['/twilio'], wait: '#body .fields' },
  'parts': { path: () => '/w/' + ids['/album'], wait: '#body .grid' },
  'bytes that differ': { path: () => `/w/${ids['/upload']}/diff?with=${ids['/album']}`, wait: '.diff pre.hex' },
  'XML': { path: () => '/w/' + ids['/soap'], wait: '#body .v-pretty' },
  'bytes': { path: () => '/w/' + ids['/upload'], wait: '#body .hex' },
  'an app that failed': { path: () => '/w/' + ids.refunded, wait: '#answer .reply' },
  'a webhook that came three times': { path: () => '/w/' + ids['×3'], wait: '.bars' },
  'attempts with waits': { path: () => '/w/' + ids.flaky, wait: '.bars .wait' },
  'no answer': { path: () => '/w/' + ids.nobody, wait: '#answer .reply' },
  'a webhook that is gone': { path: () => '/w/99999', wait: 'text=is not in the history' },
  'nothing matches': { path: () => '/?q=nothing-has-this', wait: 'text=No webhook matches' },
  'a wrong filter': { path: () => '/?q=--nonsense', wait: '#mistake:not([hidden])' },
  'an edit and what it changes': { path: () => '/w/' + ids.refunded, wait: '.changes .diff', do: async (page) => { await page.locator('[data-edit]').click(); await page.locator('#edit-body').fill('{"id":"evt_9"}') } },
  'the keys': { path: () => '/', wait: 'dialog[open]', do: (page) => page.keyboard.press('?') },
  'every action by name': { path: () => '/w/' + ids.bad, wait: '#choices li', do: (page) => page.keyboard.press('Control+k') },
  'a filter that goes on': { path: () => '/', wait: '#offers li', do: async (page) => { await page.locator('#q').fill('event:'); await page.locator('#q').press('ArrowDown'); await page.locator('#q').press('ArrowDown') } },
  'the signature, without scripts': { path: () => `/w/${ids.bad}/signature`, wait: '.cause' },
  'the figures': { path: () => '/figures', wait: '.rate' },
  'the queue': { path: () => '/queue', wait: '#e3' },
  'the dead letters': { path: () => '/queue?state=dead', wait: '#e1' },
  'the keys of the queue': { path: () => '/queue', wait: 'dialog[open]', do: (page) => page.keyboard.press('?') },
  'every action by name, on the figures': { path: () => '/figures', wait: '#choices li', do: (page) => page.keyboard.press('Control+k') },
  'the rest of a body': { path: () => `/w/${ids.bad}/rest/request?from=10`, wait: '#rest' },
  'an address that is refused': { path: () => '/?code=wrong', wait: 'text=code in this address is wrong', stranger: true },
}

const looks = [{ colorScheme: 'light', viewport: { width: 1280, height: 800 } }, { colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
  { colorScheme: 'light', viewport: { width: 390, height: 844 } }, { colorScheme: 'dark', viewport: { width: 320, height: 640 } }]

for (const look of looks) {
  test(`${look.colorScheme}, ${look.viewport.width} px`, { timeout: 900_000 }, async () => {
    const storageState = await first.context.storageState(), found = []
    const origin = new URL(barb.ui).origin
    const mine = await browser.open(origin + '/', { ...look, storageState }), strange = await browser.open(origin + '/', look)
    for (const [name, s] of Object.entries(states)) {
      const { page } = s.stranger ? strange : mine
      await page.goto(origin + s.path())
      if (s.do) await s.do(page)
      await page.locator(s.wait).first().waitFor()
      found.push(...await judge(page, name))
    }
    assert.deepEqual(found, [])
    await mine.context.close()
    await strange.context.close()
  })
}

test('an empty history, light and dark', { timeout: 120_000 }, async () => {
  const empty = await quiet.start('ui', '--addr', '127.0.0.1:0')
  const { page } = await browser.open(empty.ui)
  await page.locator('#empty').waitFor()
  const found = await judge(page, 'light')
  await page.emulateMedia({ colorScheme: 'dark' })
  found.push(...await judge(page, 'dark'))
  for (const width of [390, 320]) { // a command that is longer than the window is on two lines
    await page.setViewportSize({ width, height: 844 })
    found.push(...await judge(page, width + ' px'))
    const right = await page.locator('#empty .paste').evaluateAll((all) => Math.max(...all.map((e) => e.getBoundingClientRect().right)))
    assert.ok(right <= width, `a command ends at ${right} of ${width} px`)
  }
  assert.deepEqual(found, [])
  await page.goto(new URL('/queue', page.url()).href)
  await page.getByText('No entry waits').waitFor()
  assert.deepEqual(await judge(page, 'an empty queue'), [])
})

/** judge returns what axe finds, and what scrolls sideways. */
async function judge(page, name) {
  await page.evaluate(axe) // the driver's door: the page's policy forbids a script of others
  const got = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } }))
  const found = got.violations.flatMap((v) => v.nodes.map((n) => `${name}: ${v.id} (${v.impact}) ${n.target.join(' ')}: ${n.failureSummary.split('\n')[1]?.trim()}`))
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  if (wide > 0) found.push(`${name}: the page is ${wide} px wider than the window`)
  const tall = await page.evaluate(() => document.body.matches('.plain,.sheet') ? 0 : document.documentElement.scrollHeight - document.documentElement.clientHeight)
  if (tall > 0) found.push(`${name}: the page is ${tall} px taller than the window`)
  return found
}
