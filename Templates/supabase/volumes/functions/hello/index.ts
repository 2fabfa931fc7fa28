// A first function: GET or POST /functions/v1/hello, optionally with {"name": "…"} as the body.
Deno.serve(async (request: Request) => {
  let name = "world";
  if (request.method === "POST") {
    const body = await request.json().catch(() => ({}));
    if (typeof body?.name === "string" && body.name !== "") name = body.name;
  }
  return Response.json({ message: `Hello, ${name}!` });
});
