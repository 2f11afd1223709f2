// Imported before anything else: an SDK must judge what it is given, without asking the network, and stdout is ours alone.
import net from 'node:net'

const stdout = process.stdout.write.bind(process.stdout)

net.Socket.prototype.connect = function connect() {
  throw new Error('an SDK tried to reach the network')
}
process.stdout.write = process.stderr.write.bind(process.stderr)
console.debug = () => {} // Zoom's receiver prints every event

/** Writes one answer. */
export const answer = object => stdout(`${JSON.stringify(object)}\n`)
