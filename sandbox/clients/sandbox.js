// What both node drivers need: the sandbox's levers and a mailbox for notifications.
'use strict';

const { createServer } = require('node:http');

/** Moves a lever; fails unless it moved. */
async function control(connection, name, body) {
  const answer = await fetch(`${connection.base_url}/sandbox/${name}`, { method: 'POST', body: JSON.stringify(body) });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${name}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

/** Receives notifications, acknowledges them, and hands them out one by one. */
async function receiver() {
  const arrived = [];
  const waiting = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(204).end();
      const letter = { headers: request.headers, body: Buffer.concat(chunks).toString('utf8') };
      const wanted = waiting.shift();
      if (wanted) wanted(letter); else arrived.push(letter);
    });
  });
  await new Promise((ready) => { server.listen(0, '127.0.0.1', ready); });
  return {
    url: `http://127.0.0.1:${server.address().port}/notify`,
    next: () => new Promise((resolve, reject) => {
      if (arrived.length > 0) { resolve(arrived.shift()); return; }
      const late = setTimeout(() => reject(new Error('no notification came')), 5000);
      waiting.push((letter) => { clearTimeout(late); resolve(letter); });
    }),
    close: () => { server.close(); server.closeAllConnections(); },
  };
}

module.exports = { control, receiver };
