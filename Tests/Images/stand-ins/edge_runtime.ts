// Stand-in for the edge runtime around the template's router: runs a router file by Deno and gives it the runtime's own
// names. It answers and refuses as the runtime does:
//
// * options that it does not know are ignored without a word, the former `importMapPath` among them;
// * an import map comes from `context.importMapPath`, else from a deno.json in the entry point's folder or above it;
// * a worker is kept for its `servicePath` and serves the code it has loaded, whatever the folder holds by then;
// * a worker reads files only where `staticPatterns` allow it, and synchronously only with `useReadSyncFileAPI`;
// * a worker that is ending refuses with `WorkerAlreadyRetired`.
//
// usage: deno run --allow-all edge_runtime.ts ROUTER; prints the port. GET /stand-in/workers tells each creation,
// POST /stand-in/retire?next=N lets the next N requests meet a worker that is ending.

const KNOWN = new Set([
  "servicePath", "envVars", "noModuleCache", "forceCreate", "allowRemoteModules", "customModuleRoot", "permissions",
  "maybeEszip", "maybeEntrypoint", "maybeModuleCode", "memoryLimitMb", "lowMemoryMultiplier", "workerTimeoutMs",
  "cpuTimeSoftLimitMs", "cpuTimeHardLimitMs", "staticPatterns", "s3FsConfig", "tmpFsConfig", "context",
]);
const ERRORS = [
  "InvalidWorkerCreation", "InvalidWorkerResponse", "WorkerRequestCancelled", "WorkerRequestIdleTimeout",
  "WorkerAlreadyRetired",
];
// deno-lint-ignore no-explicit-any
type Options = any;

const errors = Deno.errors as unknown as Record<string, new (message: string) => Error>;
for (const name of ERRORS) {
  errors[name] = class extends Error {
    override name = name;
  };
}

let retiring = 0;
const created: Options[] = [];
const workers = new Map<string, Worker_>();
const HOST = `
const [entry, permitSync] = Deno.args;
let handler;
Deno.serve = (...words) => { handler = words.find((word) => typeof word === "function") ?? words[0].handler; };
if (permitSync !== "true") Deno.readTextFileSync = Deno.readFileSync = () => { throw new Error("not permitted"); };
const module = await import(entry);
handler ??= module.default?.fetch;
if (!handler) throw new Error("the function serves nothing");
const server = serve({ port: 0, hostname: "127.0.0.1", onListen: ({ port }) => console.log("port " + port) },
  async (request) => {
    try { return await handler(request); } catch (error) { console.error(error);
      return new Response(null, { status: 599 }); }
  });
`;

async function importMap(options: Options): Promise<string | null> {
  if (typeof options.context?.importMapPath === "string") return options.context.importMapPath;
  for (let folder = options.servicePath; folder.length > 1; folder = folder.slice(0, folder.lastIndexOf("/"))) {
    for (const name of ["deno.json", "deno.jsonc"]) {
      if (await Deno.stat(`${folder}/${name}`).then(() => true, () => false)) return `${folder}/${name}`;
    }
  }
  return null;
}

class Worker_ {
  constructor(readonly port: number, readonly process: Deno.ChildProcess) {}

  async fetch(request: Request): Promise<Response> {
    if (retiring > 0) {
      retiring -= 1;
      throw new errors.WorkerAlreadyRetired("worker is already retired");
    }
    const url = new URL(request.url);
    url.port = String(this.port);
    url.hostname = "127.0.0.1";
    const body = request.body === null ? undefined : await request.arrayBuffer();
    const response = await fetch(url, { method: request.method, headers: request.headers, body });
    if (response.status !== 599) return response;
    await response.body?.cancel();
    throw new errors.InvalidWorkerResponse("the worker failed");
  }
}

async function start(options: Options): Promise<Worker_> {
  const host = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(host, "const serve = Deno.serve;\n" + HOST);
  const readable = (options.staticPatterns ?? []).map((pattern: string) => pattern.replace(/\/\*\*\/\*$/, ""));
  const map = await importMap(options);
  const entry = `${options.servicePath}/index.ts`;
  const flags = [
    "--no-remote", "--no-npm", "--no-lock", "--no-config", "--no-prompt", "--allow-env", "--allow-net=127.0.0.1",
    `--allow-read=${[entry, ...readable].join(",")}`, ...(map === null ? [] : [`--import-map=${map}`]),
  ];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, host, `file://${entry}`, String(options.context?.useReadSyncFileAPI === true)],
    clearEnv: true, env: Object.fromEntries(options.envVars), stdout: "piped", stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = "";;) {
    const { value, done } = await reader.read();
    if (done) throw new errors.InvalidWorkerCreation("worker boot error");
    text += value;
    const port = /^port (\d+)$/m.exec(text);
    if (port !== null) return new Worker_(Number(port[1]), child);
  }
}

Object.assign(globalThis, {
  EdgeRuntime: {
    userWorkers: {
      async create(given: Options) {
        const options = Object.fromEntries(Object.entries(given).filter(([name]) => KNOWN.has(name))) as Options;
        let worker = options.forceCreate ? undefined : workers.get(options.servicePath);
        if (worker === undefined) {
          created.push({ ...options, envVars: Object.fromEntries(options.envVars) });
          worker = await start(options);
          workers.set(options.servicePath, worker);
        }
        return worker;
      },
    },
  },
});

const serve = Deno.serve;
// deno-lint-ignore no-explicit-any
(Deno as any).serve = (handler: (request: Request) => Promise<Response>) =>
  serve({ port: 0, hostname: "127.0.0.1", onListen: ({ port }) => console.log(`port ${port}`) }, (request) => {
    const url = new URL(request.url);
    if (url.pathname === "/stand-in/workers") return Response.json(created);
    if (url.pathname !== "/stand-in/retire") return handler(request);
    retiring = Number(url.searchParams.get("next"));
    return new Response();
  });
addEventListener("unload", () => workers.forEach((worker) => worker.process.kill()));
Deno.addSignalListener("SIGTERM", () => {
  workers.forEach((worker) => worker.process.kill());
  Deno.exit(0);
});
await import(`file://${Deno.args[0]}`);
