// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * The tree of the log (RFC 6962) and its files (C2SP tlog-tiles): hashes, roots, bundles, inclusion and consistency.
 *
 * Sizes and indices are whole numbers up to 2^53-1: no log of ours can grow beyond.
 */

import { HASH_SIZE, concat, equal, sha256 } from "./bytes.js";
import { kind } from "./refusal.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** Returns the bytes of a file of the log by its path, or null where it has none.
 *  @typedef {(path: string) => Promise<Bytes | null>} Fetch */
/** @typedef {{level: number, number: number, width: number}} Tile level -1: a bundle of entries */

export const TILE_WIDTH = 256;
export const ENTRIES = -1;
export const MAX_PROOF = 63; // hashes
const MAX_LEVEL = 63;
const LENGTH_SIZE = 2;

const INCLUSION_WRONG = kind(
  "tlog.inclusion-wrong",
  "The proof does not show that entry {index} stands in the log of {size} entries.",
  "Ask for the receipt again; if it stays so, the entry is not in the public record.",
);
const CONSISTENCY_WRONG = kind(
  "tlog.consistency-wrong",
  "The proof does not show that the log of {new} entries continues the one of {old}.",
  "Keep both answers as evidence and tell the community: a log that is honest never does this.",
);
const INDEX_OUTSIDE = kind(
  "tlog.index-outside",
  "The log of {size} entries cannot prove {wanted}.",
  "Use a newer checkpoint, or correct the number.",
);
const TILE_MALFORMED = kind(
  "tlog.tile-malformed",
  "This file is not the part of a log that its name says: {reason}.",
  "Fetch it again; if it stays so, this server does not keep a log in the published form.",
);
const FILE_MISSING = kind(
  "tlog.file-missing",
  "The log does not have a file that its checkpoint promises.",
  "Fetch it again; if it stays away, the log withholds entries: tell the community.",
);
const PATH_MALFORMED = kind(
  "tlog.path-malformed",
  "This is not the name of a tile or bundle of a log.",
  "Names look like tile/0/x001/234 or tile/entries/000.p/17.",
);
const SIZES_MALFORMED = kind(
  "tlog.sizes-malformed",
  "The list of kept checkpoints is not a list of growing sizes: {reason}.",
  "Fetch it again; if it stays so, this server does not keep a log in the published form.",
);

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** @param {Bytes} leaf */
export const leafHash = (leaf) => sha256(LEAF, leaf);

/**
 * @param {Bytes} left
 * @param {Bytes} right
 */
export const nodeHash = (left, right) => sha256(NODE, left, right);

export const emptyRoot = () => sha256(new Uint8Array(0));

// Trees ------------------------------------------------------------------------------------------------------------

/** A tree that grows: its size and the roots of its perfect trees, largest first. */
export class CompactRange {
  constructor() {
    this.size = 0;
    /** @type {Bytes[]} */
    this.peaks = [];
  }

  /** @param {Bytes} hash of a leaf */
  async append(hash) {
    let peak = hash;
    for (let rest = this.size; rest % 2; rest = Math.floor(rest / 2)) {
      peak = await nodeHash(/** @type {Bytes} */ (this.peaks.pop()), peak);
    }
    this.peaks.push(peak);
    this.size += 1;
  }

  root() {
    return foldPeaks(this.peaks);
  }
}

/**
 * Return the root over peaks, largest first.
 * @param {Bytes[]} peaks
 * @returns {Promise<Bytes>}
 */
async function foldPeaks(peaks) {
  if (!peaks.length) return emptyRoot();
  let root = peaks[peaks.length - 1];
  for (let at = peaks.length - 2; at >= 0; at -= 1) root = await nodeHash(peaks[at], root);
  return root;
}

/**
 * Return the root over the leaves.
 * @param {Iterable<Bytes>} leaves
 */
export async function rootOf(leaves) {
  const range = new CompactRange();
  for (const leaf of leaves) await range.append(await leafHash(leaf));
  return range.root();
}

/**
 * Return the root over 2^k joined hashes of one level.
 * @param {Bytes} hashes
 * @returns {Promise<Bytes>}
 */
async function perfectRoot(hashes) {
  let row = hashes;
  while (row.length > HASH_SIZE) {
    const pairs = [];
    for (let at = 0; at < row.length; at += 2 * HASH_SIZE) pairs.push(sha256(NODE, row.slice(at, at + 2 * HASH_SIZE)));
    row = concat(...(await Promise.all(pairs)));
  }
  return row;
}

