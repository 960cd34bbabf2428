// SPDX-License-Identifier: AGPL-3.0-or-later
/** What this browser remembers under this address: devices' keys, unfinished openings, the last record it checked. */

import { kind } from "./refusal.js";

/** @typedef {"devices" | "openings" | "seen"} Name */

const DATABASE = "sunporch";
const VERSION = 1;
/** @type {Name[]} */
const STORES = ["devices", "openings", "seen"];

const STORE_REFUSED = kind(
  "browser.store-refused",
  "This browser does not keep anything for this page: {reason}.",
  "Leave private browsing, or allow this site to store data, then load the page again.",
);

/** @returns {Promise<IDBDatabase>} */
function database() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, VERSION);
    opening.onupgradeneeded = () => {
      for (const name of STORES) opening.result.createObjectStore(name);
    };
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(STORE_REFUSED({ reason: opening.error?.message ?? "no reason is given" }));
    opening.onblocked = () => reject(STORE_REFUSED({ reason: "another tab holds an older version open" }));
  });
}

/**
 * @template T
 * @param {Name} name
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} act
 * @returns {Promise<T>}
 */
async function transact(name, mode, act) {
  const open = await database();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = open.transaction(name, mode, { durability: "strict" });
      const request = act(transaction.objectStore(name));
      // Only the transaction's end says that it is on disk.
      transaction.oncomplete = () => resolve(request.result);
      const fail = () => reject(STORE_REFUSED({ reason: transaction.error?.message ?? "it was not written" }));
      transaction.onerror = fail;
      transaction.onabort = fail;
    });
  } finally {
    open.close();
  }
}

/**
 * @param {Name} name
 * @param {string} key
 * @returns {Promise<any>} undefined where there is nothing
 */
export const get = (name, key) => transact(name, "readonly", (store) => store.get(key));

/**
 * @param {Name} name
 * @returns {Promise<string[]>}
 */
export const names = async (name) =>
  (await transact(name, "readonly", (store) => store.getAllKeys())).map((key) => String(key));

/**
 * @param {Name} name
 * @param {string} key
 * @param {unknown} value
 */
export const put = (name, key, value) => transact(name, "readwrite", (store) => store.put(value, key));

/**
 * @param {Name} name
 * @param {string} key
 */
export const remove = (name, key) => transact(name, "readwrite", (store) => store.delete(key));
