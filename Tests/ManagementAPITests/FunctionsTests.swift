import FunctionModel
import HTTPTypes
import NIOCore
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import EdgeFunctions
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Edge Functions")
struct FunctionsTests {
    private static let boundary = "----example-boundary"

    /// A deployment as the command line sends it.
    private static func form(_ metadata: String, _ files: [(String, String)]) -> String {
        let parts =
            ["Content-Disposition: form-data; name=\"metadata\"\r\n\r\n\(metadata)"]
            + files.map { path, text in
                "Content-Disposition: form-data; name=\"file\"; filename=\"\(path)\"\r\n"
                    + "Content-Type: application/octet-stream\r\n\r\n\(text)"
            }
        return parts.map { "--\(boundary)\r\n\($0)\r\n" }.joined() + "--\(boundary)--\r\n"
    }

    static let type = [(name: "Content-Type", value: "multipart/form-data; boundary=\(boundary)")]

    /// The smallest deployment.
    static let sampleForm = form(
        #"{"entrypoint_path":"hello/index.ts","name":"Hello"}"#,
        [("hello/index.ts", "Deno.serve(() => new Response())")])

    private static func deploy(
        _ host: APIHost, ref: ProjectRef, query: String, metadata: String, files: [(String, String)]
    ) async throws -> Answer {
        try await host.send(
            "POST", "/v1/projects/\(ref)/functions/deploy\(query)", body: form(metadata, files), headers: type)
    }

