// The line between one client and the provider: hands on what comes, does to it what a scenario says, and keeps the times.
// It also moves the person's thumb, so that an answer falls between two polls and never on one.
import * as http from 'node:http';

const HEAD = { 'content-type': 'application/json', 'cache-control': 'no-store' };
const json = (value) => Buffer.from(JSON.stringify(value));
const code = (error) => ({ body: json({ error, error_description: 'said by the line' }), headers: HEAD });

/** What an answer of the line's own is; the provider never sees the request. */
const INSTEAD = {
  503: () => ({ status: 503, headers: { 'content-type': 'text/plain' }, body: Buffer.from('one moment') }),
  '503 for 2 s': () => ({ status: 503, headers: { 'content-type': 'text/plain', 'retry-after': '2' }, body: Buffer.from('one moment') }),
  '502 html': () => ({ status: 502, headers: { 'content-type': 'text/html' }, body: Buffer.from('<html>Bad Gateway</html>') }),
  slow_down: () => ({ status: 400, ...code('slow_down') }),
  '429 slow_down for 7 s': () => {
    const { body, headers } = code('slow_down');
    return { status: 429, body, headers: { ...headers, 'retry-after': '7' } };
  },
  'pending for 3 s': () => {
    const { body, headers } = code('authorization_pending');
    return { status: 400, body, headers: { ...headers, 'retry-after': '3' } };
  },
  server_error: () => ({ status: 500, ...code('server_error') }),
  redirect: ({ elsewhere }) => ({ status: 307, headers: { location: `${elsewhere}/token` }, body: Buffer.alloc(0) }),
};

export class Line {
  static async lay(provider, scenario) {
    const line = new Line(provider, scenario);
    line.server = http.createServer((request, response) => line.serve(request, response).catch((error) => {
      line.broken.push(error.message);
      response.destroy();
    }));
    await new Promise((resolve, reject) => { line.server.once('error', reject); line.server.listen(0, '127.0.0.1', resolve); });
    line.address = `http://127.0.0.1:${line.server.address().port}`;
    return line;
  }

  constructor(provider, scenario) {
    Object.assign(this, { provider, scenario, log: [], broken: [], ids: [], polls: 0, strangers: 0 });
  }

  async serve(request, response) {
    const body = [];
    for await (const chunk of request) body.push(chunk);
    const entry = { path: request.url, received: performance.now(), forwarded: false };
    const sent = Buffer.concat(body);
    // A second origin, in effect: whoever follows a redirect comes here.
    if (request.url.startsWith('/elsewhere')) { this.strangers += 1; response.writeHead(404).end(); return; }
    this.log.push(entry);
    const isPoll = request.url === '/token';
    if (isPoll) this.polls += 1;
    const fault = isPoll ? this.scenario.line?.[this.polls - 1] : undefined;
    if (fault === 'reset') { entry.answered = performance.now(); request.socket.resetAndDestroy(); return; }
    const instead = INSTEAD[fault];
    const answer = instead ? instead({ elsewhere: `${this.address}/elsewhere` }) : await this.forward(request, sent);
    entry.forwarded = !instead;
    if (!isPoll && answer.status === 200) await this.acknowledged(answer);
    if (isPoll && fault && !instead) this.change(answer, fault);
    if (isPoll && answer.status === 200) this.token = JSON.parse(answer.body).access_token;
    if (isPoll) await this.thumb(this.polls);
    entry.answered = performance.now();
    // The provider has answered, and nobody hears it.
    if (fault === 'lost') { request.socket.resetAndDestroy(); return; }
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  /** The request as it is, to the provider. */
  forward(request, body) {
    const { host, connection, ...headers } = request.headers;
    return new Promise((resolve, reject) => {
      const onward = http.request(`${this.provider.issuer}${request.url}`, { method: request.method, headers, agent: false }, (answer) => {
        const chunks = [];
        answer.on('data', (chunk) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, 'content-length': ____, ...kept } = answer.headers;
          resolve({ status: answer.statusCode, headers: kept, body: Buffer.concat(chunks) });
        });
      });
      onward.on('error', reject);
      onward.end(body);
    });
  }

  async acknowledged(answer) {
    const said = JSON.parse(answer.body);
    this.ids.push(said.auth_req_id);
    for (const [name, value] of Object.entries(this.scenario.acknowledgement ?? {})) {
      if (value === null) delete said[name]; else said[name] = value;
    }
    answer.body = json(said);
    if (this.scenario.rotate) await this.provider.control('POST', 'rotate', { drop_old: true });
    await this.thumb(0);
  }

  /** The person: `after` so many polls, or before the first. */
  async thumb(polls) {
    const { phone } = this.scenario;
    if (phone?.after === polls) await this.provider.control('POST', phone.does, { auth_req_id: this.ids.at(-1) });
  }

  /** A token answer that was changed on its way. */
  change(answer, fault) {
    const change = CHANGES[fault];
    if (!change) { if (fault !== 'pass' && fault !== 'lost') throw new Error(`the line knows no ${fault}`); return; }
    if (answer.status !== 200) throw new Error(`${fault}: the provider's answer was ${answer.status}`);
    const said = JSON.parse(answer.body);
    change(said);
    answer.body = json(said);
  }

  cut() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** Other claims or another header under the signature that was there: nobody but the provider can make a new one. */
function forged(said, claims, header = {}) {
  const [head, payload, signature] = said.id_token.split('.');
  const read = (text) => JSON.parse(Buffer.from(text, 'base64url'));
  said.id_token = `${part({ ...read(head), ...header })}.${part({ ...read(payload), ...claims })}.${signature}`;
}

const CHANGES = {
  'sub of another': (said) => forged(said, { sub: 'mallory' }),
  'aud of another': (said) => forged(said, { aud: 'another' }),
  'iss of another': (said) => forged(said, { iss: 'https://op.example' }),
  'exp over': (said) => forged(said, { exp: Math.floor(Date.now() / 1000) - 3_600 }),
  'iat a week old': (said) => forged(said, { iat: Math.floor(Date.now() / 1000) - 7 * 86_400 }),
  'alg none': (said) => {
    forged(said, { sub: 'mallory' }, { alg: 'none' });
    said.id_token = said.id_token.replace(/[^.]*$/, '');
  },
  'no ID Token': (said) => { delete said.id_token; },
  'no token_type': (said) => { delete said.token_type; },
};
