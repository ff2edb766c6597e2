/** A fault as a tool's result: the assistant can mend its call from the text alone. */
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import type { Fault } from '../domain/fault.js';
import { atThisDoor } from './remedies.js';

export const faultResult = (thrown: Fault): CallToolResult => {
  const fault = atThisDoor(thrown);
  return {
    isError: true,
    content: [{ type: 'text', text: `${fault.code}: ${fault.message}\nRemedy: ${fault.remedy}` }],
    _meta: { error: fault.toJSON() },
  };
};
