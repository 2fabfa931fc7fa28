// Router of the edge runtime: the first path segment names the function, which runs in its own worker.
//
// Needs nothing from the network at start, so a project comes up on a host without internet access.

const FUNCTIONS_FOLDER = "/home/deno/functions";
const WORKER_MEMORY_MEGABYTES = 150;
const WORKER_LIFETIME_MILLISECONDS = 60_000;
const FUNCTION_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
// A worker near the end of its life refuses; the next one is fresh, so more than one try is rarely needed.
const WORKER_TRIES_MAX = 3;

// The router's own settings and what concerns the container alone. Everything else of the environment is meant for the
// functions.
const ROUTER_ONLY = new Set([
  "JWT_SECRET", "VERIFY_JWT", "DENO_DIR", "XDG_CACHE_HOME", "HOME", "HOSTNAME", "PATH", "PWD",
]);

const verifyToken = Deno.env.get("VERIFY_JWT") === "true";
const workerEnvironment = Object.entries(Deno.env.toObject()).filter(([name]) => !ROUTER_ONLY.has(name));
const verificationKey = await crypto.subtle.importKey(
  "raw",
  new TextEncoder().encode(Deno.env.get("JWT_SECRET") ?? ""),
  { name: "HMAC", hash: "SHA-256" },
  false,
  ["verify"],
);

/** A refusal or failure in the words of hosted Edge Functions: the code stands in a header and in the body. */
interface Failure {
  status: number;
  code: string;
  message: string;
}

function answer({ status, code, message }: Failure): Response {
  return Response.json({ code, message, msg: message }, { status, headers: { "sb-error-code": code } });
}

function unauthorized(code: string, message: string): Failure {
  return { status: 401, code: `UNAUTHORIZED_${code}`, message };
}

