/** `kubernetes release`: lets go of Jobs whose planned start has come. It opens no store: it may run where nothing else of CACO does. */
import { hostname } from 'node:os';
import type { Command } from 'commander';
import { systemNow } from '../../clock.js';
import { counted } from '../../domain/figures.js';
import type { Released } from '../../kubernetes.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { EXIT } from '../exit.js';
import { plain } from '../terminal.js';

const line = ({ namespace, name, until, trouble }: Released): string =>
  plain(`${namespace}/${name} was to start at ${until}: ${trouble === null ? 'released' : `not released, ${trouble}`}`);

const release = async (
  context: Context,
  _: string[],
  options: Record<string, unknown>,
): Promise<Answer | undefined> => {
  const { keepReleasing, openAccess, releaseDue } = await import('../../kubernetes.js');
  const { api, namespaces, home } = openAccess(context.config);
  if (options.once === true) {
    const { released, held } = await releaseDue(api, systemNow, namespaces);
    const next = held.map(({ until }) => until).sort()[0];
    const text = [
      `${counted(released.length, 'Job')} released, ${held.length} still on hold${next === undefined ? '' : `, the next until ${next}`}.`,
      ...released.map((one) => `  ${line(one)}`),
    ].join('\n');
    const whole = released.every(({ trouble }) => trouble === null);
    return { json: { released, held }, text, exitCode: whole ? EXIT.done : EXIT.unavailable };
  }
  const tell = (one: object, text: string) =>
    void process.stdout.write(`${context.json ? JSON.stringify(one) : `${systemNow()} ${text}`}\n`);
  context.warn(`Jobs of ${api.cluster} start at their planned time for as long as this runs; Ctrl-C ends it.`);
  await keepReleasing({
    ...{ api, namespaces, home, now: systemNow, signal: context.signal },
    holder: `${hostname()}-${process.pid}`,
    onReleased: (one) => tell(one, line(one)),
    onTrouble: (why) => context.warn(plain(why)),
  });
  return undefined;
};

export const register = (program: Command) => {
  const group = program
    .command('kubernetes')
    .description('Jobs of a Kubernetes cluster that wait for their planned start');
  addCommand(
    group,
    'release',
    'let each Job on hold go when its time has come; left on, it is the rule that nothing is held for ever',
    (c) => c.option('--once', 'let go of what is due now, and end'),
    release,
  );
};
