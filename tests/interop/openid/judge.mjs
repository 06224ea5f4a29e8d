// What the provider and the line saw, whether it is what was expected, and the table.

// What a busy machine may add to a gap: less than a second, so that no sleep passes for another one.
const SLACK = 0.9;

/** One side of a row. `seen` are the provider's calls of this side's requests. */
export class Cell {
  constructor(answer, line, seen) {
    Object.assign(this, answer, { line, seen });
    this.polls = line.log.filter((it) => it.path === '/token');
  }

  /** How many polls the provider saw, and how many more the line answered in its place. */
  get requests() {
    const kept = this.polls.filter((it) => !it.forwarded).length;
    return kept ? `${this.seen.length}+${kept}` : `${this.seen.length}`;
  }

  /**
   * From the acknowledgement to the first poll, from there to the second, and so on; in seconds, from the moment at which an
   * answer began until the next request was complete.
   */
  gaps() {
    const { log } = this.line;
    return log.slice(1).map((later, number) => (later.received - log[number].answered) / 1000);
  }

  smallestGap() {
    const gaps = this.gaps();
    return gaps.length ? Math.min(...gaps) : undefined;
  }

  /** What is wrong on any side: it says that the comparison itself does not hold. */
  unsound() {
    const forwarded = this.polls.filter((it) => it.forwarded).length;
    const wrongs = this.line.broken.map((what) => `the line broke: ${what}`);
    if (forwarded !== this.seen.length) wrongs.push(`the provider saw ${this.seen.length} of ${forwarded} polls`);
    return wrongs;
  }

  wrongs({ says, polls, floors, userinfo }) {
    const wrongs = this.unsound();
    if (this.returned !== says) wrongs.push(`returned "${this.returned}" for "${says}"`);
    if (this.requests !== String(polls)) wrongs.push(`${this.requests} polls for ${polls}`);
    if (this.userinfo !== userinfo) wrongs.push(`userinfo ${this.userinfo} for ${userinfo}`);
    this.gaps().forEach((gap, number) => {
      const floor = floors[Math.min(number, floors.length - 1)];
      if (gap < floor) wrongs.push(`gap ${number} of ${gap.toFixed(3)} s undercuts the floor of ${floor} s`);
      if (gap >= floor + SLACK) wrongs.push(`gap ${number} of ${gap.toFixed(3)} s is far beyond the floor of ${floor} s`);
    });
    const jtis = this.seen.map((it) => it.assertion?.jti).filter(Boolean);
    if (new Set(jtis).size !== jtis.length) wrongs.push('an assertion was used twice');
    if (this.line.strangers) wrongs.push('a redirect was followed');
    return wrongs;
  }
}

export class Row {
  constructor(scenario, official, crate) {
    Object.assign(this, { scenario, official, crate });
  }

  wrongs() {
    const { rust, node } = this.scenario;
    return [
      ...this.crate.wrongs(rust).map((it) => `Rust ${it}`),
      ...(node ? this.official.wrongs(node).map((it) => `openid-client not as known: ${it}`) : []),
    ];
  }

  verdict() {
    const wrongs = this.wrongs();
    if (wrongs.length) return `FAILED: ${wrongs.join('; ')}`;
    const { node } = this.scenario;
    if (!node) return 'Rust right';
    return node.wrong ? `Rust right. openid-client: ${node.wrong}` : 'both right';
  }

  columns() {
    return [this.scenario.name, ...columns(this.official), ...columns(this.crate), this.verdict()];
  }
}

function columns(cell) {
  if (!cell) return ['has no such call', '-', '-'];
  const gap = cell.smallestGap();
  return [cell.returned, cell.requests, gap === undefined ? '-' : gap.toFixed(3)];
}

const HEAD = ['scenario', 'openid-client returned', 'polls', 'smallest gap (s)', 'Rust returned', 'polls', 'smallest gap (s)', 'verdict'];

export function table(rows) {
  const lines = [HEAD, ...rows.map((row) => row.columns())];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const printed = lines.map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`);
  printed.splice(1, 0, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  return printed.join('\n');
}