/** The tree of `size` leaves behind a tile reader. Tiles are taken as they come: only a root can judge them. */
class TileTree {
  /**
   * @param {Fetch} fetch
   * @param {number} size
   */
  constructor(fetch, size) {
    this.fetch = fetch;
    this.size = size;
    /** @type {Map<string, Bytes>} */
    this.tiles = new Map();
  }

  /**
   * Return the root over leaves [number * 2^height, (number + 1) * 2^height).
   * @param {number} height
   * @param {number} number
   */
  async perfect(height, number) {
    const level = Math.floor(height / 8);
    const inner = 2 ** (height % 8);
    const tileNumber = Math.floor((number * inner) / TILE_WIDTH);
    const at = (number * inner) % TILE_WIDTH;
    const tile = { level, number: tileNumber, width: widthAt(level, tileNumber, this.size) };
    const path = tilePath(tile);
    const hashes = this.tiles.get(path) ?? (await fetchHashes(this.fetch, tile));
    this.tiles.set(path, hashes);
    return perfectRoot(hashes.slice(at * HASH_SIZE, (at + inner) * HASH_SIZE));
  }

  /**
   * Return MTH(D[start:end]), where `start` is a multiple of the largest power of two in it.
   * @param {number} start
   * @param {number} end
   */
  async hashOf(start, end) {
    const peaks = [];
    for (let at = start; at < end; ) {
      const height = Math.floor(Math.log2(end - at));
      peaks.push(await this.perfect(height, at / 2 ** height));
      at += 2 ** height;
    }
    return foldPeaks(peaks);
  }
}

/**
 * Return the largest power of two smaller than `count` (2 or more).
 * @param {number} count
 */