    @Test("a function is deployed, listed, read, downloaded and deleted")
    func life() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let path = "/v1/projects/\(ref)/functions"
            let metadata =
                #"{"entrypoint_path":"hello/index.ts","import_map_path":"hello/deno.json","#
                + #""verify_jwt":false,"name":"Hello"}"#
            let files = [("hello/index.ts", "Deno.serve(() => new Response())"), ("hello/deno.json", "{}")]
            let made = try await Self.deploy(host, ref: ref, query: "?slug=hello", metadata: metadata, files: files)
            #expect(made.status == 201)
            let function = try made.json
            #expect(function["slug"] == .string("hello"))
            #expect(function["name"] == .string("Hello"))
            #expect(function["version"] == .number(1))
            #expect(function["verify_jwt"] == .bool(false))
            #expect(function["entrypoint_path"] == .string("hello/index.ts"))
            let list = try await host.send("GET", path)
            #expect(try list.json == .array([function]))
            #expect(try await host.send("GET", "\(path)/hello").json == function)
            #expect(
                try await Self.deploy(host, ref: ref, query: "?slug=hello", metadata: metadata, files: files).json[
                    "version"] == .number(2))
            let body = try await host.send("GET", "\(path)/hello/body", headers: [("Accept", "multipart/form-data")])
            #expect(body.status == 200)
            let kind = try #require(body.header("Content-Type"))
            #expect(kind.hasPrefix("multipart/form-data; boundary="))
            #expect(body.text.contains("filename=\"hello/index.ts\"\r\n"))
            #expect(body.text.contains("\r\n\r\nDeno.serve(() => new Response())\r\n--"))
            #expect(try await host.send("DELETE", "\(path)/hello").status == 200)
            #expect(try await host.send("GET", "\(path)/hello").status == 404)
            #expect(try await host.send("DELETE", "\(path)/hello").status == 404)
            let actions = host.ledger.entries.map(\.deed.action)
            #expect(actions.suffix(3) == ["function.deploy", "function.deploy", "function.delete"])
        }
    }

    @Test("a bundle runs once the update of several functions names it")
    func bundle() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let path = "/v1/projects/\(ref)/functions"
            let bundled = try await Self.deploy(
                host, ref: ref, query: "?slug=one&bundleOnly=true", metadata: #"{"entrypoint_path":"index.ts"}"#,
                files: [("index.ts", "1")])
            #expect(bundled.status == 201)
            #expect(try await host.send("GET", path).json == .array([]))
            let updated = try await host.send("PUT", path, body: "[\(bundled.text)]")
            #expect(updated.status == 200)
            #expect(try updated.json["functions"]?[0]?["slug"] == .string("one"))
            #expect(try await host.send("GET", path).json.count == 1)
            let removed = bundled.text.replacing("ACTIVE", with: "REMOVED")
            #expect(try await host.send("PUT", path, body: "[\(removed)]").status == 400)
        }
    }

    @Test("what is no deployment is 400 and stores nothing")
    func refusals() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let good = #"{"entrypoint_path":"index.ts"}"#
            let file = [("index.ts", "1")]
            let cases: [(String, String, [(String, String)])] = [
                ("", good, file), ("?slug=main", good, file), ("?slug=1x", good, file),
                ("?slug=one", #"{"entrypoint_path":"other.ts"}"#, file), ("?slug=one", "{}", file),
                ("?slug=one", "no json", file), ("?slug=one", good, []), ("?slug=one&bundleOnly=maybe", good, file),
                ("?slug=one", good, [("index.ts", "1"), ("../up.ts", "2")]),
            ]
            for (query, metadata, files) in cases {
                let answer = try await Self.deploy(host, ref: ref, query: query, metadata: metadata, files: files)
                #expect(answer.status == 400, "\(query) \(metadata)")
            }
            let path = "/v1/projects/\(ref)/functions/deploy?slug=one"
            #expect(try await host.send("POST", path, body: good).status == 400)
            #expect(try await host.send("GET", "/v1/projects/\(ref)/functions").json == .array([]))
        }
    }

    @Test("the older form takes one file as text, and refuses bundles with words about what to do")
    func older() async throws {
        try await APIHost.run { host in
            let path = "/v1/projects/\(try await host.create())/functions"
            let made = try await host.send(
                "POST", path, body: #"{"slug":"old","name":"Old","body":"1","verify_jwt":false}"#)
            #expect(made.status == 201)
            #expect(try made.json["entrypoint_path"] == .string("index.ts"))
            let renamed = try await host.send("PATCH", "\(path)/old?verify_jwt=true", body: #"{"name":"New"}"#)
            #expect(try renamed.json["name"] == .string("New"))
            #expect(try renamed.json["verify_jwt"] == .bool(true))
            #expect(try renamed.json["version"] == .number(1))
            let again = try await host.send("PATCH", "\(path)/old", body: #"{"body":"2"}"#)
            #expect(try again.json["version"] == .number(2))
            #expect(try await host.send("PATCH", "\(path)/none", body: #"{"body":"2"}"#).status == 404)
            #expect(try await host.send("PATCH", "\(path)/none", body: #"{"name":"x"}"#).status == 404)
            let eszip = try await host.send(
                "POST", "\(path)?slug=zip", body: "ESZIP", headers: [("Content-Type", "application/vnd.denoland.eszip")]
            )
            #expect(eszip.status == 400)
            #expect(try eszip.message?.contains("--use-api") == true)
            #expect(try await host.send("POST", path, body: #"{"slug":"x"}"#).status == 400)
        }
    }

    @Test("files of any name and content make a form that can be taken apart again")
    func form() throws {
        let files = [
            FunctionFile(path: "a \"b\".ts", bytes: [0, 13, 10, 45, 45, 255]),
            FunctionFile(path: "é/ü.ts", bytes: []),
        ]
        let answer = FunctionsController.form(of: files)
        let type = try #require(answer.headers[.contentType])
        let body = Array(answer.body.readableBytesView)
        let form = try MultipartBody(body, contentType: type, maximumBytes: body.count)
        #expect(form.parts.map(\.fileName) == files.map(\.path))
        #expect(form.parts.map(\.bytes) == files.map(\.bytes))
        #expect(FunctionsController.form(of: files).headers[.contentType] != type)
    }

    @Test("errors have their status")
    func errors() {
        let ref = ProjectRef.sample()
        let cases: [(FunctionError, Int)] = [
            (.notFound(slug: "x"), 404), (.noProject(ref), 404), (.invalid("x"), 400), (.tooMuch("x"), 400),
            (.folder("x"), 500), (.store(.unavailable("x")), 503),
        ]
        for (error, status) in cases { #expect(APIError(anything: error).status.code == status, "\(error)") }
    }
}

@Suite("Secrets of functions")
struct FunctionSecretsTests {
    @Test("secrets go in, and only their digests come out")
    func life() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let path = "/v1/projects/\(ref)/secrets"
            let body = #"[{"name":"TOKEN","value":"hunter2-value"},{"name":"OTHER","value":""}]"#
            let set = try await host.send("POST", path, body: body)
            #expect(set.status == 201)
            #expect(set.body.isEmpty)
            let list = try await host.send("GET", path)
            #expect(try list.json.all("name") == [.string("OTHER"), .string("TOKEN")])
            let digest = try PlainKeyMinter().digest(Secret("hunter2-value"))
            #expect(try list.json[1]?["value"] == .string(digest))
            #expect(host.ledger.entries.last?.deed.target["secrets"] == "OTHER, TOKEN")
            for text in [list.text, "\(host.ledger.entries)"] + host.log.lines {
                #expect(!text.contains("hunter2-value"))
            }
            let gone = try await host.send("DELETE", path, body: #"["TOKEN","NEVER"]"#)
            #expect(gone.status == 200)
            #expect(try await host.send("GET", path).json.all("name") == [.string("OTHER")])
            #expect(try await host.send("GET", path, token: Person.readOnly.token).status == 403)
        }
    }

    @Test("a name that no database can keep is forgotten like any other that is not there")
    func nameWithNUL() async throws {
        try await APIHost.run { host in
            let path = "/v1/projects/\(try await host.create())/secrets"
            #expect(try await host.send("DELETE", path, body: #"["A\u0000B"]"#).status == 200)
            #expect(host.ledger.entries.last?.deed.target["secrets"] == "A\u{FFFD}B")
        }
    }

    @Test(
        "names and bodies that cannot be are 400, and the value is not repeated",
        arguments: [
            #"[{"name":"LD_PRELOAD","value":"hunter2"}]"#, #"[{"name":"JWT_SECRET","value":"hunter2"}]"#,
            #"[{"name":"A","value":"x"},{"name":"PATH","value":"hunter2"}]"#,
            #"[{"name":"SUPABASE_URL","value":"hunter2"}]"#, #"[{"name":"1A","value":"hunter2"}]"#,
            #"[{"name":"A"}]"#, #"{"name":"A","value":"hunter2"}"#, "",
        ])
    func refusals(body: String) async throws {
        try await APIHost.run { host in
            let path = "/v1/projects/\(try await host.create())/secrets"
            let answer = try await host.send("POST", path, body: body)
            #expect(answer.status == 400)
            #expect(!answer.text.contains("hunter2"))
            #expect(try await host.send("GET", path).json == .array([]))
        }
    }
}
