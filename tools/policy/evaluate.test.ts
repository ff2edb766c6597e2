/** What the breaches of all jobs come to: leave, a question or a refusal, of the jobs concerned or of the whole, and whom it asks. */
import { describe, expect, it } from 'vitest';
import { plainTotals } from '../../domain/fixtures/quiet-world.js';
import { at, judge, type Planned, rule, run } from './fixtures/judging.js';

describe('what the breaches come to', () => {
  const deny = (over: object = {}) => rule('region_deny', { regions: ['us-east-1'] }, over);
  const away = (id: string, over: Planned = {}) => run(id, { pieces: [[0, 2, 'us-east-1']], ...over });
  const cap = (mass: number, over: object = {}) => rule('carbon_cap', { kg: mass, period: 'day' }, over);
  const threshold = (params: object, over: object = {}) =>
    rule('approval_threshold', { approver: null, ...params }, over);

  it('is leave where nothing is broken, with the set that was kept', async () => {
    const rules = [deny(), rule('max_deferral', { minutes: 5 })];
    expect(await judge(rules, [run('a')])).toEqual({
      verdict: 'allow',
      reasons: ['the plan keeps all 2 constraints of policy set S-1 (version 4)'],
      approvalsNeeded: 1,
      verdicts: rules.map((c) => ({
        clause: { constraintId: c.id, type: c.type, strength: 'must', doc: 'policy.md', sentence: 3, quote: c.quote },
        ...{ verdict: 'allow', jobs: [], jobCount: 0, why: 'kept', approver: null, approvals: 1 },
      })),
      ...{ deniedJobs: new Set(), deniedWhole: false },
    });
    expect((await judge(rules, [run('a')], { set: { version: null } })).reasons).toEqual([
      'the plan keeps all 2 constraints of policy set S-1',
    ]);
  });

  it('is a refusal of the jobs that the plan moved against it; what it left there is a question', async () => {
    const c = deny();
    const found = await judge([c], [away('a', { moved: false }), away('b'), run('c'), away('d')]);
    expect(found).toMatchObject({
      ...{ verdict: 'deny', approvalsNeeded: 1, deniedJobs: new Set(['b', 'd']), deniedWhole: false },
      verdicts: [{ verdict: 'deny', jobs: ['b', 'd'], jobCount: 2, why: '2 jobs: the plan puts them in us-east-1' }],
      reasons: [
        '2 jobs: the plan puts them in us-east-1. Policy "policy.md", sentence 3: “Say region_deny.” Jobs: b, d',
      ],
    });
    const left = await judge([c], [away('a', { moved: false }), run('b')]);
    expect(left).toMatchObject({
      ...{ verdict: 'needs-approval', deniedJobs: new Set(), deniedWhole: false },
      reasons: ['1 job: the plan leaves them in us-east-1. Policy "policy.md", sentence 3: “Say region_deny.” Jobs: a'],
    });
    // In whichever order they come.
    const turned = await judge([c], [away('b'), away('a', { moved: false })]);
    expect(turned.verdicts[0]).toMatchObject({ verdict: 'deny', jobs: ['b'], jobCount: 1 });
  });

  it('is a note where the sentence only wishes', async () => {
    const found = await judge([deny({ strength: 'should' })], [away('a'), away('b', { moved: false })]);
    expect(found).toMatchObject({ verdict: 'allow', deniedJobs: new Set(), deniedWhole: false });
    expect(found.verdicts[0]).toMatchObject({
      ...{ verdict: 'allow', jobs: ['a', 'b'], jobCount: 2 },
      why: '2 jobs: the plan puts them in us-east-1, which the policy would rather not see',
    });
  });

  it('is a question of a moved job where nothing says whether the words mean it', async () => {
    const c = deny({ scope: { environments: ['production'], slaClasses: ['gold'] } });
    const found = await judge([c], [away('a'), away('b', { moved: false })]);
    expect(found).toMatchObject({ verdict: 'needs-approval', deniedJobs: new Set() });
    expect(found.verdicts[0]).toMatchObject({
      ...{ verdict: 'needs-approval', jobs: ['a'], jobCount: 1 },
      why: '1 job: the plan puts them in us-east-1, and nothing says whether they are "environment:production" and "class:gold"',
    });
    const left = await judge([c], [away('b', { moved: false })]);
    expect(left).toMatchObject({ verdict: 'allow', verdicts: [{ jobs: [], why: 'kept' }] });
    // Known to be meant, it is refused, and of the doubt nothing is said any more.
    const meanings = [
      { term: 'environment:production', names: ['b'] },
      { term: 'class:gold', names: ['b'] },
    ];
    expect((await judge([c], [away('b')], { set: { meanings } })).verdicts[0]).toMatchObject({
      ...{ verdict: 'deny', why: '1 job: the plan puts them in us-east-1' },
    });
    const half = await judge([c], [away('a'), away('b')], { set: { meanings: meanings.slice(0, 1) } });
    expect(half).toMatchObject({ verdict: 'needs-approval', verdicts: [{ jobs: ['b'] }] });
  });

  it('says no word of doubt of jobs that are surely meant, though another one is in doubt', async () => {
    const c = deny({ scope: { environments: ['production', 'staging'] } });
    const meanings = [{ term: 'environment:production', names: ['b'] }];
    const found = await judge([c], [away('a'), away('b')], { set: { meanings } });
    expect(found.verdicts[0]).toMatchObject({ jobs: ['b'], why: '1 job: the plan puts them in us-east-1' });
  });

  it('concerns only whom the sentence concerns', async () => {
    const c = deny({ scope: { teams: ['crm'] } });
    const found = await judge([c], [away('a'), away('b', { job: { team: 'crm' } })]);
    expect(found.verdicts[0]).toMatchObject({ jobs: ['b'] });
  });

  it('of an exempt job is that it was not to be moved, and nothing else', async () => {
    const rules = [deny(), rule('exempt', {}, { scope: { teams: ['crm'] } }), cap(1.5)];
    const crm = { job: { team: 'crm' } };
    const found = await judge(rules, [away('a', { ...crm, moved: false }), away('b', crm)]);
    expect(found.verdicts.map((v) => [v.verdict, v.jobs])).toEqual([
      ['allow', []],
      ['deny', ['b']],
      ['allow', []],
    ]);
    const others = await judge(rules, [away('a'), away('b', crm), run('c', { moved: false })]);
    expect(others.verdicts.map((v) => [v.verdict, v.jobs])).toEqual([
      ['deny', ['a']],
      ['deny', ['b']],
      ['deny', []],
    ]);
    // Where nothing says whether it is exempt, the others hold.
    const doubt = rule('exempt', {}, { scope: { environments: ['production'] } });
    expect((await judge([deny(), doubt], [away('a')])).verdicts[0]!.verdict).toBe('deny');
    const over = rule('exempt', { until: '2026-05-31' });
    expect((await judge([deny(), over], [away('a')])).verdicts.map((v) => v.verdict)).toEqual(['deny', 'allow']);
  });

  it('names a thousand jobs, five of them in the reason, and counts all', async () => {
    const found = await judge(
      [deny()],
      Array.from({ length: 1001 }, (_, i) => away(`j${i}`)),
    );
    expect(found.verdicts[0]).toMatchObject({ jobCount: 1001 });
    expect(found.verdicts[0]!.jobs.length).toBe(1000);
    expect(found.deniedJobs.size).toBe(1001);
    expect(found.reasons[0]).toMatch(/ Jobs: j0, j1, j2, j3, j4 and 996 more$/);
    const five = await judge(
      [deny()],
      Array.from({ length: 5 }, (_, i) => away(`j${i}`)),
    );
    expect(five.reasons[0]).toMatch(/ Jobs: j0, j1, j2, j3, j4$/);
  });

  it('is a refusal of the whole where the work together is too much', async () => {
    const found = await judge([cap(1.5)], [run('a'), run('b')]);
    const why = 'the plan in the period from 2026-06-01 comes to 2 of 1.5 kg CO2e';
    expect(found).toMatchObject({ verdict: 'deny', deniedWhole: true, deniedJobs: new Set() });
    expect(found.verdicts[0]).toMatchObject({ verdict: 'deny', jobs: [], jobCount: 0, why });
    expect(found.reasons).toEqual([`${why}. Policy "policy.md", sentence 3: “Say carbon_cap.”`]);
    expect((await judge([cap(2)], [run('a'), run('b')])).deniedWhole).toBe(false);
    // The first of two days that are too much is told, and a refusal before a question.
    const two: Planned = {
      pieces: [
        [0, 1, 'eu-west-1', 9],
        [24, 25, 'eu-west-1', 5],
      ],
    };
    const days = await judge([cap(1.5)], [run('a', { ...two, before: [[0, 1, 'eu-west-1', 9]] })]);
    expect(days.verdicts[0]).toMatchObject({ verdict: 'deny', why: expect.stringMatching(/2026-06-02 comes to 5/) });
    expect((await judge([cap(1.5)], [run('a', two)])).verdicts[0]!.why).toMatch(/2026-06-01 comes to 9/);
    const less = await judge(
      [cap(1.5)],
      [run('a', { before: [[0, 1, 'eu-west-1', 9]], pieces: [[0, 1, 'eu-west-1', 5]] })],
    );
    expect(less).toMatchObject({ verdict: 'needs-approval', deniedWhole: false });
  });

  it('names the period by the day on which it begins there', async () => {
    const over = { set: { timeZone: 'Europe/London' } };
    expect((await judge([cap(1.5)], [run('a'), run('b')], over)).verdicts[0]!.why).toContain('from 2026-06-01 comes');
    const { verdicts } = await judge([cap(1.5)], [run('a'), run('b')], { set: { timeZone: 'America/New_York' } });
    expect(verdicts[0]!.why).toContain('from 2026-05-31 comes');
  });

  it('asks whom a threshold names, as many as it names, where it is passed', async () => {
    const ask = threshold({ metric: 'jobs', value: 1, approver: 'the head', approvals: 3 });
    const plain = threshold({ metric: 'jobs', value: 1 });
    const found = await judge([ask, plain], [run('a'), run('b')]);
    const why = 'the plan comes to 2 moved jobs, and 1 moved jobs ask for approval';
    const cited = `${why}. Policy "policy.md", sentence 3: “Say approval_threshold.”`;
    expect(found).toMatchObject({ verdict: 'needs-approval', approvalsNeeded: 3, deniedWhole: false });
    expect(found.reasons).toEqual([`${cited}; the head has to approve`, cited]);
    expect(found.verdicts.map((v) => [v.approver, v.approvals])).toEqual([
      ['the head', 3],
      [null, 1],
    ]);
    // What is not passed asks nobody, whatever it would ask for.
    expect(await judge([ask], [run('a')])).toMatchObject({ verdict: 'allow', approvalsNeeded: 1 });
  });

  it('is a question where the policy provides for an exception from that kind of sentence', async () => {
    const any = threshold({ metric: 'exception', approver: 'the CISO', approvals: 2 });
    const ofRegions = threshold({ metric: 'exception', approver: 'the CISO', approvals: 2, of: 'region_deny' });
    const ofOthers = threshold({ metric: 'exception', approver: 'the CISO', of: 'max_deferral' });
    for (const way of [any, ofRegions]) {
      const found = await judge([deny(), way], [away('a')]);
      expect(found).toMatchObject({ verdict: 'needs-approval', approvalsNeeded: 2, deniedJobs: new Set() });
      expect(found.verdicts[0]).toMatchObject({ jobs: ['a'], approver: 'the CISO', approvals: 2 });
      expect(found.reasons).toEqual([expect.stringMatching(/ Jobs: a; the CISO has to approve$/)]);
    }
    const none = await judge([deny(), ofOthers], [away('a')]);
    expect(none).toMatchObject({ verdict: 'deny', deniedJobs: new Set(['a']) });
    expect(none.verdicts[0]).toMatchObject({ approver: null, approvals: 1 });
    expect(none.reasons[0]).not.toContain('has to approve');
    // A threshold of another kind is no exception, and an exception from the whole leaves the whole open.
    const jobs = threshold({ metric: 'jobs', value: 9, approver: 'the head' });
    expect((await judge([deny(), jobs], [away('a')])).verdict).toBe('deny');
    expect(await judge([cap(0.5), any], [run('a')])).toMatchObject({ verdict: 'needs-approval', deniedWhole: false });
    // What was left as it was is asked about without the exception.
    const left = await judge([deny(), any], [away('a', { moved: false })]);
    expect(left.verdicts[0]).toMatchObject({ verdict: 'needs-approval', approver: null, approvals: 1 });
  });

  it('leaves a job refused that two sentences refuse where one of them provides for an exception', async () => {
    const way = threshold({ metric: 'exception', of: 'region_deny' });
    const wait = rule('max_deferral', { minutes: 60 });
    const found = await judge([deny(), wait, way], [away('a'), away('b', { pieces: [[5, 7, 'us-east-1']] })]);
    expect(found).toMatchObject({ verdict: 'deny', deniedJobs: new Set(['b']), deniedWhole: false });
    expect(found.verdicts.map((v) => [v.verdict, v.jobCount])).toEqual([
      ['needs-approval', 2],
      ['deny', 1],
      ['allow', 0],
    ]);
    // Only the sentences that decide it are told.
    expect(found.reasons).toEqual([expect.stringContaining('Say max_deferral.')]);
  });

  it('is told by the page too, where the document has pages', async () => {
    const c = deny({ source: { doc: 'rules.pdf', sha256: 'ab', line: 1, page: 2 } });
    expect((await judge([c], [away('a')])).reasons[0]).toContain('Policy "rules.pdf", page 2, sentence 3');
  });

  it('counts power to the end of what runs, beyond the window too', async () => {
    const c = rule('power_cap', { kw: 4 });
    const finishesAt = at(96);
    const busy = run('a', { pieces: [[94, 96]] });
    const found = await judge([c], [busy], { plan: { finishesAt, planned: plainTotals({ kg: 1, kwh: 10 }) } });
    expect(found).toMatchObject({ verdict: 'deny', deniedWhole: true });
    expect(found.verdicts[0]!.why).toBe('site-eu-west-1 draws 5 kW where 4 kW are allowed');
  });
});