function split(count) {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

/**
 * Return the path from leaf `index` to the root of the first `size` leaves, the leaf's sibling first.
 * @param {Fetch} fetch
 * @param {number} index
 * @param {number} size
 */
export async function inclusion(fetch, index, size) {
  if (index < 0 || index >= size) throw INDEX_OUTSIDE({ size, wanted: `entry ${index}` });
  const tree = new TileTree(fetch, size);
  const path = [];
  for (let start = 0, end = size; end - start > 1; ) {
    const middle = start + split(end - start);
    if (index < middle) {
      path.push(await tree.hashOf(middle, end));
      end = middle;
    } else {
      path.push(await tree.hashOf(start, middle));
      start = middle;
    }
  }
  return path.reverse();
}

/**
 * Return the proof that the first `old` leaves are a beginning of the first `next` (RFC 6962 section 2.1.2).
 * @param {Fetch} fetch
 * @param {number} old
 * @param {number} next
 */
export async function consistency(fetch, old, next) {
  if (old < 0 || old > next) throw INDEX_OUTSIDE({ size: next, wanted: `that it continues ${old} entries` });
  if (old === 0 || old === next) return [];
  const tree = new TileTree(fetch, next);
  const path = [];
  let [start, end] = [0, next];
  while (end !== old) {
    const middle = start + split(end - start);
    if (old <= middle) {
      path.push(await tree.hashOf(middle, end));
      end = middle;
    } else {
      path.push(await tree.hashOf(start, middle));
      start = middle;
    }
  }
  if (start) path.push(await tree.hashOf(start, end));
  return path.reverse();
}

/**
 * Throw `tlog.inclusion-wrong` unless the proof leads from the leaf to the root (RFC 9162 section 2.1.3.2).
 * @param {Bytes} hash of the leaf
 * @param {number} index
 * @param {number} size
 * @param {Bytes[]} proof
 * @param {Bytes} root
 */
export async function verifyInclusion(hash, index, size, proof, root) {
  const wrong = INCLUSION_WRONG({ index, size });
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) throw wrong;
  let [at, last, result] = [index, size - 1, hash];
  for (const item of proof) {
    if (last === 0 || item.length !== HASH_SIZE) throw wrong;
    const left = at % 2 === 1 || at === last;
    result = left ? await nodeHash(item, result) : await nodeHash(result, item);
    if (left) [at, last] = [...shifted(at, last)];
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  if (last !== 0 || !equal(result, root)) throw wrong;
}

/**
 * Climb to where the node is a right child, or the root.
 * @param {number} at
 * @param {number} last
 */
function shifted(at, last) {
  let [here, end] = [at, last];
  while (here && here % 2 === 0) [here, end] = [here / 2, Math.floor(end / 2)];
  return [here, end];
}

/**
 * Throw `tlog.consistency-wrong` unless the proof joins the two roots (RFC 9162 section 2.1.4.2).
 * @param {number} old
 * @param {Bytes} oldRoot
 * @param {number} next
 * @param {Bytes} nextRoot
 * @param {Bytes[]} proof empty for `old` 0 and for equal sizes
 */
export async function verifyConsistency(old, oldRoot, next, nextRoot, proof) {
  const wrong = CONSISTENCY_WRONG({ old, new: next });
  if (old < 0 || old > next || proof.some((item) => item.length !== HASH_SIZE)) throw wrong;
  if (old === 0 || old === next) {
    const empty = await emptyRoot();
    if (proof.length || !equal(oldRoot, old === 0 ? empty : nextRoot)) throw wrong;
    if (next === 0 && !equal(nextRoot, empty)) throw wrong;
    return;
  }
  // A power of two is itself a node of the new tree, which the proof therefore leaves out.
  const path = Number.isInteger(Math.log2(old)) ? [oldRoot, ...proof] : proof;
  if (!proof.length) throw wrong;
  let [at, last] = [old - 1, next - 1];
  while (at % 2) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  let [before, after] = [path[0], path[0]];
  for (const item of path.slice(1)) {
    if (last === 0) throw wrong;
    if (at % 2 || at === last) {
      [before, after] = [await nodeHash(item, before), await nodeHash(item, after)];
      [at, last] = shifted(at, last);
    } else {
      after = await nodeHash(after, item);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  if (last !== 0 || !equal(before, oldRoot) || !equal(after, nextRoot)) throw wrong;
}

// Files ------------------------------------------------------------------------------------------------------------

const PATH = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/;

/**
 * Return a tile's file name, e.g. `tile/0/x001/x234/067.p/17`.
 * @param {Tile} tile
 */
export function tilePath({ level, number, width }) {
  const groups = [String(number % 1000).padStart(3, "0")];
  for (let rest = Math.floor(number / 1000); rest; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, "0")}`);
  }
  const partial = width === TILE_WIDTH ? "" : `.p/${width}`;
  return `tile/${level === ENTRIES ? "entries" : level}/${groups.join("/")}${partial}`;
}

/**
 * Return the tile of a path in its only spelling, or throw `tlog.path-malformed`.
 * @param {string} untrusted
 * @returns {Tile}
 */
export function parseTile(untrusted) {
  const [, level, groups, width] = PATH.exec(untrusted) ?? [];
  if (groups === undefined) throw PATH_MALFORMED({ where: untrusted });
  const tile = {
    level: level === "entries" ? ENTRIES : Number(level),
    number: Number(groups.replaceAll(/[x/]/g, "")),
    width: width === undefined ? TILE_WIDTH : Number(width),
  };
  const inside = tile.level <= MAX_LEVEL && tile.width > 0 && tile.width <= TILE_WIDTH;
  if (!inside || !Number.isSafeInteger(tile.number) || tilePath(tile) !== untrusted) {
    throw PATH_MALFORMED({ where: untrusted });
  }
  return tile;
}

/**
 * Return how many items a tile has in a tree of `size` leaves, 0 to 256.
 * @param {number} level
 * @param {number} number
 * @param {number} size
 */
export function widthAt(level, number, size) {
  const items = Math.floor(size / TILE_WIDTH ** Math.max(level, 0));
  return Math.max(0, Math.min(TILE_WIDTH, items - number * TILE_WIDTH));
}

/**
 * Yield every hash tile of a tree of `size` leaves, level by level.
 * @param {number} size
 */
export function* tilesOf(size) {
  for (let level = 0, items = size; items; level += 1, items = Math.floor(items / TILE_WIDTH)) {
    for (let number = 0; number * TILE_WIDTH < items; number += 1) {
      yield { level, number, width: widthAt(level, number, size) };
    }
  }
}

/**
 * Yield every bundle of a tree of `size` leaves.
 * @param {number} size
 */
export function* bundlesOf(size) {
  for (let number = 0; number * TILE_WIDTH < size; number += 1) {
    yield { level: ENTRIES, number, width: widthAt(ENTRIES, number, size) };
  }
}

/**
 * @param {Bytes} untrusted
 * @param {Tile} tile
 */
function splitHashes(untrusted, tile) {
  if (untrusted.length === tile.width * HASH_SIZE) return untrusted;
  const reason = `it has ${untrusted.length} bytes, not ${tile.width * HASH_SIZE}`;
  throw TILE_MALFORMED({ where: tilePath(tile), reason });
}

/**
 * Return exactly `tile.width` entries, or throw `tlog.tile-malformed`.
 * @param {Bytes} untrusted
 * @param {Tile} tile
 */
export function decodeBundle(untrusted, tile) {
  const leaves = [];
  for (let at = 0; at < untrusted.length; ) {
    const begin = at + LENGTH_SIZE;
    at = begin + untrusted[at] * 256 + (untrusted[at + 1] ?? 0);
    if (begin > untrusted.length || at > untrusted.length) {
      throw TILE_MALFORMED({ where: tilePath(tile), reason: `it breaks off in its entry ${leaves.length}` });
    }
    leaves.push(untrusted.slice(begin, at));
  }
  if (leaves.length === tile.width) return leaves;
  throw TILE_MALFORMED({ where: tilePath(tile), reason: `it has ${leaves.length} entries, not ${tile.width}` });
}

/**
 * Read a file; where an unfinished one is gone, the beginning of the full one (tlog-tiles, "Partial Tiles").
 * @template T
 * @param {Fetch} fetch
 * @param {Tile} tile
 * @param {(untrusted: Bytes, tile: Tile) => T} read
 * @param {(whole: T) => T} beginning
 * @returns {Promise<T>}
 */
async function fetched(fetch, tile, read, beginning) {
  const data = await fetch(tilePath(tile));
  if (data) return read(data, tile);
  const full = { ...tile, width: TILE_WIDTH };
  const whole = tile.width === TILE_WIDTH ? null : await fetch(tilePath(full));
  if (!whole) throw FILE_MISSING({ where: tilePath(tile) });
  return beginning(read(whole, full));
}

/**
 * Return a hash tile's joined hashes.
 * @param {Fetch} fetch
 * @param {Tile} tile
 */
export const fetchHashes = (fetch, tile) =>
  fetched(fetch, tile, splitHashes, (whole) => whole.slice(0, tile.width * HASH_SIZE));

/**
 * Return a bundle's entries.
 * @param {Fetch} fetch
 * @param {Tile} tile
 */
export const fetchLeaves = (fetch, tile) => fetched(fetch, tile, decodeBundle, (whole) => whole.slice(0, tile.width));

/**
 * Return the bytes of one entry of a log of `size` entries, as its bundle holds them.
 * @param {Fetch} fetch
 * @param {number} index
 * @param {number} size
 */
export async function fetchLeaf(fetch, index, size) {
  if (index < 0 || index >= size) throw INDEX_OUTSIDE({ size, wanted: `entry ${index}` });
  const number = Math.floor(index / TILE_WIDTH);
  const leaves = await fetchLeaves(fetch, { level: ENTRIES, number, width: widthAt(ENTRIES, number, size) });
  return leaves[index % TILE_WIDTH];
}

/**
 * Return the sizes of the kept checkpoints, ascending; a last line still being written is left out.
 *
 * Throws `tlog.sizes-malformed`.
 * @param {string} untrusted
 * @returns {number[]}
 */
export function parseSizes(untrusted) {
  /** @type {number[]} */
  const sizes = [];
  for (const line of untrusted.split("\n").slice(0, -1)) {
    const size = parseDecimal(line);
    if (size === null || (sizes.length && size <= sizes[sizes.length - 1])) {
      throw SIZES_MALFORMED({ reason: `line ${sizes.length + 1} is not a size above the one before` });
    }
    sizes.push(size);
  }
  return sizes;
}

/**
 * Return a whole number 0 to 2^53-1 in its only spelling, or null.
 * @param {string} untrusted
 * @returns {number | null}
 */
export function parseDecimal(untrusted) {
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(untrusted)) return null;
  const number = Number(untrusted);
  return Number.isSafeInteger(number) ? number : null;
}
