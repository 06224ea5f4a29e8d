// A provider process, and its control routes.
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { started } from './processes.mjs';

export class Provider {
  /** `folder` holds op.mjs and what npm installed. */
  static async start(folder, more = {}) {
    const child = started(process.execPath, [join(folder, 'op.mjs')], { PORT: '0', INTERVAL: '1', ENFORCE: '1', QUIET: '1', ...more });
    const line = await new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve);
      child.once('error', reject);
      child.once('close', (code) => reject(new Error(`the provider did not start (${code})`)));
    });
    const { issuer, mtls, files } = JSON.parse(line);
    return new Provider(child, issuer, files, mtls);
  }

  /** `alias`: where client certificates are asked for, over TLS. */
  constructor(child, issuer, files, alias) {
    Object.assign(this, { child, issuer, files, alias });
  }

  async control(method, what, body) {
    const { status, text } = await this.send(`${this.issuer}/control/${what}`, method, body && JSON.stringify(body));
    if (status !== 200) throw new Error(`control ${what}: ${status} ${text}`);
    return JSON.parse(text);
  }

  /** With fetch no authority of one's own can be trusted for one request. */
  send(url, method, body) {
    const isSecure = url.startsWith('https:');
    const options = { method, agent: false, ...(isSecure ? { ca: readFileSync(join(this.files, 'ca.crt')) } : {}) };
    return new Promise((resolve, reject) => {
      const request = (isSecure ? https : http).request(url, options, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part) => { text += part; });
        answer.once('error', reject).once('end', () => resolve({ status: answer.statusCode, text }));
      });
      request.once('error', reject).end(body);
    });
  }

  /** Every request that it saw, with its times. */
  calls() {
    return this.control('GET', 'calls');
  }

  /** What it says to whoever comes with an access token. */
  async userinfo(token) {
    const answer = await fetch(`${this.issuer}/me`, { headers: { authorization: `Bearer ${token}` } });
    await answer.arrayBuffer();
    return answer.status;
  }

  end() {
    this.child.kill('SIGTERM');
  }
}
