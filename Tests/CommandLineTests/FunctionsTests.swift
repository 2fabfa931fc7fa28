import Foundation
import HTTPStub
import ManagementClient
import ProjectModel
import Testing

@Suite("Functions on the wire")
struct FunctionsTests {
    private static let ref = ProjectRef(String(repeating: "a", count: 20))
    private static let answer =
        #"{"id":"x","slug":"hello","name":"hello","version":2,"status":"ACTIVE","verify_jwt":false,"updated_at":1}"#

    @Test("a deployment is a form of metadata and files, under the name that it gets")
    func deployment() async throws {
        let ref = try #require(Self.ref)
        try await withAPI { _ in
            [.response(201, Self.answer)]
        } test: { client, stub, _ async throws in
            let upload = FunctionUpload(
                slug: "hello", entrypoint: "index.ts", importMap: "deno.json", verifiesTokens: false,
                files: [
                    "index.ts": Array("serve()".utf8), "lib/a b.ts": Array("x".utf8), "deno.json": Array("{}".utf8),
                ])
            #expect(try await client.deploy(upload, to: ref).version == 2)
            let request = try #require(stub.requests.first)
            #expect(request.method == "POST" && request.path == "/v1/projects/\(ref)/functions/deploy")
            #expect(request.query("slug") == "hello")
            let text = request.bodyText
            #expect(text.contains(#"filename="lib/a b.ts""#) && text.contains("serve()"))
            for member in [
                #""entrypoint_path":"index.ts""#, #""verify_jwt":false"#, #""import_map_path":"deno.json""#,
            ] {
                #expect(text.contains(member))
            }
            let boundary = try #require(text.split(separator: "\r\n").first)
            #expect(text.hasSuffix("\(boundary)--\r\n"))
            let bad = FunctionUpload(slug: "a", entrypoint: "i\"", files: ["i\"": []])
            #expect(await clientError { _ = try await client.deploy(bad, to: ref) }.map { ExitStatus($0) } == .usage)
            #expect(stub.requests.count == 1)
        }
    }

    @Test("secrets go by name and value, and are forgotten by name")
    func secrets() async throws {
        let ref = try #require(Self.ref)
        try await withAPI { _ in
            [.response(200, "")]
        } test: { client, stub, _ async throws in
            try await client.set([("A", Secret("1")), ("B", Secret("x=y"))], of: ref)
            try await client.unset(secrets: ["A"], of: ref)
            #expect(stub.requests.map(\.method) == ["POST", "DELETE"])
            #expect(stub.requests.allSatisfy { $0.path == "/v1/projects/\(ref)/secrets" })
            let sent = try JSONDecoder().decode([[String: String]].self, from: Data(stub.requests[0].body))
            #expect(sent == [["name": "A", "value": "1"], ["name": "B", "value": "x=y"]])
            #expect(stub.requests[1].bodyText == #"["A"]"#)
        }
    }

    @Test("a call goes to the project with its key, and tells what was answered")
    func call() async throws {
        try await withAPI { _ in
            [.response(546, #"{"code":"WORKER_LIMIT"}"#)]
        } test: { client, stub, _ async throws in
            let answer = try await client.call(
                "hello", at: client.address.text, method: "POST", body: Array("{}".utf8), key: Secret("key"))
            #expect(answer.status == 546 && String(decoding: answer.body, as: UTF8.self).contains("WORKER_LIMIT"))
            #expect(stub.requests.map(\.path) == ["/functions/v1/hello"], "a call is not repeated")
            #expect(stub.requests[0].headers.values.contains("Bearer key"))
            #expect(!stub.requests[0].headers.values.contains("Bearer \(Sample.token)"))
        }
    }
}
