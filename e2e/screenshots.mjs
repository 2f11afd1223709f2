// Takes the pictures of docs/ui.md: node screenshots.mjs FOLDER
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Browser, World, live } from './kit.mjs'
import { day } from './fixture.mjs'

const folder = process.argv[2]
mkdirSync(folder, { recursive: true })
const world = new World()
let browser
try {
  const barb = await day(world)
  browser = await Browser.launch()
  const desk = { viewport: { width: 1280, height: 800 } }
  const { page, context } = await browser.open(barb.ui, desk)
  await live(page)
  await page.locator('#rows>tr').first().click()
  await page.locator('#signature .cause').waitFor()
  const at = page.url(), list = new URL('/', at).href, storageState = await context.storageState()

  /** picture opens an address and stores what is seen. */
  const picture = async (name, address, options, ready) => {
    const one = await browser.open(address, { storageState, ...desk, ...options })
    await live(one.page)
    await one.page.locator('#pulse path').first().waitFor({ state: 'attached' })
    await one.page.locator(ready).first().waitFor()
    await one.page.screenshot({ path: join(folder, name + '.png') })
    await one.context.close()
  }
  const phone = { viewport: { width: 390, height: 760 }, isMobile: true, hasTouch: true }
  await picture('light', at, {}, '#signature .cause')
  await picture('dark', at, { colorScheme: 'dark' }, '#signature .cause')
  /** sheet stores a page beside the list. */
  const sheet = async (name, path, ready) => {
    const one = await browser.open(new URL(path, list).href, { storageState, ...desk })
    await one.page.locator(ready).first().waitFor()
    await one.page.screenshot({ path: join(folder, name + '.png') })
    await one.context.close()
  }
  await sheet('figures', '/figures?since=5m', '.trend')
  await sheet('queue', '/queue', 'table.grid tbody tr')
  await picture('phone-list', list, phone, '#rows>tr')
  await picture('phone', at, { ...phone, colorScheme: 'dark' }, '#signature .cause')
} finally {
  await browser?.end()
  await world.end()
}
