/** Where the food shall go: one of the account's addresses, chosen on this device. */
import { computed, effect, signal } from "@preact/signals";
import { api, ask, loadable, type Schemas } from "../app/api";
import { accountId, live } from "../app/session";
import { Resource } from "../live";

export type Address = Schemas["AddressView"];

const STORED = "tiffin.address";
const chosenId = signal(localStorage.getItem(STORED));
const resource = signal<Resource<Address[]> | undefined>(undefined);

export const addresses = computed(() => resource.value?.value.value);
/** The chosen address, else the first. */
export const place = computed(
  () => addresses.value?.find((one) => one.address_id === chosenId.value) ?? addresses.value?.[0],
);

/** Follow the addresses of whoever is logged in. Call once, after `begin`. */
export function followAddresses(): void {
  effect(() => {
    const id = accountId.value;
    resource.peek()?.stop();
    resource.value = id ? addressesOf(id) : undefined;
  });
}

export function choosePlace(id: string): void {
  chosenId.value = id;
  localStorage.setItem(STORED, id);
}

export async function addAddress(fields: Schemas["AddressFields"]): Promise<void> {
  const added = await ask(api.POST("/v1/addresses", { body: fields }));
  resource.peek()?.patch((before) => upsert(before, added));
  choosePlace(added.address_id);
}

export async function removeAddress(id: string): Promise<void> {
  await ask(api.DELETE("/v1/addresses/{address_id}", { params: { path: { address_id: id } } }));
  resource.peek()?.patch((before) => before.filter((one) => one.address_id !== id));
}

function addressesOf(id: string): Resource<Address[]> {
  return new Resource<Address[]>(live(), {
    topic: `user.${id}`,
    // the position first: what happens between the two is in the list, and once more in the events
    load: async () => {
      const { position } = await loadable(ask(api.GET("/v1/profile")));
      return { position, state: await loadable(ask(api.GET("/v1/addresses"))) };
    },
    apply: (state, event) => {
      if (event.type === "address.changed") return upsert(state, event.data.address);
      if (event.type === "address.removed") return state.filter((one) => one.address_id !== event.data.address_id);
      return state;
    },
  });
}

function upsert(addresses: Address[], changed: Address): Address[] {
  const at = addresses.findIndex((one) => one.address_id === changed.address_id);
  return at === -1 ? [...addresses, changed] : addresses.with(at, changed);
}
