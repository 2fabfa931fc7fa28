import DataPlaneCore
import FoundationEssentials
import PostgresKit
import PostgresTestSupport
import Testing
import TokenKit

@testable import StorageAPI

/// Recorded cases, where they are: they stay outside the repository.
enum RecordedCases {
    static let policies = read("storage-rls-cases.json")
    static let signatures = read("sigv4-cases.json")

    private static func read(_ name: String) -> JSONText? {
        FileManager.default.contents(atPath: "../shared/data/" + name).flatMap { try? JSONText(Array($0)) }
    }
}

/// The recorded steps of row security.
@Suite(
    "Row security of the STORAGE API, recorded",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .enabled("needs the recorded cases") { RecordedCases.policies != nil }, .postgresCluster, .serialized)
struct PolicyCaseTests {
    @Test("every step is answered as recorded")
    func everyStep() async throws {
        let cases = try #require(RecordedCases.policies)
        var steps = 0
        for (index, test) in (cases["tests"]?.arrayValue ?? []).enumerated() {
            try await StorageFixture.with { fixture in
                var runner = PolicyRunner(fixture: fixture, cases: cases, run: "run\(index)")
                steps += try await runner.run(test)
            }
        }
        #expect(steps == 122)
    }
}

/// Runs one recorded test.
private struct PolicyRunner {
    let fixture: StorageFixture
    let cases: JSONText
    let run: String

    private var bucket: String { "bucket_default_\(run)" }
    /// A step that names another object sets it for those after it.
    private var object: String

    init(fixture: StorageFixture, cases: JSONText, run: String) {
        self.fixture = fixture
        self.cases = cases
        self.run = run
        object = "testfile_\(run).gif"
    }

    private func filled(_ text: String) -> String {
        text.replacing("{{uid}}", with: StorageFixture.user).replacing("{{runId}}", with: run)
    }

