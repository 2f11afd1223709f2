// Serves a receiver that is a function, as its platform would call it: node handler.mjs nextjs|lambda FILE
import http from 'node:http';
import { pathToFileURL } from 'node:url';

const [, , platform, file] = process.argv;
const receiver = await import(pathToFileURL(file));

async function read(req) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function nextjs(req, body) {
  const request = new Request(`http://localhost${req.url}`, { method: 'POST', headers: req.headers, body });
  return (await receiver.POST(request)).status;
}

async function lambda(req, body) {
  const event = { headers: req.headers, body: body.toString('base64'), isBase64Encoded: true };
  return (await receiver.handler(event)).statusCode;
}

const server = http.createServer(async (req, res) => {
  const call = { nextjs, lambda }[platform];
  res.statusCode = await call(req, await read(req));
  res.end();
});
server.listen(0, '127.0.0.1', () => console.log(`listening on port ${server.address().port}`));
