// The processes that a run started, so that it can end these and no others.
import { spawn } from 'node:child_process';

const alive = new Set();

/** Starts a program whose standard output is read; what it says on standard error goes on to ours. */
export function started(program, words, env = {}) {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  alive.add(child);
  child.once('close', () => alive.delete(child));
  return child;
}

export function endAll() {
  for (const child of alive) child.kill('SIGTERM');
}
