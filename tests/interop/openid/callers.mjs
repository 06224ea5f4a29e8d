// The two clients. Both read the same scenario, and say in a few words what came of it.
import { createPrivateKey, webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as client from 'openid-client';
import { started } from './processes.mjs';

/** This crate, by the example `interop_openid`: a scenario as its argument, what came of it on standard output. */
export async function crate(program, scenario, provider, line) {
  const { client_id, auth, params = {}, hint = { login: 'alice' }, trust = false, again = false, next_key } = scenario;
  const key = (name) => name && { pem: join(provider.files, `${name}.pem`), kid: name };
  const words = {
    issuer: provider.issuer, start: `${line.address}/backchannel`, token: `${line.address}/token`,
    client_id, method: auth.method, secret: auth.secret, key: key(auth.key), next_key: key(next_key),
    hint, params, trust, again, polls: scenario.polls !== false,
  };
  const child = started(program, [JSON.stringify(words)]);
  let said = '';
  child.stdout.on('data', (chunk) => { said += chunk; });
  const status = await new Promise((resolve, reject) => { child.once('error', reject); child.once('close', resolve); });
  if (status !== 0) throw new Error(`interop_openid ended with ${status}`);
  return { returned: said.trim() };
}

/** openid-client, as its documentation shows it. */
export async function official(scenario, provider, line) {
  const { client_id, auth, params = {}, hint = { login: 'alice' }, again } = scenario;
  const execute = [client.allowInsecureRequests, ...(scenario.checks_signatures ? [client.enableNonRepudiationChecks] : [])];
  try {
    const found = await client.discovery(new URL(provider.issuer), client_id, undefined, undefined, { execute });
    const config = new client.Configuration(
      { ...found.serverMetadata(), backchannel_authentication_endpoint: `${line.address}/backchannel`, token_endpoint: `${line.address}/token` },
      client_id, undefined, await authentication(auth, provider.files),
    );
    execute.forEach((each) => each(config));
    const { login, login_token } = hint;
    const asked = { scope: 'openid profile', ...(login ? { login_hint: login } : { login_hint_token: login_token }), ...params };
    const acknowledged = await client.initiateBackchannelAuthentication(config, asked);
    if (scenario.polls === false) return { returned: `started, ${acknowledged.expires_in} s` };
    const poll = () => client.pollBackchannelAuthenticationGrant(config, acknowledged);
    const tokens = await poll();
    const said = `approved, ${tokens.claims()?.sub ?? 'nobody'}`;
    if (!again) return { returned: said };
    const second = await poll().then(() => 'approved', word);
    return { returned: `${said}; ${second}` };
  } catch (error) {
    return { returned: word(error) };
  }
}

async function authentication({ method, secret, key }, files) {
  switch (method) {
    case 'secret_basic': return client.ClientSecretBasic(secret);
    case 'secret_post': return client.ClientSecretPost(secret);
    case 'secret_jwt': return client.ClientSecretJwt(secret);
    case 'private_key_jwt': return client.PrivateKeyJwt({ key: await imported(join(files, `${key}.pem`)), kid: key });
    case 'none': return client.None();
    default: throw new Error(`no such method: ${method}`);
  }
}

function imported(file) {
  const pem = createPrivateKey(readFileSync(file));
  const algorithm = {
    ec: { name: 'ECDSA', namedCurve: 'P-256' }, rsa: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, ed25519: { name: 'Ed25519' },
  }[pem.asymmetricKeyType];
  return webcrypto.subtle.importKey('pkcs8', pem.export({ type: 'pkcs8', format: 'der' }), algorithm, false, ['sign']);
}

function word(error) {
  if (error.error) return error.error;
  // What fetch threw is passed on as it was.
  if (error instanceof TypeError) return `${error.name}: ${error.message}`;
  return error.code ?? `${error.name}: ${error.message}`;
}
