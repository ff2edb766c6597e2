/** What scripts type: every command with its arguments and flags, and how flags become a tool's input. */
import { Command } from 'commander';
import { describe, expect, it, vi } from 'vitest';
import { Fault } from '../domain/fault.js';
import { shapeCommands } from './command.js';
import { type Flags, flagsOf } from './flags.js';
import { programOf } from './program.js';

// Every command is loaded: only a test that hangs ends by this limit.
vi.setConfig({ testTimeout: 1_800_000 });

const linesOf = (command: Command, path = ''): string[] => {
  const name = `${path}${command.name()}`;
  const args = command.registeredArguments.map((a) => {
    const rest = a.variadic ? `${a.name()}...` : a.name();
    return a.required ? `<${rest}>` : `[${rest}]`;
  });
  // What stands for a value is help, not spelling.
  const spelt = (text: string) => text.replace(/<[^>.]*/g, '<…');
  const flags = command.options
    .filter((o) => !o.hidden)
    .map((o) => `${spelt(o.flags)}${o.mandatory ? ' (needed)' : ''}`);
  return [
    [name, ...args].join(' '),
    ...flags.sort().map((flag) => `  ${flag}`),
    ...command.commands.flatMap((inner) => linesOf(inner, `${name} `)),
  ];
};

// A flag that goes or is spelt anew breaks somebody's script.
it('has the commands and flags that it had', async () => {
  const program = await programOf([]);
  await shapeCommands(program, () => true);
  await expect(`${linesOf(program).join('\n')}\n`).toMatchFileSnapshot('__snapshots__/flags.txt');
});

describe('flags of a tool', () => {
  const given = async <I>(flags: Flags<I>, ...args: string[]): Promise<I> => {
    const command = await flags.shape(new Command().exitOverride().configureOutput({ writeErr: () => {} }));
    return flags.input(command.parse(args, { from: 'user' }).opts());
  };
  const refusal = async (flags: Flags<unknown>, ...args: string[]): Promise<string> => {
    const error = await given(flags, ...args).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(Fault);
    return `${(error as Fault).message} | ${(error as Fault).remedy}`;
  };
  const job = flagsOf('submit_job', {});

  it('become its input by the kind of each member; what is left out stays out', async () => {
    expect(
      await given(
        job,
        ...['--duration-hours', '2.5', '--vcpus', '4', '--deadline', '2022-06-01T02:00:00+02:00', '--interruptible'],
        ...['--allowed-regions', 'GB, DE', '--category', 'urgent', '--name', '7'],
      ),
    ).toEqual({
      durationHours: 2.5,
      vcpus: 4,
      deadline: '2022-06-01T00:00:00Z',
      interruptible: true,
      allowedRegions: ['GB', 'DE'],
      category: 'urgent',
      name: '7',
    });
    expect(await given(flagsOf('list_jobs', {}))).toEqual({});
  });

  it('demand what the tool demands', async () => {
    const window = flagsOf('find_green_window', {});
    await expect(given(window, '--limit', '4')).rejects.toThrow(/required option '--duration-hours <hours>'/);
    expect(await given(flagsOf('find_green_window', { durationHours: { optional: true } }))).toEqual({});
  });

  it('say yes by being there, and no where yes is the default', async () => {
    const draft = flagsOf('draft_tickets', {});
    expect(await given(draft, '--plan', 'P-1', '--no-overview')).toEqual({ planId: 'P-1', overview: false });
    expect(await given(draft, '--plan', 'P-1')).toEqual({ planId: 'P-1' });
  });

  it('can have a form of their own and come several times', async () => {
    const flags = flagsOf('replan', {
      fromPlanId: '--from <plan>',
      overran: {
        flag: '--overran <form>',
        repeated: true,
        read: (text, at) => ({ jobId: text, durationHours: at + 1 }),
      },
    });
    expect(await given(flags, '--from', 'P-1', '--overran', 'a', '--overran', 'b')).toEqual({
      fromPlanId: 'P-1',
      overran: [
        { jobId: 'a', durationHours: 1 },
        { jobId: 'b', durationHours: 2 },
      ],
    });
  });

  const need = ['--duration-hours', '1'];
  it.each([
    [
      [...need, '--vcpus', 'many'],
      /^--vcpus is "many", not a number \| Give a (whole )?number.*, for example --vcpus \d+\.$/,
    ],
    [
      ['--duration-hours', '-1'],
      /^--duration-hours is -1 \| Give a number of hours above 0, for example --duration-hours 1\.$/,
    ],
    [[...need, '--category', 'soon'], /^--category is "soon" \| Give urgent, balanced or sustainable\.$/],
    [
      [...need, '--due', 'tomorrow'],
      /^--due is "tomorrow", not a time with a zone \| Give ISO 8601 with Z or an offset, for example --due 2022-/,
    ],
  ])('%j is refused with what may be given', async (args, said) => {
    expect(await refusal(job, ...args)).toMatch(said);
  });

  it('say bounds, known names and defaults in their help', async () => {
    const help = (await flagsOf('list_jobs', {}).shape(new Command())).helpInformation().replace(/\s+/g, ' ');
    expect(help).toContain('--workload <id>');
    expect(help).toContain('--category <category> jobs of this category only (urgent, balanced or sustainable)');
    expect(help).toMatch(/--limit <n> .*\(default: 50\)/);
    expect(await refusal(flagsOf('list_jobs', {}), '--limit', '501')).toBe(
      '--limit is 501 | Give a whole number from 1 to 500, for example --limit 50.',
    );
  });
});
