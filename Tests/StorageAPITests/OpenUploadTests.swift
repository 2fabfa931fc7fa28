import DataPlaneCore
import FileKit
import PostgresKit
import PostgresTestSupport
import Testing
import TokenKit

@testable import StorageAPI

/// What policies allow is asked again when the last byte is there: much can happen while a body is open.
@Suite(
    "Row security while uploads are open",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() }, .postgresCluster, .serialized)
struct OpenUploadTests {
    private static let victim = StorageFixture.token(
        role: "authenticated", subject: "99999999-2222-4333-8444-555555555555")
    private static let policies = """
        CREATE POLICY make ON storage.objects FOR INSERT TO authenticated WITH CHECK (bucket_id = 'docs');
        CREATE POLICY look ON storage.objects FOR SELECT TO authenticated USING (true);
        CREATE POLICY change ON storage.objects FOR UPDATE TO authenticated USING (owner = auth.uid());
        """
    private static let tus = [("tus-resumable", "1.0.0"), ("content-type", "application/offset+octet-stream")]

    /// Two users; each changes only their own objects.
    private func with(_ body: (StorageFixture) async throws -> Void) async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("docs")
            for policy in Self.policies.split(separator: "\n") { try await fixture.pool.query(String(policy)) }
            try await body(fixture)
        }
    }

    /// Sends a body in two pieces; `meanwhile` happens before the second.
    private func send(
        _ fixture: StorageFixture, _ method: String, to path: String,
        headers: [(name: String, value: String)] = [("x-upsert", "true")],
        meanwhile: @escaping () async -> Void
    ) async -> ServiceResponse {
        var left = [[UInt8]("ours".utf8), [UInt8]("some ".utf8)]
        let body = ServiceBody { () async throws(BodyInterruption) in
            if left.count == 1 { await meanwhile() }
            return left.popLast()
        }
        let authorization = [("authorization", "Bearer \(StorageFixture.member)"), ("host", "a")]
        return await fixture.service.respond(
            to: ServiceRequest(method: method, path: path, query: "", headers: authorization + headers, body: []),
            body: body)
    }

    private func put(_ fixture: StorageFixture, by token: String) async {
        let made = try? await fixture.ask("POST", "/object/docs/a", token: token, body: Array("theirs".utf8))
        #expect(made?.status == 200, "\(made?.text ?? "")")
    }

    private func expectTheirs(_ fixture: StorageFixture) async throws {
        #expect(try await fixture.ask("GET", "/object/docs/a").text == "theirs")
        #expect(try fixture.files().published.count == 1)
    }

    @Test("an object that another user makes while a body is open is not replaced", arguments: ["POST", "PUT"])
    func aBodyThatIsOpen(method: String) async throws {
        try await with { fixture in
            let answer = await send(fixture, method, to: "/object/docs/a") { await put(fixture, by: Self.victim) }
            let text = String(decoding: answer.body, as: UTF8.self)
            #expect(answer.status == 400 && text.contains(#""statusCode":"403""#), "\(text)")
            try await expectTheirs(fixture)
            #expect(try fixture.files().incoming.isEmpty)
        }
    }

    @Test("nor by the last piece of a resumable upload")
    func aResumableUpload() async throws {
        try await with { fixture in
            let encoded = { (text: String) in Base64.encode(Array(text.utf8)) }
            let made = try await fixture.ask(
                "POST", "/upload/resumable", token: StorageFixture.member,
                headers: [
                    ("tus-resumable", "1.0.0"), ("upload-length", "9"), ("x-upsert", "true"),
                    ("upload-metadata", "bucketName \(encoded("docs")),objectName \(encoded("a"))"),
                ])
            let path = made.header("Location").replacing("http://127.0.0.1:5000/storage/v1", with: "")
            let answer = await send(fixture, "PATCH", to: path, headers: Self.tus + [("upload-offset", "0")]) {
                await put(fixture, by: Self.victim)
            }
            #expect(answer.status == 403, "\(made.text) \(String(decoding: answer.body, as: UTF8.self))")
            try await expectTheirs(fixture)
            // Its bytes are gone, and so is the upload.
            #expect(try await fixture.count("storage.projectd_uploads") == 0)
        }
    }

    @Test("nor with an address that was signed before it was there")
    func aSignedUpload() async throws {
        try await with { fixture in
            func sign(_ key: String, by token: String) async throws -> String {
                try await fixture.ask(
                    "POST", "/object/upload/sign/docs/\(key)", token: token, headers: [("x-upsert", "true")]
                ).member("url")
            }
            let address = try await sign("a", by: StorageFixture.member)
            await put(fixture, by: Self.victim)
            let answer = try await fixture.ask("PUT", address, token: "", body: Array("ours".utf8))
            #expect(answer.member("statusCode") == "403", "\(answer.text)")
            try await expectTheirs(fixture)
            // What the signer's own address made it may replace, and a key of the project replaces all.
            let own = try await sign("b", by: StorageFixture.member)
            for text in ["one", "two"] {
                #expect(try await fixture.ask("PUT", own, token: "", body: Array(text.utf8)).status == 200)
            }
            #expect(try await fixture.ask("GET", "/object/docs/b").text == "two")
            let any = try await sign("c", by: StorageFixture.admin)
            #expect(try await fixture.ask("POST", "/object/docs/c", token: Self.victim, body: [1]).status == 200)
            #expect(try await fixture.ask("PUT", any, token: "", body: [2]).status == 200)
        }
    }

    @Test("an object that its owner makes meanwhile is replaced, and one that went is made")
    func whatIsAllowed() async throws {
        try await with { fixture in
            let again = await send(fixture, "POST", to: "/object/docs/a") {
                await put(fixture, by: StorageFixture.member)
            }
            #expect(again.status == 200, "\(String(decoding: again.body, as: UTF8.self))")
            let got = try await fixture.ask("GET", "/object/docs/a")
            #expect(got.text == "some ours")
            let gone = await send(fixture, "POST", to: "/object/docs/a") {
                _ = try? await fixture.ask("DELETE", "/object/docs/a")
            }
            #expect(gone.status == 200, "\(String(decoding: gone.body, as: UTF8.self))")
            #expect(try fixture.files().published.count == 1)
        }
    }

    @Test("a policy on the size is asked again when a size that was not announced is known")
    func aSizeThatWasNotAnnounced() async throws {
        try await with { fixture in
            try await fixture.pool.query(
                """
                CREATE POLICY small ON storage.objects AS RESTRICTIVE FOR INSERT TO authenticated
                WITH CHECK (coalesce((metadata ->> 'size')::int, 0) < 9)
                """)
            let answer = await send(fixture, "POST", to: "/object/docs/a") {}
            let text = String(decoding: answer.body, as: UTF8.self)
            #expect(answer.status == 400 && text.contains(#""statusCode":"403""#), "\(text)")
            #expect(try fixture.files().published.isEmpty)
        }
    }

    @Test("no role of clients says which file a row has")
    func versions() async throws {
        try await with { fixture in
            await put(fixture, by: Self.victim)
            let made = try await fixture.ask("POST", "/object/docs/b", token: StorageFixture.member, body: [1])
            #expect(made.status == 200, "\(made.text)")
            let version = "(SELECT version FROM storage.objects WHERE name = 'a')"
            for statement in [
                "UPDATE storage.objects SET version = \(version) WHERE name = 'b'",
                "INSERT INTO storage.objects (bucket_id, name, version) VALUES ('docs', 'c', \(version))",
            ] {
                for (role, id) in [("authenticated", StorageFixture.user), ("service_role", "")] {
                    let refusal = await #expect(throws: PostgresError.self) {
                        try await fixture.pool.transaction { transaction in
                            try await transaction.query(
                                "SELECT set_config('request.jwt.claims', $1, true), set_config('role', $2, true)",
                                [.text("{\"sub\":\"\(id)\"}"), .text(role)])
                            try await transaction.query(statement)
                        }
                    }
                    guard case .server(let report)? = refusal else { continue }
                    #expect(report.message.contains("The version of an object is not for \(role)"), "\(report)")
                }
            }
            #expect(try await fixture.ask("DELETE", "/object/docs/b").status == 200)
            #expect(try await fixture.ask("GET", "/object/docs/a").text == "theirs")
        }
    }

    @Test("an object moves only into a bucket that takes its size and its type")
    func moves() async throws {
        try await StorageFixture.with { fixture in
            try await fixture.makeBucket("docs")
            try await fixture.makeBucket("small", #","file_size_limit":"3b""#)
            try await fixture.makeBucket("images", #","allowed_mime_types":["image/*"]"#)
            _ = try await fixture.put("docs/a", "1234")
            func move(to bucket: String) async throws -> String {
                let answer = try await fixture.ask(
                    "POST", "/object/move",
                    json: """
                        {"bucketId":"docs","sourceKey":"a","destinationBucket":"\(bucket)","destinationKey":"b"}
                        """)
                return answer.status == 200 ? "200" : answer.member("statusCode")
            }
            #expect(try await move(to: "small") == "413")
            #expect(try await move(to: "images") == "415")
            #expect(try await move(to: "none") == "404")
            #expect(try await fixture.ask("GET", "/object/docs/a").text == "1234")
            #expect(try await move(to: "docs") == "200")
        }
    }
}
