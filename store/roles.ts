/** Roles: whom a policy means by "the operations manager". Kept by whoever owns the home; no tool and no door writes here. */
import { invalid, notFound } from '../domain/fault.js';
import { misnamed, personKey, ROLES, type Role, roleKey } from '../domain/role.js';
import type { Store } from '../domain/store.js';

export interface RoleBook {
  /** Fault `invalid-input` for a name that cannot stand in the books. Again for the same person it changes nothing. */
  grant(role: string, person: string): Promise<Role>;
  /** Fault `not-found` for somebody who does not hold it. Answers given before stand. */
  revoke(role: string, person: string): Promise<Role>;
  /** Newest first. */
  list(): Promise<Role[]>;
}

const isHeldBy = (role: Role, person: string) => role.people.some((p) => personKey(p) === personKey(person));

export const openRoles = (store: Pick<Store, 'collection'>): RoleBook => {
  const roles = store.collection(ROLES);
  const change = async (name: string, next: (role: Role) => Role): Promise<Role> => {
    const key = roleKey(name);
    for (;;) {
      const found = await roles.get(key);
      const role = next(found?.value ?? { name: name.trim(), people: [] });
      if (found === undefined) {
        await roles.insert(key, role);
        return role;
      }
      if (await roles.replace(key, found.version, role)) return role;
    }
  };
  return {
    async grant(name, person) {
      const why = misnamed(person) ?? misnamed(roleKey(name));
      if (why !== null)
        throw invalid(
          `a role needs a name and a person that can stand in the books, and one of these cannot: ${why}`,
          'caco role grant "operations manager" --to NAME',
        );
      return change(name, (role) =>
        isHeldBy(role, person) ? role : { ...role, people: [...role.people, person.trim()] },
      );
    },
    async revoke(name, person) {
      const held = (await roles.get(roleKey(name)))?.value;
      if (held === undefined || !isHeldBy(held, person))
        throw notFound(`${person.trim()} does not hold the role "${name.trim()}"`, '`caco role list` shows who does.');
      return change(name, (role) => ({
        ...role,
        people: role.people.filter((p) => personKey(p) !== personKey(person)),
      }));
    },
    list: async () => (await roles.list({ limit: 1000 })).map(({ value }) => value),
  };
};
