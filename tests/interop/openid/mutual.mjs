// A client by its certificate, over TLS, at the provider's mtls_endpoint_aliases (RFC 8705, section 5). By this crate alone: with
// openid-client the certificate is the business of a fetch of one's own.
import { join } from 'node:path';
import { started } from './processes.mjs';
import { Provider } from './provider.mjs';

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** Plays it, and gives for each row what was said and what was wrong. */
export async function mutual(folder, program) {
  const provider = await Provider.start(folder, { TLS: '1' });
  try {
    return [await approved(provider, program), ...await Promise.all(['server', undefined].map((name) => refused(provider, program, name)))];
  } finally {
    provider.end();
  }
}

async function approved(provider, program) {
  const signing = signIn(provider, program, 'client');
  const id = await asked(provider);
  // Between the first poll and the second.
  await sleep(1_500);
  await provider.control('POST', 'approve', { auth_req_id: id });
  const said = await signing;
  const calls = await provider.calls();
  const wrongs = said === 'approved, alice' ? [] : [`returned "${said}"`];
  const [issuer, alias] = [provider.issuer, provider.alias].map((it) => Number(new URL(it).port));
  for (const { path, port, certificate } of calls) {
    const isOpen = path.startsWith('/.well-known/') || path === '/jwks';
    if (port !== (isOpen ? issuer : alias)) wrongs.push(`${path} went to ${port === issuer ? 'the issuer' : 'the alias'}`);
    if (certificate === isOpen) wrongs.push(`${path} ${isOpen ? 'was shown a certificate' : 'was shown none'}`);
  }
  const mine = calls.filter((it) => ['/backchannel', '/token'].includes(it.path));
  if (mine.map((it) => it.path).join() !== '/backchannel,/token,/token') wrongs.push(`a start and two polls, and not ${mine.map((it) => it.path)}`);
  mine.slice(1).forEach((later, number) => {
    const gap = later.at_ms - mine[number].ended_ms;
    if (gap < 1_000) wrongs.push(`a gap of ${gap} ms undercuts the floor of 1 s`);
  });
  return { name: 'a certificate at the aliases', said, wrongs };
}

/** The certificate of somebody else, or none. */
async function refused(provider, program, name) {
  const said = await signIn(provider, program, name);
  const wrongs = said === 'client_auth invalid_client' ? [] : [`returned "${said}"`];
  return { name: name ? "another's certificate" : 'no certificate', said, wrongs };
}

async function signIn(provider, program, name) {
  const file = (what) => join(provider.files, what);
  const scenario = {
    issuer: provider.issuer, authority: file('ca.crt'), client_id: 'mtls', hint: { login: 'alice' }, params: {}, trust: !name, again: false,
    polls: true, ...(name ? { method: 'certificate', certificate: file(`${name}.crt`), key: { pem: file(`${name}.key`), kid: name } } : { method: 'none' }),
  };
  const child = started(program, [JSON.stringify(scenario)]);
  let said = '';
  child.stdout.on('data', (chunk) => { said += chunk; });
  const status = await new Promise((resolve, reject) => { child.once('error', reject); child.once('close', resolve); });
  if (status !== 0) throw new Error(`interop_openid ended with ${status}`);
  return said.trim();
}

/** The id of the start, once it is there. */
async function asked(provider) {
  for (let tries = 0; tries < 100; tries += 1) {
    const [request] = await provider.control('GET', 'requests');
    if (request) return request.auth_req_id;
    await sleep(50);
  }
  throw new Error('no start came over TLS');
}
