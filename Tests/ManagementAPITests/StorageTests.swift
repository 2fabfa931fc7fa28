import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Storage of a project")
struct StorageTests {
    private static let bucket =
        #"{"id":"b","name":"b","owner":"","public":false,"created_at":"x","updated_at":"x","file_size_limit":null}"#

    private static func json(_ text: String, _ status: Int = 200) -> GatewayAnswer {
        GatewayAnswer(status: status, contentType: "application/json", body: Array(text.utf8))
    }

    private static func last(_ host: APIHost) -> String {
        guard let request = host.gateways.calls.last?.request else { return "" }
        return "\(request.method) \(request.target) \(String(decoding: request.body, as: UTF8.self))"
    }

    @Test("buckets are listed with Studio's filters, and plainly for the command line")
    func buckets() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            host.gateways.setAnswer { call in
                Self.json(call.request.path == "/storage/v1/bucket" ? "[\(Self.bucket)]" : Self.bucket)
            }
            let path = "/platform/storage/\(ref)/buckets"
            let list = try await host.send("GET", "\(path)?limit=5&search=a&sortColumn=name&x=1")
            #expect(list.text == "[\(Self.bucket)]")
            #expect(Self.last(host) == "GET /storage/v1/bucket?limit=5&search=a&sortColumn=name ")
            #expect(try await host.send("GET", "/v1/projects/\(ref)/storage/buckets").json.count == 1)
            #expect(try await host.send("GET", "\(path)/my%20files").json["id"] == .string("b"))
            #expect(Self.last(host) == "GET /storage/v1/bucket/my%20files ")
        }
    }

    @Test(
        "a part of the path is a name as it is: nothing in it separates parameters or parts",
        arguments: [
            ("logs&id=prod", "logs%26id%3Dprod"), ("a+b", "a%2Bb"), ("a%2Bb", "a%2Bb"), ("a%20b", "a%20b"),
            ("a;id=prod", "a%3Bid%3Dprod"), ("a%26id%3Dprod", "a%26id%3Dprod"), ("a=b", "a%3Db"),
            ("a%3Fid=prod", "a%3Fid%3Dprod"), ("a%2Fb", "a%2Fb"), ("a%23b", "a%23b"),
        ])
    func names(part: String, sent: String) async throws {
        try await APIHost.run { host in
            host.gateways.setAnswer { _ in Self.json(Self.bucket) }
            let path = "/platform/storage/\(try await host.create())/buckets/\(part)"
            for (method, suffix) in [("GET", ""), ("DELETE", ""), ("POST", "/empty")] {
                _ = try await host.send(method, path + suffix)
                #expect(Self.last(host).hasPrefix("\(method) /storage/v1/bucket/\(sent)\(suffix) "), "\(method)")
            }
            _ = try await host.send("POST", "\(path)/objects/move", body: #"{"from":"x","to":"y"}"#)
            let name = part.replacing("%26", with: "&").replacing("%3D", with: "=").replacing("%2B", with: "+")
                .replacing("%20", with: " ").replacing("%3F", with: "?").replacing("%2F", with: "/")
                .replacing("%23", with: "#")
            #expect(Self.last(host).contains("\"bucketId\":\"\(name)\""), "\(Self.last(host))")
        }
    }

    @Test("buckets are created, changed, emptied and deleted")
    func changes() async throws {
        try await APIHost.run { host in
            let path = "/platform/storage/\(try await host.create())/buckets"
            host.gateways.setAnswer { _ in Self.json(#"{"message":"ok"}"#) }
            let calls: [(String, String, String, Int, String)] = [
                (
                    "POST", "", #"{"id":"b","public":true,"file_size_limit":5,"allowed_mime_types":["image/*"]}"#, 201,
                    #"POST /storage/v1/bucket {"allowed_mime_types":["image/*"],"file_size_limit":5,"#
                        + #""id":"b","name":"b","public":true}"#
                ),
                (
                    "PATCH", "/b", #"{"public":false,"file_size_limit":null}"#, 200,
                    #"PUT /storage/v1/bucket/b {"file_size_limit":null,"public":false}"#
                ),
                ("POST", "/b/empty", "", 201, "POST /storage/v1/bucket/b/empty {}"),
                ("DELETE", "/b", "", 200, "DELETE /storage/v1/bucket/b "),
            ]
            for (method, tail, body, status, sent) in calls {
                let answer = try await host.send(method, path + tail, body: body)
                #expect(answer.status == status, "\(method) \(tail)")
                #expect(answer.body.isEmpty)
                #expect(Self.last(host) == sent)
            }
            #expect(
                host.ledger.entries.suffix(4).map(\.deed.action) == [
                    "storage.bucket.create", "storage.bucket.update", "storage.bucket.empty", "storage.bucket.delete",
                ])
            #expect(host.ledger.entries.last?.deed.target["bucket"] == "b")
            for body in ["{}", #"{"id":1,"public":true}"#] {
                #expect(try await host.send("POST", path, body: body).status == 400)
            }
        }
    }

    @Test("objects are listed, moved, copied and deleted")
    func objects() async throws {
        try await APIHost.run { host in
            let path = "/platform/storage/\(try await host.create())/buckets/b/objects"
            host.gateways.setAnswer { call in
                call.request.path.contains("list-v2")
                    ? Self.json(#"{"folders":[],"objects":[],"hasNext":false}"#)
                    : Self.json(call.request.path.hasSuffix("/b") ? #"[{"id":null,"name":"f"}]"# : "{}")
            }
            let calls: [(String, String, String, Int, String)] = [
                (
                    "POST", "/list", #"{"path":"f","options":{"limit":2}}"#, 201,
                    #"POST /storage/v1/object/list/b {"limit":2,"prefix":"f"}"#
                ),
                ("POST", "/list-v2", #"{"prefix":"f"}"#, 201, #"POST /storage/v1/object/list-v2/b {"prefix":"f"}"#),
                (
                    "POST", "/move", #"{"from":"a","to":"c"}"#, 201,
                    #"POST /storage/v1/object/move {"bucketId":"b","destinationKey":"c","sourceKey":"a"}"#
                ),
                (
                    "POST", "/copy", #"{"from":"a","to":"c"}"#, 201,
                    #"POST /storage/v1/object/copy {"bucketId":"b","destinationKey":"c","sourceKey":"a"}"#
                ),
                (
                    "DELETE", "", #"{"paths":["a","d/e"]}"#, 200,
                    #"DELETE /storage/v1/object/b {"prefixes":["a","d/e"]}"#
                ),
            ]
            for (method, tail, body, status, sent) in calls {
                let answer = try await host.send(method, path + tail, body: body)
                #expect(answer.status == status, "\(method) \(tail)")
                #expect(Self.last(host) == sent)
            }
        }
    }

    @Test("addresses are signed by storage and made whole; a public one needs no signature")
    func links() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let path = "/platform/storage/\(ref)/buckets/b/objects"
            let record = try #require(try await host.store.project(ref))
            let base = try #require(try await host.catalog.endpoint(of: record)).url + "/storage/v1"
            host.gateways.setAnswer { call in
                call.request.path.hasSuffix("/b")
                    ? Self.json(
                        #"[{"path":"a","signedURL":"/object/sign/b/a?token=t","error":null},"#
                            + #"{"path":"x","signedURL":null,"error":"gone"}]"#
                    )
                    : Self.json(#"{"signedURL":"/object/sign/b/a?token=t"}"#)
            }
            let one = try await host.send("POST", "\(path)/sign", body: #"{"path":"d/e f.txt","expiresIn":60}"#)
            #expect(one.status == 201)
            #expect(try one.json["signedUrl"] == .string("\(base)/object/sign/b/a?token=t"))
            #expect(Self.last(host) == #"POST /storage/v1/object/sign/b/d/e%20f.txt {"expiresIn":60}"#)
            let two = try await host.send("POST", "\(path)/sign-multi", body: #"{"path":["a","x"],"expiresIn":60}"#)
            #expect(try two.json[0]?["signedUrl"] == .string("\(base)/object/sign/b/a?token=t"))
            #expect(try two.json[1]?["signedUrl"] == .null)
            #expect(try two.json[1]?["error"] == .string("gone"))
            let asked = host.gateways.calls.count
            let open = try await host.send("POST", "\(path)/public-url", body: #"{"path":"/d/e f.txt"}"#)
            #expect(try open.json["publicUrl"] == .string("\(base)/object/public/b/d/e%20f.txt"))
            #expect(host.gateways.calls.count == asked)
        }
    }

    @Test("an address that a caller signs who may only read works for an hour at most, and every one is audited")
    func lifeOfLinks() async throws {
        try await APIHost.run { host in
            let path = "/platform/storage/\(try await host.create())/buckets/b/objects"
            host.gateways.setAnswer { call in
                Self.json(call.request.path.hasSuffix("/b") ? "[]" : #"{"signedURL":"/object/sign/b/a?token=t"}"#)
            }
            let year = 31_536_000
            for (token, wanted, life) in [
                (Person.readOnly.token, year, 3_600), (Person.readOnly.token, 60, 60),
                (Person.developer.token, year, year), (Person.developer.token, 2 * year, year),
            ] {
                for (tail, object) in [("sign", #""a""#), ("sign-multi", #"["a","c"]"#)] {
                    let answer = try await host.send(
                        "POST", "\(path)/\(tail)", body: #"{"path":\#(object),"expiresIn":\#(wanted)}"#, token: token)
                    #expect(answer.status == 201, "\(tail)")
                    #expect(Self.last(host).contains(#""expiresIn":\#(life)"#), "\(Self.last(host))")
                    let deed = try #require(host.ledger.entries.last?.deed)
                    #expect(deed.action == "storage.object.sign" && deed.target["bucket"] == "b")
                    #expect(deed.target["seconds"] == "\(life)" && deed.after.isEmpty)
                    #expect(deed.target["object"] == (tail == "sign" ? "a" : nil))
                    #expect(deed.target["objects"] == (tail == "sign" ? nil : "2"))
                }
            }
            #expect(!"\(host.ledger.entries)".contains("token=t"))
        }
    }

    @Test("a file comes as bytes whatever it is, and no path leads out of the bucket")
    func download() async throws {
        try await APIHost.run { host in
            let path = "/platform/storage/\(try await host.create())/buckets/b/objects/download"
            host.gateways.setAnswer { _ in
                GatewayAnswer(status: 200, contentType: "text/html", body: Array("<script>".utf8))
            }
            let answer = try await host.send("POST", path, body: #"{"path":"a.html"}"#)
            #expect(answer.status == 201)
            #expect(answer.header("Content-Type") == "application/octet-stream")
            #expect(answer.text == "<script>")
            for bad in [#"{"path":"../other/a"}"#, #"{"path":""}"#, #"{"path":"a/./b"}"#, "{}"] {
                #expect(try await host.send("POST", path, body: bad).status == 400, "\(bad)")
            }
            let out = path.replacing("/b/", with: "/%2e%2e/")
            #expect(try await host.send("POST", out, body: #"{"path":"a"}"#).status == 400)
            #expect(host.gateways.calls.count == 1)
        }
    }

    @Test("further S3 keys and archives are refused, and none are listed")
    func rest() async throws {
        try await APIHost.run { host in
            let path = "/platform/storage/\(try await host.create())"
            for (method, tail) in [("GET", "archive"), ("POST", "archive")] {
                #expect(try await host.send(method, "\(path)/\(tail)", body: "{}").status == 403)
            }
        }
    }

    @Test("further S3 keys are made, listed and deleted by the project's own storage; a secret is shown once")
    func credentials() async throws {
        try await APIHost.run { host in
            let path = "/platform/storage/\(try await host.create())/credentials"
            let made = #"{"id":"1","description":"laptop","access_key":"a","secret_key":"s"}"#
            let list = #"{"data":[{"id":"1","description":"laptop","access_key":"a","created_at":"x"}]}"#
            host.gateways.setAnswer { call in
                switch call.request.method {
                case "POST": Self.json(made, 201)
                case "DELETE": GatewayAnswer(status: 204, contentType: nil, body: [])
                default: Self.json(list)
                }
            }
            let answer = try await host.send("POST", path, body: #"{"description":"laptop"}"#)
            #expect(answer.status == 201 && answer.text == made)
            #expect(Self.last(host) == #"POST /storage/v1/projectd/s3-credentials {"description":"laptop"}"#)
            #expect(try await host.send("GET", path).text == list)
            #expect(try await host.send("DELETE", "\(path)/1%2F2").status == 204)
            #expect(Self.last(host) == "DELETE /storage/v1/projectd/s3-credentials/1%2F2 ")
            #expect(try await host.send("POST", path, body: #"{"description":""}"#).status == 400)
            host.gateways.setAnswer { _ in Self.json(#"{"code":"NoSuchCredential","message":"no such key"}"#, 404) }
            #expect(try await host.send("DELETE", "\(path)/1").status == 404)
        }
    }

    @Test("a storage without such keys has none, and makes none")
    func withoutCredentials() async throws {
        try await APIHost.run { host in
            let path = "/platform/storage/\(try await host.create())/credentials"
            for status in [400, 404] {
                host.gateways.setAnswer { _ in
                    Self.json(#"{"message":"Route not found","error":"Not Found","statusCode":"404"}"#, status)
                }
                #expect(try await host.send("GET", path).json == .object(["data": .array([])]))
                #expect(try await host.send("POST", path, body: #"{"description":"a"}"#).status == 403)
                #expect(try await host.send("DELETE", "\(path)/1").status == 403)
            }
        }
    }
}
