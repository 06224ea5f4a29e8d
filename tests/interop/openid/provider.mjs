// A provider process, and its control routes.
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { started } from './processes.mjs';

export class Provider {
  /** `folder` holds op.mjs and what npm installed. */
  static async start(folder) {
    const child = started(process.execPath, [join(folder, 'op.mjs')], { PORT: '0', INTERVAL: '1', ENFORCE: '1', QUIET: '1' });
    const line = await new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve);
      child.once('error', reject);
      child.once('close', (code) => reject(new Error(`the provider did not start (${code})`)));
    });
    const { issuer, files } = JSON.parse(line);
    return new Provider(child, issuer, files);
  }

  constructor(child, issuer, files) {
    Object.assign(this, { child, issuer, files });
  }

  async control(method, what, body) {
    const answer = await fetch(`${this.issuer}/control/${what}`, { method, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`control ${what}: ${answer.status} ${await answer.text()}`);
    return answer.json();
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
