// Says whether stdin is a HAR 1.2, by the schema of the package har-schema. A line for each mistake, exit code 1.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'

const require = createRequire(import.meta.url)
const Ajv = require('ajv')
const ajv = new Ajv({ allErrors: true })
ajv.addMetaSchema(require('ajv/lib/refs/json-schema-draft-06.json'))
ajv.addSchema(Object.values(require('har-schema')))
const validate = ajv.getSchema('har.json#')
if (!validate(JSON.parse(readFileSync(0, 'utf8')))) {
  for (const e of validate.errors) console.log(`${e.dataPath} ${e.message}`)
  process.exit(1)
}