    mutating func run(_ test: JSONText) async throws -> Int {
        let name = test["name"]?.stringValue ?? ""
        if test["create_bucket"] != .bool(false) { try await insertBucket(bucket) }
        for policy in test["policies"]?.arrayValue ?? [] { try await make(policy.stringValue ?? "", suffix: "") }
        let steps = test["steps"]?.arrayValue ?? []
        for (index, step) in steps.enumerated() {
            if let name = step["object"]?.stringValue { object = filled(name) }
            let extra = (step["extra_policies"]?.arrayValue ?? []).compactMap(\.stringValue)
            for policy in extra { try await make(policy, suffix: "_extra") }
            let answer = try await perform(step, makesDefault: test["create_bucket"] == .bool(false))
            for policy in extra { try await drop(policy, suffix: "_extra") }
            #expect(
                String(answer.status) == step["status"].map { $0.text },
                "\(name) \(index): \(step.text): \(answer.text)")
            if let message = step["message"]?.stringValue {
                let found = step["op"]?.stringValue == "upload.tus" ? answer.text : answer.member("message")
                #expect(found.contains(message), "\(name) \(index): \(step.text): \(answer.text)")
            }
        }
        return steps.count
    }

    private func insertBucket(_ name: String) async throws {
        try await fixture.pool.execute(
            "INSERT INTO storage.buckets (id, name, owner, owner_id) VALUES ($1, $1, $2, $3)",
            [.text(name), .text(StorageFixture.user), .text(StorageFixture.user)])
    }

    private func make(_ name: String, suffix: String) async throws {
        let policy = cases["policies"]?[name]
        let text = { (member: String) in policy?[member]?.stringValue ?? "" }
        try await fixture.pool.query(
            "CREATE POLICY \(name)\(suffix) ON \(text("table")) AS PERMISSIVE FOR \(text("for")) TO \(text("to")) "
                + filled(text("clause")))
    }

    private func drop(_ name: String, suffix: String) async throws {
        let table = cases["policies"]?[name]?["table"]?.stringValue ?? ""
        try await fixture.pool.query("DROP POLICY \(name)\(suffix) ON \(table)")
    }

    // MARK: Steps

    private func perform(_ step: JSONText, makesDefault: Bool) async throws -> StorageFixture.Answer {
        var bucket = self.bucket
        if let name = step["new_bucket"]?.stringValue {
            bucket = filled(name)
            try await insertBucket(bucket)
        }
        if let name = step["bucket"]?.stringValue { bucket = filled(name) }
        let token = step["role"]?.stringValue == "service" ? StorageFixture.admin : StorageFixture.member
        let path = "\(bucket)/\(object)"
        switch step["op"]?.stringValue ?? "" {
        case "upload": return try await upload(step, to: path, by: token, upserts: false)
        case "upload.upsert": return try await upload(step, to: path, by: token, upserts: true)
        case "upload.tus": return try await resumable(step, bucket: bucket, object: object, token)
        case "upload.signed":
            return try await fixture.ask(
                "POST", "/object/upload/sign/\(path)", token: token, headers: metadata(step, "x-metadata"))
        case "upload.s3.multipart": return try await multipart(step, to: path, by: token)
        case "bucket.create":
            let name = makesDefault ? bucket : "bucket_new_\(run)"
            return try await fixture.ask("POST", "/bucket", token: token, json: "{\"name\":\"\(name)\"}")
        case "bucket.get": return try await fixture.ask("GET", "/bucket/\(bucket)", token: token)
        case "bucket.list": return try await fixture.ask("GET", "/bucket", token: token)
        case "bucket.update":
            return try await fixture.ask("PUT", "/bucket/\(bucket)", token: token, json: #"{"public":true}"#)
        case "bucket.delete": return try await fixture.ask("DELETE", "/bucket/\(bucket)", token: token)
        case "bucket.empty": return try await fixture.ask("POST", "/bucket/\(bucket)/empty", token: token)
        case "object.seed":
            try await fixture.pool.execute(
                "INSERT INTO storage.objects (bucket_id, name, owner) VALUES ($1, $2, $3)",
                [.text(bucket), .text(object), .text(StorageFixture.user)])
            return StorageFixture.Answer(status: 200, body: [], headers: [], length: 0)
        case "object.get": return try await fixture.ask("GET", "/object/authenticated/\(path)", token: token)
        case "object.list":
            return try await fixture.ask(
                "POST", "/object/list/\(bucket)", token: token,
                json: #"{"prefix":"","sortBy":{"column":"name","order":"asc"}}"#)
        case "object.delete": return try await fixture.ask("DELETE", "/object/\(path)", token: token)
        case "object.move":
            return try await fixture.ask(
                "POST", "/object/move", token: token,
                json: #"{"bucketId":"\#(bucket)","sourceKey":"\#(object)","destinationKey":"moved_\#(object)"}"#)
        case "object.copy":
            let target = step["to_object"]?.stringValue ?? "copied_\(object)"
            let keeps = step["copy_metadata"]?.text ?? "true"
            return try await fixture.ask(
                "POST", "/object/copy", token: token, headers: metadata(step, "x-metadata"),
                json: """
                    {"bucketId":"\(bucket)","sourceKey":"\(object)","destinationKey":"\(target)","copyMetadata":\(keeps)}
                    """)
        case let other:
            Issue.record("there is no operation \(other)")
            return StorageFixture.Answer(status: 0, body: [], headers: [], length: 0)
        }
    }

    private func metadata(_ step: JSONText, _ header: String) -> [(name: String, value: String)] {
        guard let metadata = step["user_metadata"] else { return [] }
        return [(header, Base64.encode(Array(metadata.text.utf8)))]
    }

    private func upload(
        _ step: JSONText, to path: String, by token: String, upserts: Bool
    ) async throws -> StorageFixture.Answer {
        var fields: [(name: String, value: String)] = []
        if let metadata = step["user_metadata"] { fields.append(("metadata", metadata.text)) }
        if let type = step["mime_type"]?.stringValue { fields.append(("contentType", type)) }
        return try await fixture.form(
            "/object/\(path)", token: token, fields: fields, headers: upserts ? [("x-upsert", "true")] : [],
            file: [UInt8](repeating: 65, count: length(step)))
    }

    private func length(_ step: JSONText) -> Int { step["content_length"]?.doubleValue.map { Int($0) } ?? 1_000 }

    private func resumable(
        _ step: JSONText, bucket: String, object: String, _ token: String
    ) async throws -> StorageFixture.Answer {
        var pairs = [
            "bucketName \(Base64.encode(Array(bucket.utf8)))", "objectName \(Base64.encode(Array(object.utf8)))",
        ]
        let type = step["mime_type"]?.stringValue ?? "image/gif"
        pairs.append("contentType \(Base64.encode(Array(type.utf8)))")
        if let metadata = step["user_metadata"] { pairs.append("metadata \(Base64.encode(Array(metadata.text.utf8)))") }
        let made = try await fixture.ask(
            "POST", "/upload/resumable", token: token,
            headers: [
                ("tus-resumable", "1.0.0"), ("upload-length", String(length(step))),
                ("upload-metadata", pairs.joined(separator: ",")),
            ])
        guard made.status == 201 else { return made }
        let location = made.header("Location").split(separator: "/storage/v1").last.map(String.init) ?? ""
        var sent = try await fixture.ask(
            "PATCH", location, token: token,
            headers: [
                ("tus-resumable", "1.0.0"), ("upload-offset", "0"), ("content-type", "application/offset+octet-stream"),
            ], body: [UInt8](repeating: 66, count: length(step)))
        // The recorded status is of the whole upload.
        if sent.status == 204 { sent.status = 200 }
        return sent
    }

    private func multipart(_ step: JSONText, to path: String, by token: String) async throws -> StorageFixture.Answer {
        var headers: [(name: String, value: String)] = [("x-amz-security-token", token)]
        if case .object(let members)? = step["user_metadata"] {
            headers += members.map { ("x-amz-meta-" + $0.name, $0.value.stringValue ?? "") }
        }
        return try await fixture.s3(
            "POST", "/\(path)?uploads", key: ("project", "anon-key-of-the-project"), headers: headers)
    }
}
