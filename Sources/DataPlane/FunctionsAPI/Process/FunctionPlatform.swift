import DataPlaneCore

/// The programs that run before a function's own: what hosted Edge Functions find there.
public enum FunctionPlatform {
    /// The file that is run first, in the work folder.
    public static let fileName = "platform.ts"
    /// A module with nothing in it.
    public static let emptyName = "empty.ts"
    /// Text of ``emptyName``.
    public static let empty = "export {};\n"

    /// Text of ``fileName``.
    ///
    /// An uncaught exception of a handler is answered here, so that it reads as on hosted ones; requests have addresses
    /// of HTTP, not of the socket.
    public static let text = #"""
        const background = new Set<Promise<unknown>>();
        Object.defineProperty(globalThis, "EdgeRuntime", {
          value: {
            waitUntil(work: Promise<unknown>) {
              const tracked = Promise.resolve(work).catch((error) => console.error(error))
                .finally(() => background.delete(tracked));
              background.add(tracked);
              return work;
            },
          },
        });

        const refusal = {
          code: "WORKER_ERROR",
          message: "Function exited due to an error (please check logs)",
          msg: "Function exited due to an error (please check logs)",
        };

        function onError(error: unknown): Response {
          console.error(error);
          return Response.json(refusal, { status: 500, headers: { "sb-error-code": refusal.code } });
        }

        function addressed(request: Request): Request {
          const rest = request.url.slice(request.url.indexOf("://") + 3);
          const path = rest.indexOf("/");
          const host = request.headers.get("x-forwarded-host") ?? request.headers.get("host") ?? "localhost";
          const url = "http://" + host + (path < 0 ? "/" : rest.slice(path));
          return Object.defineProperty(request, "url", { value: url });
        }

        // deno-lint-ignore no-explicit-any
        const listen = Deno.serve as any;
        // deno-lint-ignore no-explicit-any
        (Deno as any).serve = (...given: any[]) => {
          const options = given.find((value) => typeof value === "object" && value !== null) ?? {};
          const handler = given.find((value) => typeof value === "function") ?? options.handler;
          if (typeof handler !== "function") throw new TypeError("Deno.serve needs a handler");
          const { handler: _, ...others } = options;
          // deno-lint-ignore no-explicit-any
          return listen({ onError, onListen() {}, ...others }, (request: Request, info: any) =>
            handler(addressed(request), info));
        };

        """#

    /// The main module: it runs the function, and serves what that exports by default.
    static func main(importing path: String) -> String {
        """
        import * as entry from \(JSONText.string(FileURL.of(path)).text);
        // deno-lint-ignore no-explicit-any
        const exported = (entry as any).default;
        // deno-lint-ignore no-explicit-any
        if (typeof exported?.fetch === "function") {
          Deno.serve((request: Request, info: any) => exported.fetch(request, info));
        }

        """
    }
}
