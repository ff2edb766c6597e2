/** What the program must be told of a chain: each becomes a setting of it, a flag and an environment variable. */
import { z } from 'zod';

const onOff = z.preprocess((value) => {
  if (['true', '1', 'on', 'yes'].includes(value as string)) return true;
  return ['false', '0', 'off', 'no'].includes(value as string) ? false : value;
}, z.boolean());
const key = z
  .string()
  .regex(/^(0x)?[0-9a-fA-F]{64}$/, 'must be 0x and 64 hex digits')
  .optional();

const setting = <S extends z.ZodType>(schema: S, description: string, env?: string) => ({ schema, description, env });
/** Shown as a mask. */
const secret = <S extends z.ZodType>(schema: S, description: string, env: string) => ({
  ...{ schema, description, env, secret: true as const },
});

export const CHAIN_SETTINGS = {
  rpcUrl: secret(
    z.url({ protocol: /^https?$/ }).optional(),
    'JSON-RPC node of the chain that kWhSave lives on; an EVM within the program when left out',
    'RPC_URL',
  ),
  chainId: setting(
    z.coerce.number().int().positive().default(80_002),
    'id that the chain must answer with (80002: Polygon’s test chain Amoy); 137 is refused unless chainMainnet is on',
  ),
  chainMainnet: setting(onOff.default(false), 'on: chain id 137 is meant, where what is minted costs money and stays'),
  chainConfirmations: setting(
    z.coerce.number().int().min(1).max(1000).default(5),
    'blocks after which a transaction at the node is believed',
  ),
  chainPatienceS: setting(
    z.coerce.number().positive().default(90),
    'seconds without a receipt after which a transaction is sent again with a higher fee',
  ),
  kwhsaveAddress: setting(
    z
      .string()
      .regex(/^0x[0-9a-fA-F]{40}$/, 'must be 0x and 40 hex digits')
      .optional(),
    'the contract, where it was not deployed from this home',
  ),
  deployerKey: secret(key, 'key of the contract’s admin at the node, hex', 'DEPLOYER_KEY'),
  minterKey: secret(key, 'key that mints at the node, hex', 'MINTER_KEY'),
  pauserKey: secret(key, 'key that stops minting and retiring at the node and lets them go on, hex', 'PAUSER_KEY'),
  voiderKey: secret(key, 'key that voids records at the node, hex', 'VOIDER_KEY'),
  holderKey: secret(key, 'key of who gets and retires tokens at the node, hex', 'HOLDER_KEY'),
} as const;