function decodeBase64URL(text: string): Uint8Array {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Why a request may not pass, or null when its token is good: HS256, signed with the project's secret, not expired. */
async function refusal(request: Request): Promise<Failure | null> {
  const authorization = request.headers.get("authorization");
  if (authorization === null) return unauthorized("NO_AUTH_HEADER", "Missing authorization header");
  const malformed = unauthorized("INVALID_JWT_FORMAT", "Invalid JWT format");
  const match = /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/i.exec(authorization);
  if (match === null) return malformed;
  const [, header, payload, signature] = match;
  try {
    const decoder = new TextDecoder();
    if (JSON.parse(decoder.decode(decodeBase64URL(header))).alg !== "HS256") {
      return unauthorized("UNSUPPORTED_TOKEN_ALGORITHM", "Unsupported JWT algorithm");
    }
    const signed = new TextEncoder().encode(`${header}.${payload}`);
    const genuine = await crypto.subtle.verify("HMAC", verificationKey, decodeBase64URL(signature), signed);
    if (!genuine) return unauthorized("LEGACY_JWT", "Invalid JWT");
    const { exp } = JSON.parse(decoder.decode(decodeBase64URL(payload)));
    if (typeof exp === "number" && exp * 1000 <= Date.now()) return unauthorized("LEGACY_JWT", "Invalid JWT");
    return null;
  } catch {
    return malformed;
  }
}

/** What the manager says of a deployed function. */
interface Marker {
  stamp: string;
  verify_jwt: boolean;
  import_map_path?: string;
}

/** The marker of a function; null for one that came with the template. */
async function marker(path: string): Promise<Marker | null> {
  try {
    return JSON.parse(await Deno.readTextFile(`${path}/.supamanager.json`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

// The runtime keeps a worker for the spelling of its path, so a deployment gets another spelling of the same path: the
// next request runs the new code, while the old worker ends what it has begun. Spellings come round again only after
// workers of the first one have outlived their time.
const SPELLINGS_MAX = 100;
const deployments = new Map<string, { stamp: string; spelling: number }>();

function servicePath(name: string, deployed: Marker | null): string {
  const path = `${FUNCTIONS_FOLDER}/${name}`;
  const stamp = deployed?.stamp ?? "";
  const known = deployments.get(name) ?? { stamp, spelling: 0 };
  if (known.stamp !== stamp) known.spelling = (known.spelling + 1) % SPELLINGS_MAX;
  deployments.set(name, { stamp, spelling: known.spelling });
  return path + "/.".repeat(known.spelling);
}

function createWorker(name: string, deployed: Marker | null) {
  const path = `${FUNCTIONS_FOLDER}/${name}`;
  return EdgeRuntime.userWorkers.create({
    servicePath: servicePath(name, deployed),
    memoryLimitMb: WORKER_MEMORY_MEGABYTES,
    workerTimeoutMs: WORKER_LIFETIME_MILLISECONDS,
    noModuleCache: false,
    // A function reads the files that were deployed with it, and no others.
    staticPatterns: [`${path}/**/*`],
    context: {
      ...(deployed?.import_map_path ? { importMapPath: `${path}/${deployed.import_map_path}` } : {}),
      useReadSyncFileAPI: true,
    },
    envVars: [...workerEnvironment, ["SUPABASE_FUNCTION_SLUG", name]],
  });
}

// The runtime's errors by name, with the message for clients.
const FAILURES: Record<string, Failure> = {
  InvalidWorkerCreation: { status: 503, code: "BOOT_ERROR", message: "Function failed to start (please check logs)" },
  InvalidWorkerResponse: {
    status: 500,
    code: "WORKER_ERROR",
    message: "Function exited due to an error (please check logs)",
  },
  WorkerRequestCancelled: {
    status: 546,
    code: "WORKER_RESOURCE_LIMIT",
    message: "Function failed due to not having enough compute resources (please check logs)",
  },
  WorkerRequestIdleTimeout: { status: 504, code: "IDLE_TIMEOUT", message: "Function did not answer in time" },
  WorkerAlreadyRetired: { status: 503, code: "WORKER_RETIRED", message: "Function is starting again, please try again" },
};

function isRuntimeError(error: unknown, name: string): boolean {
  const kind = (Deno.errors as unknown as Record<string, (new () => Error) | undefined>)[name];
  return (kind !== undefined && error instanceof kind) || (error as Error | undefined)?.name === name;
}

async function run(name: string, deployed: Marker | null, request: Request): Promise<Response> {
  for (let tries = 1;; tries += 1) {
    try {
      const worker = await createWorker(name, deployed);
      return await worker.fetch(request);
    } catch (error) {
      const mayRetry = tries < WORKER_TRIES_MAX && !request.bodyUsed;
      if (mayRetry && isRuntimeError(error, "WorkerAlreadyRetired")) continue;
      console.error(`function ${name} failed:`, error);
      const kind = Object.keys(FAILURES).find((known) => isRuntimeError(error, known));
      return answer(kind ? FAILURES[kind] : { status: 500, code: "INTERNAL_ERROR", message: `function ${name} failed` });
    }
  }
}

Deno.serve(async (request: Request) => {
  const name = new URL(request.url).pathname.split("/")[1] ?? "";
  if (name === "_internal") return Response.json({ message: "ok" });
  if (name === "") return answer({ status: 400, code: "BAD_REQUEST", message: "missing function name in request" });
  const missing: Failure = { status: 404, code: "NOT_FOUND", message: "Requested function was not found" };
  if (name === "main" || !FUNCTION_NAME.test(name)) return answer(missing);

  const deployed = await marker(`${FUNCTIONS_FOLDER}/${name}`);
  const mustVerify = deployed?.verify_jwt ?? verifyToken;
  if (mustVerify && request.method !== "OPTIONS") {
    const failure = await refusal(request);
    if (failure !== null) return answer(failure);
  }

  try {
    await Deno.stat(`${FUNCTIONS_FOLDER}/${name}`);
  } catch {
    return answer(missing);
  }
  return await run(name, deployed, request);
});
