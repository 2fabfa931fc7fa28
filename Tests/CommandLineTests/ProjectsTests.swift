import Foundation
import HTTPStub
import ManagementClient
import ProjectModel
import Testing

@Suite("Projects on the wire")
struct ProjectsTests {
    @Test("all pages of a list are read")
    func pages() async throws {
        try await withAPI { request in
            let offset = Int(request.query("offset") ?? "") ?? 0
            let rows = (offset..<min(offset + 100, 230)).map { Sample.row(name: "p\($0)") }.joined(separator: ",")
            return [
                .response(
                    200, #"{"pagination": {"count": 230, "limit": 100, "offset": \#(offset)}, "projects": [\#(rows)]}"#)
            ]
        } test: { client, stub, _ async throws in
            #expect(try await client.projects().map(\.name) == (0..<230).map { "p\($0)" })
            #expect(stub.requests.map { $0.query("offset") } == ["0", "100", "200"])
        }
    }

    /// An API with three projects, two of one name, and one whose name looks like a ref.
    private static func three(_ request: StubRequest) -> [StubStep] {
        let refs = ["a", "b", "c"].map { String(repeating: $0, count: 20) }
        let names = ["shop", "shop", String(repeating: "z", count: 20)]
        for (ref, name) in zip(refs, names) where request.path == "/platform/projects/\(ref)" {
            return [.response(200, Sample.detail(name: name, ref: ref))]
        }
        guard request.path == "/platform/projects" else { return [.response(404, #"{"message": "nothing"}"#)] }
        let rows = zip(refs, names).map { Sample.row(name: $1, ref: $0) }
            .filter { $0.contains(request.query("search") ?? "") }
        let count = rows.count
        let list = rows.joined(separator: ",")
        return [.response(200, #"{"pagination": {"count": \#(count)}, "projects": [\#(list)]}"#)]
    }

    @Test("a project is found by its ref, and by a name that is unique, even one that looks like a ref")
    func found() async throws {
        try await withAPI {
            Self.three($0)
        } test: { client, _, _ async throws in
            let ref = String(repeating: "b", count: 20)
            #expect(try await client.project(named: ref).ref == ref)
            let name = String(repeating: "z", count: 20)
            #expect(try await client.project(named: name).ref == String(repeating: "c", count: 20))
        }
    }

    @Test("an ambiguous name is refused, and an unknown one is not found")
    func notFound() async throws {
        try await withAPI {
            Self.three($0)
        } test: { client, _, _ async throws in
            let several = await clientError { _ = try await client.project(named: "shop") }
            #expect(several.map { ExitStatus($0) } == .usage)
            #expect(several?.description.contains(String(repeating: "b", count: 20)) == true)
            for name in ["sho", "nobody", String(repeating: "x", count: 20)] {
                let error = await clientError { _ = try await client.project(named: name) }
                #expect(error.map { ExitStatus($0) } == .notFound)
            }
        }
    }

    @Test("a name with any characters arrives as it is")
    func encoded() async throws {
        try await withAPI {
            Self.three($0)
        } test: { client, stub, _ async throws in
            _ = await clientError { _ = try await client.project(named: "a&b=c/d é?#%") }
            #expect(stub.requests.first?.query("search") == "a&b=c/d é?#%")
        }
    }

    @Test("an order sends what was given, and nothing else")
    func order() async throws {
        try await withAPI { _ in
            [.response(201, Sample.row(name: "shop").dropLast() + #", "endpoint": "http://127.0.0.1:1"}"#)]
        } test: { client, stub, _ async throws in
            var order = ProjectOrder(name: "shop", organizationSlug: "default")
            _ = try await client.create(order)
            (order.region, order.services, order.databasePassword) = ("north", ["db"], Secret("s3cret"))
            let created = try await client.create(order)
            #expect(created.endpoint == "http://127.0.0.1:1")
            let bodies = try stub.requests.map {
                try #require(try JSONSerialization.jsonObject(with: Data($0.body)) as? NSDictionary)
            }
            #expect(bodies[0] == ["name": "shop", "organization_slug": "default"] as NSDictionary)
            #expect(
                bodies[1] == [
                    "name": "shop", "organization_slug": "default", "region": "north", "services": ["db"],
                    "db_pass": "s3cret",
                ] as NSDictionary)
        }
    }

    @Test("each question goes to its path")
    func paths() async throws {
        try await withAPI { _ in
            [.response(500)]
        } test: { client, stub, _ async throws in
            let ref = try Sample.ref()
            let service = try #require(ServiceName("db"))
            _ = await clientError { try await client.request(.pause, of: ref) }
            _ = await clientError { try await client.request(.resume, of: ref) }
            _ = await clientError { try await client.request(.restart, of: ref) }
            _ = await clientError { try await client.delete(ref, keepingVolumes: false) }
            _ = await clientError { _ = try await client.status(of: ref) }
            _ = await clientError { _ = try await client.progress(of: ref) }
            _ = await clientError { _ = try await client.events(of: ref, limit: 5) }
            _ = await clientError { _ = try await client.credentials(of: ref) }
            _ = await clientError { _ = try await client.keys(of: ref, isRevealed: true) }
            _ = await clientError { _ = try await client.logs(of: service, in: ref, tail: 9) }
            let path = "/platform/projects/\(ref)"
            #expect(
                stub.requests.map { "\($0.method) \($0.target)" } == [
                    "POST \(path)/pause", "POST \(path)/restore", "POST \(path)/restart",
                    "DELETE \(path)?keep_volumes=false", "GET \(path)/status", "GET \(path)/services",
                    "GET \(path)/events?limit=5",
                    "GET \(path)/credentials", "GET /v1/projects/\(ref)/api-keys?reveal=true",
                    "GET \(path)/services/db/logs?tail=9",
                ])
        }
    }

    @Test("a project's address is that of its gateway", arguments: [("http://h:1/rest/v1/", "http://h:1"), ("", nil)])
    func url(_ rest: String, _ url: String?) throws {
        let text = Sample.detail().replacing("http://127.0.0.1:54321/rest/v1/", with: rest)
        let detail = try JSONDecoder().decode(ProjectDetail.self, from: Data(text.utf8))
        #expect(detail.url == url)
    }

    @Test("secrets in answers do not print")
    func secrets() async throws {
        try await withAPI { request in
            request.path.hasSuffix("credentials")
                ? [
                    .response(
                        200,
                        #"{"database": {"host": "h", "port": null, "name": "n", "user": "u", "password": "hush"}, "#
                            + #""dashboard": {"url": null, "username": "u", "password": null}}"#)
                ]
                : [.response(200, #"[{"name": "anon", "type": "legacy", "api_key": "hush"}]"#)]
        } test: { client, _, _ async throws in
            let credentials = try await client.credentials(of: try Sample.ref())
            let keys = try await client.keys(of: try Sample.ref(), isRevealed: true)
            #expect(credentials.database.password?.reveal() == "hush")
            #expect(keys.first?.key?.reveal() == "hush")
            #expect(!"\(credentials) \(keys)".contains("hush"))
        }
    }

    @Test("a stack without a dashboard, or without a database, has no login to it")
    func lacking() throws {
        let text =
            #"{"database": {"host": "h", "port": null, "name": null, "user": null, "password": null}, "#
            + #""dashboard": {"url": null, "username": null, "password": null}}"#
        let credentials = try JSONDecoder().decode(ProjectCredentials.self, from: Data(text.utf8))
        #expect(credentials.dashboard.username == nil && credentials.database.user == nil)
    }
}
