// Plays every scenario with both clients against a provider that neither of them wrote, and prints the comparison.
import { createRequire } from 'node:module';
import { crate, official } from './callers.mjs';
import { Cell, Row, table } from './judge.mjs';
import { Line } from './line.mjs';
import { mutual } from './mutual.mjs';
import { endAll } from './processes.mjs';
import { Provider } from './provider.mjs';
import { SCENARIOS } from './scenarios.mjs';

const [folder, program, only = ''] = process.argv.slice(2);
const FOOTNOTE =
  'Polls: those that the provider saw, and behind a + those that the line between answered in its place. Gaps: at the line, from the'
  + ' beginning of an answer to the end of the next request; from the acknowledgement to the first poll, too.';
// Cells at once. They mostly wait.
const CROWD = 24;

for (const [signal, status] of [['SIGINT', 130], ['SIGTERM', 143]]) {
  process.on(signal, () => { endAll(); process.exit(status); });
}

async function main() {
  const version = (name) => createRequire(import.meta.url)(`${name}/package.json`).version;
  const began = performance.now();
  const scenarios = SCENARIOS.filter((it) => it.name.includes(only));
  const shared = await Provider.start(folder);
  const rows = await play(scenarios, shared);
  const calls = await shared.calls();
  // RFC 7523, section 3: the provider would take a second one for a replay.
  const assertions = calls.map((it) => it.assertion?.jti).filter(Boolean);
  const isFresh = new Set(assertions).size === assertions.length;
  console.log(table(rows));
  const failed = rows.filter((row) => row.wrongs().length);
  console.log(`\n${FOOTNOTE} openid-client ${version('openid-client')}, oidc-provider ${version('oidc-provider')}, node ${process.versions.node};`
    + ` ${calls.length} requests, ${assertions.length} client assertions, ${isFresh ? 'each with a jti of its own' : 'SOME USED TWICE'}; ${((performance.now() - began) / 1000).toFixed(0)} s.`);
  const overTls = (await mutual(folder, program)).filter((it) => it.name.includes(only));
  for (const { name, said, wrongs } of overTls) {
    console.log(`Over TLS: ${name}: ${said}; ${wrongs.length ? `FAILED: ${wrongs.join('; ')}` : 'Rust right'}`);
  }
  const failures = failed.length + overTls.filter((it) => it.wrongs.length).length;
  const played = rows.length + overTls.length;
  console.log(`${played - failures} passed, ${failures} failed`);
  return failures || !played || !isFresh ? 1 : 0;
}

async function play(scenarios, shared) {
  const cells = scenarios.flatMap((scenario) => [...(scenario.node ? [[scenario, 'node']] : []), [scenario, 'rust']]);
  const left = cells.toSorted(([one], [other]) => (other.seconds ?? 2) - (one.seconds ?? 2));
  const done = new Map(scenarios.map((scenario) => [scenario, {}]));
  await Promise.all(Array.from({ length: CROWD }, async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const [scenario, side] = next;
      try {
        done.get(scenario)[side] = await cell(scenario, side, shared);
      } catch (error) {
        throw new Error(`${scenario.name}, ${side}: could not be played: ${error.message}`, { cause: error });
      }
    }
  }));
  // A request that nobody should have sent comes late, if it comes.
  await new Promise((resolve) => { setTimeout(resolve, 1_500); });
  return Promise.all(scenarios.map(async (scenario) => {
    const { node, rust } = done.get(scenario);
    return new Row(scenario, node && await judged(node), await judged(rust));
  }));
}

/** One side of a row; a provider whose keys change is its own. */
async function cell(scenario, side, shared) {
  const provider = scenario.rotate ? await Provider.start(folder) : shared;
  const line = await Line.lay(provider, scenario);
  const answer = side === 'node' ? await official(scenario, provider, line) : await crate(program, scenario, provider, line);
  return { answer, line, provider };
}

async function judged({ answer, line, provider }) {
  const mine = (it) => it.path === '/token' && line.ids.includes(it.auth_req_id);
  const seen = (await provider.calls()).filter(mine);
  const userinfo = line.scenario.again ? await provider.userinfo(line.token) : undefined;
  await line.cut();
  if (line.scenario.rotate) provider.end();
  return new Cell({ ...answer, userinfo }, line, seen);
}

main().then((status) => { endAll(); process.exit(status); }, (error) => {
  console.error(`\n*** interop: ${error.message} ***\n`);
  endAll();
  process.exit(1);
});
