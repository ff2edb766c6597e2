/** The three agents as they introduce themselves: a card each, with skills, examples and how to show a token. */
import { A2A_PROTOCOL_VERSION, type AgentCard } from '@a2a-js/sdk';
import type { AgentName } from '../domain/agents.js';
import { MODES } from './message.js';

interface Skill {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly examples: readonly string[];
}

const example = (command: object): string => JSON.stringify(command);
const DAY = { from: '2022-05-25T00:00:00Z', to: '2022-05-26T00:00:00Z' };

const SKILLS: Readonly<Record<AgentName, { readonly about: string; readonly skills: readonly Skill[] }>> = {
  compute: {
    about: 'Knows which computing jobs wait, where they may run, and how much of their power can be put off.',
    skills: [
      {
        id: 'ingest_jobs',
        name: 'Take jobs in',
        description:
          'Takes jobs into a workload; needs id, duration_hours and one of vcpus, gpus, power_kw of each. Rows that cannot become jobs are named with field and remedy. Needs the scope operate.',
        tags: ['jobs', 'workload'],
        examples: [example({ command: 'ingest_jobs', jobs: [{ id: 'train-1', duration_hours: 2, power_kw: 40 }] })],
      },
      {
        id: 'get_flexibility_profile',
        name: 'Flexibility of the waiting work',
        description: 'Facility kW that can be put off, slot by slot, firm and at best effort.',
        tags: ['flexibility', 'demand response'],
        examples: [example({ command: 'get_flexibility_profile', ...DAY, cluster_id: 'hpc-1' })],
      },
      {
        id: 'get_waiting_jobs',
        name: 'Waiting jobs',
        description: 'The jobs that would be planned for a window, and the sites that they may run at.',
        tags: ['jobs', 'sites'],
        examples: [example({ command: 'get_waiting_jobs', from: DAY.from, horizon_hours: 24 })],
      },
    ],
  },
  grid: {
    about: 'Knows how clean and how dear electricity is, by region and step, and how sure that is.',
    skills: [
      {
        id: 'get_grid_forecast',
        name: 'Grid forecast',
        description: 'Carbon intensity in g/kWh with bounds, and price per MWh, for each step of an interval.',
        tags: ['carbon', 'price', 'forecast'],
        examples: [example({ command: 'get_grid_forecast', ...DAY, region: 'GB' })],
      },
    ],
  },
  coordination: {
    about: 'Plans where and when waiting jobs run, at least cost and carbon, and takes plans through governance.',
    skills: [
      {
        id: 'run_caco_planning',
        name: 'Plan',
        description:
          'A schedule with a proven bound. With approval "ask" or "auto" the plan goes on to governance: the task waits while a person has to answer, and its artefacts are schedule, offers and evidence. No message decides. Needs the scope operate.',
        tags: ['planning', 'schedule', 'approval'],
        examples: [
          example({ command: 'run_caco_planning', horizon_hours: 24 }),
          example({ command: 'run_caco_planning', horizon_hours: 24, approval: 'ask' }),
        ],
      },
      {
        id: 'get_plan',
        name: 'Show a plan',
        description: 'Schedule, baseline, totals and offers of a plan that was made.',
        tags: ['planning'],
        examples: [example({ command: 'get_plan', plan_id: 'P-7F3K9QAB' })],
      },
    ],
  },
};

const ASK: Skill = {
  id: 'ask',
  name: 'Ask in words',
  description: 'A question in plain words is answered from what is known, with figures, units and sources.',
  tags: ['question', 'report'],
  examples: ['When is electricity in GB cleanest today?', 'How much did the last plan save?'],
};

/** `at`: where the agent is reached, https://host/a2a/NAME. */
export const cardOf = (agent: AgentName, at: string, version: string): AgentCard => {
  const { about, skills } = SKILLS[agent];
  const bearer = { schemes: { bearer: { list: [] } } };
  const modes = [...MODES];
  const at1 = (url: string, protocolBinding: string) => ({
    ...{ url, protocolBinding, tenant: '' },
    protocolVersion: A2A_PROTOCOL_VERSION,
  });
  return {
    name: `CACO ${agent} agent`,
    description: about,
    supportedInterfaces: [at1(at, 'JSONRPC'), at1(`${at}/rest`, 'HTTP+JSON')],
    provider: undefined,
    version,
    capabilities: { streaming: true, pushNotifications: true, extensions: [], extendedAgentCard: false },
    securitySchemes: {
      bearer: {
        scheme: {
          $case: 'httpAuthSecurityScheme',
          value: {
            description: 'A token of this installation; its scope says what may be asked.',
            scheme: 'bearer',
            bearerFormat: 'caco token create --scope read|operate --for NAME',
          },
        },
      },
    },
    securityRequirements: [bearer],
    defaultInputModes: modes,
    defaultOutputModes: modes,
    skills: [...skills, ASK].map((skill) => ({
      ...{ ...skill, tags: [...skill.tags], examples: [...skill.examples] },
      ...{ inputModes: modes, outputModes: modes, securityRequirements: [bearer] },
    })),
    signatures: [],
  };
};
