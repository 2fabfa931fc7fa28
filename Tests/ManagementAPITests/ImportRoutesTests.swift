import CurlKit
import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import ProjectSQL
import Synchronization
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Importing a dump by the API")
struct ImportRoutesTests {
    private static let type = [(name: "Content-Type", value: "application/sql")]

    @Test("a dump of any size goes to the project's database as its owner, and the trail has it")
    func taken() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let path = "/platform/projects/\(ref)/import"
            // More than any body that is kept in memory may have.
            let piece = [UInt8](repeating: 0x20, count: 1 << 20)
            let upload = HTTPUpload()
            var request = HTTPRequest(
                method: "POST", url: "http://127.0.0.1:\(host.port)\(path)",
                headers: [(name: "Authorization", value: "Bearer \(APIHost.token)")] + Self.type, lane: .long)
            request.upload = upload
            async let answer = host.client.send(request)
            for _ in 0..<40 { #expect(await upload.write(piece)) }
            upload.finish()
            let response = try await answer
            #expect(response.status == 200, "\(String(decoding: response.body, as: UTF8.self))")
            let call = try #require(host.parts.importer.calls.last)
            #expect(call.bytes == 40 << 20)
            #expect(call.target.user == "postgres" && !call.isDryRun)
            let trail = try await host.send("GET", "/platform/organizations/default/audit")
            #expect(trail.text.contains("database.import"))
            let dry = try await host.send("POST", "\(path)?dry_run=true", body: "SELECT 1;\n", headers: Self.type)
            #expect(dry.status == 200 && dry.text.contains(#""dry_run":true"#), "\(dry.text)")
            #expect(host.parts.importer.calls.last?.isDryRun == true)
        }
    }

    @Test("what cannot be imported is said, after all of the dump was read")
    func refused() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let path = "/platform/projects/\(ref)/import"
            let dump = String(repeating: "SELECT 1;\n", count: 200_000)
            for (error, status) in [
                (ImportError.notEmpty("the relation public.a"), 409), (.busy, 409), (.dump(.customFormat), 400),
                (.failed(stage: .data, line: 9, message: "no"), 400), (.unreachable("gone"), 503),
                (.unknownOutcome, 500),
            ] {
                host.parts.importer.refuse(error)
                let answer = try await host.send("POST", path, body: dump, headers: Self.type)
                #expect(answer.status == status, "\(error): \(answer.text)")
                if status != 500 { #expect(answer.text.contains("\(error)".prefix(20)), "\(answer.text)") }
            }
            host.parts.importer.refuse(nil)
            let misspelt = try await host.send("POST", "\(path)?dryrun=true", body: dump, headers: Self.type)
            #expect(misspelt.status == 400, "\(misspelt.text)")
            let keyed = try await host.send(
                "POST", path, body: dump, headers: Self.type + [(name: "Idempotency-Key", value: "k")])
            #expect(keyed.status == 400, "\(keyed.text)")
            #expect(host.parts.importer.calls.allSatisfy { $0.bytes == nil })
        }
    }

    /// Knows everybody, until it knows nobody.
    private final class ForgetfulTable: AccessTokenVerifier {
        private let table = TokenTable()
        private let hasForgotten = Mutex(false)

        func forget() { hasForgotten.withLock { $0 = true } }

        func principal(for token: Secret<String>) async throws(AccessTokenError) -> Principal? {
            hasForgotten.withLock { $0 } ? nil : try await table.principal(for: token)
        }

        func holds(_ principal: Principal) async throws(AccessTokenError) -> Bool {
            hasForgotten.withLock { $0 } ? false : try await table.holds(principal)
        }
    }

    @Test("a credential that ends between the dump's end and the commit commits nothing")
    func revoked() async throws {
        let people = ForgetfulTable()
        try await APIHost.run(verifier: people) { host in
            let ref = try await host.create()
            host.parts.importer.atEnd { people.forget() }
            let answer = try await host.send(
                "POST", "/platform/projects/\(ref)/import", body: "SELECT 1;\n", headers: Self.type)
            #expect(answer.status == 401, "\(answer.text)")
            let call = try #require(host.parts.importer.calls.last)
            #expect(call.bytes == 10 && !call.isCommitted)
        }
    }

    @Test("what a server says about rows is in the answer, and not in the trail")
    func trail() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            host.parts.importer.refuse(.failed(stage: .data, line: 9, message: "no geheim", sqlState: "P0001"))
            let answer = try await host.send(
                "POST", "/platform/projects/\(ref)/import", body: "SELECT 1;\n", headers: Self.type)
            #expect(answer.status == 400 && answer.text.contains("geheim (SQLSTATE P0001)"), "\(answer.text)")
            let trail = try await host.send("GET", "/platform/organizations/default/audit")
            #expect(trail.text.contains("failed at the data, line 9, SQLSTATE P0001"), "\(trail.text)")
            #expect(!trail.text.contains("geheim"))
        }
    }

    @Test("a dump whose sender goes away never ends")
    func cutOff() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let upload = HTTPUpload()
            var request = HTTPRequest(
                method: "POST", url: "http://127.0.0.1:\(host.port)/platform/projects/\(ref)/import",
                headers: [(name: "Authorization", value: "Bearer \(APIHost.token)")] + Self.type, lane: .long)
            request.upload = upload
            async let answer = host.client.send(request)
            #expect(await upload.write(Array("SELECT 1;\n".utf8)))
            let end = ContinuousClock.now + .seconds(30)
            while host.parts.importer.calls.isEmpty, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(10))
            }
            upload.abandon()
            var failure: (any Error)?
            do { _ = try await answer } catch { failure = error }
            #expect(failure is HTTPTransportError)
            // The next one comes after it, and is whole.
            let next = try await host.send(
                "POST", "/platform/projects/\(ref)/import", body: "SELECT 2;\n", headers: Self.type)
            #expect(next.status == 200, "\(next.text)")
            #expect(host.parts.importer.calls.map(\.bytes) == [nil, 10])
        }
    }
}
