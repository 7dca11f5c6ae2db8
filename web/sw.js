// Keeps one whole build of the page: it opens without a network, and an open page never meets another build's engine.
// `cargo xtask build` fills in the build's files, each with its SHA-256, and a version made of these.
const VERSION = /*version*/ "";
const FILES = new Map(/*files*/ []);

const HOME = self.registration.scope;
// The origin may hold other deployments of the page, and it holds the visitor's data sets: each has caches of its own.
const OURS = `retort-page-${HOME} `;
const CACHE = OURS + VERSION;
// For some visitors only: kept when it is first asked for.
const isForSome = (name) => name.startsWith("engine-gpu") || name.startsWith("engine-sequences") || name.startsWith("docs/");

self.addEventListener("install", (event) => {
  const names = [...FILES.keys()].filter((name) => !isForSome(name));
  // Past the HTTP cache, whose copies may be older.
  event.waitUntil(Promise.all(names.map(async (name) => keep(name, await fetch(name, { cache: "reload" })))));
});

self.addEventListener("activate", (event) => {
  const takeOver = async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(takeOver());
});

// A newer version waits until the visitor says so, or until no page of the old one is open.
self.addEventListener("message", ({ data }) => {
  if (data?.type === "update") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  // The engine's files are asked for with a stamp, which only the HTTP cache needs.
  const address = url.split(/[?#]/)[0];
  const name = address.startsWith(HOME) ? address.slice(HOME.length) || "index.html" : null;
  if (method === "GET" && FILES.has(name)) event.respondWith(answer(event, name));
});

async function answer(event, name) {
  const kept = await (await caches.open(CACHE)).match(name, { ignoreVary: true });
  if (kept) return kept;
  const response = await fetch(event.request);
  event.waitUntil(keep(name, response.clone()));
  return response;
}

// Keeps an answer if it is of this build. In the minutes of a deployment a host may still send an older file.
async function keep(name, response) {
  const bytes = await response.arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const sum = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (sum !== FILES.get(name)) throw new Error(`${name} is not of build ${VERSION}`);
  // Built anew, since a navigation refuses an answer that came by a redirect, as from index.html to ./
  await (await caches.open(CACHE)).put(name, new Response(bytes, response));
}
