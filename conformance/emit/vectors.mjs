// Judges vectors with receivers for Lambda: a JSON list on stdin, one status a line on stdout.
import { pathToFileURL } from 'node:url';

let text = '';
for await (const chunk of process.stdin) text += chunk;
for (const v of JSON.parse(text)) {
  process.env.SECRET = v.secret;
  process.env.WEBHOOK_URL = v.url;
  Date.now = () => v.now * 1000;
  const receiver = await import(pathToFileURL(v.file) + `?${Math.random()}`).catch(() => null);
  const event = { headers: v.headers, body: v.body, isBase64Encoded: true };
  const log = console.log;
  console.log = () => {};
  const answer = receiver ? await receiver.handler(event) : { statusCode: 'no key' };
  console.log = log;
  console.log(answer.statusCode);
}
