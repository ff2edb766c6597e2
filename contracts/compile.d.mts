/** What the pinned compiler makes of KWhSave.sol, as KWhSave.json holds it. */
export declare const compile: () => Record<string, unknown>;
