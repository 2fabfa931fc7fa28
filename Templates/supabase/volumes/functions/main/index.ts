// Router of the edge runtime: the first path segment names the function, which runs in its own worker.
//
// Needs nothing from the network at start, so a project comes up on a host without internet access.

const FUNCTIONS_FOLDER = "/home/deno/functions";
const WORKER_MEMORY_MEGABYTES = 150;
const WORKER_LIFETIME_MILLISECONDS = 60_000;
const FUNCTION_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

// The router's own settings. Everything else of the container's environment is meant for the functions.
const ROUTER_ONLY = new Set(["JWT_SECRET", "VERIFY_JWT"]);

const verifyToken = Deno.env.get("VERIFY_JWT") === "true";
const workerEnvironment = Object.entries(Deno.env.toObject()).filter(([name]) => !ROUTER_ONLY.has(name));
const verificationKey = await crypto.subtle.importKey(
  "raw",
  new TextEncoder().encode(Deno.env.get("JWT_SECRET") ?? ""),
  { name: "HMAC", hash: "SHA-256" },
  false,
  ["verify"],
);

function answer(status: number, message: string): Response {
  return Response.json({ message }, { status });
}

function decodeBase64URL(text: string): Uint8Array {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Why a request may not pass, or null when its token is good: HS256, signed with the project's secret, not expired. */
async function refusal(request: Request): Promise<string | null> {
  const match = /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/i.exec(request.headers.get("authorization") ?? "");
  if (match === null) return "missing or malformed Authorization header";
  const [, header, payload, signature] = match;
  try {
    const decoder = new TextDecoder();
    if (JSON.parse(decoder.decode(decodeBase64URL(header))).alg !== "HS256") return "unsupported token algorithm";
    const signed = new TextEncoder().encode(`${header}.${payload}`);
    const genuine = await crypto.subtle.verify("HMAC", verificationKey, decodeBase64URL(signature), signed);
    if (!genuine) return "invalid token signature";
    const { exp } = JSON.parse(decoder.decode(decodeBase64URL(payload)));
    if (typeof exp === "number" && exp * 1000 <= Date.now()) return "token has expired";
    return null;
  } catch {
    return "malformed token";
  }
}

/** What the manager says of a deployed function; null for one that came with the template. */
async function marker(path: string): Promise<{ verify_jwt: boolean; import_map_path?: string } | null> {
  try {
    return JSON.parse(await Deno.readTextFile(`${path}/.supamanager.json`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

Deno.serve(async (request: Request) => {
  const name = new URL(request.url).pathname.split("/")[1] ?? "";
  if (name === "_internal") return answer(200, "ok");
  if (name === "") return answer(400, "missing function name in request");
  if (name === "main" || !FUNCTION_NAME.test(name)) return answer(404, "no such function");

  const servicePath = `${FUNCTIONS_FOLDER}/${name}`;
  const deployed = await marker(servicePath);
  const mustVerify = deployed?.verify_jwt ?? verifyToken;
  if (mustVerify && request.method !== "OPTIONS") {
    const reason = await refusal(request);
    if (reason !== null) return answer(401, reason);
  }

  try {
    await Deno.stat(servicePath);
  } catch {
    return answer(404, "no such function");
  }

  try {
    const worker = await EdgeRuntime.userWorkers.create({
      servicePath,
      memoryLimitMb: WORKER_MEMORY_MEGABYTES,
      workerTimeoutMs: WORKER_LIFETIME_MILLISECONDS,
      noModuleCache: false,
      importMapPath: deployed?.import_map_path ? `${servicePath}/${deployed.import_map_path}` : null,
      envVars: workerEnvironment,
    });
    return await worker.fetch(request);
  } catch (error) {
    console.error(`function ${name} failed:`, error);
    return answer(500, `function ${name} failed`);
  }
});
